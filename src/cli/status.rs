//! `offboard status`: where each customer stands after all runs, of this log and of others.
//!
//! It reads logs and nothing else: whatever it says is recorded, by some run or by a refresh that it begins with.

use super::{
    args::{Common, ReadingOptions, StatusOptions},
    check,
    exit::{Exit, Failure},
    new_list::ListTarget,
    next_steps,
    printer::Printer,
    ready_list::ReadyList,
    refresh,
    settings::{Paths, Typed},
    tables::{Table, sentence, table},
};
use crate::{
    audit::Reader,
    domain::{Day, RunId, counted},
    engine::Clock,
    input::{List, Options},
    platform::{self, quoted},
    report::{
        CustomerOfList, CustomerStanding, Programme, ProgrammeList, ProgrammeSums, ProgrammeView, Prospect,
        visible, write_programme,
    },
};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeSet, HashSet},
    path::{Path, PathBuf},
};

/// How many customers are shown of those who are left, and of those of whom something contradicts something else; all of
/// them are in the files.
const MOST_SHOWN: usize = 20;

pub(super) fn run(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    options: &StatusOptions,
) -> Result<Exit, Failure> {
    let paths = Paths::resolve(typed, common)?;
    let ready = options.ready.as_ref().map(|path| ListTarget::file("ready", path)).transpose()?;
    if options.file.is_none() && options.reading != ReadingOptions::default() {
        let text = "these options say how a list is read, and no list is named: `offboard status FILE`";
        return Err(Failure::usage(text));
    }
    if !options.refresh {
        refresh::require_no_options(typed)?;
    }
    let list = options.file.as_ref().map(|file| open_list(printer, file, options)).transpose()?;
    let meant = list.as_ref().map(read_list).transpose()?;
    let logs = open_logs(&paths, &options.also)?;
    let logs: Vec<_> = logs.iter().map(|(name, reader)| (name.clone(), reader)).collect();
    let mut programme = Programme::read(&logs)?;
    if options.refresh {
        refresh::refresh(printer, typed, &paths, &options.looking, (&programme, meant.as_ref()))?;
        for (log, (_, reader)) in logs.iter().enumerate() {
            programme.take_refreshed(log, reader)?;
        }
    }
    if programme.runs().is_empty() && meant.is_none() {
        let left_out = programme.left_out().join("; ");
        let left_out = if left_out.is_empty() { left_out } else { format!(" ({left_out})") };
        return Err(Failure::usage(format!(
            "there is no run yet that says anything of real customers{left_out}; begin with `offboard plan`, or name a list"
        )));
    }
    let view = ProgrammeView::new(&programme, meant.as_ref(), Clock::System.now().day());
    let sums = ProgrammeSums::of(&view);
    let folder = paths.reports.join("status");
    let ready = ready.map(|target| ReadyList::make(target, &view, list.as_ref())).transpose()?;
    let files = write_programme(&view, &logs, &sums, &folder)?;
    let ready = ready.map(ReadyList::put).transpose()?;
    let ready = options.ready.as_ref().zip(ready.as_ref());
    let written = WrittenStatus { folder: &folder, files: &files, ready };
    if printer.json {
        show_json(printer, &view, &sums, &written)?;
    } else {
        show(printer, &view, &sums, &written)?;
    }
    if let Some((path, ready)) = ready {
        ready.tell_of_others(printer, &paths.again, programme.logs(), (options.file.as_deref(), path));
    }
    if let Some((path, ReadyList { count: 1.., .. })) = ready {
        next_steps::tell(
            printer,
            &[paths.again.listing(&format!("plan {}", quoted(&path.display().to_string())))],
            true,
        );
    }
    Ok(if sums.is_done() { Exit::Done } else { Exit::Unfinished })
}

/// What was written, and where.
struct WrittenStatus<'a> {
    folder: &'a Path,
    files: &'a [String],
    /// The next run's list, if one was asked for.
    ready: Option<(&'a PathBuf, &'a ReadyList<'a>)>,
}

/// The log and the others, each once and with the name by which it is told.
fn open_logs(paths: &Paths, also: &[PathBuf]) -> Result<Vec<(String, Reader)>, Failure> {
    let mut known = HashSet::new();
    let mut logs = Vec::new();
    for path in [&paths.audit_log].into_iter().chain(also) {
        let reader = Reader::open(path)?;
        if platform::canonical(path).is_ok_and(|whole| !known.insert(whole)) {
            continue;
        }
        logs.push((path.display().to_string(), reader));
    }
    Ok(logs)
}

fn open_list(printer: &Printer, file: &Path, options: &StatusOptions) -> Result<List, Failure> {
    let wanted = Options { column: options.column.clone(), ..check::decided(&options.reading) };
    let list = List::open(file, &wanted)?;
    for said in list.reading().remarks() {
        printer.say(&sentence(&said));
    }
    Ok(list)
}

/// Each customer of the list once.
fn read_list(list: &List) -> Result<ProgrammeList, Failure> {
    let mut meant = ProgrammeList { file: list.name().to_owned(), ..ProgrammeList::default() };
    for row in list.rows()? {
        let row = row?;
        match (row.customer, row.duplicate_of) {
            (Ok(tenant), None) => {
                meant.customers.push(CustomerOfList { tenant, name: row.name, domain: row.domain });
            }
            (Ok(_), Some(_)) => {}
            (Err(_), _) => meant.rejected += 1,
        }
    }
    Ok(meant)
}

fn show(
    printer: &Printer,
    view: &ProgrammeView<'_>,
    sums: &ProgrammeSums,
    written: &WrittenStatus<'_>,
) -> Result<(), Failure> {
    let WrittenStatus { folder, files, ready } = *written;
    let mut text = vec![sums.in_words()];
    text.extend((view.not_listed() > 0).then(|| {
        let (stand, count) = (if view.not_listed() == 1 { "is" } else { "are" }, view.not_listed());
        format!("{} of the runs {stand} not in the list, and not counted.", counted(count as u64, "customer"))
    }));
    text.extend(view.programme().left_out().into_iter().map(|said| format!("{said}.")));
    let open: BTreeSet<&RunId> = view
        .customers()
        .filter(|customer| customer.is_provisional)
        .filter_map(|customer| customer.run.map(|run| &run.id))
        .collect();
    text.extend(
        open.iter()
            .map(|run| format!("Run {run} is not over, and may end otherwise: `offboard resume {run}`.")),
    );
    let mut months = Table::new(&["month", "gone", "may go", "act by"]);
    let mut has_months = false;
    for (name, month) in sums.periods(view.today()) {
        has_months = true;
        months.row([name, month.gone.to_string(), month.may_go.to_string(), month.act_by.to_string()]);
    }
    text.extend(has_months.then(|| format!("\n{}", table(&months))));
    text.extend(contradictions(view, sums));
    text.extend(left(view, sums));
    let names = files.join(", ");
    text.push(format!("\n  files  {names} in {}", folder.display()));
    text.extend(ready.map(|(path, ready)| match ready.count {
        0 => "  ready  nobody yet, and no list was written".to_owned(),
        count => format!("  ready  {} in {}", counted(count, "customer"), path.display()),
    }));
    printer.show(&text.join("\n"))
}

fn contradictions(view: &ProgrammeView<'_>, sums: &ProgrammeSums) -> Vec<String> {
    if sums.contradicted == 0 {
        return Vec::new();
    }
    let mut lines = vec!["\n  what contradicts what".to_owned()];
    let contradicted = view.customers().filter(|customer| !customer.contradictions.is_empty());
    for customer in contradicted.take(MOST_SHOWN) {
        for one in &customer.contradictions {
            lines.push(format!(
                "  {} ({}) {}",
                visible(&customer.called()),
                customer.tenant,
                visible(&one.in_words())
            ));
        }
    }
    lines.extend(more(sums.contradicted));
    lines
}

/// Who is left, whatever it is that keeps them.
fn left(view: &ProgrammeView<'_>, sums: &ProgrammeSums) -> Vec<String> {
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let mut shown = Table::new(&["who is left", "tenant ID", "state", "next run", "act by"]);
    let left = || view.customers().filter(|customer| customer.prospect != Prospect::Gone);
    for customer in left().take(MOST_SHOWN) {
        shown.row([
            customer.name.unwrap_or("(name not known)").to_owned(),
            customer.tenant.to_string(),
            customer.state.in_words().to_owned(),
            day(customer.next_from),
            day(customer.act_by),
        ]);
    }
    let count = sums.customers.saturating_sub(sums.count(Prospect::Gone));
    let mut lines = Vec::new();
    if count > 0 {
        lines.push(format!("\n{}", table(&shown)));
        lines.extend(more(count));
    }
    lines
}

fn more(count: u32) -> Option<String> {
    let more = (count as usize).saturating_sub(MOST_SHOWN);
    (more > 0).then(|| format!("  and {}", counted(more as u64, "other")))
}

fn show_json(
    printer: &Printer,
    view: &ProgrammeView<'_>,
    sums: &ProgrammeSums,
    written: &WrittenStatus<'_>,
) -> Result<(), Failure> {
    let WrittenStatus { folder, files, ready } = *written;
    let counts: Map<String, Value> =
        sums.states.iter().map(|(state, count)| (state.as_str().to_owned(), json!(count))).collect();
    let prospects: Map<String, Value> =
        sums.prospects.iter().map(|(prospect, count)| (prospect.as_str().to_owned(), json!(count))).collect();
    let months = sums.months().map(|(month, sums)| {
        json!({ "month": month, "gone": sums.gone, "may_go": sums.may_go, "act_by": sums.act_by })
    });
    let programme = view.programme();
    let runs = programme.runs().iter().map(|run| {
        json!({ "run_id": run.id, "procedure": run.procedure, "is_plan": run.is_plan, "started_at": run.started_at,
            "ticket": run.ticket, "operator": run.operator, "confirmed_by": run.confirmed_by,
            "approved_by": run.approved_by, "log": programme.logs().get(run.log) })
    });
    let value = json!({
        "today": view.today(),
        "logs": programme.logs(),
        "list": view.list().map(|list| json!({ "file": list.file, "rejected": list.rejected,
            "not_listed": view.not_listed() })),
        "in_words": sums.in_words(),
        "total": sums.customers,
        "counts": counts,
        "prospects": prospects,
        "contradicted": sums.contradicted,
        "months": months.collect::<Vec<_>>(),
        "runs": runs.collect::<Vec<_>>(),
        "left_out": programme.left_out(),
        "customers": view.customers().map(|customer| described(&customer)).collect::<Vec<_>>(),
        "folder": folder,
        "files": files,
        "ready": ready.map(|(path, ready)| json!({ "file": (ready.count > 0).then_some(path),
            "customers": ready.count, "of_other_partners": ready.others_as_json() })),
    });
    printer.data(&value.to_string())
}

fn described(customer: &CustomerStanding<'_>) -> Value {
    let run = customer.run;
    let contradictions = customer.contradictions.iter();
    json!({
        "customer_tenant_id": customer.tenant,
        "customer_name": customer.name,
        "domain": customer.domain,
        "partner": customer.partner.map(|partner| json!({ "tenant_id": partner.tenant_id, "name": partner.name })),
        "state": customer.state.as_str(),
        "prospect": customer.prospect.as_str(),
        "since": customer.since,
        "is_provisional": customer.is_provisional,
        "run_id": run.map(|run| &run.id),
        "log": customer.log,
        "ticket": run.and_then(|run| run.ticket.as_deref()),
        "confirmed_by": run.map(|run| &run.confirmed_by[..]).unwrap_or_default(),
        "approved_by": run.and_then(|run| run.approved_by.as_deref()),
        "evidence": customer.evidence,
        "reasons": customer.reasons,
        "explanation": customer.explanation,
        "removable_from": customer.removable_from,
        "next_from": customer.next_from,
        "act_by": customer.act_by,
        "reseller": customer.reseller,
        "refreshed_at": customer.refreshed_at,
        "contradictions": contradictions.map(|one| json!({ "kind": one.name(), "text": one.in_words() })).collect::<Vec<_>>(),
    })
}
