//! Nothing false is said: after a bad day, and in the midst of it, whatever any output says about a customer is what the
//! other side's own journal shows, and all outputs say the same.

use crate::support::{
    bad_day::{BadDay, Kind, each_seed},
    claims::{Back, Claim, Sentences, Stands, Thing, to_subscriptions},
    id,
    in_process::{Death, InProcessRun, LifeEnded},
    outputs::{Outputs, Shown, Told, resolve},
};
use offboard::{
    domain::{Effect, Outcome, Procedure, TenantId, Time},
    record::Pending,
    simulator::{AdminTruth, Cut, Model, Received, Relationship, TermEndTruth},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// What really became of one customer until this moment, by the other side's account.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Truth {
    /// Whether we ended it.
    ended: bool,
    /// Whether it is gone, whoever ended it.
    gone: bool,
    /// Whether the service said yes to its end.
    agreed: bool,
    /// Whether anything that we sent had an effect.
    any_effect: bool,
    /// Whether each thing is done by itself, and the end is that all of them are.
    is_each: bool,
    things: BTreeMap<Thing, OfThing>,
}

/// What really became of an order or a subscription.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct OfThing {
    /// Whether it was cancelled or suspended by us.
    done: bool,
    /// Whether the service said yes to that,
    agreed: bool,
    /// or that it was being changed.
    under_way: bool,
    /// Whether we made it active again,
    reactivated: bool,
    /// and the service said yes to that.
    agreed_back: bool,
    /// A subscription's status.
    status: Option<String>,
}

impl Truth {
    fn of(model: &mut Model, run: &InProcessRun, customer: TenantId) -> Self {
        let (now, procedure) = (run.now(), run.procedure);
        // Lets what is due take place.
        let relationship = model.relationship(now, customer);
        let gone = matches!(relationship, None | Some(Relationship::None));
        let ended = model.removals().iter().any(|removal| removal.customer == customer);
        let is_each = procedure.is_each_by_itself();
        let mut truth = Self { ended, gone, is_each, ..Self::default() };
        let path = format!("/v1/customers/{customer}");
        let entries: Vec<Received> = model.journal().entries().to_vec();
        for received in &entries {
            let is_change = matches!(received.method.as_str(), "PATCH" | "DELETE")
                || received.target.ends_with("/requests");
            let under = received.target.strip_prefix(&path).or_else(|| of_graph(received, customer));
            let Some(under) = under.filter(|_| is_change) else { continue };
            let happened = received.took_effect || received.effect_due.is_some_and(|due| due <= now);
            let agreed = (200..300).contains(&received.status) && received.cut == Cut::None;
            truth.any_effect |= happened;
            let (effect, id) = match under.strip_prefix('/').and_then(|under| under.split_once('/')) {
                Some(("orders", id)) => (Effect::CancelOrder, id),
                Some(("subscriptions", id)) => (to_subscriptions(run), id),
                Some(("delegatedAdminRelationships", id)) => {
                    (Effect::EndDelegatedAdmin, id.trim_end_matches("/requests"))
                }
                _ => {
                    truth.agreed |= agreed;
                    continue;
                }
            };
            let thing = truth.things.entry(Thing { effect, id: id.to_owned() }).or_default();
            if effect == Effect::SuspendSubscription && !suspends(&received.body) {
                thing.reactivated |= happened;
                thing.agreed_back |= agreed;
                continue;
            }
            thing.agreed |= agreed;
            thing.under_way |= received.status == 409;
            thing.done |= match effect {
                Effect::CancelOrder => model.has_cancelled(now, customer, id),
                // What the service made an extended service term of is not scheduled to end.
                Effect::ScheduleCancellation => happened && ends(model, now, customer, id),
                Effect::EndDelegatedAdmin => {
                    happened && !grants(model, now, customer).iter().any(|one| one.id == id && !is_over(one))
                }
                _ => happened,
            };
        }
        if procedure == Procedure::EndDelegatedAdmin {
            // What is being terminated is not ours to end any more.
            let is_left = |one: &AdminTruth| !is_over(one) && one.status != "terminating";
            truth.gone = !grants(model, now, customer).iter().any(is_left);
            truth.ended = truth.gone && truth.any_effect;
            return truth;
        }
        let set = model.set_to_happen(now, customer);
        if procedure.is_each_by_itself() {
            let is_as_before = |one: &TermEndTruth| {
                run.before.get(&one.id) == Some(&(one.auto_renew, one.scheduled.clone()))
            };
            let is_left = |one: &TermEndTruth| match procedure {
                Procedure::CancelAtTermEnd => is_there(one) && !is_cancelled(one),
                _ => !is_as_before(one),
            };
            // Of these procedures, the end is that all is done; by us, if we did any of it.
            truth.gone = !set.iter().any(is_left);
            truth.ended = truth.gone && truth.any_effect;
        }
        for TermEndTruth { id, status, .. } in set {
            let thing = Thing { effect: to_subscriptions(run), id };
            truth.things.entry(thing).or_default().status = Some(status);
        }
        truth
    }

    /// Why this is false; none if it is true.
    fn contradicts(&self, claim: &Claim) -> Option<&'static str> {
        let (is_true, why) = match claim {
            Claim::NothingChanged => (!self.any_effect, "something was changed"),
            Claim::Ended | Claim::Resolved(Outcome::Done(_)) => (self.ended, "we did not end it"),
            Claim::NotEnded | Claim::Resolved(_) => (!self.ended, "we ended it"),
            Claim::Gone => (self.gone, "it is still there"),
            Claim::AgreedToEnd => (self.agreed, "the service did not say yes"),
            Claim::EndNotKnown | Claim::PersonMustLook => return None,
            Claim::Thing(thing, stands, back) => {
                let nothing = OfThing::default();
                let real = self.things.get(thing).unwrap_or(&nothing);
                return real.contradicts(*stands).or_else(|| real.contradicts_back((*back)?));
            }
        };
        (!is_true).then_some(why)
    }

    /// Why this word is false.
    fn contradicts_word(&self, shown: Shown) -> Option<&'static str> {
        match shown {
            Shown::Outcome(Outcome::Done(_)) | Shown::Pending(Pending::Done) => {
                // What was done already when we first sent it is settled as that.
                self.contradicts(&Claim::Ended)
            }
            Shown::Outcome(Outcome::Unknown) | Shown::Pending(Pending::InDoubt) => None,
            Shown::Outcome(Outcome::AlreadyDone(_)) => {
                self.contradicts(&Claim::NotEnded).or_else(|| self.contradicts(&Claim::Gone))
            }
            Shown::Pending(Pending::Accepted) => self.contradicts(&Claim::AgreedToEnd),
            Shown::Pending(Pending::NotBegun) => self.contradicts(&Claim::NothingChanged),
            // All of it may be done by then, where each is done by itself.
            Shown::Pending(Pending::Begun) if self.is_each => None,
            Shown::Pending(Pending::Undecided | Pending::Begun) | Shown::Outcome(_) => {
                self.contradicts(&Claim::NotEnded)
            }
        }
    }
}

/// What follows the address of Microsoft Graph, if it is about something of this customer's: its IDs begin with the customer's.
fn of_graph(received: &Received, customer: TenantId) -> Option<&str> {
    let under = received.target.strip_prefix("/v1.0/tenantRelationships")?;
    let (_, id) = under.strip_prefix('/')?.split_once('/')?;
    id.starts_with(&customer.to_string()).then_some(under)
}

fn grants(model: &mut Model, now: Time, customer: TenantId) -> Vec<AdminTruth> {
    model.delegated_admin(now, customer)
}

fn is_over(one: &AdminTruth) -> bool {
    matches!(one.status.as_str(), "terminated" | "expired")
}

fn is_there(one: &TermEndTruth) -> bool {
    matches!(one.status.as_str(), "active" | "suspended" | "pending")
}

fn is_cancelled(one: &TermEndTruth) -> bool {
    !one.auto_renew && one.scheduled == ["Cancel"]
}

/// Whether this subscription really is set to end with its term.
fn ends(model: &mut Model, now: Time, customer: TenantId, id: &str) -> bool {
    let set = model.set_to_happen(now, customer);
    set.iter().any(|one| one.id.eq_ignore_ascii_case(id) && is_cancelled(one))
}

impl OfThing {
    fn contradicts(&self, stands: Stands) -> Option<&'static str> {
        let (is_true, why) = match stands {
            Stands::Done => (self.done, "it was not done to it"),
            Stands::NotDone => (!self.done, "it was done to it"),
            Stands::NotKnown => (true, ""),
            Stands::Agreed => (self.agreed, "the service did not say yes"),
            Stands::UnderWay => (self.under_way, "the service did not say that it is under way"),
        };
        (!is_true).then_some(why)
    }

    fn contradicts_back(&self, back: Back) -> Option<&'static str> {
        let is = |status: &str| self.status.as_deref() == Some(status);
        let (is_true, why) = match back {
            Back::Active => (is("active") && self.reactivated, "it is not active again"),
            Back::Agreed => (self.agreed_back, "the service did not say yes to its reactivation"),
            Back::NotKnown => (true, ""),
            Back::Not => (!self.reactivated, "it was reactivated"),
            Back::StaysSuspended => (is("suspended"), "it is not suspended"),
        };
        (!is_true).then_some(why)
    }
}

/// Whether the body of a change of a subscription suspends it.
fn suspends(body: &str) -> bool {
    let body: Value = serde_json::from_str(body.trim_start_matches('\u{feff}')).unwrap();
    body["status"] == "suspended"
}

/// What was looked at.
#[derive(Debug, Default)]
struct Looked {
    moments: u64,
    /// How many runs came to their end.
    sealed: u64,
    customers: u64,
    statements: u64,
}

/// The oracle of one run.
struct Oracle<'a> {
    sentences: Sentences,
    looked: &'a mut Looked,
}

impl Oracle<'_> {
    /// Renders all outputs at this moment, and compares. `whole`: also those that take a while.
    fn look(&mut self, run: &InProcessRun, whole: bool) -> Outputs {
        let outputs = Outputs::of(run, whole);
        self.looked.moments += 1;
        let mut model = run.model.lock().unwrap();
        for (row, (customer, shown)) in &outputs.rows {
            let truth = Truth::of(&mut model, run, *customer);
            let wrong = |output: &str, what: &str, why: &str| -> ! {
                panic!("{output} says of row {row} ({shown:?}): {what}\nbut {why}: {truth:#?}")
            };
            if let Some(why) = truth.contradicts_word(*shown) {
                wrong("every output", "so", why);
            }
            self.looked.customers += 1;
            self.looked.statements += 1;
            let mut said: Vec<(&Told, Vec<Claim>)> = Vec::new();
            for told in outputs.told.iter().filter(|told| told.row == *row) {
                let claims = self.claims(told);
                for claim in &claims {
                    if let Some(why) = truth.contradicts(claim).or_else(|| is_for_later(*shown, claim)) {
                        wrong(told.output, &told.text, why);
                    }
                }
                if told.is_whole && (!truth.gone || run.procedure.is_each_by_itself()) {
                    for (thing, real) in truth.things.iter().filter(|(_, real)| real.done) {
                        let is_named = |claim: &Claim| matches!(claim, Claim::Thing(named, stands, _) if named == thing && *stands != Stands::NotDone);
                        if !claims.iter().any(is_named) {
                            wrong(told.output, &told.text, &format!("leaves out {thing:?}, {real:?}"));
                        }
                    }
                }
                self.looked.statements += claims.len() as u64;
                if told.is_whole {
                    said.push((told, claims));
                }
            }
            for pair in said.windows(2) {
                if let Some(what) = differs(&pair[0].1, &pair[1].1) {
                    wrong(
                        pair[1].0.output,
                        &pair[1].0.text,
                        &format!("{} says: {}; {what}", pair[0].0.output, pair[0].0.text),
                    );
                }
            }
        }
        drop(model);
        outputs
    }

    fn claims(&self, told: &Told) -> Vec<Claim> {
        match above_rows(&told.text).filter(|_| told.output == "report.html, above the row") {
            Some(claims) => claims,
            None => self.sentences.read(&told.text),
        }
    }
}

/// A row that only waits for the run to go on needs nobody.
fn is_for_later(shown: Shown, claim: &Claim) -> Option<&'static str> {
    let waits = matches!(shown, Shown::Pending(Pending::Accepted | Pending::Done));
    (waits && *claim == Claim::PersonMustLook).then_some("nobody has to look: the run goes on")
}

/// What the report says above all rows of one word, which is said of each of them.
fn above_rows(text: &str) -> Option<Vec<Claim>> {
    Some(match text {
        "This run ended the reseller relationship." | "This run deleted the sandbox customer." => {
            vec![Claim::Ended]
        }
        text if Procedure::ALL
            .iter()
            .any(|one| one.is_each_by_itself() && one.facts().done.meaning == text) =>
        {
            vec![Claim::Ended]
        }
        text if Procedure::ALL
            .iter()
            .any(|one| one.is_each_by_itself() && one.facts().already.meaning == text) =>
        {
            vec![Claim::NotEnded, Claim::Gone]
        }
        "What the run is for is done; `offboard resume` puts that on record." => vec![Claim::Ended],
        "The relationship was gone already; this run had nothing left to end."
        | "The sandbox customer was gone already; this run had nothing left to delete." => {
            vec![Claim::NotEnded, Claim::Gone]
        }
        "A precondition or a guard said no. Anything that was done before is named with the customer."
        | "The service said no, or did not answer. Anything that was done before is named with the customer."
        | "The run stopped first. Anything that was done before is named with the customer."
        | "The customer stays; `offboard resume` asks whether what was suspended for it is reactivated." => {
            vec![Claim::NotEnded]
        }
        "A change was sent, and what became of it could not be found out. A person must look." => {
            vec![Claim::PersonMustLook]
        }
        "The service accepted the change; `offboard resume` looks whether it is done." => {
            vec![Claim::AgreedToEnd]
        }
        "Something was begun, and how it ends is not settled yet; `offboard resume` goes on."
        | "A change was sent, and what became of it is not known yet; `offboard resume` looks." => vec![],
        "Nothing was changed yet; `offboard resume` goes on." => vec![Claim::NothingChanged],
        _ => return None,
    })
}

/// What two outputs say that cannot be said of one customer. What one of them does not speak of is no difference.
fn differs(one: &[Claim], other: &[Claim]) -> Option<String> {
    let end = |claims: &[Claim]| {
        let is_end = |claim: &&Claim| {
            matches!(claim, Claim::Ended | Claim::NotEnded | Claim::AgreedToEnd | Claim::EndNotKnown)
        };
        claims.iter().find(is_end).cloned()
    };
    if let (Some(a), Some(b)) = (end(one), end(other))
        && a != b
    {
        return Some(format!("{a:?} is not {b:?}"));
    }
    // Of what was done before and then taken back, an explanation tells both, in their order.
    let last = |claims: &[Claim], wanted: &Thing| {
        let of = |claim: &Claim| match claim {
            Claim::Thing(thing, stands, _) if thing == wanted => Some(*stands),
            _ => None,
        };
        claims.iter().rev().find_map(of)
    };
    one.iter().find_map(|claim| {
        let Claim::Thing(thing, ..) = claim else { return None };
        let (a, b) = (last(one, thing)?, last(other, thing)?);
        (a != b).then(|| format!("{thing:?}: {a:?} is not {b:?}"))
    })
}

/// One seed is one bad day: what each life has left is looked at, and its end, and what a person finds out then.
fn bad_day(kind: Kind, seed: u64, looked: &mut Looked) {
    let mut day = BadDay::new(kind, seed);
    let sentences = Sentences::of(&day.run);
    let mut oracle = Oracle { sentences, looked };
    let mut before = 0;
    let is_about_a_customer = |received: &&Received| received.target.starts_with("/v1/customers");
    day.live(|run, ended| {
        let whole = matches!(ended, LifeEnded::Sealed);
        // Of a life that asked about no customer, there is nothing new to say.
        let asked = run.model.lock().unwrap().journal().entries().iter().filter(is_about_a_customer).count();
        if asked == before && !whole {
            return;
        }
        before = asked;
        let outputs = oracle.look(run, whole || seed.is_multiple_of(8));
        if !whole {
            return;
        }
        oracle.looked.sealed += 1;
        // Whatever was late has had its time.
        run.set_now(run.now().plus(Duration::from_mins(10)));
        oracle.look(run, false);
        let unknown: Vec<_> = {
            let mut model = run.model.lock().unwrap();
            let is_unknown = |shown: &Shown| *shown == Shown::Outcome(Outcome::Unknown);
            let rows = outputs.rows.iter().filter(|(_, (_, shown))| is_unknown(shown));
            rows.map(|(row, (customer, _))| {
                let ended = Truth::of(&mut model, run, *customer).ended;
                (*row, *customer, if ended { Outcome::Done(run.procedure) } else { Outcome::Failed })
            })
            .collect()
        };
        if !unknown.is_empty() {
            resolve(run, &unknown);
            oracle.look(run, true);
        }
    });
}

fn bad_days(kind: Kind) {
    let mut looked = Looked::default();
    let seeds = each_seed(80, |seed| bad_day(kind, seed, &mut looked));
    let Looked { moments, sealed, customers, statements } = looked;
    println!(
        "{kind:?}: {seeds} days, {sealed} of them to the end, {moments} moments, {customers} customers, {statements} statements: none is false"
    );
    // A test in which no run ever ended, or nothing was said, would show nothing.
    assert!(seeds == 1 || (sealed * 2 > seeds && statements > 10 * seeds));
}

#[test]
fn of_removals_nothing_false_is_said() {
    bad_days(Kind::Removal);
}

#[test]
fn of_suspensions_nothing_false_is_said() {
    bad_days(Kind::RemovalAfterSuspension);
}

#[test]
fn of_cancellations_nothing_false_is_said() {
    bad_days(Kind::RemovalAfterCancellation);
}

#[test]
fn of_ends_of_terms_nothing_false_is_said() {
    bad_days(Kind::TermEnd);
}

#[test]
fn of_ends_of_terms_that_are_taken_back_nothing_false_is_said() {
    bad_days(Kind::TermEndUndone);
}

#[test]
fn of_delegated_administration_nothing_false_is_said() {
    bad_days(Kind::DelegatedAdmin);
}

#[test]
fn of_sandboxes_nothing_false_is_said() {
    bad_days(Kind::Sandbox);
}

/// Lives so, and looks at the end.
fn looked_at(run: &mut InProcessRun, lives: &[Death]) -> Outputs {
    for death in lives {
        if matches!(run.live(*death), LifeEnded::Sealed) {
            break;
        }
    }
    let sentences = Sentences::of(run);
    Oracle { sentences, looked: &mut Looked::default() }.look(run, true)
}

/// The explanation of the first row in the tables.
fn explanation(outputs: &Outputs) -> &str {
    &outputs.told.iter().find(|told| told.output == "the reports").unwrap().text
}

/// What some proxy says instead of the service.
fn page() -> Value {
    json!({ "kind": "answer", "status": 404, "html": "<html>not here</html>" })
}

#[test]
fn a_suspension_in_doubt_is_not_given_up_as_failed() {
    let customer = json!({ "id": id(1), "subscriptions": [{ "kind": "legacy", "status": "active" }], "faults": [
        { "on": "update_subscription", "do": { "kind": "answer", "status": 429, "retry_after": "1", "effect": true } },
        { "on": "subscription", "skip": 1, "times": 0, "do": page() },
    ] });
    let mut run = InProcessRun::new(&json!({ "customers": [customer] }), 1, 1);
    run.allowed = BTreeSet::from([Effect::SuspendSubscription]);
    let outputs = looked_at(&mut run, &[Death::Never, Death::Never]);
    assert_eq!(outputs.rows[&2].1, Shown::Outcome(Outcome::Unknown));
    assert!(explanation(&outputs).starts_with("Whether subscription `"), "{}", explanation(&outputs));
}

/// The service says that there is none, and it is not so: that is looked at, if nothing was sent before.
#[test]
fn who_is_missing_at_first_is_looked_for() {
    let missing = json!({ "on": "remove", "do": { "kind": "answer", "status": 404, "code": 60_003 } });
    let mut run = InProcessRun::new(&json!({ "customers": [{ "id": id(1), "faults": [missing] }] }), 1, 1);
    run.gives_up = true;
    let outputs = looked_at(&mut run, &[Death::Never]);
    assert_eq!(outputs.rows[&2].1, Shown::Outcome(Outcome::Failed));
}

/// A sandbox customer with two orders, the first of which takes its time.
fn with_two_orders(faults: Value) -> InProcessRun {
    let order = |id: &str| json!({ "kind": "software", "order": id });
    let customer = json!({ "id": id(1), "entitlements": [order("A"), order("B")],
        "orders": [{ "id": "A", "cancels_after_ms": 50_000 }, { "id": "B" }], "faults": faults });
    let mut run = InProcessRun::new(&json!({ "sandbox": true, "customers": [customer] }), 1, 1);
    run.procedure = Procedure::DeleteSandboxCustomer;
    run
}

#[test]
fn an_order_of_which_nothing_is_known_is_named() {
    let mut run = with_two_orders(json!([
        { "on": "cancel_order", "do": { "kind": "cut_before_answer", "effect": true } },
        { "on": "orders", "skip": 2, "times": 0, "do": page() },
    ]));
    let outputs = looked_at(&mut run, &[Death::Never, Death::Never]);
    assert_eq!(outputs.rows[&2].1, Shown::Outcome(Outcome::Unknown));
    assert!(explanation(&outputs).starts_with("Whether order `"), "{}", explanation(&outputs));
}

/// Wherever it is asked to stop: what was accepted before the customer is looked at again, and cannot be read, is told.
#[test]
fn what_was_accepted_before_another_look_is_told() {
    let mut told = 0;
    for at in 5..9 {
        let mut run = with_two_orders(json!([{ "on": "entitlements", "skip": 1, "times": 0, "do": page() }]));
        run.live(Death::Asked(at));
        // What was read before is old when somebody goes on.
        run.set_now(run.now().plus(Duration::from_mins(30)));
        let outputs = looked_at(&mut run, &[Death::Never]);
        told += u32::from(explanation(&outputs).contains("Before that, the service agreed to cancel order"));
    }
    assert!(told > 0);
}

#[test]
#[should_panic(expected = "nobody knows what this claims")]
fn a_sentence_that_nobody_taught_fails() {
    Sentences::of(&InProcessRun::new(&json!({}), 1, 1)).read("The relationship was dissolved.");
}
