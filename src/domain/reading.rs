//! How a list was read: what was found in it that a person might not see, or see otherwise, and what was decided
//! about it.
//!
//! It is one value: `check`, the plan, the confirmation and the report say it in the same words, and it is on
//! record. It names columns and rows and no customer, because the record that opens a run is shown to others.

use super::foreign::shown;
use serde::{Deserialize, Serialize};

/// What becomes of hidden rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hidden {
    /// They are left out, as nobody sees them.
    Skip,
    /// They are read like all others.
    Take,
}

/// Who said in which encoding a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncodingFrom {
    /// A byte-order mark.
    Mark,
    /// The bytes, which can be nothing else.
    Bytes,
    /// A guess from the letters.
    Guess,
    /// `--encoding`.
    Option,
}

/// Rows that nobody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HiddenRows {
    /// How many.
    pub rows: u32,
    /// The first of them.
    pub first: u32,
    /// How many of them a filter hides.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub by_filter: u32,
    /// How many of them are in a group that is collapsed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub in_group: u32,
    /// What becomes of them; none: nothing yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Hidden>,
}

/// Cells with a formula whose value the workbook does not have, in rows of customers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Uncomputed {
    /// In the column of the names.
    #[serde(skip_serializing_if = "is_zero")]
    pub names: u32,
    /// In the column of the domains.
    #[serde(skip_serializing_if = "is_zero")]
    pub domains: u32,
    /// In columns that are only carried along.
    #[serde(skip_serializing_if = "is_zero")]
    pub others: u32,
}

/// How a list was read. A field that is left out says that there was nothing of the kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListReading {
    /// The encoding of a CSV file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Who said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding_from: Option<EncodingFrom>,
    /// What stands between two cells of a CSV file: `comma`, `semicolon`, `tab` or `pipe`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// Quotation marks are part of the text.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub never_quoted: bool,
    /// The sheet of a workbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// How many sheets are hidden, and not read.
    #[serde(skip_serializing_if = "is_zero")]
    pub hidden_sheets: u32,
    /// The row with the header; none: the list has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_row: Option<u32>,
    /// Whether `--header-row` said so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub header_row_named: bool,
    /// The column of the IDs.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id_column: String,
    /// The column of the names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_column: Option<String>,
    /// The column of the domains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain_column: Option<String>,
    /// Rows that are hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden_rows: Option<HiddenRows>,
    /// Those of the three columns above that are hidden.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden_columns: Vec<String>,
    /// Columns without a heading, beside the table.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<String>,
    /// Around how many IDs `="…"` or `'` was taken off.
    #[serde(skip_serializing_if = "is_zero")]
    pub text_markers: u32,
    /// Formulas without a value.
    #[serde(skip_serializing_if = "is_default")]
    pub uncomputed: Uncomputed,
    /// How many customers have a name that is compared.
    pub names_compared: u32,
    /// How many customers have a domain that is compared.
    pub domains_compared: u32,
    /// Columns with what look like names, when no column was taken for that of the names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub like_names: Vec<String>,
    /// Columns with what look like domains, when no column was taken for that of the domains.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub like_domains: Vec<String>,
    /// `--no-identity-check`: somebody knows that nothing is compared.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_identity_check: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// `1 row`, `2 rows`.
fn count(n: u32, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

impl HiddenRows {
    /// How many, the first, and who hid them.
    pub fn in_words(&self) -> String {
        let by_hand = self.rows.saturating_sub(self.by_filter).saturating_sub(self.in_group);
        let kinds =
            [(self.by_filter, "by a filter"), (self.in_group, "in a collapsed group"), (by_hand, "by hand")];
        let kinds: Vec<_> = kinds.into_iter().filter(|(n, _)| *n > 0).collect();
        let by = match kinds[..] {
            [(_, by)] => by.to_owned(),
            _ => kinds.iter().map(|(n, by)| format!("{n} {by}")).collect::<Vec<_>>().join(", "),
        };
        let verb = if self.rows == 1 { "is" } else { "are" };
        format!("{} {verb} hidden ({by}); the first is row {}", count(self.rows, "row", "rows"), self.first)
    }
}

impl ListReading {
    /// Whether the list's names can be relied on to find out that an ID is the wrong one.
    pub fn compares_names(&self) -> bool {
        self.names_compared > 0 && self.uncomputed.names == 0
    }

    /// The same of its domains.
    pub fn compares_domains(&self) -> bool {
        self.domains_compared > 0 && self.uncomputed.domains == 0
    }

    /// Whether anything shows that an ID is the wrong one.
    pub fn checks_identity(&self) -> bool {
        self.compares_names() || self.compares_domains()
    }

    /// That nothing is compared, why, and what could be done about it; nothing if something is.
    pub fn identity_gap(&self) -> Option<String> {
        if self.checks_identity() {
            return None;
        }
        let mut text =
            "IDENTITY IS NOT CHECKED: neither names nor domains are compared, so an ID that belongs to \
                        somebody else is not noticed."
                .to_owned();
        let list = |columns: &[String]| columns.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", ");
        if !self.like_names.is_empty() {
            text.push_str(&format!(" Names seem to be in {}: `--name-column`.", list(&self.like_names)));
        }
        if !self.like_domains.is_empty() {
            text.push_str(&format!(" Domains seem to be in {}: head it `domain`.", list(&self.like_domains)));
        }
        Some(text)
    }

    /// What is compared, in a few words.
    pub fn compared(&self) -> String {
        if self.names_compared == 0 && self.domains_compared == 0 {
            return "nothing".to_owned();
        }
        let of = |n: u32, one: &str, many: &str| (n > 0).then(|| count(n, one, many));
        let parts =
            [of(self.names_compared, "name", "names"), of(self.domains_compared, "domain", "domains")];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// Whatever else must be known of how the list was read; each a sentence.
    pub fn remarks(&self) -> Vec<String> {
        let mut said = Vec::new();
        let encoding = self.encoding.as_deref().unwrap_or_default();
        match self.encoding_from {
            Some(EncodingFrom::Guess) => {
                said.push(format!("The encoding {encoding} is a guess from the letters."));
            }
            Some(EncodingFrom::Option) => {
                said.push(format!("It is read as {encoding} because of `--encoding`."));
            }
            Some(EncodingFrom::Mark | EncodingFrom::Bytes) | None => {}
        }
        if self.never_quoted {
            said.push("Quotation marks are part of the text: it was never quoted.".to_owned());
        }
        if self.hidden_sheets > 0 {
            let verb = if self.hidden_sheets == 1 { "is" } else { "are" };
            let sheets = count(self.hidden_sheets, "hidden sheet", "hidden sheets");
            said.push(format!("{sheets} {verb} not read."));
        }
        if let (Some(row), true) = (self.header_row, self.header_row_named) {
            said.push(format!(
                "The header is row {row} because of `--header-row`; what stands above is not read."
            ));
        }
        if let Some(hidden) = &self.hidden_rows {
            let decided = match hidden.decided {
                Some(Hidden::Skip) => ": left out, because of `--hidden skip`",
                Some(Hidden::Take) => ": READ LIKE ALL OTHERS, because of `--hidden take`",
                None => "",
            };
            said.push(format!("{}{decided}.", hidden.in_words()));
        }
        for column in &self.hidden_columns {
            said.push(format!("The column {} is hidden, and used.", shown(column)));
        }
        if !self.beside.is_empty() {
            let columns = self.beside.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", ");
            said.push(format!("What stands beside the table is carried along as {columns}."));
        }
        if self.text_markers > 0 {
            let ids = count(self.text_markers, "ID", "IDs");
            said.push(format!("A text marker, `=\"…\"` or `'`, was taken off {ids}."));
        }
        let Uncomputed { names, domains, others } = self.uncomputed;
        for (n, what) in [(names, "name"), (domains, "domain")] {
            if n > 0 {
                let cells = count(n, "row", "rows");
                said.push(format!(
                    "In {cells} the {what} is a formula without a stored value, and not compared; open the workbook in \
                     Excel and save it."
                ));
            }
        }
        if others > 0 {
            let cells = count(others, "cell", "cells");
            said.push(format!(
                "{cells} in other columns: a formula without a stored value, carried along empty."
            ));
        }
        said
    }

    /// All of it, for whoever is about to allow something.
    pub fn warnings(&self) -> Vec<String> {
        self.identity_gap().into_iter().chain(self.remarks()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_list_needs_no_remark() {
        let reading = ListReading { names_compared: 1, ..ListReading::default() };
        assert_eq!(reading.warnings(), Vec::<String>::new());
        assert_eq!(reading.compared(), "1 name");
    }

    #[test]
    fn a_column_with_formulas_that_have_no_value_counts_as_not_compared() {
        let mut reading = ListReading { names_compared: 2, ..ListReading::default() };
        assert!(reading.checks_identity());
        reading.uncomputed.names = 1;
        assert!(!reading.checks_identity() && reading.identity_gap().is_some());
        reading.domains_compared = 1;
        assert!(reading.checks_identity());
    }

    #[test]
    fn what_is_compared_is_said_in_a_few_words() {
        let of = |names_compared, domains_compared| ListReading {
            names_compared,
            domains_compared,
            ..ListReading::default()
        };
        for (names, domains, text) in
            [(0, 0, "nothing"), (2, 0, "2 names"), (0, 1, "1 domain"), (1, 3, "1 name, 3 domains")]
        {
            assert_eq!(of(names, domains).compared(), text);
            assert_eq!(of(names, domains).checks_identity(), text != "nothing");
            assert_eq!(of(names, domains).identity_gap().is_none(), text != "nothing");
        }
        let mut domains = of(0, 1);
        domains.uncomputed.domains = 1;
        assert!(!domains.compares_domains() && !domains.compares_names());
    }

    #[test]
    fn that_nothing_is_compared_comes_with_where_it_could_be() {
        let mut reading = ListReading::default();
        let gap = |reading: &ListReading| reading.identity_gap().unwrap();
        assert!(
            gap(&reading).starts_with("IDENTITY IS NOT CHECKED") && !gap(&reading).contains("seem to be")
        );
        reading.like_names = vec!["Firm".to_owned(), "Who".to_owned()];
        assert!(gap(&reading).ends_with(" Names seem to be in `Firm`, `Who`: `--name-column`."));
        reading.like_domains = vec!["Web".to_owned()];
        assert!(gap(&reading).ends_with(" Domains seem to be in `Web`: head it `domain`."));
        assert_eq!(reading.warnings(), [gap(&reading)]);
    }

    #[test]
    fn each_remark_is_a_sentence() {
        let with = |change: &dyn Fn(&mut ListReading)| {
            let mut reading =
                ListReading { names_compared: 1, domains_compared: 1, ..ListReading::default() };
            change(&mut reading);
            let remarks = reading.remarks();
            assert!(remarks.iter().all(|remark| reading.warnings().contains(remark)));
            remarks.join(" ")
        };
        let encoding = |from| {
            move |reading: &mut ListReading| {
                (reading.encoding, reading.encoding_from) = (Some("utf-16".to_owned()), Some(from));
            }
        };
        let hidden = |decided| {
            let rows = HiddenRows { rows: 1, first: 3, by_filter: 0, in_group: 1, decided };
            move |reading: &mut ListReading| reading.hidden_rows = Some(rows)
        };
        let in_group = "1 row is hidden (in a collapsed group); the first is row 3";
        for (said, text) in [
            (with(&|_| ()), ""),
            (with(&encoding(EncodingFrom::Mark)), ""),
            (with(&encoding(EncodingFrom::Guess)), "The encoding utf-16 is a guess from the letters."),
            (with(&encoding(EncodingFrom::Option)), "It is read as utf-16 because of `--encoding`."),
            (with(&|r| r.never_quoted = true), "Quotation marks are part of the text: it was never quoted."),
            (with(&|r| r.hidden_sheets = 1), "1 hidden sheet is not read."),
            (with(&|r| r.hidden_sheets = 2), "2 hidden sheets are not read."),
            (with(&|r| r.header_row = Some(3)), ""),
            (
                with(&|r| (r.header_row, r.header_row_named) = (Some(3), true)),
                "The header is row 3 because of `--header-row`; what stands above is not read.",
            ),
            (with(&hidden(None)), &format!("{in_group}.")),
            (
                with(&hidden(Some(Hidden::Skip))),
                &format!("{in_group}: left out, because of `--hidden skip`."),
            ),
            (
                with(&hidden(Some(Hidden::Take))),
                &format!("{in_group}: READ LIKE ALL OTHERS, because of `--hidden take`."),
            ),
            (with(&|r| r.hidden_columns = vec!["ID".to_owned()]), "The column `ID` is hidden, and used."),
            (
                with(&|r| r.beside = vec!["F".to_owned(), "G".to_owned()]),
                "What stands beside the table is carried along as `F`, `G`.",
            ),
            (with(&|r| r.text_markers = 1), "A text marker, `=\"…\"` or `'`, was taken off 1 ID."),
            (with(&|r| r.text_markers = 2), "A text marker, `=\"…\"` or `'`, was taken off 2 IDs."),
            (
                with(&|r| r.uncomputed.names = 1),
                "In 1 row the name is a formula without a stored value, and not compared; open the workbook in Excel \
                 and save it.",
            ),
            (
                with(&|r| r.uncomputed.domains = 2),
                "In 2 rows the domain is a formula without a stored value, and not compared; open the workbook in \
                 Excel and save it.",
            ),
            (
                with(&|r| r.uncomputed.others = 1),
                "1 cell in other columns: a formula without a stored value, carried along empty.",
            ),
        ] {
            assert_eq!(said, text);
        }
    }

    #[test]
    fn hidden_rows_say_who_hid_them() {
        let mut hidden = HiddenRows { rows: 7, first: 3, by_filter: 7, in_group: 0, decided: None };
        assert_eq!(hidden.in_words(), "7 rows are hidden (by a filter); the first is row 3");
        hidden.by_filter = 4;
        assert_eq!(hidden.in_words(), "7 rows are hidden (4 by a filter, 3 by hand); the first is row 3");
    }

    #[test]
    fn what_is_recorded_is_read_again_and_what_a_newer_program_adds_is_no_fault() {
        let reading = ListReading {
            encoding: Some("windows-1250".to_owned()),
            encoding_from: Some(EncodingFrom::Guess),
            hidden_rows: Some(HiddenRows {
                rows: 1,
                first: 2,
                by_filter: 0,
                in_group: 1,
                decided: Some(Hidden::Skip),
            }),
            ..ListReading::default()
        };
        let text = serde_json::to_string(&reading).unwrap();
        assert_eq!(serde_json::from_str::<ListReading>(&text).unwrap(), reading);
        let hidden = r#""hidden_rows":{"rows":1,"first":2,"in_group":1,"decided":"skip"}"#;
        assert!(text.contains(hidden), "what is nothing is left out: {text}");
        for (named, is_written) in [("uncomputed", false), ("text_markers", false), ("names_compared", true)]
        {
            assert_eq!(text.contains(named), is_written, "{text}");
        }
        let mut formulas = reading.clone();
        formulas.uncomputed.others = 2;
        let text = serde_json::to_string(&formulas).unwrap();
        assert!(text.contains(r#""uncomputed":{"others":2}"#), "{text}");
        assert_eq!(serde_json::from_str::<ListReading>(&text).unwrap(), formulas);
        let text = serde_json::to_string(&reading).unwrap();
        let newer = text.replacen('{', "{\"later\":1,", 1);
        assert_eq!(serde_json::from_str::<ListReading>(&newer).unwrap(), reading);
    }
}
