//! Letters that look like those of an ID and are others: what is shown looks right, so the letter must be named.

use unicode_normalization::UnicodeNormalization as _;

/// How many of an ID's letters must be right before one that is wrong is worth naming.
const MOSTLY: usize = 24;

/// Letters of other alphabets that look like a hexadecimal digit.
const ALPHABETS: &[(&str, &str)] = &[("Cyrillic", "аАвВсСеЕоОЗ"), ("Greek", "αΑβΒεΕοΟ"), ("Armenian", "օՕ")];

/// The first letter that does not belong into an ID, with its place, if the text is nearly one.
pub(super) fn wrong_letter(text: &str) -> Option<String> {
    let belongs = |c: char| c.is_ascii_hexdigit() || c == '-';
    let folded: String = text.nfkc().collect();
    let nearly =
        text.chars().filter(|c| belongs(*c)).count().max(folded.chars().filter(|c| belongs(*c)).count());
    if nearly < MOSTLY {
        return None;
    }
    let inner = |at: usize, c: char| (at == 0 && c == '{') || (at + 1 == text.chars().count() && c == '}');
    let (at, wrong) = text.chars().enumerate().find(|(at, c)| !belongs(*c) && !inner(*at, *c))?;
    Some(format!("character {} is {}", at + 1, described(wrong)))
}

fn described(c: char) -> String {
    let code = format!("U+{:04X}", u32::from(c));
    let alphabet = ALPHABETS.iter().find(|(_, letters)| letters.contains(c)).map(|(name, _)| *name);
    let what = match c {
        'O' | 'o' => return "the letter O; a zero may be meant".to_owned(),
        'l' | 'I' => return format!("the letter {c}; a one may be meant"),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => "a dash, not a hyphen",
        '\u{ad}' => "a soft hyphen, which is not seen",
        _ if crate::domain::is_blank(c) && c != ' ' => "a mark or a blank that is not seen",
        ' ' => return "a blank".to_owned(),
        '\u{ff01}'..='\u{ff5e}' => "of full width",
        '“' | '”' | '„' | '‘' | '’' => "a typographic quotation mark",
        _ => match alphabet {
            Some(alphabet) => return format!("`{c}`, a {alphabet} letter ({code})"),
            None if c.is_ascii_graphic() => return format!("`{c}`"),
            None => "no hexadecimal digit",
        },
    };
    format!("{what} ({code})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wrong_letter_is_named_with_its_place() {
        for (text, says) in [
            ("cd613e30\u{2011}d8f1-4adf-91b7-584a2265b1f5", "character 9 is a dash, not a hyphen (U+2011)"),
            ("d95bafc8–f2a4–427b–9cf4–bb99f4bea973", "character 9 is a dash, not a hyphen (U+2013)"),
            (
                "21636369-8\u{200b}b52-4b4a-97b7-50923ceb3ffd",
                "character 11 is a mark or a blank that is not seen (U+200B)",
            ),
            (
                "b8a1abcd-1\u{ad}a69-46c7-8da4-f9fc3c6da5d7",
                "character 11 is a soft hyphen, which is not seen (U+00AD)",
            ),
            ("5bс8fbbс-bdе5-4099-8164-d8399f767с45", "character 3 is `с`, a Cyrillic letter (U+0441)"),
            ("１４a03569-d26b-4496-92e5-dfe8cb1855fe", "character 1 is of full width (U+FF11)"),
            ("651327Oe-269e-4d37-b2a7-4de452e6b438", "character 7 is the letter O; a zero may be meant"),
            ("6018366c-f658-47a7-9ed3-4fe53a096533,", "character 37 is `,`"),
            (
                "“4462ebfc-5f91-4ef0-9cfb-ac6e7687a66e”",
                "character 1 is a typographic quotation mark (U+201C)",
            ),
        ] {
            assert_eq!(wrong_letter(text).as_deref(), Some(says), "{text}");
        }
        for text in ["", "not one", "adatum-test.onmicrosoft.com", "7b89296c6dcb4c5088577eb1924770d3"] {
            assert_eq!(wrong_letter(text), None, "{text}");
        }
    }
}
