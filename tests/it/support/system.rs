//! What tests do to processes and files, as each system has it. A test that needs what one system lacks is left out there,
//! and says so: `#[cfg_attr(windows, ignore = "…")]`.

pub(crate) use of_this_one::{
    USER, interrupt, link, mode, only_what_is_needed, over_time, overwrite, set_mode, shell, terminate,
};

/// A word in quotation marks, as a command that is shown has it.
pub(crate) fn quoted(word: &str) -> String {
    if cfg!(windows) { format!("\"{word}\"") } else { format!("'{word}'") }
}

#[cfg(unix)]
mod of_this_one {
    use rustix::process::{Pid, Signal, kill_process};
    use std::{
        fs::{self, File},
        os::unix::fs::{FileExt as _, PermissionsExt as _, symlink},
        path::Path,
        process::{Child, Command},
    };

    /// The variable that has a person's name.
    pub(crate) const USER: &str = "USER";

    fn signal(child: &Child, signal: Signal) {
        kill_process(Pid::from_child(child), signal).unwrap();
    }

    /// Ctrl-C.
    pub(crate) fn interrupt(child: &Child) {
        signal(child, Signal::INT);
    }

    /// Asks it to end.
    pub(crate) fn terminate(child: &Child) {
        signal(child, Signal::TERM);
    }

    /// Says that its time on the processor is over.
    pub(crate) fn over_time(child: &Child) {
        signal(child, Signal::XCPU);
    }

    /// Who may do what with the file.
    pub(crate) fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    pub(crate) fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A link at `at` that leads to `to`.
    pub(crate) fn link(to: impl AsRef<Path>, at: &Path) {
        symlink(to, at).unwrap();
    }

    /// Bytes in the middle of a file.
    pub(crate) fn overwrite(file: &File, bytes: &[u8], at: u64) {
        file.write_all_at(bytes, at).unwrap();
    }

    /// A line for the shell.
    pub(crate) fn shell(line: &str) -> Command {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", line]);
        shell
    }

    /// An environment in which no person has set anything, for somebody whose own files are in `data`.
    pub(crate) fn only_what_is_needed(command: &mut Command, data: &Path, temporary: &Path) {
        command.env_clear().env("USER", "tester").env("XDG_DATA_HOME", data).env("TMPDIR", temporary);
    }
}

#[cfg(windows)]
mod of_this_one {
    use std::{
        env,
        fs::File,
        os::windows::{fs::FileExt as _, process::CommandExt as _},
        path::Path,
        process::{Child, Command},
    };

    pub(crate) const USER: &str = "USERNAME";

    pub(crate) fn interrupt(_child: &Child) {
        panic!("nobody can press Ctrl-C for another process here");
    }

    pub(crate) fn terminate(child: &Child) {
        interrupt(child);
    }

    pub(crate) fn over_time(child: &Child) {
        interrupt(child);
    }

    pub(crate) fn mode(_path: &Path) -> u32 {
        panic!("files have no mode here");
    }

    pub(crate) fn set_mode(_path: &Path, _mode: u32) {}

    pub(crate) fn link(to: impl AsRef<Path>, at: &Path) {
        std::os::windows::fs::symlink_file(to, at).unwrap();
    }

    pub(crate) fn overwrite(file: &File, bytes: &[u8], at: u64) {
        assert_eq!(file.seek_write(bytes, at).unwrap(), bytes.len());
    }

    pub(crate) fn shell(line: &str) -> Command {
        let mut shell = Command::new("cmd.exe");
        shell.raw_arg("/D /S /C").raw_arg(format!("\"{line}\""));
        shell
    }

    pub(crate) fn only_what_is_needed(command: &mut Command, data: &Path, temporary: &Path) {
        command.env_clear().env("USERNAME", "tester").env("LOCALAPPDATA", data);
        command.env("TEMP", temporary).env("TMP", temporary);
        // Without these there are no sockets, no encryption and no shell.
        for name in
            ["SystemRoot", "ComSpec", "PATH", "APPDATA", "USERPROFILE", "WINEPREFIX", "WINEDEBUG", "HOME"]
        {
            command.envs(env::var_os(name).map(|value| (name, value)));
        }
    }
}
