//! The files of a log that is being written, as whoever opens the log after a crash would find them.
//!
//! `SQLite` goes on writing into a file that has no name any more, and beyond the end of one that was cut: a run would
//! go on to its end, and nothing of it would be left. So the log and its write-ahead file are looked at by their names
//! before and after each commit, and what the commit has added is read back as a recovery would read it
//! (sqlite.org/fileformat2.html §4). This connection is the only one that writes; while it is open neither file
//! becomes shorter, since nothing sets a `journal_size_limit`, and the log is only checkpointed in place.

use super::{StoreError, log_paths::beside};
use crate::platform::{self, Identity};
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

/// The header of the file, and that of a frame.
const HEADER: usize = 32;
const FRAME: usize = 24;

/// The log and its write-ahead file.
#[derive(Debug)]
pub(super) struct OpenFiles {
    log: Named,
    write_ahead: Named,
    frames: Frames,
}

impl OpenFiles {
    /// As they are now that `SQLite` has them open.
    pub(super) fn of(log: &Path) -> io::Result<Self> {
        let write_ahead = beside(log, "-wal");
        let mut frames = Frames::of(File::open(&write_ahead)?);
        frames.follow()?;
        Ok(Self { log: Named::of(log.to_owned())?, write_ahead: Named::of(write_ahead)?, frames })
    }

    /// Whether both files still have their names, and all that was in them.
    pub(super) fn require_whole(&mut self) -> Result<(), StoreError> {
        let log = self.log.path.clone();
        match self.log.look() {
            Seen::Whole => {}
            Seen::Another => return Err(StoreError::Moved(log)),
            Seen::Shorter => return Err(StoreError::Cut { file: log.clone(), log }),
        }
        let file = self.write_ahead.path.clone();
        match self.write_ahead.look() {
            Seen::Whole => Ok(()),
            Seen::Another => Err(StoreError::Unlinked { file, log }),
            Seen::Shorter => Err(StoreError::Cut { file, log }),
        }
    }

    /// The same after a commit, which must be in them.
    pub(super) fn require_committed(&mut self) -> Result<(), StoreError> {
        self.require_whole()?;
        let log = &self.log.path;
        match self.frames.follow() {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::Cut { file: self.write_ahead.path.clone(), log: log.clone() }),
            Err(source) => Err(StoreError::Open { path: self.write_ahead.path.clone(), source }),
        }
    }
}

/// A file, as it was when it was last looked at.
#[derive(Debug)]
struct Named {
    path: PathBuf,
    identity: Identity,
}

enum Seen {
    Whole,
    /// It is not there, or it is another file.
    Another,
    Shorter,
}

impl Named {
    fn of(path: PathBuf) -> io::Result<Self> {
        let identity = platform::identity(&path)?;
        Ok(Self { path, identity })
    }

    fn look(&mut self) -> Seen {
        let Ok(found) = platform::identity(&self.path) else { return Seen::Another };
        if found.number != self.identity.number {
            return Seen::Another;
        }
        if found.length < self.identity.length {
            return Seen::Shorter;
        }
        self.identity = found;
        Seen::Whole
    }
}

/// The committed frames of a write-ahead file.
#[derive(Debug)]
struct Frames {
    file: File,
    header: [u8; HEADER],
    /// How many there are up to the last commit.
    committed: u64,
    /// The running checksum before the last of them.
    before_last: Sum,
    buffer: Vec<u8>,
}

impl Frames {
    fn of(file: File) -> Self {
        let (header, before_last) = ([0; HEADER], Sum::default());
        Self { file, header, committed: 0, before_last, buffer: Vec::new() }
    }

    /// Reads on from the last frame of the last commit, which must still be there: whatever was cut off has taken
    /// some of it along. After a checkpoint the file is begun again, with another header. Whether there is a commit
    /// that was not there before.
    fn follow(&mut self) -> io::Result<bool> {
        let mut header = [0; HEADER];
        if !read_exactly(&self.file, &mut header, 0)? {
            return Ok(false);
        }
        let Some(form) = FrameLayout::of(&header) else { return Ok(false) };
        let (mut next, mut sum) = if header == self.header && self.committed > 0 {
            (self.committed - 1, self.before_last)
        } else {
            (0, form.sum)
        };
        let known = if header == self.header { self.committed } else { 0 };
        let mut found = None;
        self.buffer.resize(FRAME + form.page, 0);
        while read_exactly(&self.file, &mut self.buffer, HEADER as u64 + next * (FRAME + form.page) as u64)? {
            let before = sum;
            match form.frame(&self.buffer, sum) {
                None => break,
                Some((after, ends)) => {
                    (sum, next) = (after, next + 1);
                    if ends {
                        found = Some((next, before));
                    }
                }
            }
        }
        match found {
            Some((committed, before_last)) if committed > known => {
                (self.header, self.committed, self.before_last) = (header, committed, before_last);
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

/// The running checksum of a write-ahead file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum(u32, u32);

/// What the header of the file says of its frames.
struct FrameLayout {
    is_big_endian: bool,
    page: usize,
    salt: [u8; 8],
    /// Before the first frame.
    sum: Sum,
}

impl FrameLayout {
    fn of(header: &[u8; HEADER]) -> Option<Self> {
        let is_big_endian = match word(header, 0, true)? {
            0x377f_0682 => false,
            0x377f_0683 => true,
            _ => return None,
        };
        let page = usize::try_from(word(header, 8, true)?).ok().filter(|page| *page <= 1 << 16)?;
        let salt = header.get(16..24)?.try_into().ok()?;
        let sum = Sum::default().over(header.get(..24)?, is_big_endian)?;
        let is_whole = sum == Sum(word(header, 24, true)?, word(header, 28, true)?);
        is_whole.then_some(Self { is_big_endian, page, salt, sum })
    }

    /// The checksum after a frame, and whether it ends a transaction. None if it belongs to no transaction of now.
    fn frame(&self, frame: &[u8], sum: Sum) -> Option<(Sum, bool)> {
        let sum =
            sum.over(frame.get(..8)?, self.is_big_endian)?.over(frame.get(FRAME..)?, self.is_big_endian)?;
        let is_whole =
            frame.get(8..16)? == self.salt && sum == Sum(word(frame, 16, true)?, word(frame, 20, true)?);
        is_whole.then_some((sum, word(frame, 4, true)? != 0))
    }
}

impl Sum {
    fn over(self, bytes: &[u8], is_big_endian: bool) -> Option<Self> {
        let Self(mut one, mut two) = self;
        for pair in bytes.chunks_exact(8) {
            one = one.wrapping_add(word(pair, 0, is_big_endian)?).wrapping_add(two);
            two = two.wrapping_add(word(pair, 4, is_big_endian)?).wrapping_add(one);
        }
        Some(Self(one, two))
    }
}

fn word(bytes: &[u8], at: usize, is_big_endian: bool) -> Option<u32> {
    let word = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(if is_big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) })
}

/// Whether the file has as much from here on.
fn read_exactly(file: &File, buffer: &mut [u8], from: u64) -> io::Result<bool> {
    match platform::read_at(file, buffer, from) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;
    use std::fs;

    fn connected(folder: &tempfile::TempDir) -> (PathBuf, Connection) {
        let path = folder.path().join("log.db");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER PRIMARY KEY, x)")
            .unwrap();
        (path, connection)
    }

    /// A transaction of about so many pages.
    fn add(connection: &Connection, pages: u32) {
        let sql = "WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
            INSERT INTO t (x) SELECT randomblob(3900) FROM n";
        connection.execute(sql, [pages]).unwrap();
    }

    #[test]
    fn each_commit_is_found_however_often_the_file_is_begun_again() {
        let folder = tempfile::tempdir().unwrap();
        let (path, connection) = connected(&folder);
        let mut files = OpenFiles::of(&path).unwrap();
        let mut restarts = 0;
        for n in 0..500 {
            let before = files.frames.header;
            add(&connection, [1, 1, 40, 3, 1][n % 5]);
            files.require_whole().unwrap();
            files.require_committed().unwrap();
            restarts += usize::from(files.frames.header != before);
            if n % 97 == 0 {
                // A cache that is too small writes pages before the transaction ends, or is given up.
                connection.execute_batch("PRAGMA cache_size = 10; BEGIN").unwrap();
                add(&connection, 60);
                connection.execute_batch("ROLLBACK").unwrap();
                files.require_whole().unwrap();
            }
            assert!(!files.frames.follow().unwrap(), "nothing was committed since");
        }
        assert!(restarts > 2, "{restarts}");
        // Whoever opens the log later finds the same.
        let mut again = Frames::of(File::open(beside(&path, "-wal")).unwrap());
        assert!(again.follow().unwrap());
        assert_eq!((again.committed, again.before_last), (files.frames.committed, files.frames.before_last));
    }

    #[test]
    fn whatever_is_cut_off_is_missed() {
        for (cut, when) in [(0, 0), (31, 0), (32, 0), (5000, 0), (100, 1), (5000, 1)] {
            let folder = tempfile::tempdir().unwrap();
            let (path, connection) = connected(&folder);
            add(&connection, 3);
            let mut files = OpenFiles::of(&path).unwrap();
            let name = beside(&path, "-wal");
            let length = fs::metadata(&name).unwrap().len();
            let file = File::options().write(true).open(&name).unwrap();
            // Down to so many bytes, or by so many.
            file.set_len(if when == 0 { cut } else { length - cut }).unwrap();
            assert!(matches!(files.require_whole(), Err(StoreError::Cut { .. })), "{cut}");
            // It happens while a transaction is written: the file is as long as before.
            add(&connection, 3);
            files.require_whole().unwrap();
            assert!(matches!(files.require_committed(), Err(StoreError::Cut { .. })), "{cut}");
        }
    }

    #[cfg(unix)] // elsewhere nobody can take the name of a file that is open
    #[test]
    fn a_file_without_its_name_is_missed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, connection) = connected(&folder);
        let mut files = OpenFiles::of(&path).unwrap();
        let name = beside(&path, "-wal");
        let bytes = fs::read(&name).unwrap();
        fs::remove_file(&name).unwrap();
        assert!(matches!(files.require_whole(), Err(StoreError::Unlinked { .. })));
        fs::write(&name, bytes).unwrap();
        add(&connection, 1);
        assert!(matches!(files.require_committed(), Err(StoreError::Unlinked { .. })));
    }
}
