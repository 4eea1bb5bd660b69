//! What a program did to the files of its log, as `strace` wrote it down, and what a disk may hold of it
//! after the power failed.
//!
//! The disk is a mean one: of what was written to a file since its last sync, it keeps nothing, all, or
//! any part, in sectors; a file that was made or removed is so only once its folder was synced.

use std::{collections::BTreeMap, fs, path::Path};

/// The unit in which a disk writes whole or not at all.
const SECTOR: usize = 512;

/// One thing that happened, in order.
#[derive(Clone, Debug)]
pub(crate) enum Happened {
    /// The file was opened, and made if it was not there.
    Made(String),
    Written {
        file: String,
        offset: usize,
        bytes: Vec<u8>,
    },
    Truncated {
        file: String,
        length: usize,
    },
    Synced(String),
    Removed(String),
    /// Bytes left for the network, or for anybody else.
    Sent(Vec<u8>),
}

/// The options under which `strace` writes down what [`read`] understands.
pub(crate) fn options() -> Vec<String> {
    let calls = "trace=openat,pwrite64,fsync,fdatasync,ftruncate,unlink,sendto,write,writev";
    ["-y", "-xx", "-s", "1000000", "-e", calls].map(str::to_owned).into()
}

/// Reads what `strace` wrote.
pub(crate) fn read(trace: &str) -> Vec<Happened> {
    let mut unfinished: BTreeMap<&str, String> = BTreeMap::new();
    let mut happened = Vec::new();
    for line in trace.lines() {
        let (thread, call) = line.split_once(' ').unwrap();
        let call = call.trim_start();
        // A call during which another thread made one stands in two lines; it counts when it ended.
        let whole = if let Some(start) = call.strip_suffix("<unfinished ...>") {
            unfinished.insert(thread, start.trim_end().to_owned());
            continue;
        } else if call.starts_with("<... ") {
            let end = call.split_once("resumed>").unwrap().1;
            format!("{}{end}", unfinished.remove(thread).unwrap_or_default())
        } else {
            call.to_owned()
        };
        happened.extend(understood(&whole));
    }
    happened
}

fn understood(call: &str) -> Option<Happened> {
    let (name, rest) = call.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    if result.starts_with('-') {
        return None;
    }
    let file = || path_in(arguments);
    let number =
        |at: usize| arguments.rsplit(", ").nth(at)?.trim_end_matches([')', ' ']).parse::<usize>().ok();
    match name {
        "openat" if arguments.contains("O_CREAT") => Some(Happened::Made(path_in(result)?)),
        "pwrite64" => {
            let bytes = unhex(arguments.split('"').nth(1)?);
            Some(Happened::Written { file: file()?, offset: number(0)?, bytes })
        }
        "ftruncate" => Some(Happened::Truncated { file: file()?, length: number(0)? }),
        "fsync" | "fdatasync" => Some(Happened::Synced(file()?)),
        "unlink" => Some(Happened::Removed(text(arguments.split('"').nth(1)?))),
        "sendto" | "write" | "writev" => {
            Some(Happened::Sent(arguments.split('"').skip(1).step_by(2).flat_map(unhex).collect()))
        }
        _ => None,
    }
}

/// The path behind a descriptor, which stands in angle brackets.
fn path_in(arguments: &str) -> Option<String> {
    arguments.split_once('<')?.1.split_once('>').map(|(path, _)| text(path))
}

fn text(hex: &str) -> String {
    String::from_utf8(unhex(hex)).unwrap()
}

fn unhex(hex: &str) -> Vec<u8> {
    hex.split("\\x").skip(1).map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

/// The bytes of a file, whatever it is called.
#[derive(Default)]
struct File {
    /// What is certainly there.
    kept: Vec<u8>,
    /// What was done to it since the last sync.
    since: Vec<Happened>,
}

/// Which file a name means: to the program, and on the disk.
#[derive(Default)]
struct Name {
    now: Option<usize>,
    kept: Option<usize>,
}

/// Puts into `folder` what the disk may hold after these things happened. `below` gives a number below
/// its argument, as chance has it.
pub(crate) fn image(happened: &[Happened], folder: &Path, mut below: impl FnMut(u64) -> u64) {
    let mut files: Vec<File> = Vec::new();
    let mut names: BTreeMap<&str, Name> = BTreeMap::new();
    for what in happened {
        match what {
            Happened::Made(path) => {
                names.entry(path).or_default().now.get_or_insert_with(|| {
                    files.push(File::default());
                    files.len() - 1
                });
            }
            Happened::Written { file: path, .. } | Happened::Truncated { file: path, .. } => {
                let file = names[path.as_str()].now.unwrap();
                files[file].since.push(what.clone());
            }
            Happened::Synced(path) => {
                if let Some(file) = names.get(path.as_str()).and_then(|name| name.now) {
                    let File { kept, since } = &mut files[file];
                    since.drain(..).for_each(|write| apply(kept, &write, 0..usize::MAX));
                }
                let inside = |file: &str| Path::new(file).parent() == Some(Path::new(path));
                for (_, name) in names.iter_mut().filter(|(file, _)| inside(file)) {
                    name.kept = name.now;
                }
            }
            Happened::Removed(path) => {
                if let Some(name) = names.get_mut(path.as_str()) {
                    name.now = None;
                }
            }
            Happened::Sent(_) => {}
        }
    }
    for (path, name) in names {
        let is_synced = name.now == name.kept || below(2) == 0;
        let Some(file) = (if is_synced { name.kept } else { name.now }) else { continue };
        let File { kept, since } = &mut files[file];
        let how = below(4);
        for write in since.drain(..) {
            match how {
                0 => {}
                1 => apply(kept, &write, 0..usize::MAX),
                _ if below(2) == 0 => {}
                2 => apply(kept, &write, 0..usize::MAX),
                // Torn: some sectors from the middle of it.
                _ => {
                    let from = usize::try_from(below(40)).unwrap();
                    let to = from + usize::try_from(below(40)).unwrap();
                    apply(kept, &write, from * SECTOR..to * SECTOR);
                }
            }
        }
        fs::write(folder.join(Path::new(path).file_name().unwrap()), kept).unwrap();
    }
}

/// Does this to the bytes of a file; of a write, only what lies in `part`.
fn apply(kept: &mut Vec<u8>, what: &Happened, part: std::ops::Range<usize>) {
    match what {
        Happened::Written { offset, bytes, .. } => {
            let (from, to) = (part.start.min(bytes.len()), part.end.min(bytes.len()));
            if from < to {
                kept.resize(kept.len().max(offset + to), 0);
                kept[offset + from..offset + to].copy_from_slice(&bytes[from..to]);
            }
        }
        Happened::Truncated { length, .. } => kept.resize(*length, 0),
        _ => {}
    }
}
