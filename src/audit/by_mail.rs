//! Signed texts as they come back from a mail, a ticket or an editor, which change line ends and what stands around
//! a text, and never its meaning.

/// The text as it was when it was signed: without byte-order marks, its lines ended by line feeds, and one at its end.
/// `around` is what may stand before and after it. None if it is no text, or holds a control character: no signed text
/// does (C2SP signed-note), so it was not one.
pub(super) fn as_signed(bytes: &[u8], around: &[char]) -> Option<String> {
    let text = str::from_utf8(bytes).ok()?.replace("\r\n", "\n").replace('\r', "\n");
    // Files that were put together have a mark before each of them.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\n\u{feff}", "\n");
    let text = format!("{}\n", text.trim_matches(around));
    text.chars().all(|c| c >= ' ' || c == '\n').then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_carries_a_text_does_not_change_it() {
        let blank = [' ', '\t', '\n'];
        for carried in [
            "a\nb\n",
            "a\nb",
            "a\r\nb\r\n",
            "a\rb\r",
            "\u{feff}a\nb\n",
            "\n\r\n \ta\nb\n\t\n\n",
            "\u{feff}\r\na\nb",
        ] {
            assert_eq!(as_signed(carried.as_bytes(), &blank).as_deref(), Some("a\nb\n"), "{carried:?}");
        }
        assert_eq!(as_signed("a\n\n\u{feff}b".as_bytes(), &blank).as_deref(), Some("a\n\nb\n"));
        assert_eq!(as_signed(b"a ", &['\n']).as_deref(), Some("a \n"));
        for no_text in [&b"a\x1fb"[..], b"a\tb", b"a\0", b"\xff\xfea\0", b"\x1fa", b"a\x0c"] {
            assert_eq!(as_signed(no_text, &blank), None, "{no_text:?}");
        }
    }
}
