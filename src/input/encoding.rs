//! In which encoding a text is, and how sure that is.
//!
//! A byte-order mark says it, and so do bytes that are UTF-8. Everything else is a guess from the letters, and
//! `chardetng` makes it. A name of one word can be a name in more than one encoding, though; then it is the
//! operator who has to say. Another reading counts if its letters are ones that somebody would write: those of
//! one language in a cell, those of one script in a word.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, ISO_8859_8, REPLACEMENT, SHIFT_JIS, UTF_16BE, UTF_16LE,
    WINDOWS_874, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255,
    WINDOWS_1256, WINDOWS_1257, WINDOWS_1258,
};
use std::ops::RangeInclusive;

/// The encodings that spreadsheets write where they do not write Unicode.
pub(super) const LEGACY: [&Encoding; 15] = [
    WINDOWS_1252,
    WINDOWS_1250,
    WINDOWS_1251,
    WINDOWS_1253,
    WINDOWS_1254,
    WINDOWS_1255,
    WINDOWS_1256,
    WINDOWS_1257,
    WINDOWS_1258,
    WINDOWS_874,
    SHIFT_JIS,
    EUC_JP,
    BIG5,
    GB18030,
    EUC_KR,
];

/// From how many letters on a guess is not doubted, where the script has letters of its own.
pub(super) const ENOUGH_LETTERS: usize = 8;

/// The letters outside ASCII of languages that are written in an encoding for Latin letters. Those that hardly a word
/// has are not among them.
const LATIN: &[(&Encoding, &[&str])] = &[
    (
        WINDOWS_1252,
        &[
            "äöüß",
            "àâæçéèêëîïôœùûüÿ",
            "áéíñóúü",
            "áâãàçéêíóôõú",
            "àèéìîòù",
            "éëèïöüáóú",
            "æøåéö",
            "äöåéü",
            "áéíóúýþæöð",
            "àáçèéíïòóúü",
        ],
    ),
    (
        WINDOWS_1250,
        &["ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíľňóôšťúýž", "áéíóöőúüű", "čćžšđ", "ăâîşţ", "ëç", "äöüß"],
    ),
    (WINDOWS_1254, &["âçğıîöşûüi\u{307}"]),
    (WINDOWS_1257, &["ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž"]),
    (WINDOWS_1258, &["àâăèéêìíòóôơùúưýáđãõ\u{300}\u{301}\u{303}\u{309}\u{323}"]),
];

/// The letters of encodings for one other script.
const SCRIPTS: &[(&Encoding, RangeInclusive<char>)] = &[
    (WINDOWS_1251, '\u{400}'..='\u{4ff}'),
    (WINDOWS_1253, '\u{370}'..='\u{3ff}'),
    (WINDOWS_1255, '\u{590}'..='\u{5ff}'),
    (WINDOWS_1256, '\u{600}'..='\u{6ff}'),
    (WINDOWS_874, '\u{e00}'..='\u{e7f}'),
];

/// What stands beside letters in any language.
const PUNCTUATION: &str = "’‘“”„‚«»‹›–—…€®™©°§·´¡¿\u{a0}";

/// The encoding that an option names, by any of its usual names.
pub(super) fn named(wanted: &str) -> Option<&'static Encoding> {
    let label = match wanted.trim().to_ascii_lowercase().as_str() {
        "cp932" => "shift_jis",
        "cp936" => "gbk",
        "cp949" => "euc-kr",
        "cp950" => "big5",
        "cp874" => "windows-874",
        "ansi" | "ascii" => return None,
        other => {
            return Encoding::for_label(other.as_bytes()).filter(|found| *found != REPLACEMENT).map(usual);
        }
    };
    Encoding::for_label(label.as_bytes()).map(usual)
}

/// UTF-16 without a mark: letters of ASCII, each with a byte of zeros.
pub(super) fn utf_16(head: &[u8]) -> Option<&'static Encoding> {
    let pairs = head.chunks_exact(2).len();
    let zeros = |place: usize| head.chunks_exact(2).filter(|pair| pair.get(place) == Some(&0)).count();
    let (first, second) = (zeros(0), zeros(1));
    let is_it = |many: usize, few: usize| pairs > 1 && many * 10 >= pairs * 4 && few * 50 <= pairs;
    if is_it(second, first) {
        Some(UTF_16LE)
    } else if is_it(first, second) {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Guesses the encoding of bytes that come in pieces.
pub(super) struct Guess(EncodingDetector);

impl Guess {
    pub(super) fn new() -> Self {
        Self(EncodingDetector::new(Iso2022JpDetection::Deny))
    }

    pub(super) fn feed(&mut self, piece: &[u8]) {
        self.0.feed(piece, false);
    }

    pub(super) fn made(mut self) -> &'static Encoding {
        self.0.feed(&[], true);
        usual(self.0.guess(None, Utf8Detection::Deny))
    }
}

/// The encoding under the name that people know, where one contains the other.
fn usual(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == GBK {
        GB18030
    } else if encoding == ISO_8859_8 {
        WINDOWS_1255
    } else {
        encoding
    }
}

/// Whether the letters outside ASCII are of a script that has no other encoding family for the same letters.
pub(super) fn is_of_one_script(encoding: &'static Encoding) -> bool {
    !LATIN.iter().any(|(latin, _)| *latin == encoding)
        && (SCRIPTS.iter().any(|(known, _)| *known == encoding)
            || LEGACY.get(10..).is_some_and(|all| all.contains(&encoding)))
}

/// Whether somebody might have written this, if it is what the bytes say in this encoding.
pub(super) fn is_plausible(text: &str, encoding: &'static Encoding) -> bool {
    let is_odd = |c: char| c.is_control() || c == '\u{fffd}' || matches!(c, '\u{e000}'..='\u{f8ff}');
    if text.chars().any(is_odd) {
        return false;
    }
    if let Some((_, languages)) = LATIN.iter().find(|(latin, _)| *latin == encoding) {
        let letters: Vec<char> = text
            .chars()
            .filter(|c| is_letter(*c))
            .flat_map(char::to_lowercase)
            .filter(|c| !c.is_ascii())
            .collect();
        return languages.iter().any(|language| letters.iter().all(|letter| language.contains(*letter)));
    }
    if let Some((_, script)) = SCRIPTS.iter().find(|(known, _)| *known == encoding) {
        let mut words = text.split(|c: char| !is_letter(c));
        return words.all(|word| word.is_ascii() || word.chars().all(|c| script.contains(&c)));
    }
    let letters: Vec<char> = text.chars().collect();
    let is_small = |c: Option<&char>| c.is_some_and(char::is_ascii_lowercase);
    let is_foreign = |c: Option<&char>| c.is_some_and(|c| is_letter(*c) && !c.is_ascii());
    (0..letters.len()).all(|at| {
        let (before, after) = (at.checked_sub(1).and_then(|at| letters.get(at)), letters.get(at + 1));
        let Some(c) = letters.get(at).filter(|c| !c.is_ascii()) else { return true };
        // One such letter does not stand inside a word of small Latin ones.
        let is_alone = !is_foreign(before) && !is_foreign(after) && (is_small(before) || is_small(after));
        is_everyday(*c, encoding) && !is_alone
    })
}

/// A letter, or what may stand nowhere but beside one.
fn is_letter(c: char) -> bool {
    !c.is_ascii() && !PUNCTUATION.contains(c) || c.is_ascii_alphabetic()
}

/// Whether a character of an East Asian encoding is one that names consist of, by its place there.
fn is_everyday(c: char, encoding: &'static Encoding) -> bool {
    let mut buffer = [0; 4];
    let (bytes, _, is_lost) = encoding.encode(c.encode_utf8(&mut buffer));
    if is_lost {
        return false;
    }
    match (&*bytes, encoding) {
        (&[lead, _], e) if e == BIG5 => matches!(lead, 0xa1..=0xc6),
        (&[lead, trail], e) if e == GB18030 => matches!(lead, 0xa1..=0xa3 | 0xb0..=0xd7) && trail >= 0xa1,
        (&[lead, trail], e) if e == EUC_KR => matches!(lead, 0xa1..=0xa3 | 0xb0..=0xc8) && trail >= 0xa1,
        (&[lead, _], e) if e == EUC_JP => matches!(lead, 0x8e | 0xa1..=0xa5 | 0xb0..=0xcf),
        (&[byte], e) if e == SHIFT_JIS => matches!(byte, 0xa1..=0xdf),
        (&[lead, _], e) if e == SHIFT_JIS => matches!(lead, 0x81..=0x83 | 0x88..=0x98),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_have_more_than_one_name() {
        for (name, encoding) in [
            ("windows-1250", WINDOWS_1250),
            ("CP1250", WINDOWS_1250),
            ("latin1", WINDOWS_1252),
            ("gbk", GB18030),
            ("cp936", GB18030),
            ("cp932", SHIFT_JIS),
            (" Big5 ", BIG5),
            ("ks_c_5601-1987", EUC_KR),
            ("utf-16", UTF_16LE),
        ] {
            assert_eq!(named(name), Some(encoding), "{name}");
        }
        for name in ["", "utf-7", "klingon", "iso-2022-kr", "ansi"] {
            assert_eq!(named(name), None, "{name}");
        }
    }

    #[test]
    fn utf_16_without_a_mark_shows_by_its_zeros() {
        let bytes: Vec<u8> = "id,name\n1,é".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(utf_16(&bytes), Some(UTF_16LE));
        let bytes: Vec<u8> = "id,name\n1,é".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(utf_16(&bytes), Some(UTF_16BE));
        for bytes in [&b""[..], b"a", b"id\n0\0\n", b"\0\0\0\0"] {
            assert_eq!(utf_16(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn what_nobody_writes_is_not_plausible() {
        for (encoding, fine, odd) in [
            (WINDOWS_1252, "Bäckerei Müller & Söhne", "¯ó³æ £ódŸ"),
            (WINDOWS_1252, "L’Oréal – Société", "Spó³ka Œl¹ska"),
            (WINDOWS_1250, "Żółć Łódź", "Compańía"),
            (WINDOWS_1251, "Яндекс", "Їуіж Јуdџ"),
            (WINDOWS_1254, "Şirket İş Ağı", "Þirket"),
            (BIG5, "台灣微軟", "M悤ler"),
            (GB18030, "微软中国", "姅幃夛幮"),
            (SHIFT_JIS, "株式会社テスト", "･xﾆWｷLｳnｪﾑ゜\u{fffd}"),
            (EUC_KR, "삼성전자", "뒗렜됵롊긡긚긣"),
        ] {
            assert!(is_plausible(fine, encoding), "{fine}");
            assert!(!is_plausible(odd, encoding), "{odd}");
        }
    }
}
