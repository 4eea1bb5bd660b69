//! `offboard review` at work, and a browser that is none.

use super::{Done, Folder};
use crate::support::system;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

/// The program, showing a log.
pub(crate) struct Reviewing {
    child: Child,
    /// `127.0.0.1:PORT`.
    pub(crate) host: String,
    /// The path that all addresses begin with; without a slash at its end.
    pub(crate) root: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Reviewing {
    /// Starts `offboard review` with these arguments.
    pub(crate) fn start(folder: &Folder, arguments: &[&str]) -> Self {
        Self::of(folder.command(&[&["review", "--output", "json"], arguments].concat()))
    }

    /// Starts this command, which is one.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let address = said["address"].as_str().unwrap().strip_prefix("http://").unwrap();
        let (host, root) = address.split_once('/').unwrap();
        let root = format!("/{}", root.trim_end_matches('/'));
        Self { child, host: host.to_owned(), root }
    }

    /// The whole address of a page.
    pub(crate) fn url(&self, page: &str) -> String {
        format!("http://{}{}{page}", self.host, self.root)
    }

    /// A page, as a browser asks for it; again, while the log is being read. The answer waits for that.
    pub(crate) fn get(&self, page: &str) -> Page {
        loop {
            let found = self.ask(&format!("GET {}{page} HTTP/1.1\r\nHost: {}\r\n", self.root, self.host));
            if found.status != 503 {
                return found;
            }
        }
    }

    /// The page, which is there.
    #[track_caller]
    pub(crate) fn page(&self, page: &str) -> String {
        let found = self.get(page);
        assert_eq!(found.status, 200, "{page}: {}", found.body);
        found.body
    }

    /// The verdict on top, once there is one.
    pub(crate) fn verdict(&self) -> String {
        loop {
            // The answer waits for the verdict.
            let text = self.page("/verdict");
            if !text.contains("data-pending") {
                return text;
            }
        }
    }

    /// Any request: its first lines, without the empty one.
    pub(crate) fn ask(&self, head: &str) -> Page {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or_default();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        Page { status, headers, body: body.to_owned() }
    }

    /// Waits until it says this to people.
    pub(crate) fn hears(&mut self, part: &str) {
        let mut said = String::new();
        let mut lines = BufReader::new(self.child.stderr.as_mut().unwrap());
        while !said.contains(part) {
            assert!(lines.read_line(&mut said).unwrap() > 0, "it ended, and said: {said}");
        }
    }

    /// Ctrl-C.
    pub(crate) fn end(mut self) -> Done {
        if cfg!(windows) {
            self.child.kill().unwrap();
        } else {
            system::interrupt(&self.child);
        }
        let mut out = Vec::new();
        self.child.stdout.take().unwrap().read_to_end(&mut out).unwrap();
        let mut err = Vec::new();
        self.child.stderr.take().unwrap().read_to_end(&mut err).unwrap();
        let status = self.child.wait().unwrap();
        let done = Done::of(&std::process::Output { status, stdout: out, stderr: err });
        // What was killed ends with 1 there, and nobody can press Ctrl-C for it.
        if cfg!(windows) { Done { code: done.code - 1, ..done } } else { done }
    }
}

impl Drop for Reviewing {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind; one that ended it has nothing left to kill.
        drop((self.child.kill(), self.child.wait()));
    }
}
