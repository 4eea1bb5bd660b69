//! A run as stories: the run as a whole first, and then each row of its list. Each record is read once, and no more than
//! one row is in memory.

use super::{QueryError, Reader, RunExtent};
use crate::{
    domain::{RunId, Seq, Time, is_taken_out},
    record::{CustomerStory, Kind, Record, RecordError, RunStory, Scope, sql_list},
};
use rusqlite::{OptionalExtension as _, Rows, Statement, params};

/// Only places are sorted, which `SQLite` does on disk when there are many; the bytes are read one by one.
const BY_ROW: &str =
    "SELECT seq, row FROM records WHERE seq BETWEEN ?1 AND ?2 AND run = ?3 ORDER BY row, seq";

/// Whoever is told a run.
pub trait Listener<E> {
    /// The run as a whole, which comes first.
    fn run(&mut self, story: RunStory) -> Result<(), E>;

    /// A row, in the order of the list.
    fn customer(&mut self, story: CustomerStory) -> Result<(), E>;
}

/// A record as it is read, or none if a newer program wrote it.
struct ToldRecord {
    seq: Seq,
    row: Option<u32>,
    record: Option<Record>,
}

impl Reader {
    /// Tells a run. False if the log has none of this name, or none whose beginning is understood.
    pub fn tell<E: From<QueryError>>(&self, run: &RunId, listener: &mut impl Listener<E>) -> Result<bool, E> {
        let Some((first, last)) = self.extent(run)? else { return Ok(false) };
        self.tell_between(run, (first, last), listener)
    }

    /// The same, of a run whose records are known to lie here: in a log of many runs, the others are not read.
    pub fn tell_within<E: From<QueryError>>(
        &self,
        run: &RunId,
        extent: &RunExtent,
        listener: &mut impl Listener<E>,
    ) -> Result<bool, E> {
        let place = |seq: Seq| i64::try_from(seq).unwrap_or(i64::MAX);
        self.tell_between(run, (place(extent.first), place(extent.last)), listener)
    }

    fn tell_between<E: From<QueryError>>(
        &self,
        run: &RunId,
        (first, last): (i64, i64),
        listener: &mut impl Listener<E>,
    ) -> Result<bool, E> {
        let mut query = self.prepare(BY_ROW)?;
        let places = query.query(params![first, last, run.as_str()]).map_err(QueryError::from)?;
        let body = self.prepare("SELECT body FROM main.record WHERE seq = ?1")?;
        let mut records = Records { places, body };
        let mut story: Option<RunStory> = None;
        let mut next = records.next()?;
        while let Some(ToldRecord { seq, row: None, record }) = &next {
            match (&mut story, record) {
                (None, Some(record)) => story = RunStory::begin(*seq, record),
                (None, None) => {}
                (Some(story), Some(record)) => story.take(*seq, record),
                (Some(story), None) => story.pass_over(),
            }
            next = records.next()?;
        }
        let Some(story) = story else { return Ok(false) };
        listener.run(story.clone())?;
        while let Some(ToldRecord { row: Some(row), .. }) = next {
            let mut customer = CustomerStory::of(&story, row);
            let mut marks = story.marks.iter().peekable();
            // Without this promise, each row has the records of the next one too.
            let last = row + u32::from(is_taken_out("requests-of-another-row"));
            while let Some(ToldRecord { seq, record, .. }) =
                next.take_if(|told| told.row.is_some_and(|of| of == row || of == last))
            {
                while let Some((_, at, mark)) = marks.next_if(|(place, ..)| *place < seq) {
                    customer.mark(*at, mark);
                }
                match &record {
                    Some(record) => customer.take(seq, record),
                    None => customer.pass_over(),
                }
                next = records.next()?;
            }
            marks.for_each(|(_, at, mark)| customer.mark(*at, mark));
            listener.customer(customer)?;
        }
        Ok(true)
    }

    /// Tells the rows of a run alone.
    pub fn customers<E: From<QueryError>>(
        &self,
        run: &RunId,
        each: impl FnMut(CustomerStory) -> Result<(), E>,
    ) -> Result<(), E> {
        self.tell(run, &mut Rowwise(each)).map(drop)
    }

    /// When the last thing before this place was done in the run. What is added to a run by looking at it is no part of
    /// its time.
    pub fn last_done_before(&self, run: &RunId, seq: Seq) -> Result<Option<Time>, QueryError> {
        let aside = Kind::ALL.iter().filter(|kind| kind.may_follow_the_seal() || kind.scope() == Scope::Log);
        let question = format!(
            "SELECT at FROM records WHERE seq < ?1 AND run = ?2 AND kind NOT IN ({}) ORDER BY seq DESC LIMIT 1",
            sql_list(aside.map(|kind| kind.label()))
        );
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        let found = self.connection.query_row(&question, params![seq, run.as_str()], |row| row.get(0));
        let at: Option<String> = found.optional()?;
        Ok(at.and_then(|at| at.parse().ok()))
    }

    /// The first head that covers the record at this place, as a signed note.
    pub fn head_over(&self, seq: Seq) -> Result<Option<String>, QueryError> {
        let first = "SELECT note FROM checkpoint WHERE size > ?1 ORDER BY size LIMIT 1";
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        Ok(self.connection.query_row(super::asked(first), [seq], |row| row.get(0)).optional()?)
    }
}

struct Rowwise<F>(F);

impl<E, F: FnMut(CustomerStory) -> Result<(), E>> Listener<E> for Rowwise<F> {
    fn run(&mut self, _story: RunStory) -> Result<(), E> {
        Ok(())
    }

    fn customer(&mut self, story: CustomerStory) -> Result<(), E> {
        (self.0)(story)
    }
}

/// The records of a run, row by row.
struct Records<'a> {
    places: Rows<'a>,
    body: Statement<'a>,
}

impl Records<'_> {
    fn next(&mut self) -> Result<Option<ToldRecord>, QueryError> {
        let Some(place) = self.places.next()? else { return Ok(None) };
        let (seq, row): (i64, Option<u32>) = (place.get(0)?, place.get(1)?);
        let mut found = self.body.query([seq])?;
        let seq = seq.unsigned_abs();
        let body = found.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let record = match Record::from_bytes(body.get_ref(0)?.as_bytes().map_err(rusqlite::Error::from)?) {
            Ok(record) => Some(record),
            Err(RecordError::Newer(_)) => None,
            Err(source) => return Err(QueryError::Record { seq, source }),
        };
        Ok(Some(ToldRecord { seq, row, record }))
    }
}
