//! Says from which commit the program is built, and for which platform, so that `--version` can.

use std::{env, process::Command};

fn main() {
    for path in ["src", "Cargo.lock", ".git/HEAD", ".git/refs/heads", ".git/packed-refs"] {
        println!("cargo:rerun-if-changed={path}");
    }
    let platform = env::var("TARGET").unwrap_or_default();
    println!("cargo:rustc-env=OFFBOARD_PLATFORM={platform}");
    println!("cargo:rustc-env=OFFBOARD_COMMIT={}", commit().unwrap_or_default());
}

/// `1a2b3c4d5e6f of 2026-11-28`. None where there is no history, as in an archive.
fn commit() -> Option<String> {
    let own = git(&["rev-parse", "--show-toplevel"])?;
    let is_own = env::var_os("CARGO_MANIFEST_DIR").is_some_and(|folder| same(&own, &folder));
    let shown =
        git(&["show", "--no-patch", "--format=%h of %cs", "--abbrev=12", "HEAD"]).filter(|_| is_own)?;
    let is_changed = git(&["status", "--porcelain", "--", "src", "Cargo.toml", "Cargo.lock"])?;
    Some(if is_changed.is_empty() { shown } else { format!("{shown}, and changed since") })
}

/// A history further up is somebody else's.
fn same(one: &str, other: &std::ffi::OsStr) -> bool {
    let whole = |path: &std::path::Path| path.canonicalize().ok();
    whole(one.as_ref()).is_some_and(|one| whole(other.as_ref()) == Some(one))
}

fn git(arguments: &[&str]) -> Option<String> {
    let done = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(done.stdout).ok()?;
    done.status.success().then(|| text.trim().to_owned())
}
