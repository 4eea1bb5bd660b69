//! The texts of a workbook: those of single cells, and those that cells share.

use super::{
    error::{Damage, ListFault},
    limits::{FIELD_BYTES, SHARED_BYTES, SHARED_TEXTS, TOKEN_BYTES},
    xml::{Xml, XmlReader},
};

/// The text of a cell that may consist of runs. What is only said (`rPh`) is left out.
pub(super) fn rich_text(xml: &mut XmlReader, end: &str) -> Result<String, ListFault> {
    let mut text = String::new();
    let mut in_text = false;
    let mut phonetic = false;
    let mut bytes = 0_u64;
    loop {
        let mut damage = None;
        match xml.next()? {
            Xml::Start(tag, closed) => {
                if tag.is("t") {
                    in_text = !closed;
                } else if tag.is("rPh") {
                    phonetic = !closed;
                }
                bytes += 8;
            }
            Xml::End(tag) if tag.is("t") => in_text = false,
            Xml::End(tag) if tag.is("rPh") => phonetic = false,
            Xml::End(tag) if tag.is(end) => return Ok(unescaped(&text)),
            Xml::Text(part) => {
                if in_text && !phonetic && text.len() <= FIELD_BYTES {
                    text.push_str(&part);
                }
                bytes += part.len() as u64;
            }
            Xml::End(_) => {}
            Xml::Eof => damage = Some(Damage::Xml),
        }
        if bytes > TOKEN_BYTES {
            damage = Some(Damage::TokenTooLong);
        }
        if let Some(damage) = damage {
            return Err(xml.damaged(damage));
        }
    }
}

/// Excel writes characters that XML cannot hold as `_x001F_`, and such a text itself as
/// `_x005F_x001F_`.
pub(super) fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("_x") {
        out.push_str(before);
        let code = after.get(..4).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let c = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        if let (Some(c), Some(tail)) = (c, after.get(4..).and_then(|tail| tail.strip_prefix('_'))) {
            out.push(c);
            rest = tail;
        } else {
            out.push_str("_x");
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// Texts in one piece of memory, because a million small ones cost more than what they say.
#[derive(Debug, Default)]
pub(super) struct SharedTexts {
    text: String,
    ends: Vec<u32>,
}

impl SharedTexts {
    /// Whether there was room.
    pub(super) fn push(&mut self, text: &str) -> bool {
        let end = self.text.len() + text.len();
        let Ok(end) = u32::try_from(end).map_err(drop) else { return false };
        if self.ends.len() >= SHARED_TEXTS || end as usize > SHARED_BYTES {
            return false;
        }
        self.text.push_str(text);
        self.ends.push(end);
        true
    }

    pub(super) fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(start as usize..end as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_characters_are_read() {
        assert_eq!(unescaped("a_x000D_b_x005F_x000D_c_x12_é_x00e9_"), "a\rb_x000D_c_x12_éé");
    }

    #[test]
    fn shared_texts_are_found_again() {
        let mut texts = SharedTexts::default();
        assert!(["", "a", "é", ""].iter().all(|text| texts.push(text)));
        assert_eq!(
            (0..5).map(|at| texts.get(at)).collect::<Vec<_>>(),
            [Some(""), Some("a"), Some("é"), Some(""), None]
        );
    }
}
