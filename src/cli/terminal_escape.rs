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
}
