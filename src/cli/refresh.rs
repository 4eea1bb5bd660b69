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
    domain::{Seq, TenantId, counted, is_taken_out},
    engine::{GoingOn, ListEnd, StandaloneSession},
    partner_center::transport::Transport,
    platform,
    record::{CustomerRefreshed, Event, Partner, ProgrammeRefreshed},
    report::{CustomerToLookAt, Programme, ProgrammeList, visible},
};
use std::collections::HashMap;

/// The options that only a refresh heeds.
const OPTIONS: [&str; 11] = [
    "rate",
    "cloud",
    "api_url",
    "partner_tenant",
    "app_only",
    "graph_url",
    "login_url",
    "profile",
    "token_command",
    "ca_file",
    "proxy",
];

/// Refuses what would be given in vain.
pub(super) fn require_no_options(typed: &Typed) -> Result<(), Failure> {
    match OPTIONS.iter().find(|name| typed.is_given(name)) {
        Some(name) => {
            let name = name.replace('_', "-");
            Err(Failure::usage(format!(
                "`--{name}` says how Partner Center is asked, and `status` asks it nothing without `--refresh`"
            )))
        }
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
                return Err(nobody(&partner));
            }
            announce(printer, &partner, &all, options.rate);
            let told = look_again(visit, &partner, &all).await?;
            Ok((partner, told))
        };
        session::visit(printer, access.ports()?, begin, look).await
    })?;
    printer.say(&in_words(&partner, &told));
    Ok(())
}

fn nobody(partner: &Partner) -> Failure {
    let text = format!(
        "the account is {} ({}), and no run of these logs was made for it; sign in to the partner whose customers are to be \
         looked at again",
        visible(&partner.name),
        partner.tenant_id
    );
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
    let record = |customer: TenantId| {
        let (relationship, basis) = match found.get(&customer).cloned().flatten() {
            Some((relationship, basis)) => (Some(relationship), basis),
            None => (None, end.last_page),
        };
        let (go_on, not_read) = (None, None);
        CustomerRefreshed {
            partner: partner.tenant_id,
            customer,
            relationship,
            go_on,
            not_read,
            basis: vec![basis],
        }
    };
    let mut told = begun(partner, all.len(), end);
    let is_asked = |one: &&CustomerToLookAt| one.is_scheduled && record(one.customer).relationship.is_some();
    let (asked, others): (Vec<&CustomerToLookAt>, Vec<_>) = all.iter().partition(is_asked);
    let others: Vec<_> = others.into_iter().map(|one| record(one.customer)).collect();
    told.absent = others.iter().map(|one| u32::from(one.relationship.is_none())).sum();
    visit.record(None, others.into_iter().map(Event::CustomerRefreshed).collect()).await?;
    for one in asked {
        let mut record = record(one.customer);
        let GoingOn { ids, basis } = visit.going_on(one.customer).await?;
        record.basis.extend(basis);
        told.asked += 1;
        match ids {
            Ok(ids) => record.go_on = Some(ids),
            Err(why) => {
                told.not_read += 1;
                record.not_read = Some(why);
            }
        }
        visit.record(None, vec![Event::CustomerRefreshed(record)]).await?;
    }
    visit.record(None, vec![Event::ProgrammeRefreshed(told.clone())]).await?;
    Ok(told)
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
        asked: 0,
        not_read: 0,
    }
}

fn in_words(partner: &Partner, told: &ProgrammeRefreshed) -> String {
    let there = told.looked_for.saturating_sub(told.absent);
    let mut text = format!(
        "{} of the {} are among the {} that {} has now.",
        there,
        counted(u64::from(told.looked_for), "customer"),
        told.listed,
        visible(&partner.name)
    );
    if told.not_read > 0 {
        text.push_str(&format!(
            " The subscriptions of {} could not be read, so nobody knows whether they still end as scheduled: look again \
             later, or with `offboard log`.",
            counted(u64::from(told.not_read), "customer")
        ));
    }
    text
}
