//! A word as a shell takes it for one word.

/// Who reads a command that somebody copies from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shell {
    /// `sh` and those like it, of Git for Windows too.
    Posix,
    /// `cmd.exe`.
    Cmd,
    /// Windows PowerShell and `pwsh`.
    Pwsh,
}

impl Shell {
    /// The one that a person sits at, as far as the environment says: on Windows, `cmd` sets the variable of its prompt,
    /// and a shell of Unix its system.
    pub(super) fn in_use(is_windows: bool, has: impl Fn(&str) -> bool) -> Self {
        match is_windows && !has("MSYSTEM") {
            false => Self::Posix,
            true if has("PROMPT") => Self::Cmd,
            true => Self::Pwsh,
        }
    }

    /// What a line ends with that goes on in the next one.
    pub(super) const fn goes_on(self) -> &'static str {
        match self {
            Self::Posix => " \\",
            Self::Cmd => " ^",
            Self::Pwsh => " `",
        }
    }

    /// The word, quoted if it must be.
    pub(super) fn quoted(self, word: &str) -> String {
        match self {
            Self::Posix => posix(word),
            Self::Cmd | Self::Pwsh if is_plain(word, "-_./\\:+=") => word.to_owned(),
            // What means nothing in either of the two is quoted in the one way that both understand.
            Self::Cmd | Self::Pwsh if !word.contains(['%', '$', '`', '"', '“', '”', '„', '!', '^']) => {
                double(word)
            }
            // A percent sign at the prompt of `cmd` stands for itself unless it names a variable; a caret outside of
            // quotation marks parts the two.
            Self::Cmd => double(&word.replace('%', "\"^%\"")),
            Self::Pwsh => format!("'{}'", word.replace(['\'', '’', '‘', '‚', '‛'], "''")),
        }
    }
}

fn posix(word: &str) -> String {
    if is_plain(word, "-_./:@%+=,") { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// As a program for Windows takes it: a backslash before a quotation mark would be read with it.
fn double(word: &str) -> String {
    let ends = word.len() - word.trim_end_matches('\\').len();
    format!("\"{word}{}\"", "\\".repeat(ends))
}

fn is_plain(word: &str, marks: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || marks.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_is_known_by_what_it_sets() {
        assert_eq!(Shell::in_use(false, |name| name == "PROMPT"), Shell::Posix);
        assert_eq!(Shell::in_use(true, |name| name == "PROMPT"), Shell::Cmd);
        assert_eq!(Shell::in_use(true, |_| true), Shell::Posix);
        assert_eq!(Shell::in_use(true, |_| false), Shell::Pwsh);
    }

    #[test]
    fn a_line_goes_on_in_the_next_one() {
        let all = [Shell::Posix, Shell::Cmd, Shell::Pwsh];
        assert_eq!(all.map(Shell::goes_on), [" \\", " ^", " `"]);
    }

    #[test]
    fn a_word_is_one_word_for_a_shell() {
        for (shell, word, typed) in [
            (Shell::Posix, "audit.db", "audit.db"),
            (Shell::Posix, "/a b/c.db", "'/a b/c.db'"),
            (Shell::Posix, "it's", r"'it'\''s'"),
            (Shell::Posix, "", "''"),
            (Shell::Posix, "$(x)", "'$(x)'"),
            (Shell::Cmd, r"C:\logs\audit.db", r"C:\logs\audit.db"),
            (Shell::Cmd, r"C:\Möbel & Söhne\audit.db", "\"C:\\Möbel & Söhne\\audit.db\""),
            (Shell::Cmd, r"C:\it's\", "\"C:\\it's\\\\\""),
            (Shell::Cmd, "100%", "\"100\"^%\"\""),
            (Shell::Cmd, "", "\"\""),
            (Shell::Pwsh, r"C:\a b", "\"C:\\a b\""),
            (Shell::Pwsh, "@x,y", "\"@x,y\""),
            (Shell::Pwsh, "$(x)", "'$(x)'"),
            (Shell::Pwsh, "it's $5", "'it''s $5'"),
        ] {
            assert_eq!(shell.quoted(word), typed, "{shell:?} {word}");
        }
    }
}
