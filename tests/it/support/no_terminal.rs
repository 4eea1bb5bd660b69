//! Where no test can sit at a terminal: what is called is left out there.

use std::process::{Command, Output};

pub(crate) fn typed(_command: &mut Command, _text: &str) -> Output {
    unreachable!("{LEFT_OUT}")
}

pub(crate) fn sat_at(_command: &mut Command, _columns: u16, _text: &str) -> (i32, String) {
    unreachable!("{LEFT_OUT}")
}

const LEFT_OUT: &str = "a test that needs a terminal is left out here";
