//! The record of a run: every sighting and step in a file that survives `kill -9`, and
//! what a later run, a report or a replay reads from it.
