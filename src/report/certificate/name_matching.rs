//! Who else is named in what is about to be shown.
//!
//! A name is looked for as a row of words, whatever stands between them and however they are capitalised;
//! so is an ID. What is part of the customer's own name, or of the partner's, is no other name.

use serde_json::Value;
use std::{collections::HashMap, iter};

/// Fields of a record in which only words of this program stand.
const OWN_WORDS: [&str; 15] = [
    "kind",
    "purpose",
    "method",
    "answer",
    "outcome",
    "verdict",
    "evidence",
    "reasons",
    "mode",
    "procedure",
    "how",
    "seen",
    "cause",
    "origin",
    "at",
];

/// Words of one letter or two are only taken for a name when they are written like it, as IT and HP are.
const SHORT: usize = 3;

/// Texts that may be shown, as words.
#[derive(Debug, Default)]
pub(super) struct Texts {
    words: Vec<Word>,
    /// Where each word stands, in lower case.
    places: HashMap<String, Vec<usize>>,
    /// The whole texts, for names that have no words in them.
    raw: Vec<String>,
}

#[derive(Debug)]
struct Word {
    as_written: String,
    /// The text that it stands in.
    text: usize,
    /// Whether it is part of a name that may be shown.
    is_own: bool,
}

impl Texts {
    /// Adds a record, and gives the number by which it is found again.
    pub(super) fn add_record(&mut self, record: &str) -> usize {
        let mut found = Vec::new();
        match serde_json::from_str(record) {
            Ok(value) => strings(&value, false, &mut found),
            Err(_) => found.push(record.to_owned()),
        }
        self.add(&found)
    }

    /// Adds a body of whatever form.
    pub(super) fn add_body(&mut self, body: &[u8]) -> usize {
        let text = String::from_utf8_lossy(body);
        let mut found = vec![text.clone().into_owned()];
        if let Ok(value) = serde_json::from_str(text.trim_start_matches('\u{feff}')) {
            strings(&value, true, &mut found);
        }
        self.add(&found)
    }

    fn add(&mut self, strings: &[String]) -> usize {
        let text = self.raw.len();
        self.raw.push(strings.join("\n"));
        for string in strings {
            for word in words(string) {
                self.places.entry(word.to_lowercase()).or_default().push(self.words.len());
                self.words.push(Word { as_written: word, text, is_own: false });
            }
            // No name goes on from one string to the next.
            self.words.push(Word { as_written: String::new(), text, is_own: false });
        }
        text
    }

    /// This name may be shown.
    pub(super) fn allow(&mut self, name: &str) {
        let name: Vec<String> = words(name).collect();
        for place in self.places_of(&name) {
            for word in self.words.iter_mut().skip(place).take(name.len()) {
                word.is_own = true;
            }
        }
    }

    /// In which texts this name stands.
    pub(super) fn naming(&self, name: &str) -> Vec<usize> {
        let words: Vec<String> = words(name).collect();
        match &*words {
            [] => {
                let name = name.trim();
                let holds = |text: &String| name.chars().count() >= 2 && text.contains(name);
                self.raw.iter().enumerate().filter_map(|(text, raw)| holds(raw).then_some(text)).collect()
            }
            [word] if word.chars().count() <= SHORT && word.chars().all(|c| c.is_ascii_digit()) => Vec::new(),
            [word] if word.is_ascii() && word.len() < 2 => Vec::new(),
            words => {
                let found = |place: &usize| self.words.iter().skip(*place).take(words.len());
                let is_other = |place: &usize| found(place).any(|word| !word.is_own);
                let text = |place: usize| self.words.get(place).map(|word| word.text);
                self.places_of(words).into_iter().filter(is_other).filter_map(text).collect()
            }
        }
    }

    /// Where these words stand one after another.
    fn places_of(&self, name: &[String]) -> Vec<usize> {
        let Some((first, rest)) = name.split_first() else { return Vec::new() };
        let is_short = rest.is_empty() && first.chars().count() <= SHORT && first.is_ascii();
        let same = |word: &Word, named: &String| {
            if is_short {
                word.as_written == *named
            } else {
                word.as_written.to_lowercase() == named.to_lowercase()
            }
        };
        let stands = |place: &&usize| {
            let found = self.words.iter().skip(**place);
            found.zip(name).filter(|(word, named)| same(word, named)).count() == name.len()
        };
        let places = self.places.get(&first.to_lowercase()).into_iter().flatten();
        places.filter(stands).copied().collect()
    }
}

/// The names and IDs of customers in an answer of the service that may be about many: those of each object
/// that is not about `own`.
pub(super) fn names_in(value: &Value, own: &str, found: &mut Vec<String>) {
    const IDS: [&str; 3] = ["id", "tenantid", "customerid"];
    const NAMES: [&str; 8] =
        ["id", "tenantid", "customerid", "companyname", "customername", "domain", "name", "displayname"];
    match value {
        Value::Array(items) => items.iter().for_each(|item| names_in(item, own, found)),
        Value::Object(map) => {
            let fields = || map.iter().map(|(key, value)| (key.to_ascii_lowercase(), value));
            let is_own = |(key, value): (String, &Value)| {
                IDS.contains(&&*key) && value.as_str().is_some_and(|id| id.eq_ignore_ascii_case(own))
            };
            if fields().any(is_own) {
                return;
            }
            for (key, value) in fields() {
                match value {
                    Value::String(text) if NAMES.contains(&&*key) => found.push(text.clone()),
                    value => names_in(value, own, found),
                }
            }
        }
        _ => {}
    }
}

/// The strings of a JSON text. Those of a record are known by their fields.
fn strings(value: &Value, is_body: bool, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, is_body, found)),
        Value::Object(map) => {
            for (key, value) in map {
                if is_body {
                    found.push(key.clone());
                } else if OWN_WORDS.contains(&key.as_str()) {
                    continue;
                }
                strings(value, is_body, found);
            }
        }
        _ => {}
    }
}

/// The words of a text. Scripts that do not part words have one for each character.
fn words(text: &str) -> impl Iterator<Item = String> {
    let stands_alone = |c: char| matches!(c, '\u{e00}'..='\u{eff}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}');
    let mut rest = text.chars().peekable();
    iter::from_fn(move || {
        while rest.next_if(|c| !c.is_alphanumeric()).is_some() {}
        let first = rest.next()?;
        let mut word = String::from(first);
        while let Some(c) = rest.next_if(|c| c.is_alphanumeric() && !stands_alone(first) && !stands_alone(*c))
        {
            word.push(c);
        }
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn texts(own: &[&str], texts: &[&str]) -> Texts {
        let mut all = Texts::default();
        for text in texts {
            all.add_record(&json!({ "explanation": text, "kind": "settled" }).to_string());
        }
        for name in own {
            all.allow(name);
        }
        all
    }

    #[test]
    fn a_name_is_found_however_it_is_written() {
        let all = texts(
            &[],
            &["", "merged with CONTOSO, ltd. last year", "顧客は株式会社コントソです", "🦀🦀 said no"],
        );
        for (name, text) in [("Contoso Ltd", 1), ("Contoso", 1), ("株式会社コントソ", 2), ("🦀🦀", 3)]
        {
            assert_eq!(all.naming(name), [text], "{name}");
        }
        for name in ["Contoso Limited", "Conto", "株式会社ソ", "🦀🦀🦀", "", "settled", "Last year Contoso"]
        {
            assert!(all.naming(name).is_empty(), "{name}");
        }
    }

    #[test]
    fn what_is_part_of_an_own_name_is_no_other_name() {
        let all = texts(
            &["Contoso Bikes", "contosobikes.example"],
            &["Contoso Bikes (contosobikes.example)", "Contoso"],
        );
        assert_eq!(all.naming("Contoso"), [1]);
        assert!(all.naming("Bikes").is_empty() && all.naming("contoso bikes").is_empty());
        assert!(texts(&["Contoso Bikes"], &["Contoso Bikes Nord"]).naming("Contoso Bikes Nord") == [0]);
    }

    #[test]
    fn short_names_are_found_as_they_are_written() {
        let all = texts(&[], &["It was HP that asked, 12 times, a lot"]);
        assert_eq!(all.naming("HP"), [0]);
        for name in ["hp", "IT", "A", "a", "12"] {
            assert!(all.naming(name).is_empty(), "{name}");
        }
    }

    #[test]
    fn an_id_is_found_in_either_case() {
        let id = "c0000000-0000-4000-8000-000000000001";
        let all = texts(&[], &[&format!("is {} now", id.to_uppercase())]);
        assert_eq!(all.naming(id), [0]);
        assert!(all.naming("c0000000-0000-4000-8000-000000000002").is_empty());
    }

    #[test]
    fn only_the_others_are_taken_from_an_answer() {
        let item = |id: &str, name: &str| json!({ "id": id, "companyProfile": { "companyName": name, "domain": format!("{name}.example") } });
        let answer = json!({ "items": [item("AB", "mine"), item("cd", "theirs")], "totalCount": 2 });
        let mut found = Vec::new();
        names_in(&answer, "ab", &mut found);
        found.sort();
        assert_eq!(found, ["cd", "theirs", "theirs.example"]);
    }
}
