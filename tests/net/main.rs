//! Servers and the whole program on loopback sockets.

#[path = "../support/mod.rs"]
mod support;

mod configured;
mod families;
mod http;
mod journal;
mod listen;
mod old_phones;
mod phones;
mod poll;
mod rehearsal_options;
mod restart_kills;
mod restarts;
mod serve;
mod survey;
mod tftp;
mod web;
