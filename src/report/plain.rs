//! Text that somebody else wrote, made harmless to look at.

use std::borrow::Cow;

/// The text with every character made visible that would move the cursor, switch a terminal, or
/// turn the direction of what stands around it: `\n`, `\u{1b}`, `\u{202e}`.
///
/// What is left is for the eyes only. It does not replace escaping for HTML, and it cannot be
/// turned back, because a backslash stays as it is.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

/// JSON: the same value, with whatever moves, hides or turns something written as escapes, but for the ends of lines. It can
/// only stand inside strings.
pub fn harmless_json(text: &str) -> Cow<'_, str> {
    let is_in_the_way = |c: char| c != '\n' && is_hidden(c);
    if !text.chars().any(is_in_the_way) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_in_the_way(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| shown.push_str(&format!("\\u{unit:04x}")));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// The text in one line, with a blank in place of whatever moves, hides or turns something: for a table that is read
/// again, where nothing may be added to a name. Letters stay, those too that are not seen, because names are compared by
/// their letters.
pub(super) fn in_one_line(text: &str) -> Cow<'_, str> {
    let is_in_the_way = |c: char| is_hidden(c) && !c.is_alphanumeric();
    if !text.chars().any(is_in_the_way) {
        return Cow::Borrowed(text);
    }
    let blank = |c: char| if is_in_the_way(c) { ' ' } else { c };
    Cow::Owned(text.chars().map(blank).collect())
}

/// Zero-width joiner and non-joiner are not among these: Persian, Indic scripts and emoji need them.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}'   // zero-width space, direction marks
            | '\u{2028}'..='\u{202e}'                 // line and paragraph ends, embeddings, overrides
            | '\u{2060}'..='\u{206f}'                 // word joiner, isolates, shaping
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_the_same_value() {
        let value = serde_json::json!({ "a": "x\u{9b}y\u{e0001}\u{202e}\u{7f}\u{1b}\n", "b": "Åsa" });
        let written = serde_json::to_string_pretty(&value).unwrap_or_default();
        let shown = harmless_json(&written);
        assert!(shown.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{e0001}' && c != '\u{202e}'));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).ok(), Some(value));
    }

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in ["Contoso", "Åsa & Søn", "شرکت می‌خواهم", "株式会社", "👩‍💻 GmbH", r"back\slash"]
        {
            assert!(matches!(visible(name), Cow::Borrowed(text) if text == name), "{name}");
        }
    }

    #[test]
    fn what_moves_the_cursor_or_turns_the_text_is_shown() {
        for (text, shown) in [
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("a\r\n\tb", "a\\r\\n\\tb"),
            ("evil\u{202e}gpj.exe", "evil\\u{202e}gpj.exe"),
            ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("a\u{0}\u{7f}\u{feff}", "a\\u{0}\\u{7f}\\u{feff}"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }
}
