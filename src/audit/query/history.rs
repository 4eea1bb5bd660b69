//! What the log as a whole knows: its keys, and what became of a customer in earlier runs.

use super::{QueryError, Reader, decoded};
use crate::{
    audit::{
        RunLine, VerifyingKey,
        format::{outcomes, sql},
    },
    domain::{Effect, Preparation, Procedure, RunId, Seq, TenantId, Time},
    record::{
        CustomerRefreshed, CustomerStory, Event, Judged, KeyIntroduced, Record, RecordError, RequestStory,
        Stands, sql_list,
    },
};
use rusqlite::{OptionalExtension as _, params};
use std::collections::{HashMap, HashSet};

/// Something of a customer's that a run changed, or may have changed.
#[derive(Clone, Debug)]
pub struct ChangedByRun {
    /// What the plan said of it.
    pub planned: Preparation,
    /// What was read of it just before,
    pub read: Vec<u8>,
    /// and when.
    pub read_at: Time,
    /// Whether the service made something else of it than was asked for.
    pub became_other: bool,
}

/// The latest successful read of the same address before this was first changed: when, and the place of its answer.
fn read_before(story: &CustomerStory, planned: &Preparation) -> Option<(Time, Seq)> {
    let requests = story.requests();
    let is_change = |request: &&RequestStory| {
        request.intended.purpose.effect() == Some(planned.what)
            && request.intended.about.as_deref() == Some(&*planned.id)
    };
    let change = requests.iter().find(is_change)?;
    let is_read = |request: &&RequestStory| {
        request.seq < change.seq
            && !request.intended.purpose.is_change()
            && request.intended.url == change.intended.url
            && request.status().is_some_and(|status| (200..300).contains(&status))
    };
    let read = requests.iter().filter(is_read).last()?;
    Some((read.end.as_ref()?.0, read.ended_in?))
}

impl Reader {
    /// The keys that the log introduces: those of operators, which sign its heads.
    pub fn signers(&self) -> Result<Vec<VerifyingKey>, QueryError> {
        self.gather()?;
        let mut query = self.prepare(&sql(
            "SELECT seq, body FROM temp.milestones WHERE kind = {KeyIntroduced} ORDER BY seq",
        ))?;
        let mut rows = query.query([])?;
        let mut keys: Vec<VerifyingKey> = Vec::new();
        while let Some(row) = rows.next()? {
            let body = row.get_ref(1)?.as_bytes().map_err(rusqlite::Error::from)?;
            keys.extend(KeyIntroduced::read(body).and_then(|introduced| introduced.vkey.parse().ok()));
        }
        Ok(keys)
    }

    /// The customers that earlier runs of this log really removed for this partner, by their own record or
    /// by what a person found out later; the last word counts.
    pub fn gone_before(&self, partner: TenantId) -> Result<HashSet<TenantId>, QueryError> {
        let partner = partner.to_string();
        let real = |run: &RunLine| run.is_real() && run.partner_tenant_id.as_deref() == Some(&*partner);
        let runs: HashSet<String> =
            self.runs()?.iter().filter(|run| real(run)).map(|run| run.run_id.to_string()).collect();
        if runs.is_empty() {
            return Ok(HashSet::new());
        }
        let removed = outcomes(|outcome| outcome.is_by_the_run() && outcome.is_gone());
        let mut query = self.connection.prepare(&sql(&format!(
            "SELECT run, json_extract(CAST(body AS TEXT), '$.customer'),
                 json_extract(CAST(body AS TEXT), '$.outcome') IN ({removed}) AS is_gone
             FROM records WHERE kind = {{Resolved}} OR (kind = {{Settled}} AND is_gone) ORDER BY seq"
        )))?;
        let ends = query.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, bool>(2)?))
        })?;
        let mut gone = HashSet::new();
        for end in ends {
            let (run, customer, is_gone) = end?;
            let customer = customer.and_then(|id| id.parse::<TenantId>().ok());
            match customer.filter(|_| runs.contains(&run)) {
                Some(customer) if is_gone => drop(gone.insert(customer)),
                Some(customer) => drop(gone.remove(&customer)),
                None => {}
            }
        }
        Ok(gone)
    }

    /// What was decided about the customers of a run, each time that one was looked at, in order. What a newer program
    /// recorded is passed over.
    pub fn judgements(&self, run: &RunId, mut each: impl FnMut(TenantId, Judged)) -> Result<(), QueryError> {
        let Some((first, last)) = self.extent(run)? else { return Ok(()) };
        let mut query = self
            .prepare(&sql("SELECT seq, body FROM records WHERE seq BETWEEN ?1 AND ?2 AND run = ?3
             AND kind IN ({RowRead}, {Judged}) ORDER BY seq"))?;
        let mut rows = query.query(params![first, last, run.as_str()])?;
        let mut customers = HashMap::new();
        while let Some(row) = rows.next()? {
            let event = match decoded(row) {
                Ok((_, record)) => record.event,
                Err(QueryError::Record { source: RecordError::Newer(_), .. }) => continue,
                Err(error) => return Err(error),
            };
            match event {
                Event::RowRead(read) => customers.extend(read.customer.map(|customer| (read.row, customer))),
                Event::Judged(judged) => {
                    if let Some(customer) = customers.get(&judged.row) {
                        each(*customer, *judged);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What was seen of customers outside of all runs, in order. What a newer program recorded is passed over.
    pub fn refreshed(&self, mut each: impl FnMut(CustomerRefreshed)) -> Result<(), QueryError> {
        self.gather()?;
        let mut query = self.prepare(&sql(
            "SELECT seq, body FROM temp.milestones WHERE kind = {CustomerRefreshed} ORDER BY seq",
        ))?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            match decoded(row) {
                Ok((_, Record { event: Event::CustomerRefreshed(seen), .. })) => each(seen),
                Ok(_) | Err(QueryError::Record { source: RecordError::Newer(_), .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Each customer of a run, with what the run did, or may have done, to things that it has by these effects, and what was
    /// read of each thing just before.
    pub fn changed_by(
        &self,
        run: &RunId,
        effects: &[Effect],
        mut each: impl FnMut(TenantId, Vec<ChangedByRun>),
    ) -> Result<(), QueryError> {
        self.customers(run, |story| {
            let Some(customer) = story.customer() else { return Ok(()) };
            let mut changed = Vec::new();
            for effect in story.effects().all().filter(|effect| effects.contains(&effect.effect)) {
                let is_planned =
                    |one: &&Preparation| one.what == effect.effect && Some(&*one.id) == effect.about;
                let planned = story.planned().iter().find(is_planned);
                let Some(planned) = planned.filter(|_| !effect.stands.is_without_effect()) else { continue };
                let Some((read_at, read_in)) = read_before(&story, planned) else { continue };
                if let Some(read) = self.body(read_in)? {
                    let became_other = effect.stands == Stands::Otherwise;
                    changed.push(ChangedByRun { planned: planned.clone(), read, read_at, became_other });
                }
            }
            each(customer, changed);
            Ok(())
        })
    }

    /// What later runs by these procedures did to things that customers have, and the latest that did: where a later one
    /// did the same again, or is known to have taken it back.
    pub fn changed_since(
        &self,
        run: &RunId,
        procedures: &[Procedure],
    ) -> Result<HashMap<(TenantId, String), RunId>, QueryError> {
        let mut changed = HashMap::new();
        for later in self.runs_after(run, procedures)? {
            self.customers(&later, |story| {
                let Some(customer) = story.customer() else { return Ok::<_, QueryError>(()) };
                for one in story.effects().all() {
                    let is_changed = match one.stands {
                        Stands::Done | Stands::DoneAlready => true,
                        // Whoever takes back what may not have been taken back yet finds it as that run left it.
                        stands => {
                            !stands.is_without_effect()
                                && procedures.first().is_some_and(|first| first.may_begin_with(one.effect))
                        }
                    };
                    if let Some(about) = one.about.filter(|_| is_changed) {
                        changed.insert((customer, about.to_owned()), later.clone());
                    }
                }
                Ok(())
            })?;
        }
        Ok(changed)
    }

    /// The real runs by these procedures that were begun after this one, oldest first.
    fn runs_after(&self, run: &RunId, procedures: &[Procedure]) -> Result<Vec<RunId>, QueryError> {
        self.gather()?;
        let names = sql_list(procedures.iter().map(|procedure| procedure.as_str()));
        let mut query = self.connection.prepare(&sql(&format!(
            "SELECT run FROM temp.milestones WHERE kind = {{RunOpened}}
             AND seq > (SELECT seq FROM temp.milestones WHERE kind = {{RunOpened}} AND run = ?1)
             AND json_extract(CAST(body AS TEXT), '$.procedure') IN ({names})
             AND json_extract(CAST(body AS TEXT), '$.mode') = 'run' ORDER BY seq"
        )))?;
        let runs = query.query_map([run.as_str()], |row| row.get::<_, String>(0))?;
        let runs = runs.collect::<Result<Vec<_>, _>>()?;
        Ok(runs.into_iter().filter_map(|run| run.parse().ok()).collect())
    }

    /// Every change that was sent, or was about to be: its correlation ID, and its customer.
    pub fn changes_sent(&self) -> Result<Vec<(String, TenantId)>, QueryError> {
        let ends = Effect::ALL.iter().filter(|effect| effect.is_last());
        let ends = sql_list(ends.map(|effect| effect.as_str()));
        let mut query = self.connection.prepare(&sql(&format!(
            "SELECT json_extract(CAST(body AS TEXT), '$.correlation_id'),
                 json_extract(CAST(body AS TEXT), '$.customer')
             FROM records WHERE kind = {{RequestIntended}}
             AND json_extract(CAST(body AS TEXT), '$.purpose') IN ({ends})"
        )))?;
        let sent = query
            .query_map([], |row| Ok((row.get::<_, Option<String>>(0)?, row.get::<_, Option<String>>(1)?)))?;
        let mut all = Vec::new();
        for line in sent {
            let (correlation, customer) = line?;
            all.extend(correlation.zip(customer.and_then(|id| id.parse().ok())));
        }
        Ok(all)
    }

    /// The runs that were begun to carry out the plan of the run `plan`, oldest first.
    pub fn runs_that_apply(&self, plan: &RunId) -> Result<Vec<RunId>, QueryError> {
        self.gather()?;
        let mut query =
            self.connection.prepare(&sql("SELECT run FROM temp.milestones WHERE kind = {RunOpened}
             AND json_extract(CAST(body AS TEXT), '$.applies.run') = ?1 ORDER BY seq"))?;
        let runs = query.query_map([plan.as_str()], |row| row.get::<_, String>(0))?;
        let runs = runs.collect::<Result<Vec<_>, _>>()?;
        Ok(runs.into_iter().filter_map(|run| run.parse().ok()).collect())
    }

    /// The latest run in which the outcome of this customer could not be found out.
    pub fn latest_unknown(&self, customer: TenantId) -> Result<Option<RunId>, QueryError> {
        let run: Option<String> = self
            .connection
            .query_row(
                &sql(
                    "SELECT run FROM records WHERE kind = {Settled}
                     AND json_extract(CAST(body AS TEXT), '$.customer') = ?1
                     AND json_extract(CAST(body AS TEXT), '$.outcome') = 'unknown' ORDER BY seq DESC LIMIT 1",
                ),
                [customer.to_string()],
                |row| row.get(0),
            )
            .optional()?;
        Ok(run.and_then(|run| run.parse().ok()))
    }
}
