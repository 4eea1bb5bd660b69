//! The last door before a terminal: whatever wrote a text, nothing in it moves the cursor. Who writes foreign
//! text into a line has made it visible before, so that it cannot begin a line of its own either.

use crate::report::visible;
use std::borrow::Cow;

/// Text for people, with what this program itself adds: lines, columns and these colours.
pub(super) fn text<'a>(text: &'a str, colors: &[&str]) -> Cow<'a, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let color = colors.iter().find(|color| rest.starts_with(**color));
        let (part, after) =
            rest.split_at_checked(color.map_or(c.len_utf8(), |color| color.len())).unwrap_or((rest, ""));
        let is_own = color.is_some() || matches!(c, '\n' | '\t');
        shown.push_str(&if is_own { Cow::Borrowed(part) } else { visible(part) });
        rest = after;
    }
    Cow::Owned(shown)
}

/// JSON: the same value, with what a terminal would obey written as escapes. They can only stand inside strings.
pub(super) fn json(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        let mut units = [0; 2];
        if c == '\n' || is_plain(c.encode_utf8(&mut [0; 4])) {
            shown.push(c);
        } else {
            c.encode_utf16(&mut units).iter().for_each(|unit| shown.push_str(&format!("\\u{unit:04x}")));
        }
    }
    Cow::Owned(shown)
}

/// Nothing in it but lines of ordinary text.
fn is_plain(text: &str) -> bool {
    text.split('\n').all(|line| matches!(visible(line), Cow::Borrowed(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_program_adds_itself_passes() {
        let red = "\u{1b}[31m";
        let said = "\u{1b}[31merror:\u{1b}[0m\ta\u{1b}[2J\u{9b}b\r\nnext \u{202e}";
        assert_eq!(
            text(said, &[red, "\u{1b}[0m"]),
            "\u{1b}[31merror:\u{1b}[0m\ta\\u{1b}[2J\\u{9b}b\\r\nnext \\u{202e}"
        );
        assert!(!text(said, &[]).contains('\u{1b}'));
        assert!(matches!(text("two\nlines, Åsa", &[]), Cow::Borrowed(_)));
    }

    #[test]
    fn json_stays_the_same_value() {
        let value = serde_json::json!({ "a": "x\u{9b}y\u{e0001}\u{202e}\u{7f}\u{1b}\n", "b": "Åsa" });
        let written = serde_json::to_string_pretty(&value).unwrap_or_default();
        let shown = json(&written);
        assert!(shown.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{e0001}' && c != '\u{202e}'));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).ok(), Some(value));
    }
}
