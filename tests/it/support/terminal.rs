//! A real terminal: to type at, and to look at.

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Write as _},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

/// The end of a terminal where the person sits, and the one where the program is.
fn terminal() -> (File, File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let slave = OpenOptions::new().read(true).write(true).open(name).unwrap();
    (File::from(master), slave)
}

/// Runs the command with a terminal as its standard input, and types `text` there.
pub(crate) fn typed(command: &mut Command, text: &str) -> Output {
    let (mut master, slave) = terminal();
    command.stdin(Stdio::from(slave)).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    // The terminal keeps what was typed until it is read; after that, nobody types any more.
    master.write_all(text.as_bytes()).unwrap();
    master.write_all(&[CTRL_D]).unwrap();
    child.wait_with_output().unwrap()
}

/// The key that says that nothing more is typed.
const CTRL_D: u8 = 0x04;

/// Runs the command at a terminal of so many columns and 24 lines, at which `text` is typed. Gives its exit code and all
/// that the terminal showed.
pub(crate) fn sat_at(command: &mut Command, columns: u16, text: &str) -> (i32, String) {
    let (mut master, slave) = terminal();
    tcsetwinsize(&master, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    command.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap()).stderr(slave);
    let mut child = command.spawn().unwrap();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    master.write_all(text.as_bytes()).unwrap();
    master.write_all(&[CTRL_D]).unwrap();
    let mut shown = Vec::new();
    // At the end, a terminal says that there is nobody any more.
    drop(master.read_to_end(&mut shown));
    super::canary::heard(&shown);
    (child.wait().unwrap().code().unwrap_or(-1), String::from_utf8_lossy(&shown).into_owned())
}

/// For so long nobody waits for a question that does not come.
const PATIENCE: Duration = Duration::from_mins(2);

/// Runs the command at a terminal of this size (columns, lines), at which somebody sits who reads: `answer` is given what
/// was shown since the last answer, and gives what is typed, if that was a question. Gives the exit code, and all that the
/// terminal had shown at each question and at the end.
pub(crate) fn conversed(
    command: &mut Command,
    (columns, lines): (u16, u16),
    mut answer: impl FnMut(&str) -> Option<String>,
) -> (i32, Vec<String>) {
    let (mut master, slave) = terminal();
    tcsetwinsize(&master, Winsize { ws_row: lines, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    command.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap()).stderr(slave);
    let mut child = command.spawn().unwrap();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut keyboard = master.try_clone().unwrap();
    let (sender, receiver) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut part = [0; 4096];
        // At the end, a terminal says that there is nobody any more.
        while let Ok(read @ 1..) = master.read(&mut part) {
            sender.send(part[..read].to_vec()).unwrap();
        }
    });
    let (mut shown, mut answered, mut stages) = (Vec::new(), 0, Vec::new());
    loop {
        match receiver.recv_timeout(PATIENCE) {
            Ok(part) => shown.extend(part),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                child.kill().unwrap();
                panic!("nobody answered: {}", String::from_utf8_lossy(&shown));
            }
        }
        if let Some(typed) = answer(&String::from_utf8_lossy(&shown[answered..])) {
            stages.push(String::from_utf8_lossy(&shown).into_owned());
            answered = shown.len();
            keyboard.write_all(typed.as_bytes()).unwrap();
        }
    }
    reader.join().unwrap();
    super::canary::heard(&shown);
    stages.push(String::from_utf8_lossy(&shown).into_owned());
    (child.wait().unwrap().code().unwrap_or(-1), stages)
}

/// A command whose standard output and error are a terminal.
pub(crate) struct Screen {
    pub(crate) child: Child,
    keyboard: File,
    shown: JoinHandle<Vec<u8>>,
}

impl Screen {
    /// Starts the command, with so many columns.
    pub(crate) fn start(command: &mut Command, columns: u16) -> Self {
        let (mut master, slave) = terminal();
        tcsetwinsize(&master, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        command.stdin(Stdio::null()).stdout(slave.try_clone().unwrap()).stderr(slave);
        let child = command.spawn().unwrap();
        // The command keeps the other end open, and so would never be at its end.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let keyboard = master.try_clone().unwrap();
        let shown = thread::spawn(move || {
            let mut shown = Vec::new();
            // At the end, a terminal says that there is nobody any more.
            drop(master.read_to_end(&mut shown));
            shown
        });
        Self { child, keyboard, shown }
    }

    /// Types a character.
    pub(crate) fn press(&mut self, key: u8) {
        self.keyboard.write_all(&[key]).unwrap();
    }

    /// The command's exit code, and every byte that the terminal got.
    pub(crate) fn end(mut self) -> (i32, String) {
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        drop(self.keyboard);
        let shown = self.shown.join().unwrap();
        super::canary::heard(&shown);
        (code, String::from_utf8_lossy(&shown).into_owned())
    }
}

/// Runs the command with a terminal of so many columns as its standard output and error. Gives its exit code
/// and every byte that the terminal got.
pub(crate) fn watched(command: &mut Command, columns: u16) -> (i32, String) {
    Screen::start(command, columns).end()
}
