//! Text for people, and text that comes from outside: what of it counts as blank, and how it is shown.

/// Whether a character is nothing to the eye: blanks of every width, tabs, line ends, and the marks of no width
/// that come along when an ID is copied from a web page, those that turn the reading direction among them.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The text without what is blank around it.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// The same text, its first letter large.
pub(crate) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
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
        if c.is_control() || (is_blank(c) && c != ' ') {
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
        let text = "\u{feff} \u{a0}\u{200b}\u{202f}\u{2007}\u{202a}\u{2066}\ta b\u{2060}\u{200d}\u{2069}\u{202c}\r\n";
        assert_eq!(trimmed(text), "a b");
    }

    #[test]
    fn a_sentence_begins_with_a_large_letter_and_is_otherwise_as_it_was() {
        for (text, sentence) in [("order A: no", "Order A: no"), ("ßa", "SSa"), ("É", "É"), ("", "")] {
            assert_eq!(capitalised(text), sentence);
        }
    }

    #[test]
    fn shown_text_cannot_drive_a_terminal() {
        assert_eq!(shown("a\u{1b}[31m\u{202e}\u{a0}é"), "`a\\u{1b}[31m\\u{202e}\\u{a0}é`");
        assert_eq!(shown(&"x".repeat(100)), format!("`{}…`", "x".repeat(60)));
    }
}
