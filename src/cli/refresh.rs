//! `offboard status --refresh`: the customers of a programme, looked at again.
//!
//! It is no part of a run and changes nothing: one list of all the partner's customers says who is there, and the
//! subscriptions of whoever was scheduled to end say whether that still is so. What was seen is recorded customer by
//! customer, so that every later `status` knows it too.

use super::{
    access::Access,
    account,
    args::LookingOptions,
    consent, diagnostics,
    exit::{Exit, Failure},
    printer::Printer,
    session,
    settings::{Paths, ServiceSettings, Typed},
};
use crate::{
    domain::{Seq, TenantId, Time, counted, is_taken_out},
    engine::{GoingOn, ListEnd, SeenById, StandaloneSession},
    partner_center::transport::Transport,
    platform,
    record::{CustomerRefreshed, Event, Partner, ProgrammeRefreshed},
    report::{CustomerToLookAt, Programme, ProgrammeList, visible},
};
use clap::Args as _;
use std::collections::HashMap;

/// What it means to stop: each customer is on record as soon as it was looked at.
const STOPPED: &str = "what was seen so far is on record, and the others were not looked at";

/// Refuses what would be given in vain.
pub(super) fn require_no_options(typed: &Typed) -> Result<(), Failure> {
    let of_a_refresh = LookingOptions::augment_args(clap::Command::new(""));
    let given = of_a_refresh.get_arguments().find(|option| typed.is_given(option.get_id().as_str()));
    match given.and_then(|option| option.get_long()) {
        Some(name) => Err(Failure::usage(format!(
            "`--{name}` says how Partner Center is asked, and `status` asks it nothing without `--refresh`"
        ))),
        None => Ok(()),
    }
}

/// Looks again at the customers of the programme, or of the list, that are this partner's.
pub(super) fn refresh(
    printer: &Printer,
    typed: &Typed,
    paths: &Paths,
    options: &LookingOptions,
    (programme, list): (&Programme, Option<&ProgrammeList>),
) -> Result<(), Failure> {
    let settings = ServiceSettings::resolve(typed, &options.service)?;
    let access = Access::find(printer, &settings)?;
    diagnostics::start(&paths.log_dir, printer.verbose)?;
    let (partner, told) = session::block_on(async {
        let store = session::open_store(paths)?;
        let begin = |ports| StandaloneSession::begin(store, options.rate, ports);
        let look = async |visit: &_| {
            let partner = account::signed_in(visit, settings.partner).await?;
            let all = programme.to_look_at(partner.tenant_id, list);
            if all.is_empty() && !is_taken_out("refresh-for-any-account") {
                return Err(nobody(programme, &partner));
            }
            announce(printer, &partner, &all, options.rate);
            let told = look_again(visit, &partner, &all).await?;
            Ok((partner, told))
        };
        session::visit(printer, access.ports()?, begin, STOPPED, look).await
    })?;
    printer.say(&in_words(&partner, &told));
    Ok(())
}

fn nobody(programme: &Programme, partner: &Partner) -> Failure {
    let is_known = programme.partners().iter().any(|known| known.tenant_id == partner.tenant_id);
    let why = if is_known {
        "and none of the customers that are meant is its; name a list of its customers, or sign in to another partner"
    } else {
        "and no run of these logs was made for it; sign in to the partner whose customers are to be looked at again"
    };
    let text = format!("the account is {} ({}), {why}", visible(&partner.name), partner.tenant_id);
    Failure::new(Exit::Guard, text)
}

/// Says what is about to be read, and how long that takes.
fn announce(printer: &Printer, partner: &Partner, all: &[CustomerToLookAt], rate: u32) {
    let scheduled = all.iter().filter(|one| one.is_scheduled).count();
    let minutes = scheduled / rate as usize;
    let time = if minutes > 0 { format!(", in about {} min", minutes + 1) } else { String::new() };
    let subscriptions = match scheduled {
        0 => String::new(),
        count => format!(", and at the subscriptions of {count} that were scheduled to end{time}"),
    };
    printer.say(&format!(
        "Looking again at {} of {}{subscriptions}.",
        counted(all.len() as u64, "customer"),
        visible(&partner.name)
    ));
}

async fn look_again<T: Transport>(
    visit: &StandaloneSession<T>,
    partner: &Partner,
    all: &[CustomerToLookAt],
) -> Result<ProgrammeRefreshed, Failure> {
    let mut found: HashMap<TenantId, Option<(String, Seq)>> =
        all.iter().map(|one| (one.customer, None)).collect();
    let end = visit.customers(|id, facts, basis| {
        if let Some(place) = found.get_mut(&id) {
            *place = Some((facts.relationship, basis));
        }
    });
    let end = end.await?;
    let mut told = begun(partner, all.len(), end);
    let mut agreed = Vec::new();
    let mut asked = Vec::new();
    for one in all {
        let listed = found.get(&one.customer).cloned().flatten();
        if listed.is_some() == one.is_gone {
            asked.push((one, None));
        } else {
            let record = as_listed(partner, one.customer, listed, end);
            if one.is_scheduled { asked.push((one, Some(record))) } else { agreed.push(record) }
        }
    }
    told.absent = agreed.iter().map(|one| u32::from(one.relationship.is_none())).sum();
    visit.record(None, agreed.into_iter().map(Event::CustomerRefreshed).collect()).await?;
    for (one, record) in asked {
        let record = match record {
            Some(record) => Some(record),
            None => by_id(visit, partner, one.customer, &mut told).await?,
        };
        let Some(mut record) = record else { continue };
        told.absent += u32::from(record.relationship.is_none());
        if one.is_scheduled && record.relationship.is_some() {
            with_terms(visit, &mut record, &mut told).await?;
        }
        visit.record(None, vec![Event::CustomerRefreshed(record)]).await?;
    }
    visit.record(None, vec![Event::ProgrammeRefreshed(told.clone())]).await?;
    Ok(told)
}

/// What the list says of a customer.
fn as_listed(
    partner: &Partner,
    customer: TenantId,
    listed: Option<(String, Seq)>,
    end: ListEnd,
) -> CustomerRefreshed {
    let (relationship, basis) = match listed {
        Some((relationship, basis)) => (Some(relationship), basis),
        None => (None, end.last_page),
    };
    seen(partner, customer, (end.asked_at, relationship), vec![basis])
}

/// What the service says of one customer by its ID, where the list does not say what was known: it may lag behind, or be short.
/// None if it cannot be read.
async fn by_id<T: Transport>(
    visit: &StandaloneSession<T>,
    partner: &Partner,
    customer: TenantId,
    told: &mut ProgrammeRefreshed,
) -> Result<Option<CustomerRefreshed>, Failure> {
    told.asked_by_id += 1;
    let SeenById { asked_at, relationship, basis } = visit.relationship(customer).await?;
    told.not_read += u32::from(relationship.is_err());
    Ok(relationship.ok().map(|relationship| seen(partner, customer, (asked_at, relationship), basis)))
}

fn seen(
    partner: &Partner,
    customer: TenantId,
    (seen_at, relationship): (Time, Option<String>),
    basis: Vec<Seq>,
) -> CustomerRefreshed {
    let (partner, partner_name) = (partner.tenant_id, partner.name.clone());
    CustomerRefreshed {
        partner,
        partner_name,
        customer,
        seen_at,
        relationship,
        go_on: None,
        not_read: None,
        basis,
    }
}

/// Adds which of its subscriptions go on after their terms.
async fn with_terms<T: Transport>(
    visit: &StandaloneSession<T>,
    record: &mut CustomerRefreshed,
    told: &mut ProgrammeRefreshed,
) -> Result<(), Failure> {
    told.asked += 1;
    let GoingOn { ids, basis } = visit.going_on(record.customer).await?;
    record.basis.extend(basis);
    match ids {
        Ok(ids) => record.go_on = Some(ids),
        Err(why) => {
            told.not_read += 1;
            record.not_read = Some(why);
        }
    }
    Ok(())
}

fn begun(partner: &Partner, looked_for: usize, end: ListEnd) -> ProgrammeRefreshed {
    ProgrammeRefreshed {
        by: consent::operator(),
        host: platform::host(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        partner: partner.tenant_id,
        listed: end.named,
        looked_for: u32::try_from(looked_for).unwrap_or(u32::MAX),
        absent: 0,
        asked_by_id: 0,
        asked: 0,
        not_read: 0,
    }
}

fn in_words(partner: &Partner, told: &ProgrammeRefreshed) -> String {
    let left = told.looked_for.saturating_sub(told.absent);
    let mut text = format!(
        "{} has {left} of {} that were looked for, and {} in all.",
        visible(&partner.name),
        counted(told.looked_for, "customer"),
        told.listed
    );
    if told.not_read > 0 {
        text.push_str(&format!(
            " Of {}, not everything could be read: what the audit log knew of it before still counts. Look again later; \
             `offboard log` says what the answers were.",
            counted(told.not_read, "customer")
        ));
    }
    text
}
