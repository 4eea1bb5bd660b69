//! A log is proved, or what is wrong with it is found; by this program and without it.

mod agreement;
mod at_work;
mod attacks;
mod command;
mod flips;
mod newer;
mod one_run;
