//! What the shown records say of the customer, in order. It follows from them alone.

use super::super::approver::signed_by;
use super::exchanges::{RequestStory, end, request, subscriptions};
use crate::{
    domain::{Evidence, Finding, Mode, Outcome, Procedure, Seq},
    record::{
        Activity, Corroborated, CustomerStory, Event, How, Judged, Observed, Record, Resolved, Seen, Settled,
    },
};
use serde::Serialize;

/// A record that is shown, understood.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) seq: Seq,
    pub(super) record: Record,
    /// Its body, if that is shown.
    pub(super) body: Option<Vec<u8>>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Story {
    /// All of it in one sentence or two.
    pub(super) in_short: String,
    /// How it ended, in one word.
    pub(super) outcome: Option<Outcome>,
    /// How sure it is that the relationship is gone.
    pub(super) evidence: Option<String>,
    /// The live name, as it was read then.
    pub(super) customer_name: Option<String>,
    customer_domain: Option<String>,
    partner_tenant_id: Option<String>,
    partner_name: Option<String>,
    pub(super) run: Option<RunStory>,
    signed_in_as: Vec<String>,
    approvals: Vec<Approval>,
    /// What became of the run, in order.
    course: Vec<Moment>,
    /// Whether the run came to its end; after that nothing is added to it but what is found out later.
    pub(super) is_sealed: bool,
    pub(super) rows: Vec<RowStory>,
    requests: Vec<RequestStory>,
    /// How many records are not shown.
    pub(super) withheld: usize,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct RunStory {
    pub(super) procedure: Procedure,
    pub(super) mode: Mode,
    operator: String,
    host: String,
    program: String,
    api_url: String,
    list: String,
    list_sha256: String,
    rows: u32,
    ticket: Option<String>,
    reason: Option<String>,
    /// The run that made the plan, if it was another.
    plan_of_run: Option<String>,
    began: String,
}

#[derive(Clone, Debug, Serialize)]
struct Approval {
    at: String,
    by: String,
    how: String,
    plan_digest: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Moment {
    at: String,
    text: String,
}

/// One row of the list that names the customer.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct RowStory {
    row: u32,
    in_list: Vec<String>,
    decisions: Vec<Decision>,
    looks: Vec<Moment>,
    end: Option<End>,
    pub(super) resolved: Vec<Moment>,
    corroborated: Vec<Moment>,
}

#[derive(Clone, Debug, Serialize)]
struct Decision {
    at: String,
    verdict: Outcome,
    name: Option<String>,
    domain: Option<String>,
    relationship: Option<String>,
    subscriptions: Vec<String>,
    findings: Vec<Reason>,
    left_to_service: Vec<Reason>,
    note: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Reason {
    reason: &'static str,
    text: String,
}

#[derive(Clone, Debug, Serialize)]
struct End {
    at: String,
    outcome: Outcome,
    evidence: Option<String>,
    reasons: Vec<&'static str>,
    explanation: String,
    removable_from: Option<String>,
    changes_sent: u32,
}

impl Story {
    /// What these records say, of which `withheld` more are not shown.
    pub(super) fn of(known: &[Known], withheld: usize) -> Self {
        let mut story = Self { withheld, ..Self::default() };
        let mut told: Vec<CustomerStory> = Vec::new();
        let mut opened_as = None;
        for (place, Known { seq, record, .. }) in known.iter().enumerate() {
            if let Event::RowRead(read) = &record.event {
                let procedure = story.run.as_ref().map_or(Procedure::RemoveRelationship, |run| run.procedure);
                told.push(CustomerStory::new(read.row, procedure));
            }
            for row in &mut told {
                row.take(*seq, record);
            }
            let at = record.at.to_string();
            match &record.event {
                Event::RunOpened(opened) => {
                    opened_as = Some(&**opened);
                    story.run = Some(RunStory {
                        procedure: opened.procedure,
                        mode: opened.mode,
                        operator: opened.operator.clone(),
                        host: opened.host.clone(),
                        program: format!("offboard {}", opened.version),
                        api_url: opened.api_url.clone(),
                        list: opened.input.file.clone(),
                        list_sha256: opened.input.sha256.to_string(),
                        rows: opened.input.rows,
                        ticket: opened.ticket.clone(),
                        reason: opened.reason.clone(),
                        plan_of_run: opened.applies.as_ref().map(|plan| plan.run.to_string()),
                        began: at,
                    });
                }
                Event::TokenNamed(token) => {
                    let user = token.user.iter().filter(|user| !story.signed_in_as.contains(user)).cloned();
                    story.signed_in_as.extend(user.collect::<Vec<_>>());
                }
                Event::PartnerIdentified(partner) => {
                    story.partner_tenant_id = Some(partner.tenant_id.to_string());
                    story.partner_name = Some(partner.name.clone());
                }
                Event::PlanSealed(plan) => {
                    let text = format!("plan sealed: {} customers ready, digest {}", plan.ready, plan.digest);
                    story.course.push(Moment { at, text });
                }
                Event::Approved(approved) => {
                    let how = format!(
                        "approved the plan with another key; signed {}",
                        signed_by(approved, opened_as)
                    );
                    let (by, plan_digest) = (approved.approver.clone(), approved.digest.to_string());
                    story.approvals.push(Approval { at, by, how, plan_digest });
                }
                Event::Confirmed(yes) => {
                    let how = match yes.how {
                        How::Typed => "typed the partner's name and the number of removals".to_owned(),
                        How::Yes => "with `--yes`, and the partner account named beforehand".to_owned(),
                    };
                    let plan_digest = yes.digest.to_string();
                    story.approvals.push(Approval { at, by: yes.by.clone(), how, plan_digest });
                }
                Event::Stopped(stopped) => {
                    story.course.push(Moment { at, text: format!("stopped: {}", stopped.text) });
                }
                Event::Resumed(_) => story.course.push(Moment { at, text: "resumed".to_owned() }),
                Event::UndoDecided(decided) => {
                    let what = if decided.reactivate { "reactivated" } else { "left suspended" };
                    let how = match decided.how {
                        How::Typed => "typed",
                        How::Yes => "said beforehand",
                    };
                    let by = &decided.by;
                    let text = format!("decided by {by} ({how}): what was suspended for it is to be {what}");
                    story.course.push(Moment { at, text });
                }
                Event::Fell(fell) => {
                    let words = fell.outcome.in_words();
                    let text = format!(
                        "to be settled as {words}, once it is decided what becomes of what was suspended for it: {}",
                        fell.explanation
                    );
                    story.course.push(Moment { at, text });
                }
                Event::RunSealed(sealed) => {
                    story.is_sealed = true;
                    let text = format!("run sealed, exit code {}", sealed.exit_code);
                    story.course.push(Moment { at, text });
                }
                Event::RowRead(read) => story.row(read.row).in_list.clone_from(&read.cells),
                Event::Judged(judged) => {
                    let subscriptions = subscriptions(known.get(..place).unwrap_or_default(), &judged.basis);
                    story.judged(at, judged, subscriptions);
                }
                Event::Observed(observed) => story.observed(at, observed),
                Event::Settled(settled) => story.settled(at, settled),
                Event::Resolved(resolved) => story.resolved(at, resolved),
                Event::Corroborated(corroborated) => story.corroborated(at, corroborated),
                Event::Reconciled(_) => {
                    let text = "compared with Partner Center's own record of activity".to_owned();
                    story.course.push(Moment { at, text });
                }
                Event::RequestIntended(intent) => {
                    let ends = known.iter().skip(place).find_map(|later| end(later, *seq));
                    story.requests.push(request(at, intent, ends));
                }
                _ => {}
            }
        }
        let is_corroborated = story.rows.iter().any(|row| !row.corroborated.is_empty());
        if is_corroborated && story.outcome.is_some_and(Outcome::is_gone) {
            story.evidence = Some(Evidence::Corroborated.to_string());
        }
        story.in_short = story.sentence(&told);
        story
    }

    fn row(&mut self, number: u32) -> &mut RowStory {
        let place = self.rows.iter().position(|row| row.row == number).unwrap_or(self.rows.len());
        if place == self.rows.len() {
            self.rows.push(RowStory { row: number, ..RowStory::default() });
        }
        // What was just pushed is there.
        #[expect(clippy::indexing_slicing, reason = "the place was found or made above")]
        &mut self.rows[place]
    }

    fn judged(&mut self, at: String, judged: &Judged, subscriptions: Vec<String>) {
        let reasons = |findings: &[Finding]| {
            let reason =
                |finding: &Finding| Reason { reason: finding.reason.as_str(), text: finding.explanation() };
            findings.iter().map(reason).collect::<Vec<_>>()
        };
        self.customer_name = judged.name.clone().or(self.customer_name.take());
        self.customer_domain = judged.domain.clone().or(self.customer_domain.take());
        self.row(judged.row).decisions.push(Decision {
            at,
            verdict: judged.verdict,
            name: judged.name.clone(),
            domain: judged.domain.clone(),
            relationship: judged.relationship.clone(),
            subscriptions,
            findings: reasons(&judged.findings),
            left_to_service: reasons(&judged.allowed),
            note: judged.note.clone(),
        });
    }

    fn observed(&mut self, at: String, observed: &Observed) {
        // What it was that was looked at, and whether it is done, its own words say.
        let seen = match (observed.seen, &observed.about) {
            (Seen::Gone, None) => "the relationship is gone".to_owned(),
            (Seen::StillThere, None) => "the relationship is still there".to_owned(),
            (Seen::Gone, Some(id)) => format!("what was asked for {id} is done"),
            (Seen::StillThere, Some(id)) => format!("what was asked for {id} is not done yet"),
            (Seen::NotTold, _) => "nothing could be told".to_owned(),
        };
        self.row(observed.row).looks.push(Moment { at, text: format!("{seen}: {}", observed.detail) });
    }

    fn settled(&mut self, at: String, settled: &Settled) {
        let evidence = settled.evidence.map(|evidence| evidence.to_string());
        // A second row of the same customer ends as a duplicate; the first one tells what became of it.
        if self.outcome.is_none() || settled.attempts > 0 {
            self.outcome = Some(settled.outcome);
            self.evidence.clone_from(&evidence);
        }
        self.row(settled.row).end = Some(End {
            at,
            outcome: settled.outcome,
            evidence,
            reasons: settled.reasons.iter().map(|reason| reason.as_str()).collect(),
            explanation: settled.explanation.clone(),
            removable_from: settled.removable_from.map(|day| day.to_string()),
            changes_sent: settled.attempts,
        });
    }

    fn corroborated(&mut self, at: String, corroborated: &Corroborated) {
        let Activity { operation, at: when, user, correlation_id, .. } = &corroborated.activity;
        let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "not said".to_owned());
        let whose = if corroborated.is_our_request { "our own request" } else { "customer and time agree" };
        let text = format!(
            "Partner Center's own record: {operation} at {}, by {}, correlation ID {}: {whose}",
            word(when),
            word(user),
            word(correlation_id)
        );
        self.row(corroborated.row).corroborated.push(Moment { at, text });
    }

    fn resolved(&mut self, at: String, resolved: &Resolved) {
        self.outcome = Some(resolved.outcome);
        self.evidence = None;
        let Resolved { outcome, by, host, because, .. } = resolved;
        let text = format!("{by} on {host} says that it is {}: {because}", outcome.in_words());
        self.row(resolved.row).resolved.push(Moment { at, text });
    }
}
