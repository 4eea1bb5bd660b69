//! `deadlines.ics`: until when somebody has to act, and from when customers may go, for whatever calendar people use
//! (RFC 5545).
//!
//! Each entry is a whole day. Its identifier and its stamp come from the log, so that the same log gives the same bytes, and
//! a calendar that takes the file twice has each entry once.

use super::{ReportError, plain::visible, rows::ReportedRow};
use crate::domain::{Day, Ends, Finding, Outcome, RunId, Time};
use icalendar::{Calendar, Component as _, Event, Property};
use std::{
    io::Write,
    path::{Path, PathBuf},
};

/// The name of the file.
pub(super) const NAME: &str = "deadlines.ics";

/// What a calendar tells of one customer.
pub(super) struct Deadline<'a> {
    /// What its entries are known by, in whatever calendar they are.
    pub(super) key: &'a str,
    /// When it was judged.
    pub(super) at: Time,
    /// What it is called, and its ID.
    pub(super) who: &'a str,
    pub(super) id: &'a str,
    /// The day until which somebody can act, and what goes on unless somebody does.
    pub(super) act_by: Option<(Day, String)>,
    /// The day from which it may go, and what stands in the way until then.
    pub(super) goes_from: Option<(Day, String)>,
}

/// A calendar, while it is written: there is none before its first entry.
pub(super) struct Deadlines<W> {
    folder: PathBuf,
    /// Begins the file in this folder.
    begin: fn(&Path) -> Result<W, ReportError>,
    out: Option<W>,
}

impl<W: Write> Deadlines<W> {
    pub(super) fn in_folder(folder: &Path, begin: fn(&Path) -> Result<W, ReportError>) -> Self {
        Self { folder: folder.to_owned(), begin, out: None }
    }

    /// The entries of a row of this run.
    pub(super) fn add(&mut self, run: &RunId, row: &ReportedRow) -> Result<(), ReportError> {
        let story = &row.story;
        let Some(at) = story.finished_at().filter(|_| row.outcome == Outcome::Skipped) else { return Ok(()) };
        let id = story.customer().map(|id| id.to_string()).unwrap_or_default();
        let going_on = |ends: Ends| !matches!(ends, Ends::On(_));
        self.put(&Deadline {
            key: &format!("{run}-{}", story.row()),
            at,
            who: story.name().unwrap_or(&id),
            id: &id,
            act_by: story.act_by().map(|day| (day, stands(row, going_on))),
            goes_from: story.goes_from().map(|day| (day, stands(row, |_| true))),
        })
    }

    /// The entries of a customer: one for the day until which somebody can act, if that has not passed when it was judged,
    /// and one for the day from which it may go.
    pub(super) fn put(&mut self, deadline: &Deadline<'_>) -> Result<(), ReportError> {
        let Deadline { at, id, .. } = deadline;
        let who = visible(deadline.who);
        if let Some((day, text)) = deadline.act_by.as_ref().filter(|(day, _)| *day >= at.day()) {
            let what = "Until this day, everything that renews itself or would be extended can still be kept from it: \
                        new-commerce licences by scheduling their cancellation, anything else in the portal.";
            let text = format!("{who} ({id})\n{what}\n{text}");
            self.write(deadline, ("act-by", *day), (&format!("Act by: {who}"), &text))?;
        }
        if let Some((day, text)) = &deadline.goes_from {
            let what =
                "From this day the customer may go, if nobody does anything before: run the list again.";
            let text = format!("{who} ({id})\n{what}\n{text}");
            self.write(deadline, ("from", *day), (&format!("May go from: {who}"), &text))?;
        }
        Ok(())
    }

    fn write(
        &mut self,
        deadline: &Deadline<'_>,
        (kind, day): (&str, Day),
        (summary, text): (&str, &str),
    ) -> Result<(), ReportError> {
        let path = self.folder.join(NAME);
        let mut date = Property::new("DTSTART", compact(day));
        date.add_parameter("VALUE", "DATE");
        let event = Event::new()
            .uid(&format!("{}-{kind}@offboard", deadline.key))
            .add_property("DTSTAMP", stamp(deadline.at))
            .append_property(date)
            .add_property("TRANSP", "TRANSPARENT")
            .summary(summary)
            .description(text)
            .done();
        let is_new = self.out.is_none();
        let out = match &mut self.out {
            Some(out) => out,
            None => self.out.insert((self.begin)(&self.folder)?),
        };
        let (head, _) = frame();
        let written = if is_new { out.write_all(head.as_bytes()) } else { Ok(()) };
        written
            .and_then(|()| out.write_all(event.to_string().as_bytes()))
            .map_err(ReportError::writing(&path))
    }

    /// The whole of it, if there is an entry.
    pub(super) fn end(self) -> Result<Option<W>, ReportError> {
        let Some(mut out) = self.out else { return Ok(None) };
        let path = self.folder.join(NAME);
        out.write_all(frame().1.as_bytes()).map_err(ReportError::writing(&path))?;
        Ok(Some(out))
    }
}

/// What stands in the way, as far as its end is of this kind, and what to do about it; a line each.
fn stands(row: &ReportedRow, is_wanted: impl Fn(Ends) -> bool) -> String {
    let found = row.story.judged().last().map_or(&[][..], |(_, _, judged)| &judged.findings);
    let wanted = found.iter().filter(|finding| is_wanted(finding.ends));
    let line =
        |finding: &Finding| visible(&format!("{}: {}", finding.reason, finding.explanation())).into_owned();
    wanted.map(line).collect::<Vec<_>>().join("\n")
}

/// What stands before and after the entries.
fn frame() -> (String, &'static str) {
    const END: &str = "END:VCALENDAR\r\n";
    let mut calendar = Calendar::empty();
    calendar.append_property(("VERSION", "2.0"));
    calendar.append_property(("PRODID", "-//offboard//offboard//EN"));
    calendar.append_property(("CALSCALE", "GREGORIAN"));
    let text = calendar.to_string();
    (text.strip_suffix(END).map(str::to_owned).unwrap_or(text), END)
}

fn compact(day: Day) -> String {
    day.to_string().replace('-', "")
}

/// `20261120T091530Z`.
fn stamp(at: Time) -> String {
    format!("{}Z", at.compact().replace('-', "T"))
}

#[cfg(test)]
mod tests {
    use crate::{
        domain::{Mode, Procedure},
        report::{
            CsvStyle,
            sample::{HOSTILE, Sample, Until},
            write_all,
        },
    };
    use calcard::icalendar::{ICalendar, ICalendarComponentType, ICalendarProperty};
    use icalendar::{Calendar, CalendarDateTime, Component as _, DatePerhapsTime};

    fn written() -> String {
        let sample = Sample::make(Mode::Run, Procedure::RemoveRelationship, Until::Sealed);
        let (reader, run) = sample.reader();
        let folder = sample.folder.path().join("reports");
        write_all(&reader, &run, &folder, CsvStyle::Safe).unwrap();
        std::fs::read_to_string(folder.join(super::NAME)).unwrap()
    }

    #[test]
    fn two_readers_see_whole_days_with_who_and_what_to_do() {
        let text = written();
        let calendar: Calendar = text.parse().unwrap();
        let mut seen = Vec::new();
        for event in calendar.components.iter().filter_map(|one| one.as_event()) {
            let Some(DatePerhapsTime::Date(day)) = event.get_start() else {
                panic!("it is no whole day: {event:?}")
            };
            seen.push((
                day.to_string(),
                event.get_summary().unwrap().to_owned(),
                event.get_uid().unwrap().to_owned(),
            ));
            assert!(matches!(
                event.get_timestamp().map(CalendarDateTime::from),
                Some(CalendarDateTime::Utc(_))
            ));
            let said = event.get_description().unwrap();
            assert!(said.contains("0a0b0c0d-1111-4222-8333-0000000000"), "{said}");
        }
        assert_eq!(
            seen.iter().map(|(day, ..)| day.as_str()).collect::<Vec<_>>(),
            ["2027-01-28", "2027-08-15"]
        );
        assert!(seen[0].1.starts_with("Act by: ") && seen[1].1.starts_with("May go from: "), "{seen:?}");
        assert!(seen[0].2 != seen[1].2);
        assert!(text.lines().all(|line| line.len() <= 75), "{text}");

        let other = ICalendar::parse(&text).unwrap();
        let events =
            other.components.iter().filter(|one| one.component_type == ICalendarComponentType::VEvent);
        let summaries: Vec<String> = events
            .map(|event| {
                let summary = event.property(&ICalendarProperty::Summary).unwrap();
                summary.values.iter().filter_map(|value| value.as_text()).collect::<String>()
            })
            .collect();
        assert_eq!(summaries, seen.iter().map(|(_, summary, _)| summary.clone()).collect::<Vec<_>>());
        assert!(!HOSTILE.is_empty() && !text.contains('\u{1b}'));
    }
}
