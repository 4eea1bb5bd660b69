//! The program under `strace`, which can fail one of its system calls, or write down what it does to its
//! files, byte for byte.

use std::{
    path::Path,
    process::{Command, Stdio},
};

const STRACE: &str = "/usr/bin/strace";

/// Whether system calls can be traced here; says so when they cannot.
pub(crate) fn is_available() -> bool {
    let traced = Command::new(STRACE).args(["-o", "/dev/null", "/bin/true"]).stderr(Stdio::null()).status();
    let available = traced.is_ok_and(|status| status.success());
    if !available {
        let text = format!("SKIPPED: {STRACE} is not there, or may not trace (apt-get install strace)");
        assert!(std::env::var_os("OFFBOARD_TESTS_SKIP_NOTHING").is_none(), "{text}");
        println!("{text}");
    }
    available
}

/// The same command under `strace`, with these options; what it writes goes to `output`.
pub(crate) fn traced(command: &Command, options: &[String], output: &Path) -> Command {
    let mut traced = Command::new(STRACE);
    traced.args(["-f", "-qq", "-o"]).arg(output).args(options);
    traced.arg(command.get_program()).args(command.get_args());
    traced.env_clear().stdin(Stdio::null());
    traced.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        traced.current_dir(folder);
    }
    traced
}
