//! A `u32` in 16 bits: 5 bits of exponent, 11 of mantissa, as a minifloat without sign.
//!
//! ```text
//! exponent 0      value = mantissa                                 0..=2047, exact
//! exponent e > 0  value = (2048 + mantissa) << (e - 1)             relative error < 1/2048
//! ```
//!
//! Codes order as their values do, so the next code is the next larger value and rounding up is `+ 1`.
//! Rounding always errs against an accusation: peaks and deaths round up, troughs and births down.

use bytemuck::Zeroable;

const MANTISSA_BITS: u32 = 11;
const IMPLICIT: u32 = 1 << MANTISSA_BITS;

/// A rounded `u32`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Zeroable)]
pub(crate) struct Packed(u16);

impl Packed {
    /// The largest representable value that is not above `value`.
    pub(crate) fn floor(value: u32) -> Self {
        let shift = shift_of(value);
        let code = match shift {
            0 if value < IMPLICIT => value,
            _ => ((shift + 1) << MANTISSA_BITS) | ((value >> shift) - IMPLICIT),
        };
        Self(u16::try_from(code).unwrap_or(u16::MAX))
    }

    /// The smallest representable value that is not below `value`.
    pub(crate) fn ceil(value: u32) -> Self {
        let floor = Self::floor(value);
        if floor.get() == value {
            floor
        } else {
            Self(floor.0 + 1)
        }
    }

    /// The value it stands for; what would lie above `u32::MAX` is `u32::MAX`. Without a branch, because
    /// a judging unpacks hundreds.
    pub(crate) fn get(self) -> u32 {
        let code = u64::from(self.0);
        let (exponent, mantissa) = (code >> MANTISSA_BITS, code & u64::from(IMPLICIT - 1));
        let implicit = u64::from(exponent > 0) << MANTISSA_BITS;
        // At most 12 bits moved by 30.
        let value = (implicit | mantissa) << exponent.saturating_sub(1);
        // No larger than the second operand.
        #[allow(clippy::cast_possible_truncation)]
        let value = value.min(u64::from(u32::MAX)) as u32;
        value
    }
}

/// How many low bits do not fit the 12 significant ones.
fn shift_of(value: u32) -> u32 {
    (u32::BITS - value.leading_zeros()).saturating_sub(MANTISSA_BITS + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_up_to_4095_are_exact() {
        for value in 0..4096 {
            assert_eq!(Packed::floor(value).get(), value);
            assert_eq!(Packed::ceil(value).get(), value);
        }
    }

    #[test]
    fn the_largest_u32_survives_rounding_up() {
        assert_eq!(Packed::ceil(u32::MAX).get(), u32::MAX);
    }

    proptest! {
        #[test]
        fn floor_and_ceil_enclose_the_value_within_one_part_in_2048(value: u32) {
            let (low, high) = (Packed::floor(value).get(), Packed::ceil(value).get());
            prop_assert!(low <= value && value <= high);
            prop_assert!(u64::from(value - low) * 2048 <= u64::from(value));
            prop_assert!(u64::from(high - value) * 2048 <= u64::from(value));
        }

        #[test]
        fn codes_order_as_values_do(a: u32, b: u32) {
            prop_assert!(a > b || Packed::floor(a) <= Packed::floor(b));
            prop_assert!(a > b || Packed::ceil(a) <= Packed::ceil(b));
        }
    }
}
