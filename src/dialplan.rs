//! Dial plans: what `dialplan.xml` says, what a phone makes of dialled digits by it, what is
//! wrong with it, and a small source language that it is written from.
