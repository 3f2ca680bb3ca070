//! What this machine has before the first phone is powered: addresses to serve from, and
//! who holds a port.

mod holder;
mod interface;

pub use holder::{Holder, Protocol, holder};
pub use interface::{ChooseError, Chosen, Interface, audible, choose, interfaces};
