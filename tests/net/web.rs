//! The live page: its HTTP server, its events, and how a browser displays them.

mod browser;
mod commands;
mod live;
mod site;
mod wire;
