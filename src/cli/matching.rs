//! `offboard match`: the tenant IDs of a list of domains or names, from the partner's own customers.
//!
//! It is no part of a run: its requests are on record like those of `doctor`, it changes nothing, and what it writes is
//! a list that somebody looks at before it becomes the input of a run. What is not certain gets no ID.

use super::{
    access::Access,
    account,
    args::{Common, MatchOptions},
    check, diagnostics,
    exit::{Exit, Failure},
    new_list::{ListTarget, NewList},
    next_steps,
    printer::Printer,
    session,
    settings::{Paths, ServiceSettings, Typed},
};
use crate::{
    domain::{TenantId, counted},
    engine::StandaloneSession,
    input::{List, ListRow, Options},
    partner_center::transport::Transport,
    platform::quoted,
    preconditions::{CustomerFacts, domain_key, name_key},
    report::{ListCell, visible},
};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

/// What is added to each row.
const ADDED: [&str; 5] =
    ["customer_tenant_id", "matched_by", "matched_name", "matched_domain", "match_remark"];

pub(super) fn run(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    options: &MatchOptions,
) -> Result<Exit, Failure> {
    let paths = Paths::resolve(typed, common)?;
    let settings = ServiceSettings::resolve(typed, &options.service)?;
    let target = ListTarget::file("out", &options.out)?;
    let wanted = Options { without_ids: true, ..check::decided(&options.place.reading) };
    let list = List::open(&options.place.file, &wanted)?;
    for said in list.reading().remarks() {
        printer.say(&super::tables::sentence(&said));
    }
    let access = Access::find(printer, &settings)?;
    diagnostics::start(&paths.log_dir, printer.verbose)?;
    let customers = session::block_on(async {
        let store = session::open_store(&paths)?;
        let begin = |ports| StandaloneSession::begin(store, options.rate, ports);
        session::visit(printer, access.ports()?, begin, session::NOTHING_WRITTEN, async |visit| {
            read(visit, settings.partner).await
        })
        .await
    })?;
    let counts = write(target, &list, &customers)?;
    let total: u32 = counts.values().sum();
    let missing = counts.get(&MatchedBy::Nothing).copied().unwrap_or_default();
    let out = options.out.display().to_string();
    if printer.json {
        let by: BTreeMap<_, _> = counts.iter().map(|(by, n)| (by.as_str(), n)).collect();
        let line = json!({"type": "match", "file": list.name(), "out": out, "rows": total,
            "matched": total - missing, "by": by, "customers_of_partner": customers.all.len()});
        printer.data(&line.to_string())?;
    } else {
        let by: Vec<_> = counts
            .iter()
            .filter(|(by, _)| **by != MatchedBy::Nothing)
            .map(|(by, n)| format!("{n} by {}", by.as_str()))
            .collect();
        let by = if by.is_empty() { String::new() } else { format!(" ({})", by.join(", ")) };
        printer.show(&format!(
            "{}: {} of {} matched{by}, {missing} not; `match_remark` says why",
            visible(&out),
            total - missing,
            counted(total, "row")
        ))?;
    }
    next_steps::tell(printer, &[format!("offboard check {}", quoted(&out))], true);
    Ok(if missing == 0 { Exit::Done } else { Exit::Unfinished })
}

/// A customer of the partner.
#[derive(Debug)]
struct PartnerCustomer {
    id: TenantId,
    name: Option<String>,
    domain: Option<String>,
}

/// All of them, and how they are found.
#[derive(Debug, Default)]
struct CustomerDirectory {
    all: Vec<PartnerCustomer>,
    by_name: HashMap<String, Vec<usize>>,
    by_domain: HashMap<String, Vec<usize>>,
}

async fn read<T: Transport>(
    visit: &StandaloneSession<T>,
    partner: Option<TenantId>,
) -> Result<CustomerDirectory, Failure> {
    account::signed_in(visit, partner).await?;
    let mut customers = CustomerDirectory::default();
    visit.customers(|id, facts, _| customers.add(id, facts)).await?;
    Ok(customers)
}

/// By what a row was matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum MatchedBy {
    DomainAndName,
    Domain,
    Name,
    Nothing,
}

impl MatchedBy {
    const fn as_str(self) -> &'static str {
        match self {
            Self::DomainAndName => "domain and name",
            Self::Domain => "domain",
            Self::Name => "name",
            Self::Nothing => "nothing",
        }
    }
}

/// What a row was matched with, and what is to be said of it.
#[derive(Debug)]
struct Matched<'a> {
    customer: Option<&'a PartnerCustomer>,
    by: MatchedBy,
    remark: String,
}

impl CustomerDirectory {
    fn add(&mut self, id: TenantId, facts: CustomerFacts) {
        let at = self.all.len();
        let CustomerFacts { name, domain, .. } = facts;
        if let Some(name) = &name {
            self.by_name.entry(name_key(name)).or_default().push(at);
        }
        if let Some(domain) = &domain {
            self.by_domain.entry(domain_key(domain)).or_default().push(at);
        }
        self.all.push(PartnerCustomer { id, name, domain });
    }

    fn with(&self, index: &HashMap<String, Vec<usize>>, key: Option<String>) -> Vec<&PartnerCustomer> {
        let found = key.and_then(|key| index.get(&key)).into_iter().flatten();
        found.filter_map(|at| self.all.get(*at)).collect()
    }

    /// Finds the customer that a row means. Where name and domain are given, both must be those of one customer.
    fn find(&self, name: Option<&str>, domain: Option<&str>) -> Matched<'_> {
        let of_name = self.with(&self.by_name, name.map(name_key));
        let of_domain = self.with(&self.by_domain, domain.map(domain_key));
        let sure = |customer, by| Matched { customer: Some(customer), by, remark: String::new() };
        let not = |remark: String| Matched { customer: None, by: MatchedBy::Nothing, remark };
        let called = |customer: &PartnerCustomer| {
            let name = customer.name.as_deref().unwrap_or("(no name)");
            format!("{name} ({}, {})", customer.domain.as_deref().unwrap_or("no domain"), customer.id)
        };
        match (name, domain) {
            (None, None) => not("the row has neither a domain nor a name".to_owned()),
            (Some(_), Some(_)) => {
                let both: Vec<_> = of_domain
                    .iter()
                    .filter(|one| of_name.iter().any(|other| other.id == one.id))
                    .copied()
                    .collect();
                match (&both[..], &of_domain[..], &of_name[..]) {
                    ([one], _, _) => sure(one, MatchedBy::DomainAndName),
                    ([_, ..], _, _) => {
                        not(format!("{} customers have this domain and this name", both.len()))
                    }
                    ([], [one, ..], _) => {
                        not(format!("the domain is that of {}, and the name is not", called(one)))
                    }
                    ([], [], [one, ..]) => {
                        not(format!("the name is that of {}, and the domain is not", called(one)))
                    }
                    ([], [], []) => not("no customer has this domain or this name".to_owned()),
                }
            }
            (None, Some(_)) => match of_domain[..] {
                [one] => sure(one, MatchedBy::Domain),
                [] => not("no customer has this domain".to_owned()),
                _ => not(format!("{} customers have this domain", of_domain.len())),
            },
            (Some(_), None) => match of_name[..] {
                [one] => sure(one, MatchedBy::Name),
                [] => not("no customer has this name".to_owned()),
                _ => not(format!("{} customers have this name", of_name.len())),
            },
        }
    }
}

/// Writes the list with what was found, whole or not at all.
fn write(
    target: ListTarget,
    list: &List,
    customers: &CustomerDirectory,
) -> Result<BTreeMap<MatchedBy, u32>, Failure> {
    let header: Vec<&str> = list.columns().iter().map(String::as_str).chain(ADDED).collect();
    let mut new = NewList::begin(target, &header)?;
    let mut counts = BTreeMap::new();
    for row in list.rows()? {
        let ListRow { name, domain, cells, .. } = row?;
        let matched = customers.find(name.as_deref(), domain.as_deref());
        *counts.entry(matched.by).or_default() += 1;
        let id = matched.customer.map(|customer| customer.id.to_string());
        let added = [
            ListCell::text(id.as_deref()),
            ListCell::Text(matched.by.as_str()),
            ListCell::text(matched.customer.and_then(|customer| customer.name.as_deref())),
            ListCell::text(matched.customer.and_then(|customer| customer.domain.as_deref())),
            ListCell::Text(&matched.remark),
        ];
        let own = cells.iter().map(|cell| ListCell::AsItWas(cell));
        new.add(&own.chain(added).collect::<Vec<_>>())?;
    }
    new.put()?;
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customers() -> CustomerDirectory {
        let mut customers = CustomerDirectory::default();
        for (n, name, domain) in [
            (1, "Adatum Ltd.", "adatum.onmicrosoft.com"),
            (2, "Bellows", "bellows.onmicrosoft.com"),
            (3, "Bellows", "bellows-2.onmicrosoft.com"),
            (4, "Contoso", "shared.example"),
            (5, "Fabrikam", "shared.example"),
        ] {
            let id = format!("c0000000-0000-4000-8000-{n:012x}").parse().unwrap();
            let facts = CustomerFacts {
                relationship: "reseller".to_owned(),
                name: Some(name.to_owned()),
                domain: Some(domain.to_owned()),
                reseller: None,
            };
            customers.add(id, facts);
        }
        customers
    }

    #[test]
    fn only_what_can_mean_one_customer_gets_an_id() {
        let customers = customers();
        for (name, domain, by, at, remark) in [
            (Some("ADATUM LTD"), None, MatchedBy::Name, Some(0), ""),
            (None, Some("Adatum.OnMicrosoft.com."), MatchedBy::Domain, Some(0), ""),
            (Some("adatum, ltd"), Some("adatum.onmicrosoft.com"), MatchedBy::DomainAndName, Some(0), ""),
            (Some("bellows"), Some("bellows-2.onmicrosoft.com"), MatchedBy::DomainAndName, Some(2), ""),
            (Some("Contoso"), Some("shared.example"), MatchedBy::DomainAndName, Some(3), ""),
            (Some("Bellows"), None, MatchedBy::Nothing, None, "2 customers have this name"),
            (None, Some("shared.example"), MatchedBy::Nothing, None, "2 customers have this domain"),
            (None, Some("bellows2.onmicrosoft.com"), MatchedBy::Nothing, None, "no customer has this domain"),
            (
                Some("Fabrikam"),
                Some("adatum.onmicrosoft.com"),
                MatchedBy::Nothing,
                None,
                "the domain is that of Adatum Ltd.",
            ),
            (
                Some("Fabrikam"),
                Some("fabrikam.example"),
                MatchedBy::Nothing,
                None,
                "the name is that of Fabrikam",
            ),
            (
                Some("Nobody"),
                Some("nobody.example"),
                MatchedBy::Nothing,
                None,
                "no customer has this domain or this name",
            ),
            (None, None, MatchedBy::Nothing, None, "the row has neither"),
        ] {
            let matched = customers.find(name, domain);
            let found = matched.customer.map(|customer| customer.id);
            assert_eq!(
                (matched.by, found),
                (by, at.map(|at: usize| customers.all[at].id)),
                "{name:?} {domain:?}"
            );
            assert!(matched.remark.starts_with(remark), "{}", matched.remark);
            assert_eq!(matched.remark.is_empty(), found.is_some());
        }
    }
}
