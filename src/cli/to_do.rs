//! What a plan is about to do, for a terminal: to whom, and what is done before they go, or all that there is to do.

use super::tables::{self, Table, table};
use crate::{
    domain::{EffectWords, Outcome, Preparation, Procedure, counted, grouped},
    record::{CustomersOfResellers, Row, RowState, Run},
    report::visible,
};
use std::collections::BTreeMap;

/// How many of a plan are shown one by one.
const SHOWN: usize = 20;

/// What a plan would do, before it is confirmed.
pub(super) fn plan(run: &Run) -> String {
    let ready: Vec<&Row> = run
        .rows
        .iter()
        .filter(|row| match &row.state {
            RowState::Judged { verdict, .. } => *verdict == Outcome::Ready,
            RowState::Changing(changing) => changing.failed_after.is_none(),
            _ => false,
        })
        .collect();
    let mut text = format!(
        "{} of {} {} ready to be {}",
        grouped(ready.len() as u64),
        counted(run.opened.input.rows, "row"),
        if ready.len() == 1 || run.opened.input.rows == 1 { "is" } else { "are" },
        Outcome::Done(run.opened.procedure)
    );
    if ready.is_empty() {
        text.push('.');
    } else {
        text.push_str(":\n");
        let mut shown = Table::new(&["row", "customer", "tenant ID"]);
        for row in ready.iter().take(SHOWN) {
            shown.row([
                row.number.to_string(),
                row.live_name().unwrap_or("(no name)").to_owned(),
                row.customer.map(|id| id.to_string()).unwrap_or_default(),
            ]);
        }
        text.push_str(&table(&shown));
        if ready.len() > SHOWN {
            text.push_str(&format!("\n  … and {} more", ready.len() - SHOWN));
        }
    }
    let to_do = ready.iter().flat_map(|row| still(row).map(|one| (row.number, one)));
    text.push_str(&listed(&to_do.collect::<Vec<_>>()));
    text.push_str(&left_out(&ready));
    // Whoever is asked is told with the question.
    if !run.opened.changes
        && let Some(resellers) = resellers(run.opened.procedure, ready.iter().copied())
    {
        text.push_str(&format!("\n{resellers}"));
    }
    let others = run.counts.iter().map(|(outcome, n)| format!("{n} {}", outcome.in_words()));
    let others: Vec<_> = others.collect();
    if !others.is_empty() {
        text.push_str(&format!("\nThe others: {}.", others.join(", ")));
    }
    let procedure = run.opened.procedure;
    if procedure.leaves_delegated_admin() && !ready.is_empty() {
        let stays = run.admin_left.in_words(Procedure::FOR_DELEGATED_ADMIN.as_str());
        text.push_str(&format!("\n{stays}"));
    }
    text.push_str(&tables::about_list(run));
    if let Some(said) = run.transfers_not_read.in_words() {
        text.push_str(&format!("\n{}", tables::sentence(&said)));
    }
    text
}

/// The indirect resellers of these customers, each with how many. Nothing if there are none.
pub(super) fn resellers<'a>(procedure: Procedure, of: impl Iterator<Item = &'a Row>) -> Option<String> {
    let mut all = CustomersOfResellers::default();
    of.for_each(|row| all.take(row.reseller.as_deref()));
    resellers_in_words(procedure, &all)
}

/// The first of them, after what they are together.
pub(super) fn resellers_in_words(procedure: Procedure, all: &CustomersOfResellers) -> Option<String> {
    let heading = all.heading(procedure)?;
    let lines = all.lines();
    let shown: Vec<_> = lines.iter().take(SHOWN).map(|line| format!("  {}", visible(line))).collect();
    let more = match lines.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("\n  … and {more} more"),
    };
    Some(format!("{heading}:\n{}{more}", shown.join("\n")))
}

/// What is still to be sent of what the plan names for a row.
pub(super) fn still(row: &Row) -> impl Iterator<Item = &Preparation> {
    let is_sent =
        |one: &Preparation| matches!(&row.state, RowState::Changing(changing) if changing.of(one).is_some());
    row.first.iter().filter(move |one| !is_sent(one))
}

/// What cannot be done for customers for whom the rest is: each ends as failed.
fn left_out(ready: &[&Row]) -> String {
    let rows: Vec<_> = ready.iter().filter(|row| !row.left_out.is_empty()).collect();
    if rows.is_empty() {
        return String::new();
    }
    let mut shown = Table::new(&["row", "cannot be done", "why"]);
    let each = rows.iter().flat_map(|row| row.left_out.iter().map(|finding| (row.number, finding)));
    for (row, finding) in each.take(SHOWN) {
        shown.row([row.to_string(), finding.causes_in_words(), finding.reason.to_string()]);
    }
    let (count, ends) = (rows.len(), if rows.len() == 1 { "ends" } else { "end" });
    format!(
        "\nOf these, {count} {ends} as failed, because something of theirs cannot be done:\n{}",
        table(&shown)
    )
}

/// A thing that is done, with the row of its customer.
pub(super) type OfRow<'a> = (u32, &'a Preparation);

/// The first of them, after what they are together. Nothing if there are none.
fn listed(all: &[OfRow<'_>]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let of_all = || all.iter().map(|(_, one)| *one);
    let head = match terms(of_all()) {
        Some(terms) => terms,
        None if of_all().all(|one| one.what.is_by_itself()) => counted_by_kind(of_all()),
        None => format!("Before they go, {}", counted_by_kind(of_all())),
    };
    let lost = lost_at_once(of_all()).map(|lost| format!("\n{lost}")).unwrap_or_default();
    let (told, all): (Vec<OfRow<'_>>, Vec<OfRow<'_>>) =
        all.iter().copied().partition(|(_, one)| one.what.facts().answer_tells);
    let told = for_all(&told);
    if all.is_empty() {
        return format!("\n{head}:{told}");
    }
    let items = table(&items(all.iter().copied().take(SHOWN), "before that"));
    let more = match all.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("\n  … and {more} more; `plan.json` names all"),
    };
    format!("\n{head}:{told}\n{items}{more}{lost}")
}

/// What is the same for each customer, once: `revoke the consent of the application …, for 23 customers`.
fn for_all(all: &[OfRow<'_>]) -> String {
    let mut counts: BTreeMap<(String, &str), u32> = BTreeMap::new();
    for (_, one) in all {
        *counts.entry((one.named(), &one.id)).or_default() += 1;
    }
    let lines =
        counts.into_iter().map(|((what, id), n)| format!("\n  {what} {id}, for {}", counted(n, "customer")));
    lines.collect()
}

/// `1 subscription is suspended, 2 subscriptions are cancelled`.
fn counted_by_kind<'a>(all: impl Iterator<Item = &'a Preparation>) -> String {
    let mut kinds: Vec<(EffectWords, u32)> = Vec::new();
    for words in all.map(Preparation::words) {
        match kinds.iter_mut().find(|(kind, _)| is_alike(*kind, words)) {
            Some((_, count)) => *count += 1,
            None => kinds.push((words, 1)),
        }
    }
    let said = kinds.into_iter().map(|(words, count)| {
        let (things, are) = if count == 1 { (words.thing, "is") } else { (words.things, "are") };
        format!("{count} {things} {are} {}", words.done)
    });
    said.collect::<Vec<_>>().join(", ")
}

/// Whether people are told of both in the same words.
fn is_alike(one: EffectWords, other: EffectWords) -> bool {
    (one.verb, one.things) == (other.verb, other.things)
}

/// Each thing that is done, with its seats and the last day of its term if that is what it is about.
pub(super) fn items<'a>(all: impl Iterator<Item = OfRow<'a>>, heading: &str) -> Table {
    let all: Vec<_> = all.collect();
    match all.first() {
        // All are one thing, so the heading says it once, and there is room for the names.
        Some((_, first))
            if all.iter().all(|(_, one)| is_alike(one.words(), first.words()) && one.term.is_some()) =>
        {
            items_of_terms(&all, first)
        }
        Some((_, first)) if all.iter().all(|(_, one)| one.access.is_some()) => items_of_access(&all, first),
        _ => {
            let has_seats = all.iter().any(|(_, one)| one.term.is_some());
            let header: &[&str] =
                if has_seats { &["row", heading, "seats", "ID"] } else { &["row", heading, "ID"] };
            let mut shown = Table::new(header);
            for (row, one) in all {
                let seats = has_seats.then(|| seats(one));
                let cells = [row.to_string(), one.named()].into_iter().chain(seats);
                shown.row(cells.chain([one.id.clone()]));
            }
            shown
        }
    }
}

fn items_of_terms(all: &[OfRow<'_>], first: &Preparation) -> Table {
    let words = first.words();
    let what = format!("{} {}", words.verb, words.thing);
    let day = if first.what.facts().stops_service { "term until" } else { "last day" };
    let mut shown = Table::new(&["row", &what, "seats", day, "ID"]);
    for (row, one) in all {
        shown.row([
            row.to_string(),
            one.name.clone().unwrap_or_else(|| "(no name)".to_owned()),
            seats(one),
            one.term.as_ref().map(|term| term.last_day.to_string()).unwrap_or_default(),
            one.id.clone(),
        ]);
    }
    shown
}

/// With what each gives instead of its ID, which is twice as long as others; `plan.json` has it.
fn items_of_access(all: &[OfRow<'_>], first: &Preparation) -> Table {
    let words = first.words();
    let mut shown = Table::new(&["row", &format!("{} {}", words.verb, words.thing), "what it gives"]);
    for (row, one) in all {
        let gives = one.access.as_ref().map(|access| access.in_short()).unwrap_or_default();
        shown.row([row.to_string(), one.name.clone().unwrap_or_else(|| one.id.clone()), gives]);
    }
    shown
}

fn seats(one: &Preparation) -> String {
    one.seats().map(|seats| seats.to_string()).unwrap_or_default()
}

/// `3 subscriptions with 41 seats, whose terms end from 2027-03-04 to 2027-09-01`: what a plan is about that decides about the
/// ends of terms. None if it does not.
pub(super) fn terms<'a>(all: impl Iterator<Item = &'a Preparation>) -> Option<String> {
    let (mut count, mut seats, mut days) = (0_u32, 0_u64, Vec::new());
    for one in all.filter(|one| !one.what.facts().stops_service) {
        let Some(term) = &one.term else { continue };
        count += 1;
        seats = seats.saturating_add(term.seats.unwrap_or_default());
        days.push(term.last_day);
    }
    let (first, last) = (days.iter().min()?, days.iter().max()?);
    let whose = if count == 1 { "whose term ends" } else { "whose terms end" };
    let when = if first == last { format!("on {first}") } else { format!("from {first} to {last}") };
    Some(format!("{} with {}, {whose} {when}", counted(count, "subscription"), in_seats(seats)))
}

/// `41 seats of 2 subscriptions lose the service at once, and nobody can undo that.` None if nothing of that kind is done.
pub(super) fn lost_at_once<'a>(all: impl Iterator<Item = &'a Preparation>) -> Option<String> {
    let (mut count, mut seats) = (0, 0_u64);
    for one in all.filter(|one| one.what.facts().stops_service) {
        count += 1;
        seats = seats.saturating_add(one.seats().unwrap_or_default());
    }
    let (of, lose) = (counted(count, "subscription"), if seats == 1 { "loses" } else { "lose" });
    let seats = in_seats(seats);
    (count > 0).then(|| format!("{seats} of {of} {lose} the service at once, and nobody can undo that."))
}

fn in_seats(seats: u64) -> String {
    counted(seats, "seat")
}
