//! What follows from what.

mod beginnings;
mod corroboration;
mod course;
mod decided;
mod ends;
mod planning;
mod requests;
mod restart;
mod waves;
