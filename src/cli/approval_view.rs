//! What an approver is shown of a plan: every name, and at the end, where the question is, what matters most.

use super::{
    printer::{Paint, Printer},
    tables::{Table, item, sentence, table},
    to_do,
};
use crate::{
    domain::{AdminLeft, Finding, ListReading, Outcome, Preparation, counted},
    record::Judged,
    report::{Plan, Pointed, Surprise, visible},
};

/// The plan for whoever is to answer for it: every name, and then what is asked about.
pub(super) struct ApprovalView {
    /// Who asks for what, then every customer.
    pub(super) names: String,
    /// What to look at first. It stands last, where the question is asked.
    pub(super) surprises: String,
}

impl ApprovalView {
    pub(super) fn of(printer: &Printer, plan: &Plan) -> Self {
        let strong = |text: &str| printer.paint(Paint::Strong, text);
        let is_each = plan.head.procedure.is_each_by_itself();
        let done = Outcome::Done(plan.head.procedure);
        let title = match plan.head.ready {
            1 if is_each => "The customer who is ready".to_owned(),
            ready if is_each => format!("The {ready} customers who are ready"),
            1 => format!("The customer that would be {done}"),
            ready => format!("The {ready} customers that would be {done}"),
        };
        let mut names = vec![head(plan)];
        let ready = plan.ready().map(|entry| Pointed {
            row: entry.decision.row,
            id: entry.customer_tenant_id,
            name: entry.decision.name.clone(),
            domain: entry.decision.domain.clone(),
            said: entry.left_to_the_service(),
        });
        names.push(format!("{}\n{}", strong(&title), customers(ready.collect(), "left to the service")));
        let title = if is_each { "What would be done" } else { "What would be done before that" };
        names.extend(preparations(plan, &strong(title)));
        names.extend(said(plan, &strong("What cannot be done"), |decision| {
            let cannot = |found: &Finding| format!("{}: {}", found.reason, found.causes_in_words());
            decision.left_out.iter().map(cannot).collect()
        }));
        names.extend(said(plan, &strong("What else is known of them"), |decision| {
            let stays = decision.admin_left.as_ref().map(AdminLeft::in_words).unwrap_or_default();
            stays.into_iter().chain(decision.transferred_in_words()).collect()
        }));
        names.extend(others(plan, &strong("The others")));

        let mut asked = Vec::new();
        let warnings = plan.head.list.as_ref().map(ListReading::warnings).unwrap_or_default();
        if !warnings.is_empty() {
            let said: Vec<_> = warnings.iter().map(|said| sentence(said)).collect();
            asked.push(format!("{}\n{}", strong("How the list was read"), said.join("\n")));
        }
        asked.extend(plan.transfers_not_read().in_words().map(|said| sentence(&said)));
        let mut surprises = surprises(plan);
        if let Some(first) = surprises.first_mut() {
            *first = format!("{}\n{first}", strong("Look at these first"));
        }
        asked.extend(surprises);
        asked.extend(to_do::resellers_in_words(plan.head.procedure, &plan.resellers()));
        let to_do = plan.ready().flat_map(|entry| entry.decision.first.iter());
        asked.extend(to_do::lost_at_once(to_do).map(|lost| sentence(&lost)));
        asked.push(head(plan));
        Self { names: names.join("\n\n"), surprises: asked.join("\n\n") }
    }
}

fn head(plan: &Plan) -> String {
    let head = &plan.head;
    let mut lines = vec![format!("Plan of run {}", head.run_id)];
    let mut line = |name: &str, text: &str| lines.push(format!("  {name:<10} {}", visible(text)));
    let tenant = head.partner.tenant_id.map(|id| id.to_string()).unwrap_or_default();
    line("partner", &format!("{} ({tenant})", head.partner.name.as_deref().unwrap_or("(no name)")));
    if let Some(planned) = &head.planned {
        line("ticket", planned.ticket.as_deref().unwrap_or("(none)"));
        line("reason", planned.reason.as_deref().unwrap_or("(none)"));
        line("planned", &format!("{} by {} on {}", planned.planned_at, planned.operator, planned.host));
        line("list", &format!("{}, {}", planned.input.file, counted(planned.input.rows, "row")));
        line("limits", &planned.limits_in_words());
    }
    line("procedure", head.procedure.as_str());
    if let Some(run) = &head.takes_back {
        line("takes back", run.as_str());
    }
    let of_all = head.customers_of_partner.map(|all| format!(", of the partner's {all}")).unwrap_or_default();
    line(head.procedure.facts().does, &format!("{}{of_all}", counted(head.ready, "customer")));
    line("digest", &head.digest.to_string());
    lines.join("\n")
}

/// The customers whose removal would surprise most, with why.
fn surprises(plan: &Plan) -> Vec<String> {
    let in_words = |surprise: Surprise| {
        let more = match surprise.more {
            0 => String::new(),
            more => format!("\n  … and {more} more"),
        };
        let shown = customers(surprise.customers, surprise.column);
        format!("  {}\n{shown}{more}", surprise.what)
    };
    plan.surprises().into_iter().map(in_words).collect()
}

/// Customers with their IDs first, so that no terminal breaks one; and what the next column says of each.
fn customers(all: Vec<Pointed>, column: &str) -> String {
    let has_cells = all.iter().any(|one| !one.said.is_empty());
    let mut header = vec!["row", "tenant ID", "customer", "domain"];
    if has_cells {
        header.insert(2, column);
    }
    let mut shown = Table::new(&header);
    for Pointed { row, id, name, domain, said } in all {
        let mut cells = vec![
            row.to_string(),
            id.map(|id| id.to_string()).unwrap_or_default(),
            name.unwrap_or_else(|| "(no name)".to_owned()),
            domain.unwrap_or_default(),
        ];
        if has_cells {
            cells.insert(2, said);
        }
        shown.row(cells);
    }
    table(&shown)
}

/// What is done to the customers before they go, each thing by its name and ID.
fn preparations(plan: &Plan, title: &str) -> Option<String> {
    let all: Vec<_> = plan
        .ready()
        .flat_map(|entry| entry.decision.first.iter().map(|one| (entry.decision.row, one)))
        .collect();
    // What a relationship of delegated administration gives is longer than a cell.
    if all.iter().all(|(_, one)| one.access.is_some()) {
        let each = Preparation::in_words;
        return said(plan, title, |decision| decision.first.iter().map(each).collect());
    }
    let terms = to_do::terms(all.iter().map(|(_, one)| *one)).map(|terms| format!("{terms}:\n"));
    let shown = table(&to_do::items(all.iter().copied(), "what"));
    (!all.is_empty()).then(|| format!("{title}\n{}{shown}", terms.unwrap_or_default()))
}

/// What is said of the customers who are ready, in full, each with its row.
fn said(plan: &Plan, title: &str, of: impl Fn(&Judged) -> Vec<String>) -> Option<String> {
    let each = plan.ready().flat_map(|entry| {
        let decision = &entry.decision;
        let name = decision.name.as_deref().unwrap_or("(no name)");
        of(decision).into_iter().map(move |text| item(&format!("row {}, {name}: {text}", decision.row)))
    });
    let lines: Vec<_> = each.collect();
    (!lines.is_empty()).then(|| format!("{title}\n{}", lines.join("\n")))
}

/// How many do not go, and why.
fn others(plan: &Plan, title: &str) -> Option<String> {
    let counts = plan.others_counted();
    if counts.is_empty() {
        return None;
    }
    let mut shown = Table::new(&["outcome", "reason", "rows"]);
    for ((outcome, reason), n) in counts {
        let reason = reason.map(|reason| reason.to_string()).unwrap_or_default();
        shown.row([outcome.in_words().to_owned(), reason, n.to_string()]);
    }
    Some(format!("{title}\n{}", table(&shown)))
}
