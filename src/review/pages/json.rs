//! Bodies as people read them.

use minijinja::Value;

/// So much of a body is shown.
const LONGEST: usize = 24 * 1024;

/// A body, laid out if it is JSON, and cut if it is long.
pub(super) fn body(bytes: &[u8]) -> Value {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    let parsed = serde_json::from_str::<serde_json::Value>(text).ok();
    let is_json = parsed.is_some();
    let shown =
        parsed.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| text.to_owned());
    let cut = cut(&shown);
    values! { text => cut, is_json, is_cut => cut.len() < shown.len(), length => bytes.len() }
}

/// Headers, or a whole record, laid out.
pub(super) fn laid_out(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    cut(&text).to_owned()
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_laid_out_and_bounded() {
        let shown = body("\u{feff}{\"b\":1,\"a\":[2]}".as_bytes());
        assert_eq!(shown.get_attr("is_json").unwrap(), Value::from(true));
        assert!(shown.get_attr("text").unwrap().as_str().unwrap().contains("\n  \"b\": 1"));
        let long = "ä".repeat(LONGEST);
        let shown = body(long.as_bytes());
        assert_eq!(shown.get_attr("is_cut").unwrap(), Value::from(true));
        assert_eq!(shown.get_attr("text").unwrap().as_str().unwrap().len(), LONGEST);
        assert_eq!(body(b"<html>").get_attr("is_json").unwrap(), Value::from(false));
    }
}
