//! A real terminal to type at.

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    process::{Command, Output, Stdio},
};

/// Runs the command with a terminal as its standard input, and types `text` there.
pub(crate) fn typed(command: &mut Command, text: &str) -> Output {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let slave = OpenOptions::new().read(true).write(true).open(name).unwrap();
    command.stdin(Stdio::from(slave)).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    // The terminal keeps what was typed until it is read.
    let mut master = File::from(master);
    master.write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}
