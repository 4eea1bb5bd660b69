//! What is sent to customers so that they can accept the partner again: a letter to each, and a table for a mail merge.

use super::{
    CsvStyle, ReportError,
    plain::visible,
    tables::{self, neutral},
};
use crate::domain::{RunId, TenantId, Time};
use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
};

/// The table for a mail merge.
const TABLE: &str = "invitations.csv";
/// Its columns, which are public names.
const COLUMNS: [&str; 9] = [
    "customer_tenant_id",
    "customer_name",
    "domain",
    "partner_name",
    "partner_tenant_id",
    "link",
    "removed_at",
    "removed_by_run",
    "ticket",
];
/// The widest line of a letter, in characters; a link or a word that is longer is not broken.
const WIDTH: usize = 72;

/// What all customers are sent.
#[derive(Clone, Debug)]
pub struct Reinvitation {
    /// What the partner is called.
    pub partner_name: String,
    /// Its tenant.
    pub partner: TenantId,
    /// Where a customer accepts, as the service gave it.
    pub link: String,
    /// Why somebody must look at the link before it is sent, if that is so: the rest of a sentence about it.
    pub doubt: Option<String>,
}

/// A customer that may accept the partner again, as the log knows it.
#[derive(Clone, Debug)]
pub struct FormerCustomer {
    /// Its tenant.
    pub tenant: TenantId,
    /// What it was called when it was seen last.
    pub name: Option<String>,
    /// Its domain then.
    pub domain: Option<String>,
    /// How its relationship ended, if a run on record ended it.
    pub removal: Option<LoggedRemoval>,
}

/// The end of a relationship, as it is on record.
#[derive(Clone, Debug)]
pub struct LoggedRemoval {
    /// Which run ended it.
    pub run: RunId,
    /// When that was known. None if a person found it out later.
    pub at: Option<Time>,
    /// Why the run was made.
    pub ticket: Option<String>,
}

impl FormerCustomer {
    /// The name of its letter: made of its ID alone, because whatever else is known of it somebody else wrote.
    pub fn letter(&self) -> String {
        format!("{}.txt", self.tenant)
    }
}

/// Writes `invitations.csv` and a letter to each customer into an empty folder. Gives the name of the table.
pub fn write_reinvitations(
    folder: &Path,
    reinvitation: &Reinvitation,
    customers: &[FormerCustomer],
) -> Result<&'static str, ReportError> {
    let path = folder.join(TABLE);
    let mut csv = tables::writer(created(&path)?, &path, CsvStyle::Safe)?;
    csv.write_record(COLUMNS).map_err(ReportError::writing(&path))?;
    for customer in customers {
        let cells = cells(reinvitation, customer);
        csv.write_record(cells.iter().map(|cell| neutral(cell).into_owned()))
            .map_err(ReportError::writing(&path))?;
        let path = folder.join(customer.letter());
        let mut file = created(&path)?;
        file.write_all(letter(reinvitation, customer).as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(ReportError::writing(&path))?;
    }
    tables::end(csv, path.clone())?.sync_all().map_err(ReportError::writing(&path))?;
    Ok(TABLE)
}

fn created(path: &PathBuf) -> Result<File, ReportError> {
    File::create_new(path).map_err(ReportError::writing(path))
}

/// A customer's line of the table.
fn cells(reinvitation: &Reinvitation, customer: &FormerCustomer) -> [String; COLUMNS.len()] {
    let removal = customer.removal.as_ref();
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    [
        customer.tenant.to_string(),
        text(customer.name.as_ref()),
        text(customer.domain.as_ref()),
        reinvitation.partner_name.clone(),
        reinvitation.partner.to_string(),
        reinvitation.link.clone(),
        removal.and_then(|removal| removal.at).map(|at| at.to_string()).unwrap_or_default(),
        removal.map(|removal| removal.run.to_string()).unwrap_or_default(),
        text(removal.and_then(|removal| removal.ticket.as_ref())),
    ]
}

/// The letter to a customer.
fn letter(reinvitation: &Reinvitation, customer: &FormerCustomer) -> String {
    let Reinvitation { partner_name, partner, link, doubt } = reinvitation;
    let partner_name = visible(partner_name);
    let mut letter = Letter::default();
    if let Some(doubt) = doubt {
        letter.paragraph(&format!(
            "DO NOT SEND THIS YET: the link below {}. Find out whether it is the right one (in Partner Center: Customers, \
             \"Request a reseller relationship\"), and delete this paragraph then.",
            visible(doubt)
        ));
    }
    if let Some(name) = &customer.name {
        letter.field("To:", &visible(name));
    }
    if let Some(domain) = &customer.domain {
        letter.field("Domain:", &visible(domain));
    }
    letter.field("Tenant ID:", &customer.tenant.to_string());
    letter.field("From:", &format!("{partner_name} (tenant {partner})"));
    letter.field("Subject:", &format!("Accepting {partner_name} as your reseller"));
    letter.gap();
    letter.paragraph("Dear customer,");
    letter.paragraph(&match &customer.removal {
        Some(LoggedRemoval { at: Some(at), .. }) => format!(
            "On {} the reseller relationship between {partner_name} and your organization was ended. We cannot \
             restore it from our side. If you wish us to be your reseller of Microsoft cloud services again, an \
             administrator of your organization has to accept us, as follows.",
            at.day().in_words()
        ),
        Some(LoggedRemoval { at: None, .. }) => format!(
            "The reseller relationship between {partner_name} and your organization was ended. We cannot restore it \
             from our side. If you wish us to be your reseller of Microsoft cloud services again, an administrator of \
             your organization has to accept us, as follows."
        ),
        None => format!(
            "If you wish {partner_name} to be your reseller of Microsoft cloud services, an administrator of your \
             organization has to accept us, as follows."
        ),
    });
    letter.heading("What we ask you to do");
    let tenant = customer.tenant;
    letter.item("1.", &format!(
        "Choose who does this: a Global Administrator or a Billing Administrator of your organization (tenant {tenant}). \
         Nobody else can accept."
    ));
    letter.item("2.", "With that account, open this link. It leads to the Microsoft 365 admin center:");
    // Not broken, whatever its length: half a link leads somewhere else.
    letter.line(&format!("   {}", visible(link)));
    letter.gap();
    letter.item("3.", &format!(
        "Check that the partner shown there is {partner_name}, and accept. If you are asked to accept the Microsoft \
         Customer Agreement, please read and accept that as well: nothing can be bought through us without it."
    ));
    letter.paragraph(
        "There is nothing to send back. Once you have accepted, we see your organization among our customers.",
    );
    what_does_not_come_back(&mut letter);
    letter.paragraph(&format!(
        "If you did not expect this letter, do not open the link, and ask your usual contact at {partner_name} first."
    ));
    letter.line("Yours sincerely,");
    letter.paragraph(&partner_name);
    letter.end()
}

fn what_does_not_come_back(letter: &mut Letter) {
    letter.heading("What does not come back by itself");
    for text in [
        "Administration on your behalf. Granular delegated admin privileges (GDAP) are a relationship of their own. Where \
         one has ended or expired, we send you a new request, and you approve it separately.",
        "Consent to our applications. Where consent was withdrawn, an administrator of your organization has to give it \
         again.",
        "Subscriptions. Nothing that was cancelled or suspended, or that has expired, starts again. Subscriptions are bought anew, \
         or transferred to us from where they are now.",
        "Other partners. If you buy through an indirect reseller, its relationship with you, and that of its indirect \
         provider, are separate. Each needs an invitation of its own.",
    ] {
        letter.item("*", text);
    }
}

/// Text in lines of [`WIDTH`].
#[derive(Debug, Default)]
struct Letter(String);

impl Letter {
    /// How far fields are from their names.
    const FIELDS: usize = 12;

    fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn gap(&mut self) {
        self.0.push('\n');
    }

    fn paragraph(&mut self, text: &str) {
        self.wrapped("", 0, text);
        self.gap();
    }

    fn heading(&mut self, text: &str) {
        self.line(text);
        self.line(&"-".repeat(text.chars().count()));
        self.gap();
    }

    fn field(&mut self, name: &str, text: &str) {
        self.wrapped(name, Self::FIELDS, text);
    }

    fn item(&mut self, mark: &str, text: &str) {
        self.wrapped(mark, 3, text);
        self.gap();
    }

    /// Breaks a text between words; all of it stands behind `first`, `indent` characters from the edge.
    fn wrapped(&mut self, first: &str, indent: usize, text: &str) {
        let mut line = format!("{first:<indent$}");
        let mut is_empty = true;
        for word in text.split_whitespace() {
            let width = line.chars().count() + usize::from(!is_empty) + word.chars().count();
            if width > WIDTH && !is_empty {
                self.line(&line);
                line = " ".repeat(indent);
                is_empty = true;
            }
            if !is_empty {
                line.push(' ');
            }
            line.push_str(word);
            is_empty = false;
        }
        self.line(line.trim_end());
    }

    fn end(self) -> String {
        format!("{}\n", self.0.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reinvitation() -> Reinvitation {
        Reinvitation {
            partner_name: "Fabrikam Demo".to_owned(),
            partner: "3d3d3d3d-4444-4555-8666-777777777777".parse().unwrap(),
            link: format!("https://admin.microsoft.com/{}", "x".repeat(90)),
            doubt: None,
        }
    }

    fn customer() -> FormerCustomer {
        FormerCustomer {
            tenant: "c0000000-0000-4000-8000-000000000001".parse().unwrap(),
            name: Some("Contoso Ltd.".to_owned()),
            domain: Some("contoso.example".to_owned()),
            removal: Some(LoggedRemoval {
                run: "20261127-090000-abcd".parse().unwrap(),
                at: Some(Time::from_millis(1_795_166_130_000)),
                ticket: Some("CHG-7".to_owned()),
            }),
        }
    }

    #[test]
    fn a_letter_is_wrapped_and_its_link_is_whole() {
        let all = letter(&reinvitation(), &customer());
        let link = &reinvitation().link;
        assert!(all.lines().any(|line| line == format!("   {link}")), "{all}");
        let wide: Vec<_> = all.lines().filter(|line| line.chars().count() > WIDTH).collect();
        assert_eq!(wide.len(), 1, "{wide:?}");
        assert!(
            all.starts_with("To:         Contoso Ltd.\nDomain:     contoso.example\nTenant ID:  c0000000-"),
            "{all}"
        );
        assert!(all.ends_with("\nYours sincerely,\nFabrikam Demo\n"), "{all}");
    }

    #[test]
    fn a_letter_says_of_the_end_what_is_on_record_and_no_more() {
        let said = |customer: &FormerCustomer| {
            letter(&reinvitation(), customer).split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let known = customer();
        assert!(said(&known).contains("On 20 November 2026 the reseller relationship"), "{}", said(&known));
        let mut resolved = known.clone();
        resolved.removal.as_mut().unwrap().at = None;
        let text = said(&resolved);
        assert!(text.contains("was ended. We cannot restore it") && !text.contains("2026"), "{text}");
        let unknown = FormerCustomer { removal: None, name: None, domain: None, ..known };
        let text = said(&unknown);
        assert!(text.starts_with("Tenant ID: c0000000-") && !text.contains("was ended"), "{text}");
    }

    #[test]
    fn a_link_in_doubt_stands_first() {
        let doubt = Some("leads to `evil.example`".to_owned());
        let all = letter(&Reinvitation { doubt, ..reinvitation() }, &customer());
        assert!(all.starts_with("DO NOT SEND THIS YET: the link below leads to `evil.example`."), "{all}");
    }

    #[test]
    fn names_of_others_move_nothing_and_pass_for_no_line_of_ours() {
        let mut hostile = customer();
        hostile.name = Some("Evil\nSubject: pay\u{1b}[2J\u{202e}".to_owned());
        let all = letter(&reinvitation(), &hostile);
        assert!(all.contains("Evil\\nSubject:") && all.contains("\\u{1b}[2J\\u{202e}"), "{all}");
        assert_eq!(all.matches("\nSubject:").count(), 1, "{all}");
        assert_eq!(hostile.letter(), "c0000000-0000-4000-8000-000000000001.txt");
    }
}
