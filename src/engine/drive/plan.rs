//! The plan: every row is read and judged, and what was decided is sealed.

use super::shared::Shared;
use crate::{
    domain::{Outcome, Preparation, Procedure, Seq, TenantId, is_taken_out},
    engine::{
        decide::{guards, settlement},
        halt::Halt,
        observe::{
            customer_listing::list_customers,
            judge_customer::{Context, Subject, judge_customer},
            resellers::{ResellersKnown, list_resellers},
        },
    },
    partner_center::transport::Transport,
    preconditions::{CustomerFacts, ListedIdentity},
    procedure::{TakenBack, ToTakeBack, unit},
    record::{Event, Partner, PlanSealed, Policy, Row, RowState, Run, StopCause},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use tokio::task::JoinSet;

/// What the log knows of customers from before the run.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// Those whom earlier runs removed.
    pub gone: HashSet<TenantId>,
    /// The customers of the run that is taken back, if one is, with what could be taken back of what it did to each.
    pub taken_back: HashMap<TenantId, Vec<ToTakeBack>>,
}

impl Before {
    /// What shows that this customer was removed, and what could be taken back of what was done to it.
    fn of(&self, customer: TenantId) -> (Option<&'static str>, Option<&[ToTakeBack]>) {
        let was_there =
            self.gone.contains(&customer).then_some("an earlier run in this audit log removed it");
        (was_there, self.taken_back.get(&customer).map(Vec::as_slice))
    }
}

/// How what another run did is taken back by this procedure, if it is one that does so.
pub fn to_take_back(procedure: Procedure, taken: &TakenBack<'_>) -> Option<Preparation> {
    unit(procedure).takes_back(taken)
}

/// Reads and judges every row that is not judged yet, then seals the plan.
pub(crate) async fn plan<T: Transport>(shared: &Shared<T>, before: Before) -> Result<(), Halt> {
    let Some(partner) = shared.with_run(|run| run.partner.clone()) else {
        return Err(Halt::stop(StopCause::Guard, "the partner account is not identified"));
    };
    let (procedure, policy) = shared.with_run(|run| (run.opened.procedure, run.policy.clone()));
    let unread: Vec<(u32, TenantId)> = shared.with_run(|run| {
        let unread = run.rows.iter().filter(|row| matches!(row.state, RowState::Unread { .. }));
        unread.filter_map(|row| Some((row.number, row.customer?))).collect()
    });
    let wanted = unread.iter().map(|(_, customer)| *customer);
    let wanted = wanted.filter(|id| guards::untouchable(*id, &policy, &partner).is_none());
    let ready = shared.with_run(Run::ready);
    let listing = list_customers(&shared.client, wanted, ready, policy.max_share).await?;

    let resellers = if unread.is_empty() || procedure.is_for_sandbox() {
        ResellersKnown::default()
    } else {
        list_resellers(&shared.client).await?
    };
    let context = Arc::new(Planning { procedure, policy, partner, before, resellers });
    let mut waiting = unread.into_iter();
    let mut at_work: JoinSet<Result<bool, Halt>> = JoinSet::new();
    let mut halted = None;
    let limit = context.policy.limit.map_or(usize::MAX, |limit| limit as usize);
    let mut ready = ready as usize;
    loop {
        // Whoever is read may be ready; so nobody is who could be one too many.
        let too_many = usize::from(is_taken_out("a-customer-beyond-the-limit"));
        let room =
            limit.saturating_add(too_many).saturating_sub(ready).min(context.policy.concurrency as usize);
        while halted.is_none() && at_work.len() < room {
            if let Some(text) = shared.with_run(|run| guards::too_many_failures(&run.policy, &run.failures)) {
                halted = Some(Halt::stop(StopCause::Guard, text));
                break;
            }
            let Some((row, customer)) = waiting.next() else { break };
            let listed = shared.with_run(|run| listed(run, row));
            let subject = Subject { row, customer, listed, known: context.known(listing.known(customer)) };
            let (shared, context) = (shared.clone(), Arc::clone(&context));
            at_work.spawn(judge_row(shared, context, subject));
        }
        let Some(done) = at_work.join_next().await else { break };
        match done.map_err(Halt::panicked).and_then(|done| done) {
            Ok(is_ready) => ready += usize::from(is_ready),
            Err(halt) => {
                // The first reason counts; from now on nothing passes the gate.
                shared.client.closed.cancel();
                halt.keep_first(&mut halted);
            }
        }
    }
    shared.client.writer.caught_up().await?;
    if let Some(halt) = halted {
        return Err(halt);
    }
    if let Some(limit) = context.policy.limit {
        settle_rest(shared, limit).await?;
    }
    seal(shared, listing.counted, listing.complete).await
}

/// What the judgement of each row depends on.
struct Planning {
    procedure: Procedure,
    policy: Policy,
    partner: Partner,
    before: Before,
    resellers: ResellersKnown,
}

impl Planning {
    /// What need not be read of a customer, because the listing says it. Through which reseller it is the partner's, the
    /// listing hardly says.
    fn known(&self, listed: Option<(CustomerFacts, Seq)>) -> Option<(CustomerFacts, Seq)> {
        let must_be_told = self.resellers.may_be_some || !self.policy.only_reseller.is_empty();
        listed.filter(|(facts, _)| !must_be_told || facts.reseller.is_some() || !facts.is_reseller())
    }
}

/// Reads and judges a row, and says whether it is ready.
async fn judge_row<T: Transport>(
    shared: Shared<T>,
    planning: Arc<Planning>,
    subject: Subject,
) -> Result<bool, Halt> {
    let Planning { procedure, policy, partner, before, resellers } = &*planning;
    let row = subject.row;
    let (was_there, taken_back) = before.of(subject.customer);
    let transfers_were_read = shared.transfers_were_read();
    let context = Context {
        procedure: *procedure,
        policy,
        partner,
        was_there,
        taken_back,
        resellers,
        transfers_were_read,
    };
    let client = &shared.client;
    let judged = judge_customer(client, subject, context).await?;
    let settled = shared
        .with_run(|run| run.row(row).cloned())
        .and_then(|row| settlement::on_judging(&row, &judged, client.now()));
    let verdict = judged.verdict;
    let mut events = vec![Event::Judged(Box::new(judged))];
    events.extend(settled.map(|settled| Event::Settled(Box::new(settled))));
    // The guard counts failures before anybody else gets a turn.
    if verdict == Outcome::Failed {
        client.record(events).await?;
    } else {
        client.record_in_passing(events).await?;
    }
    Ok(verdict == Outcome::Ready)
}

/// Whoever was not read stands behind as many as were asked for.
async fn settle_rest<T: Transport>(shared: &Shared<T>, limit: u32) -> Result<(), Halt> {
    let now = shared.client.now();
    let rest: Vec<Event> = shared.with_run(|run| {
        let unread = run.rows.iter().filter(|row| matches!(row.state, RowState::Unread { .. }));
        unread.map(|row| Event::Settled(Box::new(settlement::beyond_limit(row, limit, now)))).collect()
    });
    shared.client.record_all(rest).await
}

/// Seals what was decided.
async fn seal<T: Transport>(shared: &Shared<T>, counted: u32, complete: bool) -> Result<(), Halt> {
    let (digest, ready) = shared.with_run(|run| (run.plan_digest(), run.ready()));
    let customers_of_partner = complete.then_some(counted);
    let plan = PlanSealed { digest, ready, counted, customers_of_partner };
    shared.client.record(vec![Event::PlanSealed(plan)]).await?;
    Ok(())
}

/// What the list says of a row that is not judged yet.
fn listed(run: &Run, row: u32) -> ListedIdentity {
    let (name, domain) = run.row(row).map(Row::in_list).unwrap_or_default();
    ListedIdentity { name: name.map(str::to_owned), domain: domain.map(str::to_owned) }
}
