//! What records are made of, read from the code itself: structs and enumerations as serde writes them.

use offboard::domain::{Effect, Outcome, Procedure, Purpose};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A field of a record, or of something in it.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// Its type, as Rust has it, without `Option` and `Box`.
    pub(crate) of: String,
    /// What its comment says.
    pub(crate) meaning: String,
    pub(crate) left_out: LeftOut,
}

/// When a field is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeftOut {
    Never,
    IfNone,
    IfEmpty,
    IfFalse,
    IfZero,
    IfAllZero,
    IfOne,
    /// It is always written, and a reader does without it.
    NotToday,
    /// It is read, and not written any more.
    Today,
}

/// What a type is, as far as records are made of it.
#[derive(Debug)]
pub(crate) enum Made {
    Of(Vec<Field>),
    /// One of these words, each with its meaning.
    Word(Vec<(String, String)>),
}

/// The code of records and of the words in them.
#[derive(Debug)]
pub(crate) struct Code(String);

impl Code {
    pub(crate) fn read() -> Self {
        let mut files: Vec<PathBuf> = Vec::new();
        for folder in ["src/record", "src/domain"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            files.extend(fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
        }
        files.sort();
        let files = files.iter().filter(|path| path.extension().is_some_and(|end| end == "rs"));
        Self(files.map(|path| fs::read_to_string(path).unwrap() + "\n").collect())
    }

    /// The types of what records of each kind say, by the kinds' names: from the table of kinds.
    pub(crate) fn payloads(&self) -> BTreeMap<String, String> {
        let table = self.0.split("\nkinds! {\n").nth(1).and_then(|rest| rest.split("\n}\n").next()).unwrap();
        let rows = table.lines().filter(|line| !line.trim_start().starts_with("///"));
        let row = |line: &str| {
            let (kind, rest) = line.split_once(" = \"").unwrap();
            let (label, _) = rest.split_once('"').unwrap();
            let of = kind.split_once('(').unwrap().1.strip_suffix(')').unwrap();
            (label.to_owned(), inside(of, "Box").unwrap_or(of).to_owned())
        };
        rows.map(row).collect()
    }

    /// What the comment on a type says.
    pub(crate) fn comment(&self, name: &str) -> String {
        let (above, _) = self.definition(name).unwrap();
        let lines = above.lines().filter_map(|line| line.strip_prefix("///"));
        lines.map(str::trim).collect::<Vec<_>>().join(" ")
    }

    /// What this type is. None if it is neither a struct with fields nor an enumeration.
    pub(crate) fn made(&self, name: &str) -> Option<Made> {
        let table = |all: &[(&str, &str)]| {
            let owned = |(word, meaning): &(&str, &str)| ((*word).to_owned(), meaning.trim().to_owned());
            Some(Made::Word(all.iter().map(owned).collect()))
        };
        match name {
            "Reason" => return Some(Made::Word(self.reasons())),
            "Purpose" => return table(&Purpose::ALL.map(|one| (one.as_str(), one.meaning()))),
            "Outcome" => return table(&Outcome::ALL.map(|one| (one.as_str(), one.meaning()))),
            "Effect" => {
                let all: Vec<_> = Effect::ALL.iter().map(|one| (one.as_str(), one.facts().meaning)).collect();
                return table(&all);
            }
            "Procedure" => {
                let all: Vec<_> =
                    Procedure::ALL.iter().map(|one| (one.as_str(), one.facts().meaning)).collect();
                return table(&all);
            }
            _ => {}
        }
        let (above, body) = self.definition(name)?;
        if above.contains("pub enum ") {
            return Some(Made::Word(words(above, body)));
        }
        Some(Made::Of(fields(above, body)))
    }

    /// What stands above the braces of a type, and what between them.
    fn definition(&self, name: &str) -> Option<(&str, &str)> {
        let starts = ["struct", "enum"].map(|what| format!("pub {what} {name} {{\n"));
        let (at, length) = starts.iter().find_map(|start| Some((self.0.find(start)?, start.len())))?;
        let above = self.0[..at].rfind("\n\n").map_or(0, |blank| blank + 2);
        let rest = &self.0[at + length..];
        Some((&self.0[above..at + length], &rest[..rest.find("\n}\n")?]))
    }

    fn reasons(&self) -> Vec<(String, String)> {
        let table =
            self.0.split("\nreasons! {\n").nth(1).and_then(|rest| rest.split("\n}\n").next()).unwrap();
        let (mut words, mut comment) = (Vec::new(), Comment::default());
        for line in table.lines().map(str::trim) {
            if !comment.took(line)
                && let Some((_, rest)) = line.split_once(" = \"")
            {
                words.push((rest.split('"').next().unwrap().to_owned(), comment.done()));
            }
        }
        words
    }
}

/// The lines of a comment, until what they are about comes.
#[derive(Default)]
struct Comment(Vec<String>);

impl Comment {
    /// Takes the line if it is one of a comment.
    fn took(&mut self, line: &str) -> bool {
        let text = line.strip_prefix("///");
        self.0.extend(text.map(|text| text.trim().to_owned()));
        text.is_some()
    }

    fn done(&mut self) -> String {
        std::mem::take(&mut self.0).join(" ")
    }
}

/// What stands between the angle brackets behind this name.
pub(crate) fn inside<'a>(of: &'a str, name: &str) -> Option<&'a str> {
    of.strip_prefix(name)?.strip_prefix('<')?.strip_suffix('>')
}

fn fields(above: &str, body: &str) -> Vec<Field> {
    let all_have_defaults = above.contains("\n#[serde(default)]\n");
    let (mut fields, mut comment, mut serde) = (Vec::new(), Comment::default(), String::new());
    for line in body.lines().map(str::trim) {
        if comment.took(line) {
            continue;
        }
        if let Some(attribute) = line.strip_prefix("#[serde(") {
            attribute.clone_into(&mut serde);
            continue;
        }
        let field = line.strip_prefix("pub ").and_then(|rest| rest.strip_suffix(','));
        let (name, of) = field.and_then(|field| field.split_once(": ")).unwrap_or_else(|| panic!("{line}"));
        let is_option = inside(of, "Option").is_some();
        let has_default = all_have_defaults || serde.contains("default");
        assert!(!is_option || serde.contains("Option::is_none"), "`null` is never written: {line}");
        let left_out = left_out(&serde, has_default);
        assert!(left_out == LeftOut::Never || has_default, "left out, and missed: {line}");
        let bare = inside(of, "Option").unwrap_or(of);
        let of = inside(bare, "Box").unwrap_or(bare).to_owned();
        fields.push(Field { name: name.to_owned(), of, meaning: comment.done(), left_out });
        serde.clear();
    }
    fields
}

fn left_out(serde: &str, has_default: bool) -> LeftOut {
    let rules = [
        ("Option::is_none", LeftOut::IfNone),
        ("::is_empty", LeftOut::IfEmpty),
        ("Not::not", LeftOut::IfFalse),
        ("\"is_zero", LeftOut::IfZero),
        ("\"is_default", LeftOut::IfAllZero),
        ("Rules::are_first", LeftOut::IfOne),
        ("skip_serializing)", LeftOut::Today),
    ];
    let found = rules.into_iter().find(|(rule, _)| serde.contains(rule)).map(|(_, left_out)| left_out);
    assert!(found.is_some() || !serde.contains("skip"), "{serde}");
    found.unwrap_or(if has_default { LeftOut::NotToday } else { LeftOut::Never })
}

fn words(above: &str, body: &str) -> Vec<(String, String)> {
    let between = if above.contains("kebab-case") { '-' } else { '_' };
    assert!(above.contains("rename_all"), "{above}");
    let (mut words, mut comment) = (Vec::new(), Comment::default());
    for line in body.lines().map(str::trim) {
        if comment.took(line) {
            continue;
        }
        let variant = line.strip_suffix(',').unwrap_or_else(|| panic!("{line}"));
        let (name, with) = variant.split_once('(').map_or((variant, None), |(name, with)| (name, Some(with)));
        let mut word = String::new();
        for c in name.chars() {
            if c.is_uppercase() && !word.is_empty() {
                word.push(between);
            }
            word.push(c.to_ascii_lowercase());
        }
        if let Some(with) = with {
            word = format!("{{\"{word}\": {}}}", with.trim_end_matches(')').to_uppercase());
        }
        words.push((word, comment.done()));
    }
    words
}
