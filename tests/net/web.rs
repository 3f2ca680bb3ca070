//! The live page: its server, what it tells, and what a browser makes of it.

mod browser;
mod commands;
mod live;
mod site;
mod wire;
