//! What a run claims, against what Partner Center has on record. Pure.

use crate::{
    domain::{Effect, Seq, TenantId, Time, is_taken_out},
    partner_center::model::AuditRecord,
    record::{Activity, Corroborated},
};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

/// By how much the two clocks may differ.
const CLOCKS: Duration = Duration::from_mins(10);
/// The service may carry a change out long after it was asked to.
const LATE: Duration = Duration::from_hours(24);

/// A removal, or another end of what a run was for, that Partner Center has on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRemoval {
    /// Of which customer.
    pub customer: TenantId,
    /// When; none if that could not be read.
    pub at: Option<Time>,
    /// In its own words.
    pub activity: Activity,
    /// The intent of the request that showed it.
    pub basis: Seq,
}

impl ListedRemoval {
    /// This line of the record, if it is one of this effect that took place.
    pub fn of(record: AuditRecord, effect: Effect, basis: Seq) -> Option<Self> {
        let is = |found: &Option<String>, word: &str| {
            found.as_ref().is_some_and(|found| found.trim().eq_ignore_ascii_case(word))
        };
        let ends =
            Effect::ALL.iter().filter(|other| **other == effect || (effect.is_last() && other.is_last()));
        let mut operations = ends.flat_map(|effect| effect.facts().elsewhere);
        let operation = operations.find(|name| is(&record.operation_type, name))?;
        if !is(&record.operation_status, "succeeded") {
            return None;
        }
        let customer = record.customer_id.as_deref()?.trim().parse().ok()?;
        let short = |text: Option<String>| text.map(|text| text.chars().take(200).collect::<String>());
        let activity = Activity {
            id: short(record.id),
            operation: (*operation).to_owned(),
            at: short(record.operation_date.clone()),
            user: short(record.user_principal_name),
            application: short(record.application_id),
            correlation_id: short(record.original_correlation_id),
        };
        let at = record.operation_date.and_then(|text| text.trim().parse().ok());
        Some(Self { customer, at, activity, basis })
    }
}

/// A row whose removal should be on record there, or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The row.
    pub row: u32,
    /// Its customer.
    pub customer: TenantId,
    /// Whether nobody knows if it was removed.
    pub is_unknown: bool,
    /// Whether it counts as failed, though some of it was done: the log does not call that corroborated.
    pub is_failed: bool,
    /// Whether it was found there before.
    pub is_corroborated: bool,
    /// How many lines there tell of it: one for each thing that was done by itself.
    pub lines: usize,
    /// When the run began that removed it,
    pub from: Time,
    /// and when the change was last known to be sent or to have been made.
    pub to: Time,
}

impl Claim {
    /// What is there of it, if all of it is: one of the lines, one that we asked for before others.
    fn found_in<'a>(&self, lines: &[&'a ListedRemoval], ours: &Ours) -> Option<&'a ListedRemoval> {
        let is_of_it =
            |line: &&&ListedRemoval| ours.sent_it(line) || is_within(line.at, self.from, self.to.plus(LATE));
        let of_it: Vec<&ListedRemoval> = lines.iter().filter(is_of_it).copied().collect();
        let mut different = HashSet::new();
        let told =
            of_it.iter().filter(|line| line.activity.id.is_none() || different.insert(&line.activity.id));
        if told.count() < self.lines && !is_taken_out("one-line-for-several-endings") {
            return None;
        }
        of_it.iter().find(|line| ours.sent_it(line)).or(of_it.first()).copied()
    }
}

/// What we know of ourselves.
#[derive(Clone, Debug, Default)]
pub struct Ours {
    /// The customer of each change that any run of the log sent, by its correlation ID.
    pub sent: HashMap<String, TenantId>,
    /// Customers that some run of the log has removed.
    pub removed: HashSet<TenantId>,
    /// The users who signed in for the run, as far as their tokens said so.
    pub users: Vec<String>,
    /// The applications.
    pub applications: Vec<String>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// To be put on record: found there for the first time.
    pub corroborated: Vec<Corroborated>,
    /// How many rows have theirs there, by now; those of unknown outcome aside.
    pub agreeing: u32,
    /// How many of those that claim a removal there are.
    pub claimed: u32,
    /// Rows whose removal should be there, and is not.
    pub missing: Vec<u32>,
    /// Rows whose removal may still get there, or may be in what was not read.
    pub not_yet: Vec<u32>,
    /// Rows whose outcome is unknown, with what is there of them.
    pub unknown: Vec<(u32, Option<Activity>)>,
    /// What is there, by us as far as can be told, in the time of the run, and is claimed by nobody.
    pub unclaimed: Vec<ListedRemoval>,
}

/// Compares both ways. `from` and `to` are the time of the run, and `lag` is how late things may get on record. Only a
/// record that was read as a whole shows that something is missing there; `is_whole` says whether it was.
pub fn compare(
    claims: &[Claim],
    (listed, is_whole): (&[ListedRemoval], bool),
    ours: &Ours,
    (from, to): (Time, Time),
    (now, lag): (Time, Duration),
) -> Comparison {
    let mut by_customer: HashMap<TenantId, Vec<&ListedRemoval>> = HashMap::new();
    for line in listed {
        by_customer.entry(line.customer).or_default().push(line);
    }
    let mut comparison = Comparison::default();
    for claim in claims {
        let lines = by_customer.get(&claim.customer).map(Vec::as_slice).unwrap_or_default();
        let found = claim.found_in(lines, ours);
        comparison.claimed += u32::from(!claim.is_unknown);
        let is_new = !claim.is_corroborated || is_taken_out("corroborated-twice");
        if let Some(line) = found.filter(|_| is_new && !claim.is_failed) {
            comparison.corroborated.push(Corroborated {
                row: claim.row,
                customer: claim.customer,
                activity: line.activity.clone(),
                is_our_request: ours.sent_it(line),
                basis: line.basis,
            });
        }
        match found {
            _ if claim.is_unknown => {
                comparison.unknown.push((claim.row, found.map(|line| line.activity.clone())));
            }
            // What was there once was there.
            _ if claim.is_corroborated => comparison.agreeing += 1,
            Some(_) => comparison.agreeing += 1,
            None if is_whole && is_taken_out("missing-before-it-can-be-there") => {
                comparison.missing.push(claim.row);
            }
            None if !is_whole || now < claim.to.plus(lag) => comparison.not_yet.push(claim.row),
            None => comparison.missing.push(claim.row),
        }
    }
    let claimed: HashSet<TenantId> = claims.iter().map(|claim| claim.customer).collect();
    let is_unclaimed = |line: &&ListedRemoval| {
        !claimed.contains(&line.customer)
            && !ours.removed.contains(&line.customer)
            && is_within(line.at, from, to)
            && ours.may_have_done(line)
            && !is_taken_out("removals-that-nobody-claims")
    };
    comparison.unclaimed = listed.iter().filter(is_unclaimed).cloned().collect();
    comparison
}

/// What has no time may have been at any.
fn is_within(at: Option<Time>, from: Time, to: Time) -> bool {
    at.is_none_or(|at| at.plus(CLOCKS) >= from && at <= to.plus(CLOCKS))
}

impl Ours {
    fn sent_it(&self, line: &ListedRemoval) -> bool {
        let id = line.activity.correlation_id.as_ref().map(|id| id.trim().to_ascii_lowercase());
        id.is_some_and(|id| self.sent.get(&id) == Some(&line.customer))
    }

    /// Whether nothing shows that it was somebody else: then it is looked at.
    fn may_have_done(&self, line: &ListedRemoval) -> bool {
        let is_other = |own: &[String], theirs: &Option<String>| {
            let theirs = theirs.as_ref().filter(|_| !own.is_empty());
            theirs.map(|theirs| !own.iter().any(|own| own.eq_ignore_ascii_case(theirs.trim())))
        };
        let user = is_other(&self.users, &line.activity.user);
        let is_other = user.or_else(|| is_other(&self.applications, &line.activity.application));
        self.sent_it(line) || is_other != Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    const CORRELATION: &str = "AA000000-0000-4000-8000-000000000001";

    fn id(n: u8) -> TenantId {
        TenantId::from_bytes([n; 16])
    }

    fn at(hours: i64) -> Time {
        Time::from_millis(1_795_000_000_000 + hours * HOUR)
    }

    fn line(customer: u8, hours: i64, correlation: Option<&str>) -> ListedRemoval {
        let record = AuditRecord {
            customer_id: Some(id(customer).to_string().to_uppercase()),
            operation_type: Some("remove_partner_customer_relationship".to_owned()),
            operation_status: Some("Succeeded".to_owned()),
            operation_date: Some(at(hours).to_string().replace('Z', "4567Z")),
            user_principal_name: Some("agent@partner.example".to_owned()),
            original_correlation_id: correlation.map(str::to_owned),
            ..AuditRecord::default()
        };
        ListedRemoval::of(record, Effect::RemoveRelationship, 7).unwrap()
    }

    fn claim(row: u32, customer: u8, is_unknown: bool) -> Claim {
        let (from, to) = (at(0), at(1));
        let customer = id(customer);
        Claim { row, customer, is_unknown, is_failed: false, is_corroborated: false, lines: 1, from, to }
    }

    fn ours() -> Ours {
        Ours {
            sent: HashMap::from([(CORRELATION.to_ascii_lowercase(), id(1))]),
            users: vec!["Agent@partner.example".to_owned()],
            ..Ours::default()
        }
    }

    fn compared(claims: &[Claim], listed: &[ListedRemoval], ours: &Ours, now: i64) -> Comparison {
        compare(claims, (listed, true), ours, (at(0), at(1)), (at(now), Duration::from_hours(48)))
    }

    #[test]
    fn a_removal_is_found_by_our_request_or_by_customer_and_time() {
        let claims = [claim(1, 1, false), claim(2, 2, false), claim(3, 3, false), claim(4, 4, true)];
        let listed = [line(1, 90, Some(CORRELATION)), line(2, 1, None), line(3, 90, None), line(4, 1, None)];
        let found = compared(&claims, &listed, &ours(), 100);
        let rows: Vec<_> = found.corroborated.iter().map(|c| (c.row, c.is_our_request)).collect();
        assert_eq!(rows, [(1, true), (2, false), (4, false)]);
        assert_eq!((found.agreeing, found.claimed, &*found.missing), (2, 3, &[3][..]));
        assert!(matches!(&*found.unknown, [(4, Some(_))]) && found.unclaimed.is_empty());
        // Another customer's removal does not become ours by its correlation ID.
        let wrong = compared(&claims[2..3], &[line(3, 90, Some(CORRELATION))], &ours(), 100);
        assert!(wrong.corroborated.is_empty());
    }

    #[test]
    fn several_endings_need_a_line_each() {
        let several = [Claim { lines: 2, ..claim(1, 1, false) }];
        let named = |n: &str| {
            let line = line(1, 1, None);
            ListedRemoval { activity: Activity { id: Some(n.to_owned()), ..line.activity.clone() }, ..line }
        };
        assert_eq!(compared(&several, &[named("a")], &ours(), 99).missing, [1]);
        assert_eq!(compared(&several, &[named("a"), named("a")], &ours(), 99).missing, [1], "listed twice");
        let found = compared(&several, &[named("a"), named("b")], &ours(), 99);
        assert_eq!((found.agreeing, found.corroborated.len()), (1, 1));
    }

    #[test]
    fn what_may_still_come_is_not_missing_yet() {
        assert_eq!(compared(&[claim(1, 1, false)], &[], &ours(), 48).not_yet, [1]);
        assert_eq!(compared(&[claim(1, 1, false)], &[], &ours(), 49).missing, [1]);
        let before = Claim { is_corroborated: true, ..claim(1, 1, false) };
        let again = compared(&[before], &[line(1, 1, None)], &ours(), 99);
        assert_eq!((again.agreeing, again.corroborated.len(), again.missing.len()), (1, 0, 0));
        // What was there once was there, whether it still is or not.
        let before = Claim { is_corroborated: true, ..claim(1, 1, false) };
        let gone = compared(&[before], &[], &ours(), 99);
        assert_eq!((gone.agreeing, gone.missing.len(), gone.not_yet.len()), (1, 0, 0));
    }

    #[test]
    fn only_a_record_that_was_read_as_a_whole_shows_that_something_is_missing() {
        for (is_whole, missing) in [(true, &[1][..]), (false, &[])] {
            let lag = Duration::from_hours(48);
            let compared = compare(
                &[claim(1, 1, false)],
                (&[line(2, 1, None)], is_whole),
                &ours(),
                (at(0), at(1)),
                (at(99), lag),
            );
            assert_eq!(compared.missing, missing);
            assert_eq!(compared.not_yet.is_empty(), is_whole);
        }
    }

    #[test]
    fn the_clocks_may_differ_and_a_change_may_be_late() {
        let minutes = |minutes: i64| Time::from_millis(at(0).as_millis() + minutes * 60_000);
        let of = |at: Option<Time>| ListedRemoval { at, ..line(1, 0, None) };
        let is_found = |at: Option<Time>| {
            !compared(&[claim(1, 1, false)], &[of(at)], &Ours::default(), 99).corroborated.is_empty()
        };
        // From ten minutes before the run to a day and ten minutes after the change.
        let latest = 60 + 24 * 60 + 10;
        assert!(is_found(Some(minutes(-10))) && is_found(Some(minutes(latest))) && is_found(None));
        assert!(!is_found(Some(minutes(-11))) && !is_found(Some(minutes(latest + 1))));
        // What nobody claims counts in the time of the run alone.
        let is_told = |at| !compared(&[], &[of(Some(at))], &Ours::default(), 99).unclaimed.is_empty();
        assert!(is_told(minutes(-10)) && is_told(minutes(70)));
        assert!(!is_told(minutes(-11)) && !is_told(minutes(71)));
    }

    #[test]
    fn what_nobody_claims_is_told_unless_somebody_else_did_it() {
        let listed = [line(9, 1, None)];
        assert_eq!(compared(&[], &listed, &ours(), 99).unclaimed, listed);
        assert_eq!(compared(&[], &listed, &Ours::default(), 99).unclaimed, listed, "nothing says who we are");
        let others = Ours { users: vec!["somebody@else.example".to_owned()], ..Ours::default() };
        assert!(compared(&[], &listed, &others, 99).unclaimed.is_empty());
        let before = Ours { removed: HashSet::from([id(9)]), ..ours() };
        assert!(compared(&[], &listed, &before, 99).unclaimed.is_empty());
        assert!(compared(&[], &[line(9, 30, None)], &ours(), 99).unclaimed.is_empty(), "another time");
        assert!(compared(&[claim(9, 9, true)], &listed, &ours(), 99).unclaimed.is_empty(), "it is claimed");
        // Where the users are not known, the application tells.
        let mut by_application = listed.clone();
        (by_application[0].activity.user, by_application[0].activity.application) =
            (None, Some("App".into()));
        for (application, is_told) in [("APP", true), ("another", false)] {
            let ours = Ours { applications: vec![application.to_owned()], ..ours() };
            let unclaimed = compared(&[], &by_application, &ours, 99).unclaimed;
            assert_eq!(!unclaimed.is_empty(), is_told, "{application}");
        }
        // What we sent is ours, whoever is said to have done it.
        let ours = Ours { users: vec!["somebody@else.example".to_owned()], ..ours() };
        let sent = [line(1, 1, Some(CORRELATION))];
        assert_eq!(compared(&[], &sent, &ours, 99).unclaimed, sent);
    }

    #[test]
    fn only_removals_that_took_place_count() {
        let record = |operation: &str, status: &str| AuditRecord {
            customer_id: Some(id(1).to_string()),
            operation_type: Some(operation.to_owned()),
            operation_status: Some(status.to_owned()),
            ..AuditRecord::default()
        };
        let counts = |record| ListedRemoval::of(record, Effect::RemoveRelationship, 0).is_some();
        assert!(counts(record("remove_partner_customer_relationship", "succeeded")));
        assert!(counts(record("delete_tip_customer", "succeeded")));
        assert!(!counts(record("remove_partner_customer_relationship", "failed")));
        assert!(!counts(record("update_subscription", "succeeded")));
        assert!(!counts(AuditRecord::default()));
    }
}
