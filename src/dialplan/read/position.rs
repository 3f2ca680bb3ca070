//! Where XML nodes begin.

use roxmltree::Node;

use crate::dialplan::plan::PlanPosition;

pub(super) fn position(node: Node<'_, '_>) -> PlanPosition {
    position_at(node, node.range().start)
}

pub(super) fn position_at(node: Node<'_, '_>, offset: usize) -> PlanPosition {
    let position = node.document().text_pos_at(offset);
    PlanPosition {
        line: position.row,
        column: position.col,
    }
}
