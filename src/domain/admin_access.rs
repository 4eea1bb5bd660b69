//! Delegated administration, as a plan names it.

use super::{Cause, Day, counted};
use serde::{Deserialize, Serialize};

/// What a relationship of delegated administration gives the partner, as it was read when it was planned to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminAccess {
    /// Its state, in Microsoft Graph's word.
    pub state: String,
    /// The IDs of the templates of its roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The day on which it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Day>,
    /// Whether it extends itself on that day.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub extends: bool,
}

impl AdminAccess {
    /// Whether nobody had been offered it when it was read; see [`Self::state`].
    pub fn is_draft(&self) -> bool {
        self.state.trim().eq_ignore_ascii_case("created")
    }

    /// Whether a relationship that is told so ([`Self::in_words`]) is one that the customer could still approve: it waits for
    /// that, or is a draft that may be sent to it.
    pub fn is_not_approved(told: &Cause) -> bool {
        let state = told.detail.split(',').next().unwrap_or_default().trim();
        ["approvalPending", "created"].iter().any(|one| one.eq_ignore_ascii_case(state))
    }

    /// `active, Global Reader and Reports Reader, until 2027-03-04`.
    pub fn in_words(&self) -> String {
        format!("{}, {}{}", self.state_in_words(), self.roles_in_words(), self.until_in_words())
    }

    /// The same in few words: `active, 2 roles, until 2027-03-04`.
    pub fn in_short(&self) -> String {
        let roles = match self.roles.len() {
            0 | 1 => self.roles_in_words(),
            several => counted(several, "role"),
        };
        format!("{}, {roles}{}", self.state_in_words(), self.until_in_words())
    }

    fn state_in_words(&self) -> &str {
        if self.state.is_empty() { "state not given" } else { &self.state }
    }

    fn until_in_words(&self) -> String {
        match (self.ends, self.extends) {
            (Some(day), true) => format!(", until {day}, extends itself"),
            (Some(day), false) => format!(", until {day}"),
            (None, true) => ", extends itself".to_owned(),
            (None, false) => String::new(),
        }
    }

    fn roles_in_words(&self) -> String {
        if self.roles.is_empty() {
            return "roles not given".to_owned();
        }
        let mut named: Vec<&str> = self.roles.iter().map(|id| role_name(id)).collect();
        let last = if named.len() > 1 { named.pop() } else { None };
        let last = last.map(|last| format!(" and {last}")).unwrap_or_default();
        format!("{}{last}", named.join(", "))
    }
}

/// What is known of the delegated administration that a removal leaves behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminLeft {
    /// Each relationship that is not over.
    Relationships(Vec<Cause>),
    /// It could not be read, and why.
    NotRead(String),
}

impl AdminLeft {
    /// Each thing that is left, in words.
    pub fn in_words(&self) -> Vec<String> {
        match self {
            Self::Relationships(all) => {
                let told = |one| format!("delegated administration, when it was read: {one}");
                all.iter().map(told).collect()
            }
            Self::NotRead(why) => vec![format!("delegated administration could not be read: {why}")],
        }
    }
}

/// The same of many customers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdminLeftCount {
    /// Of how many it was read.
    read: u32,
    /// With how many of them it stays,
    customers: u32,
    /// and in how many relationships.
    relationships: usize,
    /// Why it could not be read of somebody.
    not_read: Option<String>,
}

impl AdminLeftCount {
    /// Adds what is known of a customer.
    pub fn add(&mut self, left: &AdminLeft) {
        match left {
            AdminLeft::Relationships(all) => {
                self.read += 1;
                self.customers += u32::from(!all.is_empty());
                self.relationships += all.len();
            }
            AdminLeft::NotRead(why) => drop(self.not_read.get_or_insert_with(|| why.clone())),
        }
    }

    /// What is said of it once, for all. `ends` is the procedure by which it is ended.
    pub fn in_words(&self, ends: &str) -> String {
        if self.read == 0 {
            return match &self.not_read {
                Some(why) => format!("Delegated administration could not be read: {why}."),
                None => {
                    "Delegated administration was not looked at: no token for Microsoft Graph.".to_owned()
                }
            };
        }
        let read = format!("Delegated administration was read for {}", counted(self.read, "customer"));
        let stays = match self.customers {
            0 => format!("{read}: none."),
            some => format!(
                "{read}: {some} had some then ({}), which a removal does not end; `--procedure {ends}` does.",
                counted(self.relationships, "relationship")
            ),
        };
        match &self.not_read {
            Some(why) => format!("{stays} For others it could not be read: {why}."),
            None => stays,
        }
    }
}

/// The name of a role by the ID of its template (learn.microsoft.com, `entra/identity/role-based-access-control/
/// permissions-reference`); the ID itself if it is not one of those that are usual here.
fn role_name(id: &str) -> &str {
    const ROLES: [(&str, &str); 25] = [
        ("62e90394-69f5-4237-9190-012177145e10", "Global Administrator"),
        ("f2ef992c-3afb-46b9-b7cf-a126ee74c451", "Global Reader"),
        ("729827e3-9c14-49f7-bb1b-9608f156bbb8", "Helpdesk Administrator"),
        ("fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator"),
        ("4d6ac14f-3453-41d0-bef9-a3e0c569773a", "License Administrator"),
        ("f023fd81-a637-4b56-95fd-791ac0226033", "Service Support Administrator"),
        ("29232cdf-9323-42fd-ade2-1d097af3e4de", "Exchange Administrator"),
        ("f28a1f50-f6e7-4571-818b-6a12f2af6b6c", "SharePoint Administrator"),
        ("69091246-20e8-4a56-aa4d-066075b2a7a8", "Teams Administrator"),
        ("194ae4cb-b126-40b2-bd5b-6091b380977d", "Security Administrator"),
        ("5d6b6bb7-de71-4623-b4af-96380a352509", "Security Reader"),
        ("3a2c62db-5318-420d-8d74-23affee5d9d5", "Intune Administrator"),
        ("e8611ab8-c189-46e8-94e1-60213ab1f814", "Privileged Role Administrator"),
        ("7be44c8a-adaf-4e2a-84d6-ab2649e08a13", "Privileged Authentication Administrator"),
        ("b1be1c3e-b65d-4f19-8427-f6fa0d97feb9", "Conditional Access Administrator"),
        ("88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers"),
        ("9360feb5-f418-4baa-8175-e2a00bac4301", "Directory Writers"),
        ("b0f54661-2d74-4c50-afa3-1ec803f12efe", "Billing Administrator"),
        ("9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "Application Administrator"),
        ("158c047a-c907-4556-b7ef-446551a6b5f7", "Cloud Application Administrator"),
        ("c4e39bd9-1100-46d3-8c65-fb160da0071f", "Authentication Administrator"),
        ("4a5d8f65-41da-4de4-8968-e035b65339cf", "Reports Reader"),
        ("fdd7a751-b60b-444a-984c-02652fe8fa1c", "Groups Administrator"),
        ("790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b", "Message Center Reader"),
        ("8329153b-31d0-4727-b945-745eb3bc5f31", "Domain Name Administrator"),
    ];
    ROLES.iter().find(|(known, _)| known.eq_ignore_ascii_case(id)).map_or(id, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(roles: &[&str], ends: Option<&str>, extends: bool) -> String {
        let roles = roles.iter().map(|id| (*id).to_owned()).collect();
        let ends = ends.map(|day| day.parse().unwrap());
        AdminAccess { state: "active".to_owned(), roles, ends, extends }.in_words()
    }

    #[test]
    fn what_stays_is_told_once_for_all() {
        let mut count = AdminLeftCount::default();
        let none = "Delegated administration was not looked at: no token for Microsoft Graph.";
        assert_eq!(count.in_words("p"), none);
        count.add(&AdminLeft::NotRead("status 403".to_owned()));
        assert_eq!(count.in_words("p"), "Delegated administration could not be read: status 403.");
        count.add(&AdminLeft::Relationships(Vec::new()));
        assert!(count.in_words("p").starts_with("Delegated administration was read for 1 customer: none."));
        let cause = Cause {
            what: "x".to_owned(),
            id: None,
            name: Some("Helpdesk".to_owned()),
            detail: "active".to_owned(),
        };
        count.add(&AdminLeft::Relationships(vec![cause.clone(), cause]));
        let told = count.in_words("p");
        assert!(
            told.starts_with(
                "Delegated administration was read for 2 customers: 1 had some then (2 relationships),"
            ),
            "{told}"
        );
        assert!(told.ends_with("For others it could not be read: status 403."), "{told}");
    }

    #[test]
    fn roles_are_named_where_they_are_known() {
        const READER: &str = "F2EF992C-3AFB-46B9-B7CF-A126EE74C451";
        assert_eq!(access(&[], None, false), "active, roles not given");
        assert_eq!(access(&[READER], Some("2027-03-04"), false), "active, Global Reader, until 2027-03-04");
        assert_eq!(access(&[READER, "x"], None, true), "active, Global Reader and x, extends itself");
        assert_eq!(access(&["1", "2", "3", "4"], None, false), "active, 1, 2, 3 and 4");
        let short = |roles: &[&str]| {
            let roles = roles.iter().map(|id| (*id).to_owned()).collect();
            AdminAccess { state: "active".to_owned(), roles, ends: None, extends: true }.in_short()
        };
        assert_eq!(short(&[READER]), "active, Global Reader, extends itself");
        assert_eq!(short(&["1", "2"]), "active, 2 roles, extends itself");
        let all = access(&["1", "2", "3", "4", "5", "6"], Some("2027-03-04"), true);
        assert_eq!(all, "active, 1, 2, 3, 4, 5 and 6, until 2027-03-04, extends itself");
        let nothing = AdminAccess { state: String::new(), roles: vec![], ends: None, extends: false };
        assert_eq!(nothing.in_words(), "state not given, roles not given");
    }
}
