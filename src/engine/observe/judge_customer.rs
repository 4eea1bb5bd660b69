//! What must still be read of a customer before it can be judged, and the judgement.

use super::{
    reading::{self, FailedRead, Read, collect, collect_list},
    resellers::ResellersKnown,
};
use crate::{
    domain::{
        AdminLeft, Cause, Finding, Lookup, Outcome, Preparation, Procedure, Purpose, Reason, Seq, TenantId,
        Time, outcome_of,
    },
    engine::{decide::guards, halt::Halt, send::client::RecordedClient},
    partner_center::{
        graph::{self, AdminPage, AdminRelationship, AdminState},
        model::{Customer, Entitlement, Order, Subscription, Transfer},
        request,
        transport::Transport,
    },
    preconditions::{
        CustomerFacts, Facts, Judgement, ListedIdentity, OrderState, TransferFacts, act_by, transferred,
    },
    procedure::{Given, KnownSoFar, Need, ProcedureUnit, ToTakeBack, admin_cause, effects::is_another, unit},
    record::{Exchange, IndirectReseller, Judged, Partner, Policy, StopCause},
};
use std::sync::atomic::{AtomicBool, Ordering};

/// What the judgement depends on beside the facts.
#[derive(Clone, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) procedure: Procedure,
    pub(crate) policy: &'a Policy,
    pub(crate) partner: &'a Partner,
    /// What shows that there was a relationship, if the service knows none now.
    pub(crate) was_there: Option<&'static str>,
    /// What could be taken back of the run that is taken back, if one is.
    pub(crate) taken_back: Option<&'a [ToTakeBack]>,
    pub(crate) resellers: &'a ResellersKnown,
    /// Whether transfers of some customer were read in this run. If they were, those of another who cannot be read are not
    /// for want of a right, or of a list that is there.
    pub(crate) transfers_were_read: &'a AtomicBool,
}

/// A customer of the list, and what is known of it so far.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) row: u32,
    pub(crate) customer: TenantId,
    pub(crate) listed: ListedIdentity,
    /// What the listing of all customers said, and the intent of the page that said it.
    pub(crate) known: Option<(CustomerFacts, Seq)>,
}

/// What was read so far.
struct Gathered {
    facts_at: Time,
    basis: Vec<Seq>,
    facts: Option<Facts>,
    procedure: &'static dyn ProcedureUnit,
    has_subscriptions: bool,
    has_entitlements: bool,
    has_transfers: bool,
    /// Why transfers could not be read, if they could not in the whole run.
    transfers_not_read: Option<String>,
}

impl Gathered {
    fn new(facts_at: Time, procedure: Procedure) -> Self {
        Self {
            facts_at,
            basis: Vec::new(),
            facts: None,
            procedure: unit(procedure),
            has_subscriptions: false,
            has_entitlements: false,
            has_transfers: false,
            transfers_not_read: None,
        }
    }

    /// Pure: what the rules still need. Nothing more is read of a customer that the procedure is
    /// not for.
    fn need(&self, subject: &Subject, context: &Context<'_>) -> Need {
        let Some(facts) = &self.facts else { return Need::Customer };
        let is_theirs =
            facts.customer.is_reseller() || !self.procedure.procedure().facts().needs_relationship;
        if !is_theirs || of_another_reseller(facts, context).is_some() {
            return Need::Nothing;
        }
        let Self { has_subscriptions, has_entitlements, has_transfers, .. } = *self;
        let given = given(facts, subject, context);
        self.procedure.needs(KnownSoFar { given, has_subscriptions, has_entitlements, has_transfers })
    }
}

fn given<'a>(facts: &'a Facts, subject: &'a Subject, context: &Context<'a>) -> Given<'a> {
    Given { facts, listed: &subject.listed, policy: context.policy, taken_back: context.taken_back }
}

fn reseller(facts: &Facts, context: &Context<'_>) -> Option<IndirectReseller> {
    facts.customer.reseller.as_deref().map(|mpn_id| context.resellers.with_name(mpn_id))
}

fn of_another_reseller(facts: &Facts, context: &Context<'_>) -> Option<Finding> {
    guards::of_another_reseller(reseller(facts, context).as_ref(), context.policy)
}

/// Reads what must be known of a customer, and judges it.
pub(crate) async fn judge_customer<T: Transport>(
    client: &RecordedClient<T>,
    subject: Subject,
    context: Context<'_>,
) -> Result<Judged, Halt> {
    let mut gathered = Gathered::new(client.now(), context.procedure);
    // A customer that must not be touched is not even read.
    if let Some(finding) = guards::untouchable(subject.customer, context.policy, context.partner) {
        let name = subject.known.as_ref().and_then(|(facts, _)| facts.name.clone());
        return Ok(Judged { name, ..skipped(&subject, &gathered, vec![finding]) });
    }
    let now = gathered.facts_at;
    if let Some((customer, basis)) = subject.known.clone() {
        gathered.facts = Some(Facts::new(now, customer));
        gathered.basis.push(basis);
    } else if !context.procedure.facts().needs_relationship {
        gathered.facts = Some(Facts::new(now, CustomerFacts::default()));
    }
    let about = Some((subject.row, subject.customer));
    loop {
        let id = subject.customer;
        let failed = match gathered.need(&subject, &context) {
            Need::Nothing => break,
            Need::Customer => match customer(client, about, id).await? {
                Read::Done(facts, basis) => {
                    gathered.facts = Some(Facts::new(now, facts));
                    gathered.basis.extend(basis);
                    None
                }
                Read::NoRelationship(failure) => {
                    return Ok(absent(&subject, &gathered, failure, &context));
                }
                Read::Failed(reason, failure) => Some((reason, failure)),
            },
            Need::Subscriptions => {
                let call = request::subscriptions(id);
                let read =
                    collect::<_, Subscription>(client, Purpose::Read(Lookup::Subscriptions), about, call)
                        .await?;
                gathered.has_subscriptions = true;
                take(read, &mut gathered, |facts, items| facts.subscriptions = items)
            }
            Need::Entitlements => {
                let call = request::entitlements(id);
                let read =
                    collect::<_, Entitlement>(client, Purpose::Read(Lookup::Entitlements), about, call)
                        .await?;
                gathered.has_entitlements = true;
                take(read, &mut gathered, |facts, items| facts.entitlements = items)
            }
            Need::DelegatedAdmin => {
                let read = admin_relationships(client, about, id, context.partner.tenant_id).await?;
                take(read, &mut gathered, with_delegated_admin)
            }
            Need::Order(order) => {
                let read = order_state(client, about, id, &order).await?;
                take(read, &mut gathered, |facts, state| drop(facts.orders.insert(order, state)))
            }
            Need::Transfers => transfers(client, about, id, &mut gathered, &context).await?,
        };
        if let Some((reason, failure)) = failed {
            return Ok(could_not_be_read(&subject, &gathered, reason, failure));
        }
    }
    let judged = judged(&subject, &gathered, &context);
    if judged.verdict != Outcome::Ready || !context.procedure.leaves_delegated_admin() {
        return Ok(judged);
    }
    let admin_left = admin_left(client, about, subject.customer, context.partner.tenant_id).await?;
    Ok(Judged { admin_left, ..judged })
}

/// What stays of delegated administration, if a token is at hand to look. That it cannot be read is no reason to fail.
async fn admin_left<T: Transport>(
    client: &RecordedClient<T>,
    about: Option<(u32, TenantId)>,
    id: TenantId,
    partner: TenantId,
) -> Result<Option<AdminLeft>, Halt> {
    if !client.has_graph_token() {
        return Ok(None);
    }
    let left = match admin_relationships(client, about, id, partner).await {
        Ok(Read::Done(all, _)) => {
            let left = all.iter().filter(|one| !matches!(one.state(), AdminState::Over | AdminState::Ending));
            AdminLeft::Relationships(left.map(admin_cause).collect())
        }
        Ok(Read::NoRelationship(failure) | Read::Failed(_, failure)) => {
            // What it says of one customer may be different of the next; that it says nothing will not.
            let is_of_this_customer = matches!(failure.exchange.status, Some(200 | 400 | 404));
            if !is_of_this_customer {
                client.do_without_graph();
            }
            AdminLeft::NotRead(failure.exchange.described())
        }
        Err(Halt::Stop { cause: StopCause::SignIn | StopCause::Service, text }) => {
            client.do_without_graph();
            AdminLeft::NotRead(text)
        }
        Err(halt) => return Err(halt),
    };
    Ok(Some(left))
}

/// A customer, as the answer about it says.
pub(crate) async fn customer<T: Transport>(
    client: &RecordedClient<T>,
    about: Option<(u32, TenantId)>,
    id: TenantId,
) -> Result<Read<CustomerFacts>, Halt> {
    let purpose = Purpose::Read(Lookup::Customer);
    Ok(match reading::read::<_, Customer>(client, purpose, about, request::customer(id)).await? {
        Read::Done(customer, basis) if is_another(&customer, id) => {
            let text = Some("the answer is about another customer".to_owned());
            let exchange = Exchange { status: Some(200), text, ..Exchange::default() };
            let intent = basis.first().copied().unwrap_or_default();
            Read::Failed(Reason::UnexpectedAnswer, FailedRead { intent, exchange })
        }
        Read::Done(customer, basis) => Read::Done(CustomerFacts::of(customer), basis),
        Read::NoRelationship(failure) => Read::NoRelationship(failure),
        Read::Failed(reason, failure) => Read::Failed(reason, failure),
    })
}

/// The relationships of delegated administration that the customer has with this partner.
async fn admin_relationships<T: Transport>(
    client: &RecordedClient<T>,
    about: Option<(u32, TenantId)>,
    id: TenantId,
    partner: TenantId,
) -> Result<Read<Vec<AdminRelationship>>, Halt> {
    let (purpose, call) = (Purpose::Read(Lookup::DelegatedAdmin), graph::admin_relationships(id));
    let read = reading::collect_as::<_, AdminPage>(client, purpose, about, call).await?;
    let Read::Done(mut all, basis) = read else { return Ok(read) };
    if let Some(why) = graph::doubt_about_list(&all, id) {
        return Ok(reading::not_whole(why.to_owned(), &basis));
    }
    all.retain(|one| !one.is_of_another(partner));
    Ok(Read::Done(all, basis))
}

/// Whose name is not known otherwise has the one that Microsoft Graph gives it.
fn with_delegated_admin(facts: &mut Facts, all: Vec<AdminRelationship>) {
    if facts.customer.name.is_none() {
        let mut names = all.iter().filter_map(|one| one.customer.as_ref()?.display_name.clone());
        facts.customer.name = names.find(|name| !name.trim().is_empty());
    }
    facts.delegated_admin = Some(all);
}

async fn order_state<T: Transport>(
    client: &RecordedClient<T>,
    about: Option<(u32, TenantId)>,
    id: TenantId,
    order: &str,
) -> Result<Read<OrderState>, Halt> {
    let call = request::order(id, order);
    Ok(match reading::read::<_, Order>(client, Purpose::Read(Lookup::Order), about, call).await? {
        Read::Done(found, basis) => Read::Done(OrderState::of(&found), basis),
        // An order is found late, up to a quarter of an hour after it was made.
        Read::Failed(Reason::RefusedByService, failure) if failure.exchange.status == Some(404) => {
            Read::Done(OrderState::NotFound, vec![failure.intent])
        }
        Read::NoRelationship(failure) => Read::NoRelationship(failure),
        Read::Failed(reason, failure) => Read::Failed(reason, failure),
    })
}

/// Its transfers; or why the customer cannot be judged without them.
async fn transfers<T: Transport>(
    client: &RecordedClient<T>,
    about: Option<(u32, TenantId)>,
    id: TenantId,
    gathered: &mut Gathered,
    context: &Context<'_>,
) -> Result<Option<(Reason, FailedRead)>, Halt> {
    let (purpose, call) = (Purpose::Read(Lookup::Transfers), request::transfers(id));
    let read = collect_list::<_, Transfer>(client, purpose, about, call).await?;
    gathered.has_transfers = true;
    let were_read = context.transfers_were_read;
    match read {
        Read::Done(..) => were_read.store(true, Ordering::Relaxed),
        // No right to read them, or no such list: nobody is held back by what nobody can read.
        Read::Failed(_, failure)
            if matches!(failure.exchange.status, Some(401 | 403 | 404))
                && !were_read.load(Ordering::Relaxed) =>
        {
            gathered.basis.push(failure.intent);
            let Exchange { status, code, .. } = failure.exchange;
            let code = code.map(|code| format!(", code {code}")).unwrap_or_default();
            let status = status.unwrap_or_default();
            gathered.transfers_not_read = Some(format!("status {status}{code}"));
            return Ok(None);
        }
        _ => {}
    }
    let partner = context.partner.tenant_id;
    Ok(take(read, gathered, |facts, found| {
        facts.transfers = found.into_iter().map(|one| TransferFacts::of(one, partner)).collect();
    }))
}

fn take<R>(
    read: Read<R>,
    gathered: &mut Gathered,
    put: impl FnOnce(&mut Facts, R),
) -> Option<(Reason, FailedRead)> {
    match read {
        Read::Done(found, basis) => {
            gathered.basis.extend(basis);
            if let Some(facts) = &mut gathered.facts {
                put(facts, found);
            }
            None
        }
        // The customer itself was there a moment ago.
        Read::NoRelationship(failure) => Some((Reason::RefusedByService, failure)),
        Read::Failed(reason, failure) => Some((reason, failure)),
    }
}

fn judged(subject: &Subject, gathered: &Gathered, context: &Context<'_>) -> Judged {
    let Some(facts) = &gathered.facts else { return skipped(subject, gathered, Vec::new()) };
    let base = Judged {
        name: facts.customer.name.clone(),
        domain: facts.customer.domain.clone(),
        relationship: Some(facts.customer.relationship.clone())
            .filter(|word| !word.is_empty() || context.procedure.facts().needs_relationship),
        reseller: reseller(facts, context),
        listed_as: subject.listed.name.clone().filter(|listed| facts.customer.name.as_ref() != Some(listed)),
        // Of a list that nobody has read, nothing is known.
        seats: facts.seats().filter(|_| gathered.has_subscriptions),
        active_until: facts.active_until(),
        transferred: transferred(facts),
        transfers_not_read: gathered.transfers_not_read.clone(),
        ..skipped(subject, gathered, Vec::new())
    };
    let procedure = context.procedure;
    if facts.customer.is_none() && procedure.ends_relationship() {
        let note = "Partner Center shows the relationship as `none`".to_owned();
        return Judged { verdict: Outcome::AlreadyDone(procedure), note: Some(note), ..base };
    }
    if facts.customer.is_none() && procedure.facts().needs_relationship {
        let detail = "the relationship is `none`".to_owned();
        let cause = Cause { what: "relationship".to_owned(), id: None, name: None, detail };
        let findings = vec![Finding::new(Reason::NoRelationship, vec![cause])];
        return Judged { verdict: Outcome::Skipped, findings, ..base };
    }
    if facts.customer.is_reseller()
        && let Some(finding) = of_another_reseller(facts, context)
    {
        return Judged { findings: vec![finding], ..base };
    }
    let (judgement, first) = gathered.procedure.judge(&given(facts, subject, context));
    let judged = decided(procedure, judgement, first, || gathered.procedure.nothing_to_do(facts), base);
    // Whoever is ready has nothing that stays.
    let act_by = if judged.verdict == Outcome::Skipped { act_by(facts) } else { None };
    Judged { act_by, ..judged }
}

/// What follows from what stands in the way, and from what there is to do.
fn decided(
    procedure: Procedure,
    judgement: Judgement,
    first: Vec<Preparation>,
    nothing_to_do: impl Fn() -> String,
    base: Judged,
) -> Judged {
    let Judgement { mut findings, allowed, mut left_out } = judgement;
    let has_nothing = first.is_empty() && procedure.is_each_by_itself();
    if has_nothing || !findings.is_empty() {
        findings.append(&mut left_out);
    }
    let verdict = match outcome_of(&findings) {
        Some(outcome) => outcome,
        None if has_nothing => {
            let note = Some(nothing_to_do());
            return Judged { verdict: Outcome::AlreadyDone(procedure), note, allowed, ..base };
        }
        None => Outcome::Ready,
    };
    // Nothing is done for somebody who may not go.
    let first = if verdict == Outcome::Ready { first } else { Vec::new() };
    Judged { verdict, findings, allowed, first, left_out, ..base }
}

/// The service knows no relationship: gone, if there is evidence that there was one.
fn absent(subject: &Subject, gathered: &Gathered, failure: FailedRead, context: &Context<'_>) -> Judged {
    let ends = context.procedure.ends_relationship();
    let (verdict, findings, note) = if let Some(evidence) = context.was_there.filter(|_| ends) {
        (Outcome::AlreadyDone(context.procedure), Vec::new(), Some(evidence.to_owned()))
    } else {
        let shown = failure.exchange.text.clone().unwrap_or_else(|| "no relationship".to_owned());
        let cause = Cause { what: "answer".to_owned(), id: None, name: None, detail: shown };
        (Outcome::Skipped, vec![Finding::new(Reason::NoRelationship, vec![cause])], None)
    };
    let mut judged = skipped(subject, gathered, findings);
    judged.basis.push(failure.intent);
    Judged { verdict, note, exchange: Some(failure.exchange), ..judged }
}

fn could_not_be_read(subject: &Subject, gathered: &Gathered, reason: Reason, failure: FailedRead) -> Judged {
    let detail = failure.exchange.described();
    let cause = Cause { what: "answer".to_owned(), id: None, name: None, detail };
    let mut judged = skipped(subject, gathered, vec![Finding::new(reason, vec![cause])]);
    judged.basis.push(failure.intent);
    let customer = gathered.facts.as_ref().map(|facts| &facts.customer);
    Judged {
        verdict: reason.outcome(),
        name: customer.and_then(|customer| customer.name.clone()),
        domain: customer.and_then(|customer| customer.domain.clone()),
        exchange: Some(failure.exchange),
        ..judged
    }
}

fn skipped(subject: &Subject, gathered: &Gathered, findings: Vec<Finding>) -> Judged {
    let judged = Judged::skipped(subject.row, gathered.facts_at, findings);
    Judged { basis: gathered.basis.clone(), ..judged }
}
