//! A run as a document to keep and pass on: [`csv`] for a spreadsheet, [`html`] for reading and
//! printing. Both render a finished [`crate::run_view::RunView`].

pub mod csv;
pub mod html;
mod next_step;
