//! The list of the next run, which `status --ready` writes: those for whom it is worth another run now.
//!
//! A run is made with one partner's account, and so is a list for one partner: that of the audit log. Whoever else is due is
//! told of, with the command that writes a list of theirs.

use super::{
    exit::Failure,
    new_list::{ListTarget, NewList},
    printer::Printer,
    settings::{Again, option},
};
use crate::{
    domain::{TenantId, counted, is_taken_out},
    input::List,
    platform::quoted,
    report::{CustomerStanding, ListCell, ProgrammePartner, ProgrammeView, visible},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
};

/// The columns if no list is named: those by which a list is read.
const COLUMNS: [&str; 3] = ["customer_tenant_id", "customer_name", "domain"];

/// The list of the next run. Until it is put, it has no name, and nothing of it stays.
pub(super) struct ReadyList<'a> {
    /// Nobody is on an empty one, and it is not written.
    list: Option<NewList>,
    /// Whom it leaves out.
    others: Vec<DueElsewhere<'a>>,
    /// How many customers it has.
    pub(super) count: u32,
}

/// Customers of another partner who are due as well.
struct DueElsewhere<'a> {
    partner: &'a ProgrammePartner,
    count: u32,
    /// A log that has them.
    log: &'a str,
}

impl<'a> ReadyList<'a> {
    /// Makes the list, where it can be written. With the rows of this list, if one is meant.
    pub(super) fn make(
        target: ListTarget,
        view: &ProgrammeView<'a>,
        list: Option<&List>,
    ) -> Result<Self, Failure> {
        let mut all: Vec<_> = view.customers().filter(|customer| customer.is_ready(view.today())).collect();
        let others = leave_others(view, &mut all)?;
        let columns: Vec<&str> =
            list.map_or(COLUMNS.to_vec(), |list| list.columns().iter().map(String::as_str).collect());
        // Whoever cannot write there is told before anything is written.
        let new = NewList::begin(target, &columns)?;
        if all.is_empty() {
            return Ok(Self { list: None, others, count: 0 });
        }
        let mut ready = Self { list: None, others, count: 0 };
        ready.list = Some(ready.filled(new, &all, list)?);
        Ok(ready)
    }

    fn filled(
        &mut self,
        mut new: NewList,
        all: &[CustomerStanding<'_>],
        list: Option<&List>,
    ) -> Result<NewList, Failure> {
        if let Some(list) = list {
            let all: HashSet<TenantId> = all.iter().map(|customer| customer.tenant).collect();
            for row in list.rows()? {
                let row = row?;
                if row.duplicate_of.is_none() && row.customer.is_ok_and(|tenant| all.contains(&tenant)) {
                    // What the list says of a customer must reach the next run unchanged.
                    new.add(&row.cells.iter().map(|cell| ListCell::AsItWas(cell)).collect::<Vec<_>>())?;
                    self.count += 1;
                }
            }
        } else {
            for customer in all {
                let id = customer.tenant.to_string();
                let cells =
                    [ListCell::Text(&id), ListCell::text(customer.name), ListCell::text(customer.domain)];
                new.add(&cells)?;
                self.count += 1;
            }
        }
        Ok(new)
    }

    /// Puts it where it belongs, if anybody is on it.
    pub(super) fn put(mut self) -> Result<Self, Failure> {
        if let Some(list) = self.list.take() {
            list.put()?;
        }
        Ok(self)
    }

    /// Says whom it leaves out, and how their lists are written. `again` are this call's options, `file` is the list that
    /// is meant, and `ready` is what this list is called.
    pub(super) fn tell_of_others(
        &self,
        printer: &Printer,
        again: &Again,
        logs: &[String],
        (file, ready): (Option<&Path>, &Path),
    ) {
        for DueElsewhere { partner: ProgrammePartner { tenant_id, name }, count, log } in &self.others {
            let file = file.map(|file| format!(" {}", quoted(&file.display().to_string())));
            let mut command = format!("status{}{}", file.unwrap_or_default(), option("audit_log", log));
            for also in logs.iter().filter(|also| also != log) {
                command.push_str(&option("also", also));
            }
            let name_of = |part: Option<&std::ffi::OsStr>| {
                part.map(|part| part.to_string_lossy().into_owned()).unwrap_or_default()
            };
            let (stem, ending) = (name_of(ready.file_stem()), name_of(ready.extension()));
            let theirs = ready.with_file_name(format!("{stem}-{tenant_id}.{ending}"));
            command.push_str(&option("ready", &theirs.display().to_string()));
            let (is, list) = if *count == 1 { ("is", "that one") } else { ("are", "those") };
            printer.say(&format!(
                "{} of {} ({tenant_id}) {is} due as well, and not in the list, which is for one partner alone. A list of \
                 {list}:\n  {}",
                counted(*count, "customer"),
                visible(name),
                again.of_another_log(&command)
            ));
        }
    }

    /// The same for programs.
    pub(super) fn others_as_json(&self) -> Value {
        let others = self.others.iter().map(|DueElsewhere { partner, count, .. }| {
            json!({ "tenant_id": partner.tenant_id, "name": partner.name, "customers": count })
        });
        others.collect()
    }
}

/// Takes those out who are of another partner than the log is, or refuses if that does not say of which.
fn leave_others<'a>(
    view: &ProgrammeView<'a>,
    all: &mut Vec<CustomerStanding<'a>>,
) -> Result<Vec<DueElsewhere<'a>>, Failure> {
    let mut due: BTreeMap<TenantId, DueElsewhere<'a>> = BTreeMap::new();
    for customer in all.iter() {
        if let Some((partner, log)) = customer.partner.zip(customer.log) {
            let of = due.entry(partner.tenant_id).or_insert(DueElsewhere { partner, count: 0, log });
            of.count += 1;
        }
    }
    let own: HashSet<TenantId> = view.programme().partners_of(0).map(|partner| partner.tenant_id).collect();
    let mut meant = due.keys().copied().filter(|partner| own.is_empty() || own.contains(partner));
    let (meant, another) = (meant.next(), meant.next());
    if is_taken_out("a-list-of-several-partners") {
        return Ok(Vec::new());
    }
    if another.is_some() {
        return Err(refused(view, due.values()));
    }
    let own_log = view.programme().logs().first().map(String::as_str);
    let is_left = |customer: &CustomerStanding<'_>| match customer.partner {
        Some(partner) => Some(partner.tenant_id) != meant,
        // Whoever tried has not come to know whose customer it is.
        None => !due.is_empty() && customer.log != own_log,
    };
    all.retain(|customer| !is_left(customer));
    Ok(due.into_iter().filter(|(partner, _)| Some(*partner) != meant).map(|(_, others)| others).collect())
}

fn refused<'a>(view: &ProgrammeView<'_>, due: impl Iterator<Item = &'a DueElsewhere<'a>>) -> Failure {
    let each = due.map(|DueElsewhere { partner, count, .. }| {
        let count = counted(*count, "customer");
        format!("{count} of {} ({})", visible(&partner.name), partner.tenant_id)
    });
    let each = each.collect::<Vec<_>>().join(", ");
    let log = view.programme().logs().first().map(String::as_str).unwrap_or_default();
    Failure::usage(format!(
        "`--ready`: a list is for one partner alone, and several have customers who are due: {each}. The audit log `{log}` \
         does not say which of them is meant. Name a list that has the customers of one, as in \
         `offboard status FILE --ready NEW`: `status.csv` says whose each is (`partner_tenant_id`). Nothing was written"
    ))
}
