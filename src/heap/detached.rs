//! Which nodes of the DOM are in no document. A browser says so of those that scripts have seen. What these refer to,
//! by native nodes only, is as they are: in the document if anything in it leads there. (`propagateDOMState` in
//! `HeapSnapshot.ts` of `DevTools`' front end.)

use super::graph::{Detachedness, Graph};
use super::index::{EdgeIndex, NodeIndex};
use super::layout::{EdgeKind, NodeKind};
use super::node_names::is_of_node;

/// Tells it of all native nodes.
pub(super) fn spread(graph: &mut Graph) {
    let nodes = graph.nodes();
    let mut known: Vec<NodeIndex> = nodes
        .filter(|&node| graph.detachedness(node) != Detachedness::Unknown)
        .collect();
    known.retain(|&node| {
        // To Node.js, detached is what weak handles lead to.
        let is_of_dom = graph.kind(node) == NodeKind::Native && !is_of_node(graph.name(node));
        if !is_of_dom {
            graph.set_detachedness(node, Detachedness::Unknown);
        }
        is_of_dom
    });
    for state in [Detachedness::Attached, Detachedness::Detached] {
        let mut waiting = known.clone();
        waiting.retain(|&node| graph.detachedness(node) == state);
        while let Some(node) = waiting.pop() {
            for edge in graph.edge_range(node).map(EdgeIndex::from) {
                let to = graph.target(edge);
                let is_own = !matches!(graph.edge_kind(edge), EdgeKind::Hidden | EdgeKind::Weak)
                    && graph.kind(to) == NodeKind::Native;
                if is_own && graph.detachedness(to) == Detachedness::Unknown {
                    graph.set_detachedness(to, state);
                    waiting.push(to);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{node, Heap};
    use super::*;

    #[test]
    fn what_only_detached_nodes_lead_to_is_detached_and_scripts_are_the_end_of_it() {
        let mut heap = Heap::new();
        let document = heap.dom("HTMLDocument", Detachedness::Attached);
        let row = heap.dom("<li>", Detachedness::Detached);
        let inside = heap.dom("<b>", Detachedness::Unknown);
        let shared = heap.dom("Text", Detachedness::Unknown);
        let weak = heap.dom("Text", Detachedness::Unknown);
        let listener = heap.node("closure", "onClick", 8);
        let behind = heap.dom("Text", Detachedness::Unknown);
        heap.edge(document, "property", "list", row);
        heap.edge(document, "internal", "1", shared);
        heap.edge(row, "element", "1", inside);
        heap.edge(inside, "element", "1", shared);
        heap.edge(row, "weak", "1", weak);
        heap.edge(row, "property", "click", listener);
        heap.edge(listener, "property", "text", behind);
        let graph = heap.graph();
        let state = |index| graph.detachedness(node(index));
        assert_eq!([document, shared].map(state), [Detachedness::Attached; 2]);
        assert_eq!([row, inside].map(state), [Detachedness::Detached; 2]);
        assert_eq!(
            [weak, listener, behind].map(state),
            [Detachedness::Unknown; 3]
        );
    }

    #[test]
    fn nothing_of_node_js_is_detached() {
        let mut heap = Heap::new();
        let binding = heap.dom("Node / BindingData", Detachedness::Detached);
        let graph = heap.graph();
        assert_eq!(graph.detachedness(node(binding)), Detachedness::Unknown);
    }
}
