//! Moments and days, always in UTC.

use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};
use serde_with::{DeserializeFromStr, SerializeDisplay};
use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

/// A moment, in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// Written as RFC 3339 in UTC with milliseconds: `2026-11-20T09:30:05.123Z`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, SerializeDisplay, DeserializeFromStr)]
pub struct Time(i64);

impl Time {
    /// The moment `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The moment `duration` later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        let millis = self.0.saturating_sub(earlier.0).max(0);
        Duration::from_millis(millis.unsigned_abs())
    }

    /// The moment `duration` earlier.
    #[must_use]
    pub fn less(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(millis))
    }

    /// Reads a date and time as Partner Center writes them; of a day alone, its beginning. Without an offset it is in UTC.
    pub fn from_lenient(text: &str) -> Option<Self> {
        let compact: String = text.split_whitespace().collect();
        let exact = [compact.clone(), format!("{compact}Z")].into_iter().find_map(|text| text.parse().ok());
        exact.or_else(|| Day::from_lenient(text).map(Day::begins))
    }

    /// The day on which this moment lies, in UTC.
    pub fn day(self) -> Day {
        Day(self.timestamp().to_zoned(TimeZone::UTC).date())
    }

    /// `20261120-093005`, for names.
    pub fn compact(self) -> String {
        self.timestamp().strftime("%Y%m%d-%H%M%S").to_string()
    }

    /// `09:30:05 UTC`, for what is soon.
    pub fn clock(self) -> String {
        self.timestamp().strftime("%H:%M:%S UTC").to_string()
    }

    /// Reads an HTTP date (`Fri, 20 Nov 2026 09:30:05 GMT`, RFC 9110 §5.6.7).
    pub fn from_http_date(text: &str) -> Option<Self> {
        let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(Self(zoned.timestamp().as_millisecond()))
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.timestamp())
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Time {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        Ok(Self(text.parse::<Timestamp>()?.as_millisecond()))
    }
}

/// A day of the calendar, in UTC: `2026-11-20`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, SerializeDisplay, DeserializeFromStr)]
pub struct Day(Date);

impl Day {
    /// A day that the code itself names.
    ///
    /// # Panics
    ///
    /// If there is no such day, which the compiler finds where this makes a constant.
    pub const fn new(year: i16, month: i8, day: i8) -> Self {
        Self(jiff::civil::date(year, month, day))
    }

    /// The day after this one; the last day of the calendar stays itself.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.tomorrow().unwrap_or(self.0))
    }

    /// So many days later, or earlier; the last day of the calendar at most.
    #[must_use]
    pub fn plus_days(self, days: impl Into<i64>) -> Self {
        Self(self.0.saturating_add(Span::new().days(days.into())))
    }

    /// So much earlier as an ISO 8601 duration of years, months, weeks and days says, for example `P1Y`.
    /// None if the text is none, or says nothing.
    pub fn less(self, duration: &str) -> Option<Self> {
        let duration = duration.trim().to_ascii_uppercase();
        let (begin, rest) = duration.split_at_checked(1)?;
        if begin != "P" || rest.contains('T') {
            return None;
        }
        let span: Span = duration.parse().ok()?;
        let earlier = Self(self.0.checked_sub(span).ok()?);
        (earlier < self).then_some(earlier)
    }

    /// So much later as an ISO 8601 duration of years, months, weeks and days says, for example `P1Y`.
    /// None if the text is none, or says nothing.
    pub fn plus(self, duration: &str) -> Option<Self> {
        let duration = duration.trim().to_ascii_uppercase();
        if !duration.starts_with('P') || duration.contains('T') {
            return None;
        }
        let span: Span = duration.parse().ok()?;
        let later = Self(self.0.checked_add(span).ok()?);
        (later > self).then_some(later)
    }

    /// Its first moment.
    pub fn begins(self) -> Time {
        let zoned = self.0.to_zoned(TimeZone::UTC).ok();
        Time(zoned.map_or(0, |zoned| zoned.timestamp().as_millisecond()))
    }

    /// The year, for telling the end dates that mean "never" (9999) from real ones.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// As it is written in a letter: `20 November 2026`.
    pub fn in_words(self) -> String {
        self.0.strftime("%-d %B %Y").to_string()
    }

    /// Reads the day from a date or a date and time as Partner Center writes them: `Z`, an offset
    /// or none, any number of fractional digits, blanks inside the time.
    /// The day is the one in UTC where an offset is given.
    pub fn from_lenient(text: &str) -> Option<Self> {
        let compact: Cow<'_, str> = match text.trim() {
            text if text.contains(char::is_whitespace) => text.split_whitespace().collect(),
            text => text.into(),
        };
        if let Ok(time) = compact.parse::<Timestamp>() {
            return Some(Self(time.to_zoned(TimeZone::UTC).date()));
        }
        let date = compact.get(..10)?;
        let rest_is_time = compact.get(10..).is_none_or(|rest| rest.is_empty() || rest.starts_with('T'));
        rest_is_time.then(|| date.parse::<Date>().ok().map(Self)).flatten()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Day {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        Ok(Self(text.parse()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_with_milliseconds_and_read_back() {
        let time = Time::from_millis(1_795_166_130_000);
        assert_eq!(time.to_string(), "2026-11-20T09:15:30.000Z");
        assert_eq!(time.to_string().parse::<Time>().unwrap(), time);
        assert_eq!(time.compact(), "20261120-091530");
    }

    #[test]
    fn time_goes_on_by_milliseconds_and_days_by_the_calendar() {
        let time = Time::from_millis(1_795_166_130_000);
        let later = time.plus(Duration::from_millis(1_500));
        assert_eq!((later.as_millis(), later.since(time)), (1_795_166_131_500, Duration::from_millis(1_500)));
        assert_eq!((time.since(later), time.since(time)), (Duration::ZERO, Duration::ZERO));
        assert_eq!((time.clock().as_str(), later.day().to_string().as_str()), ("09:15:30 UTC", "2026-11-20"));
        let day: Day = "2027-12-31".parse().unwrap();
        assert_eq!((day.year(), day.next().to_string().as_str()), (2027, "2028-01-01"));
        assert_eq!(day.plus_days(60).to_string(), "2028-02-29");
        assert_eq!(day.plus_days(-30 - 25).in_words(), "6 November 2027");
        assert_eq!(day.plus_days(-31).to_string(), "2027-11-30");
        // What is beyond the calendar is shown as its end.
        assert!(Time::from_millis(i64::MAX).to_string().starts_with("9999-12-30"));
        assert!(Time::from_millis(i64::MIN).to_string().starts_with("-009999"));
        let last: Day = "9999-12-31".parse().unwrap();
        assert_eq!((last.next(), last.plus_days(1)), (last, last));
    }

    #[test]
    fn days_are_read_in_every_form_that_the_service_writes() {
        for text in [
            "2031-03-04",
            "2031-03-04T05:06:07Z",
            "2031-03-04T05:06:07.1234567Z",
            "2031-03-04T05:06:07+00:00",
            "2031-03-04T05:06:07.1234567",
            "2031-03-04T05: 06: 07Z",
            "2031-03-05T01:00:00+02:00",
            "2031-03-05T01: 00: 00+02:00",
        ] {
            assert_eq!(Day::from_lenient(text).unwrap().to_string(), "2031-03-04", "{text}");
        }
        for text in ["", "soon", "2031-13-04", "2031-03-04x", "äöüäöüäöü"] {
            assert_eq!(Day::from_lenient(text), None, "{text}");
        }
    }

    #[test]
    fn moments_are_read_with_or_without_an_offset_and_days_as_their_beginning() {
        for (text, time) in [
            ("2031-03-04T05:06:07.123Z", "2031-03-04T05:06:07.123Z"),
            ("2031-03-04T05: 06: 07", "2031-03-04T05:06:07.000Z"),
            ("2031-03-04T05:06:07+02:00", "2031-03-04T03:06:07.000Z"),
            (" 2031-03-04", "2031-03-04T00:00:00.000Z"),
        ] {
            assert_eq!(Time::from_lenient(text).unwrap().to_string(), time, "{text}");
        }
        assert_eq!(Time::from_lenient("soon"), None);
    }

    #[test]
    fn a_duration_is_added_and_taken_off_by_the_calendar() {
        let day: Day = "2028-02-29".parse().unwrap();
        for (duration, later) in [("P1M", "2028-03-29"), (" p1y ", "2029-02-28"), ("P2W", "2028-03-14")] {
            assert_eq!(day.plus(duration).map(|day| day.to_string()).as_deref(), Some(later), "{duration}");
        }
        for (duration, earlier) in [
            ("P1M", Some("2028-01-29")),
            (" p1y ", Some("2027-02-28")),
            ("P3Y", Some("2025-02-28")),
            ("P1Y6M", Some("2026-08-29")),
            ("P2W", Some("2028-02-15")),
            ("P7D", Some("2028-02-22")),
        ] {
            assert_eq!(day.less(duration).map(|day| day.to_string()).as_deref(), earlier, "{duration}");
        }
        for text in ["", "P", "P0D", "1 year", "-P1Y", "P-1Y", "PT36H", "P1DT1H", "P99999Y", "annual", "ä"] {
            assert_eq!((day.less(text), day.plus(text)), (None, None), "{text}");
        }
    }

    #[test]
    fn http_dates_are_read() {
        let time = Time::from_http_date("Fri, 20 Nov 2026 09:15:30 GMT").unwrap();
        assert_eq!(time.to_string(), "2026-11-20T09:15:30.000Z");
    }
}
