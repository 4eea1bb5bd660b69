//! What follows from what.

mod corroboration;
mod decided;
mod planning;
mod restart;
