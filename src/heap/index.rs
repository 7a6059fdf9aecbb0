//! The index spaces of a snapshot. V8 numbers nodes, edges and strings from 0 each, and refers to a node
//! by the position of its first number in the file; here each space has a type of its own, so that
//! one cannot be taken for the other, and a [`Column`] says what it is indexed by.

use typed_index_collections::TiVec;

/// One value for each index of a space.
pub(crate) type Column<Index, T> = TiVec<Index, T>;

macro_rules! index_space {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// What the index is as a number.
            #[must_use]
            pub fn get(self) -> u32 {
                self.0
            }
        }

        impl From<u32> for $name {
            fn from(number: u32) -> Self {
                Self(number)
            }
        }

        impl From<usize> for $name {
            // The columns of a space are filled by numbers of 32 bits, which the parser checks.
            #[allow(clippy::cast_possible_truncation)]
            fn from(number: usize) -> Self {
                debug_assert!(u32::try_from(number).is_ok());
                Self(number as u32)
            }
        }

        impl From<$name> for usize {
            fn from(index: $name) -> Self {
                index.0 as usize
            }
        }
    };
}

index_space! {
    /// A node: an object, a string, a piece of code, a root.
    NodeIndex
}
index_space! {
    /// An edge: a reference from one node to another. Those of a node lie together.
    EdgeIndex
}
index_space! {
    /// A string of the snapshot's table: names of classes, properties and functions, and contents.
    StringIndex
}
index_space! {
    /// An owner: all objects that are called alike and held alike, in any number of snapshots.
    OwnerIndex
}
index_space! {
    /// A function that allocated, in the order of a recording's table.
    FunctionIndex
}
index_space! {
    /// A stack that allocated, by V8's number; 0 is none.
    TraceId
}
