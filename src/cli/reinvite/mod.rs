//! `offboard reinvite`: the way back. What a customer is sent so that it can accept the partner again.
//!
//! A relationship that was ended begins again only if the customer accepts: so this reads the link for that, which is on
//! record like everything that is asked, and writes letters. It changes nothing, and the next plan sees who accepted.

mod former;

use super::{
    access::Access,
    args::{Common, ReinviteOptions},
    diagnostics,
    exit::{Exit, Failure},
    new_folder::NewFolder,
    printer::Printer,
    session,
    settings::{Paths, ServiceSettings, Typed, tenant},
    tables::{Table, table},
};
use crate::{
    audit::{Reader, RunLine},
    domain::{Mode, RunId, TenantId, counted, is_taken_out},
    engine::StandaloneSession,
    partner_center::{doubt_about_link, transport::Transport},
    report::{FormerCustomer, Reinvitation, visible, write_reinvitations},
};
use former::{RemovedByRun, ends_relationships, known};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// How many customers are shown; all of them are in the table that is written.
const MOST_SHOWN: usize = 20;

pub(super) fn run(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    options: &ReinviteOptions,
) -> Result<Exit, Failure> {
    let paths = Paths::resolve(typed, common)?;
    let settings = ServiceSettings::resolve(typed, &options.service)?;
    let whom = Whom::resolve(&paths, options)?;
    let folder = options.out.clone().unwrap_or_else(|| whom.folder(&paths.reports));
    let letters = NewFolder::begin(&folder)?;
    let access = Access::find(printer, &settings)?;
    diagnostics::start(&paths.log_dir, printer.verbose)?;
    let (reinvitation, customers) = session::block_on(async {
        let store = session::open_store(&paths)?;
        let wanted = whom.customers(printer, &paths)?;
        let begin = |ports| StandaloneSession::begin(store, options.rate, ports);
        let read = async |visit: &_| read(visit, &settings, &whom).await;
        let reinvitation =
            session::visit(printer, access.ports()?, begin, session::NOTHING_WRITTEN, read).await?;
        let reader = Reader::open(&paths.audit_log)?;
        let customers = known(&reader, reinvitation.partner, &wanted, whom.run())?;
        Ok((reinvitation, customers))
    })?;
    let invitations = write_reinvitations(letters.draft(), &reinvitation, &customers)?;
    letters.sync()?;
    letters.put()?;
    show(printer, (&folder, invitations), &reinvitation, &customers)?;
    Ok(Exit::Done)
}

/// Who is written to.
#[derive(Debug)]
enum Whom {
    Named(Vec<TenantId>),
    RemovedBy(Box<RunLine>),
}

impl Whom {
    fn resolve(paths: &Paths, options: &ReinviteOptions) -> Result<Self, Failure> {
        if let Some(name) = &options.run {
            return find(paths, name).map(|line| Self::RemovedBy(Box::new(line)));
        }
        let mut named = Vec::new();
        for id in &options.customer {
            let id = tenant("customer", id)?;
            if !named.contains(&id) {
                named.push(id);
            }
        }
        Ok(Self::Named(named))
    }

    fn run(&self) -> Option<&RunId> {
        match self {
            Self::Named(_) => None,
            Self::RemovedBy(line) => Some(&line.run_id),
        }
    }

    /// Where the letters go unless somebody says otherwise.
    fn folder(&self, reports: &Path) -> PathBuf {
        let of_run = self.run().map_or_else(|| reports.to_owned(), |run| reports.join(run.as_str()));
        of_run.join("reinvite")
    }

    /// Those customers. The log must be open for writing, so that nobody adds to it.
    fn customers(&self, printer: &Printer, paths: &Paths) -> Result<Vec<TenantId>, Failure> {
        let line = match self {
            Self::Named(named) => return Ok(named.clone()),
            Self::RemovedBy(line) => line,
        };
        let run = &line.run_id;
        let removed = RemovedByRun::read(&Reader::open(&paths.audit_log)?, run)?;
        if removed.unknown > 0 {
            printer.warn(&format!(
                "of {} of run {run} nobody knows whether the relationship ended, and no letter is written; look, and \
                 then `offboard resolve`",
                counted(removed.unknown, "customer")
            ));
        }
        if removed.customers.is_empty() {
            let text = format!("run {run} removed nobody, so there is nobody to invite back");
            return Err(Failure::usage(text));
        }
        if !line.is_sealed() {
            printer
                .warn(&format!("run {run} is not over; the letters are to those whom it has removed so far"));
        }
        Ok(removed.customers)
    }
}

/// The run that is meant. One that ended no relationship, or not really, has nobody to invite back.
fn find(paths: &Paths, name: &str) -> Result<RunLine, Failure> {
    let reader = Reader::open(&paths.audit_log)?;
    let mut line = reader.find(name)?;
    if name == "latest" {
        line = reader.runs()?.into_iter().rfind(ends_relationships).unwrap_or(line);
    }
    if ends_relationships(&line) {
        return Ok(line);
    }
    let why = match line.mode.as_deref() {
        Some(mode) if mode == Mode::Plan.as_str() => "only planned, and removed nobody",
        _ if !line.is_real() => "was made against the built-in simulator, and removed nobody",
        _ => "ended no relationship that could begin again",
    };
    let text = format!("run {} {why}; `offboard runs` lists the others", line.run_id);
    Err(Failure::usage(text))
}

/// The link, of the account that is meant.
async fn read<T: Transport>(
    visit: &StandaloneSession<T>,
    settings: &ServiceSettings,
    whom: &Whom,
) -> Result<Reinvitation, Failure> {
    visit.sign_in().await?;
    let found = visit.identify().await?.partner;
    let refused = |why: String| {
        let text = format!(
            "the token belongs to the partner account {} (`{}`), {why}; nothing was written",
            found.tenant_id,
            visible(&found.name)
        );
        Err(Failure::new(Exit::Guard, text))
    };
    if settings.partner.is_some_and(|wanted| wanted != found.tenant_id) {
        return refused("not to the one that `--partner-tenant` names".to_owned());
    }
    if let Whom::RemovedBy(line) = whom
        && line.partner_tenant_id.as_deref() != Some(&*found.tenant_id.to_string())
        && !is_taken_out("reinvite-by-any-account")
    {
        let made_with = line.partner_tenant_id.as_deref().unwrap_or("an account that is not known");
        return refused(format!("but run {} was made with {made_with}; sign in to that", line.run_id));
    }
    let link = visit.relationship_request().await?;
    let doubt = doubt_about_link(&link, settings.cloud, found.tenant_id);
    Ok(Reinvitation { partner_name: found.name, partner: found.tenant_id, link, doubt })
}

fn show(
    printer: &Printer,
    (folder, invitations): (&Path, &str),
    reinvitation: &Reinvitation,
    customers: &[FormerCustomer],
) -> Result<(), Failure> {
    let Reinvitation { partner_name, partner, link, doubt } = reinvitation;
    if let Some(doubt) = doubt {
        printer.warn(&format!(
            "the link {}; find out whether it is the right one before anything is sent",
            visible(doubt)
        ));
    }
    if printer.json {
        let value = json!({
            "partner": { "tenant_id": partner, "name": partner_name },
            "link": link,
            "link_needs_a_look": doubt,
            "folder": folder,
            "invitations": folder.join(invitations),
            "customers": customers.iter().map(|customer| described(folder, customer)).collect::<Vec<_>>(),
        });
        return printer.data(&value.to_string());
    }
    let mut shown = Table::new(&["customer", "tenant ID", "removed"]);
    for customer in customers.iter().take(MOST_SHOWN) {
        shown.row([
            customer.name.clone().unwrap_or_else(|| "(name not known)".to_owned()),
            customer.tenant.to_string(),
            removed(customer),
        ]);
    }
    let more = customers.len().saturating_sub(MOST_SHOWN);
    let more = if more == 0 { String::new() } else { format!("\n  and {}", counted(more, "other")) };
    printer.show(&format!(
        "{}{more}\n\n  link     {}\n  letters  {}, in {}\n  table    {}, for a mail merge",
        table(&shown),
        visible(link),
        customers.len(),
        folder.display(),
        folder.join(invitations).display(),
    ))?;
    printer.say("Whoever accepts is a customer again; the next `offboard plan` judges it like any other.");
    Ok(())
}

/// When the relationship ended, as far as that is on record.
fn removed(customer: &FormerCustomer) -> String {
    match &customer.removal {
        Some(removal) => removal.at.map_or_else(|| "day not known".to_owned(), |at| at.day().to_string()),
        None => "not on record".to_owned(),
    }
}

fn described(folder: &Path, customer: &FormerCustomer) -> Value {
    let removal = customer.removal.as_ref();
    json!({
        "customer_tenant_id": customer.tenant,
        "customer_name": customer.name,
        "domain": customer.domain,
        "removed_at": removal.and_then(|removal| removal.at),
        "removed_by_run": removal.map(|removal| &removal.run),
        "ticket": removal.and_then(|removal| removal.ticket.as_ref()),
        "letter": folder.join(customer.letter()),
    })
}
