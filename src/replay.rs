//! Other servers' logs, captures and our own journals, folded through the same tracking.
