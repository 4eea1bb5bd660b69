//! Where no test can sit at a terminal: what is called is left out there.

use std::process::{Child, Command, Output};

pub(crate) fn typed(_command: &mut Command, _text: &str) -> Output {
    unreachable!("{LEFT_OUT}")
}

pub(crate) fn sat_at(_command: &mut Command, _columns: u16, _text: &str) -> (i32, String) {
    unreachable!("{LEFT_OUT}")
}

pub(crate) fn watched(_command: &mut Command, _columns: u16) -> (i32, String) {
    unreachable!("{LEFT_OUT}")
}

pub(crate) struct Screen {
    pub(crate) child: Child,
}

impl Screen {
    pub(crate) fn start(_command: &mut Command, _columns: u16) -> Self {
        unreachable!("{LEFT_OUT}")
    }

    pub(crate) fn press(&mut self, _key: u8) {
        unreachable!("{LEFT_OUT}")
    }

    pub(crate) fn end(self) -> (i32, String) {
        unreachable!("{LEFT_OUT}")
    }
}

const LEFT_OUT: &str = "a test that needs a terminal is left out here";
