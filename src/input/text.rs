//! What counts as blank, and how foreign text is shown.

/// Whether a character is nothing to the eye: blanks of every width, tabs, line ends, and the
/// marks of no width that come along when an ID is copied from a web page.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// The text without what is blank around it.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// The text for a message: between back-ticks, at most 60 characters, nothing that could drive a
/// terminal or turn the reading direction.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::from("`");
    for (at, c) in text.chars().enumerate() {
        if at == 60 {
            out.push('…');
            break;
        }
        if c.is_control()
            || (is_blank(c) && c != ' ')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out.push('`');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_of_every_kind_are_taken_off() {
        assert_eq!(trimmed("\u{feff} \u{a0}\u{200b}\u{202f}\u{2007}\ta b\u{2060}\u{200d}\r\n"), "a b");
    }

    #[test]
    fn shown_text_cannot_drive_a_terminal() {
        assert_eq!(shown("a\u{1b}[31m\u{202e}\u{a0}é"), "`a\\u{1b}[31m\\u{202e}\\u{a0}é`");
        assert_eq!(shown(&"x".repeat(100)), format!("`{}…`", "x".repeat(60)));
    }
}
