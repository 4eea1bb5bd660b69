//! `offboard customers`: all the partner's customers as a list, which is what people begin with.
//!
//! It is no part of a run: its requests are on record like those of `doctor`, and it changes nothing. What Partner Center's
//! list of customers does not say (who has how many seats, and who is of which reseller) is what earlier plans and runs
//! read, if they did: it is never asked for each customer.

use super::{
    access::Access,
    account,
    args::{Common, CustomersOptions},
    diagnostics,
    exit::{Exit, Failure},
    new_list::{ListTarget, NewList},
    next_steps,
    printer::Printer,
    session,
    settings::{Paths, ServiceSettings, Typed},
};
use crate::{
    audit::{QueryError, Reader},
    domain::{TenantId, Time, counted, grouped},
    engine::StandaloneSession,
    partner_center::transport::Transport,
    platform::quoted,
    preconditions::CustomerFacts,
    record::{IndirectReseller, Judged, Partner},
    report::{ListCell, visible},
};
use serde_json::json;
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

/// The columns. The first three are headed as in the portal's own export, by which a list of customers is recognised.
const COLUMNS: [&str; 8] = [
    "Microsoft ID",
    "Company name",
    "Primary domain name",
    "relationship",
    "reseller_mpn_id",
    "reseller_name",
    "seats",
    "seats_read_at",
];
/// The relationship that most customers have, and the only one that a run ends.
const RESELLER: &str = "reseller";

pub(super) fn run(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    options: &CustomersOptions,
) -> Result<Exit, Failure> {
    let paths = Paths::resolve(typed, common)?;
    let settings = ServiceSettings::resolve(typed, &options.service)?;
    if printer.json && options.out.is_none() {
        let text = "`--output json` tells about the list, which then needs a file: name one with `--out`";
        return Err(Failure::usage(text));
    }
    let target = match &options.out {
        Some(out) => ListTarget::file("out", out)?,
        None => ListTarget::StandardOutput,
    };
    let list = NewList::begin(target, &COLUMNS)?;
    let access = Access::find(printer, &settings)?;
    diagnostics::start(&paths.log_dir, printer.verbose)?;
    let written = session::block_on(async {
        let store = session::open_store(&paths)?;
        let begin = |ports| StandaloneSession::begin(store, options.rate, ports);
        let whose = (settings.partner, &*paths.audit_log);
        session::visit(printer, access.ports()?, begin, session::NOTHING_WRITTEN, async |visit| {
            write(visit, whose, list).await
        })
        .await
    })?;
    written.list.put()?;
    show(printer, &written.told, options.out.as_deref())?;
    Ok(Exit::Done)
}

/// The list, and what is said of it.
struct CustomerList {
    list: NewList,
    told: ToldOfCustomers,
}

/// Whose customers they are, and how many.
#[derive(Debug)]
struct ToldOfCustomers {
    partner: Partner,
    relationships: BTreeMap<String, u32>,
    /// Of how many it is known how many seats they have.
    with_seats: u32,
}

/// Each customer goes into the list as its page comes.
async fn write<T: Transport>(
    visit: &StandaloneSession<T>,
    (wanted, log): (Option<TenantId>, &Path),
    mut list: NewList,
) -> Result<CustomerList, Failure> {
    let partner = account::signed_in(visit, wanted).await?;
    let known = KnownFromRuns::read(&Reader::open(log)?, partner.tenant_id)?;
    let mut told = ToldOfCustomers { partner, relationships: BTreeMap::new(), with_seats: 0 };
    let mut written = Ok(());
    let each = |id: TenantId, facts: CustomerFacts, _| {
        if written.is_ok() {
            written = told.write(&mut list, id, facts, &known);
        }
    };
    visit.customers(each).await?;
    written.map(|()| CustomerList { list, told })
}

impl ToldOfCustomers {
    fn write(
        &mut self,
        list: &mut NewList,
        id: TenantId,
        facts: CustomerFacts,
        known: &KnownFromRuns,
    ) -> Result<(), Failure> {
        let CustomerInLog { seats, reseller, .. } = known.customers.get(&id).cloned().unwrap_or_default();
        let mpn_id = facts.reseller.or_else(|| reseller.map(|reseller| reseller.mpn_id));
        let name = mpn_id.as_ref().and_then(|mpn_id| known.resellers.get(mpn_id));
        let (id, read_at) = (id.to_string(), seats.map(|(_, at)| at.to_string()));
        list.add(&[
            ListCell::Text(&id),
            ListCell::text(facts.name.as_deref()),
            ListCell::text(facts.domain.as_deref()),
            ListCell::Text(&facts.relationship),
            ListCell::text(mpn_id.as_deref()),
            ListCell::text(name.map(String::as_str)),
            seats.map_or(ListCell::Text(""), |(seats, _)| ListCell::Number(seats)),
            ListCell::text(read_at.as_deref()),
        ])?;
        self.with_seats += u32::from(seats.is_some());
        *self.relationships.entry(facts.relationship).or_default() += 1;
        Ok(())
    }

    fn total(&self) -> u32 {
        self.relationships.values().sum()
    }

    /// How many there are, and of which relationship, if not all have the usual one.
    fn in_words(&self) -> String {
        let Partner { name, tenant_id, .. } = &self.partner;
        let total = counted(self.total(), "customer");
        let whose = format!("{total} of {} ({tenant_id})", visible(name));
        if self.relationships.keys().all(|word| word == RESELLER) {
            return whose;
        }
        let each = self.relationships.iter().map(|(word, count)| {
            let word = if word.is_empty() { "not said".into() } else { visible(word) };
            format!("{} {word}", grouped(u64::from(*count)))
        });
        format!("{whose}: {}", each.collect::<Vec<_>>().join(", "))
    }
}

/// What runs and plans for this partner read of its customers last.
#[derive(Debug, Default)]
struct KnownFromRuns {
    customers: HashMap<TenantId, CustomerInLog>,
    /// The names of resellers, by their MPN IDs.
    resellers: HashMap<String, String>,
}

/// What is known of one.
#[derive(Clone, Debug, Default)]
struct CustomerInLog {
    /// How many seats it has, and when that was read.
    seats: Option<(u64, Time)>,
    /// Its reseller, if it has one,
    reseller: Option<IndirectReseller>,
    /// and when that was read.
    reseller_read_at: Option<Time>,
}

impl KnownFromRuns {
    fn read(reader: &Reader, partner: TenantId) -> Result<Self, QueryError> {
        let mut known = Self::default();
        let partner = partner.to_string();
        for line in reader.runs()? {
            if line.partner_tenant_id.as_deref() == Some(&*partner) && line.has_seen_the_service() {
                reader.judgements(&line.run_id, |customer, judged| known.take(customer, judged))?;
            }
        }
        Ok(known)
    }

    /// Runs may overlap in time, so the time of the facts decides which are the latest.
    fn take(&mut self, customer: TenantId, judged: Judged) {
        let Judged { seats, reseller, relationship, facts_at, .. } = judged;
        if let Some(IndirectReseller { mpn_id, name: Some(name) }) = &reseller {
            self.resellers.insert(mpn_id.clone(), name.clone());
        }
        let known = self.customers.entry(customer).or_default();
        if let Some(seats) = seats
            && known.seats.is_none_or(|(_, at)| at <= facts_at)
        {
            known.seats = Some((seats, facts_at));
        }
        // Whoever was not read may have one that nobody saw.
        if relationship.is_some() && known.reseller_read_at.is_none_or(|at| at <= facts_at) {
            (known.reseller, known.reseller_read_at) = (reseller, Some(facts_at));
        }
    }
}

fn show(printer: &Printer, told: &ToldOfCustomers, out: Option<&Path>) -> Result<(), Failure> {
    let total = told.total();
    let file = out.map(|out| out.display().to_string());
    if printer.json {
        let Partner { name, tenant_id, .. } = &told.partner;
        let line = json!({"type": "customers", "out": file, "partner": {"tenant_id": tenant_id, "name": name},
            "customers": total, "relationships": told.relationships, "with_seats": told.with_seats});
        printer.data(&line.to_string())?;
    }
    let place = file.as_ref().map(|file| format!("{}: ", visible(file))).unwrap_or_default();
    printer.say(&format!("{place}{}", told.in_words()));
    if total == 0 {
        return Ok(());
    }
    printer.say(&format!(
        "The seats of {} of them are known: a plan or a run in this audit log has read them.",
        grouped(u64::from(told.with_seats))
    ));
    printer.say(
        "These are all customers. Should most of them be able to go, the guard on shares (`--max-share`) refuses the \
         list as a whole: leave in it only those who are meant.",
    );
    if let Some(file) = file {
        next_steps::tell(printer, &[format!("offboard check {}", quoted(&file))], true);
    }
    Ok(())
}
