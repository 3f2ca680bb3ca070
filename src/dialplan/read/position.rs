//! Where XML nodes begin.

use roxmltree::Node;

use crate::dialplan::plan::Position;

pub(super) fn position(node: Node<'_, '_>) -> Position {
    position_at(node, node.range().start)
}

pub(super) fn position_at(node: Node<'_, '_>, offset: usize) -> Position {
    let position = node.document().text_pos_at(offset);
    Position {
        line: position.row,
        column: position.col,
    }
}
