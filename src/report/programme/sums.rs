//! What all standings add up to.

use super::{ProgrammeState, ProgrammeView, Prospect};
use crate::{
    domain::{Day, Time, counted, grouped},
    report::page::{month_named, month_of},
};
use std::collections::BTreeMap;

/// What becomes of customers in one month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonthOfProgramme {
    /// How many are gone since then.
    pub gone: u32,
    /// How many others may go from a day of it.
    pub may_go: u32,
    /// For how many others somebody has to act until a day of it.
    pub act_by: u32,
}

impl MonthOfProgramme {
    const fn add(&mut self, other: Self) {
        self.gone += other.gone;
        self.may_go += other.may_go;
        self.act_by += other.act_by;
    }
}

/// What all standings add up to.
#[derive(Debug, Default)]
pub struct ProgrammeSums {
    /// How many customers there are.
    pub customers: u32,
    /// By the latest that is known of them.
    pub states: BTreeMap<ProgrammeState, u32>,
    /// By what is to come; they add up to all customers.
    pub prospects: BTreeMap<Prospect, u32>,
    /// By month, counted from the year 0.
    months: BTreeMap<u32, MonthOfProgramme>,
    /// Of how many customers something contradicts something else.
    pub contradicted: u32,
    /// Of how many the day has passed until which somebody could act.
    pub too_late: u32,
    /// How many rows of the list name no customer.
    pub rejected: u32,
}

impl ProgrammeSums {
    /// Adds them up.
    pub fn of(view: &ProgrammeView<'_>) -> Self {
        let mut sums = Self { rejected: view.list().map_or(0, |list| list.rejected), ..Self::default() };
        for customer in view.customers() {
            sums.customers += 1;
            *sums.states.entry(customer.state).or_default() += 1;
            *sums.prospects.entry(customer.prospect).or_default() += 1;
            sums.contradicted += u32::from(!customer.contradictions.is_empty());
            if customer.prospect == Prospect::Gone {
                let day = customer.since.map(Time::day);
                sums.in_month(day).for_each(|month| month.gone += 1);
                continue;
            }
            let is_dated = matches!(customer.prospect, Prospect::Due | Prospect::Dated);
            let may_go = customer.next_from.filter(|_| is_dated);
            sums.in_month(may_go).for_each(|month| month.may_go += 1);
            let act_by = customer.act_by;
            sums.too_late += u32::from(act_by.is_some_and(|day| day < view.today()));
            sums.in_month(act_by).for_each(|month| month.act_by += 1);
        }
        sums
    }

    fn in_month(&mut self, day: Option<Day>) -> impl Iterator<Item = &mut MonthOfProgramme> {
        let month = day.and_then(|day| month_of(&day.to_string()));
        month.map(|month| self.months.entry(month).or_default()).into_iter()
    }

    /// How many have this to come.
    pub fn count(&self, prospect: Prospect) -> u32 {
        self.prospects.get(&prospect).copied().unwrap_or_default()
    }

    /// Whether nobody is left.
    pub fn is_done(&self) -> bool {
        self.count(Prospect::Gone) == self.customers && self.customers > 0 && self.rejected == 0
    }

    /// Each month in which something is: `2026-11`.
    pub fn months(&self) -> impl Iterator<Item = (String, MonthOfProgramme)> + '_ {
        self.months.iter().map(|(month, sums)| (format!("{:04}-{:02}", month / 12, month % 12 + 1), *sums))
    }

    /// The same for people: months for two years from this one on, and then years.
    pub fn periods(&self, today: Day) -> Vec<(String, MonthOfProgramme)> {
        let later = month_of(&today.to_string()).unwrap_or_default().saturating_add(24);
        let mut periods: Vec<(String, MonthOfProgramme)> = Vec::new();
        for (month, sums) in &self.months {
            let name = match month / 12 {
                _ if *month < later => month_named(*month),
                year if year == later / 12 && !later.is_multiple_of(12) => format!("later in {year}"),
                year => year.to_string(),
            };
            match periods.last_mut() {
                Some((last, all)) if *last == name => all.add(*sums),
                _ => periods.push((name, *sums)),
            }
        }
        periods
    }

    /// All of it in a sentence or two.
    pub fn in_words(&self) -> String {
        if self.is_done() {
            let whose = if self.customers == 1 { "The one customer is" } else { "All of these" };
            return match self.customers {
                1 => format!("{whose} gone."),
                customers => format!("{whose} {} are gone.", counted(customers, "customer")),
            };
        }
        let told = Prospect::ALL
            .into_iter()
            .filter(|prospect| *prospect == Prospect::Gone || self.count(*prospect) > 0);
        let told: Vec<_> = told
            .map(|prospect| {
                let count = self.count(prospect);
                let number = if count == 0 { "none".to_owned() } else { grouped(count.into()) };
                format!("{number} {}", prospect.told(if count == 0 { 1 } else { count }))
            })
            .collect();
        let these = if self.customers == 1 { "this" } else { "these" };
        let mut text = format!("Of {these} {}, {}.", counted(self.customers, "customer"), told.join(", "));
        if self.rejected > 0 {
            let names = if self.rejected == 1 { "names" } else { "name" };
            text.push_str(&format!(
                " {} of the list {names} no customer: `offboard check` lists them.",
                counted(self.rejected, "row")
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_told_for_two_years_and_then_years() {
        let one = MonthOfProgramme { gone: 0, may_go: 1, act_by: 0 };
        let months = [
            "2026-10-01",
            "2026-11-01",
            "2028-10-31",
            "2028-11-01",
            "2028-12-01",
            "2029-01-01",
            "2029-12-31",
        ];
        let months = months.iter().filter_map(|day| Some((month_of(day)?, one))).collect();
        let sums = ProgrammeSums { months, ..ProgrammeSums::default() };
        let told = |today: &str| {
            let periods = sums.periods(today.parse().unwrap());
            periods.into_iter().map(|(name, sums)| format!("{name}: {}", sums.may_go)).collect::<Vec<_>>()
        };
        assert_eq!(
            told("2026-11-27"),
            ["October 2026: 1", "November 2026: 1", "October 2028: 1", "later in 2028: 2", "2029: 2"]
        );
        assert_eq!(told("2027-01-01").last().unwrap(), "2029: 2");
    }
}
