//! The rules of the project that a program can check.

mod rules;
mod structure;
