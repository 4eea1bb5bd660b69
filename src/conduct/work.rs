//! Everything up to the outcome of each row.

use super::{
    disk::unreadable,
    operator::{ConsentAnswer, Decision, LEAVE, News, Operator, Phrase, TAKE_BACK, TRIES},
    plan_import, reports,
};
use crate::{
    audit::{ChangedByRun, QueryError, Reader},
    domain::{TenantId, is_taken_out},
    engine::{Before, Engine, Halt, TakenBack, ToTakeBack, WorkEnd, beyond_limits, to_take_back},
    partner_center::transport::Transport,
    record::{How, Run, Stage, StopCause},
};
use std::{collections::HashMap, path::Path};
use tokio_util::sync::CancellationToken;

/// A run at work.
pub(super) struct RunAtWork<'a, T, O> {
    pub(super) engine: &'a Engine<T>,
    pub(super) log: &'a Path,
    pub(super) reports: Option<&'a Path>,
    pub(super) operator: &'a mut O,
    pub(super) stop: &'a CancellationToken,
}

impl<T: Transport, O: Operator> RunAtWork<'_, T, O> {
    pub(super) async fn all(mut self) -> Result<WorkEnd, Halt> {
        let engine = self.engine;
        self.plan().await?;
        if engine.with_run(|run| run.stage == Stage::Confirmed && run.awaits_consent()) {
            // A guard stopped it. What was sent before is seen through first, so that the question is about
            // what is really left.
            self.carry_out().await?;
        }
        engine.with_run(|run| {
            // What was confirmed was shown then.
            if run.awaits_consent() {
                self.operator.tell(News::Planned, run);
            }
        });
        if !engine.with_run(|run| run.opened.changes) {
            return self.end_plan().await;
        }
        let to_change = engine.with_run(Run::to_change);
        if to_change == 0 && engine.with_run(|run| run.stage == Stage::Planned) {
            return Ok(WorkEnd::Complete);
        }
        if to_change > 0 && engine.with_run(Run::awaits_consent) {
            engine.require_limits()?;
            self.write_plan();
            let how = self.consent().await?;
            engine.confirm(self.operator.name(), how).await?;
        }
        self.carry_out().await
    }

    /// Finds out whose customers these are, and decides about each, or takes over what another run decided.
    async fn plan(&mut self) -> Result<(), Halt> {
        let engine = self.engine;
        let partner = engine.identify().await?.tenant_id;
        if engine.with_run(|run| run.stage == Stage::Judging && run.opened.applies.is_some()) {
            plan_import::decisions(engine, self.log).await?;
        }
        if engine.with_run(|run| run.stage == Stage::Judging) {
            let before = {
                let reader = Reader::open(self.log).map_err(unreadable)?;
                self.require_own(&reader, partner)?;
                self.before(&reader, partner).map_err(unreadable)?
            };
            let _progress = self.operator.working(engine.watch());
            engine.plan(before).await?;
        }
        Ok(())
    }

    /// Only a run for the same partner is taken back.
    fn require_own(&self, reader: &Reader, partner: TenantId) -> Result<(), Halt> {
        let Some(run) = self.engine.with_run(|run| run.opened.takes_back.clone()) else { return Ok(()) };
        let line = reader.find(run.as_str()).map_err(unreadable)?;
        let theirs = line.partner_tenant_id.unwrap_or_default();
        if theirs == partner.to_string() || is_taken_out("a-run-of-another-partner-is-taken-back") {
            return Ok(());
        }
        let text = format!(
            "the run {run} was for the partner {theirs}, and this sign-in is for {partner}; sign in there"
        );
        Err(Halt::stop(StopCause::Guard, text))
    }

    /// What the log knows of customers from before the run.
    fn before(&self, reader: &Reader, partner: TenantId) -> Result<Before, QueryError> {
        let gone = reader.gone_before(partner)?;
        let mut taken_back: HashMap<TenantId, Vec<ToTakeBack>> = HashMap::new();
        let (procedure, run) =
            self.engine.with_run(|run| (run.opened.procedure, run.opened.takes_back.clone()));
        if let (Some(run), Some(other)) = (run, procedure.facts().takes_back) {
            let again = reader.changed_since(&run, &[other, procedure])?;
            reader.changed_by(&run, other.facts().first, |customer, changed| {
                let to_take_back = |one: &ChangedByRun| {
                    let ChangedByRun { planned, read, read_at, became_other } = one;
                    let (read_at, became_other) = (*read_at, *became_other);
                    let by = to_take_back(procedure, &TakenBack { planned, read, read_at, became_other })?;
                    let changed_by = again.get(&(customer, planned.id.clone())).cloned();
                    Some(ToTakeBack { by, changed_by })
                };
                let all = taken_back.entry(customer).or_default();
                all.extend(changed.iter().filter_map(to_take_back));
            })?;
        }
        Ok(Before { gone, taken_back })
    }

    /// A plan that nobody could carry out is refused now, and not when somebody has signed it.
    async fn end_plan(&self) -> Result<WorkEnd, Halt> {
        let refused = |run: &Run| beyond_limits(run.opened.procedure, &run.policy, run.plan.as_ref()?);
        let is_silent = is_taken_out("a-plan-that-nobody-could-carry-out");
        let refused = self.engine.with_run(refused).filter(|_| !is_silent);
        if let Some(text) = &refused {
            self.engine.leave(StopCause::Guard, text).await?;
        }
        self.engine.settle_plan().await?;
        Ok(refused.map_or(WorkEnd::Complete, WorkEnd::StoppedByGuard))
    }

    /// Has the plan written for whoever confirms it. That it cannot be is said, and is no reason not to ask: it was shown.
    fn write_plan(&mut self) {
        let Some(reports) = self.reports else { return };
        let written = reports::before_asking(self.log, self.engine.id(), reports);
        self.engine.with_run(|run| {
            self.operator.tell(News::PlanWritten(written.as_deref()), run);
        });
    }

    /// Whether the plan is to be carried out. Whoever mistypes may try again: what was read is not to be lost for it.
    async fn consent(&mut self) -> Result<How, Halt> {
        let phrase = self.engine.with_run(|run| {
            let partner = run.partner.as_ref().map_or("", |partner| partner.name.as_str());
            Phrase::new(run.policy.sandbox, partner, run.to_change())
        });
        for tries in 0..TRIES {
            let answer = self.engine.with_run(|run| self.operator.confirm(run, &phrase, tries > 0));
            match self.unless_stopped(answer).await? {
                ConsentAnswer::Given => return Ok(How::Yes),
                ConsentAnswer::Typed(line) if phrase.is(&line) || is_taken_out("any-words-are-a-yes") => {
                    return Ok(How::Typed);
                }
                ConsentAnswer::Typed(line) if line.trim().is_empty() => break,
                ConsentAnswer::Typed(_) => {}
            }
        }
        Err(Halt::Stop {
            cause: StopCause::NotConfirmed,
            text: format!("it was not confirmed: what was typed is not {} and the number", phrase.what),
        })
    }

    /// Changes what is to be changed; and if that leaves something done for nothing that can be taken back,
    /// has it decided what becomes of that.
    async fn carry_out(&mut self) -> Result<WorkEnd, Halt> {
        loop {
            let progress = self.operator.working(self.engine.watch());
            let ended = self.engine.carry_out().await?;
            drop(progress);
            if !self.take_back().await? {
                return Ok(ended);
            }
        }
    }

    /// Has it decided what becomes of what waits for that, if anything does and if somebody can. Says whether it
    /// was.
    async fn take_back(&mut self) -> Result<bool, Halt> {
        let engine = self.engine;
        let rows: Vec<u32> =
            engine.with_run(|run| run.undecided().iter().map(|(row, _)| row.number).collect());
        if rows.is_empty() {
            return Ok(false);
        }
        let decision = engine.with_run(|run| self.operator.take_back(run));
        let (reactivate, how) = match self.unless_stopped(decision).await? {
            Decision::Given { reactivate } => (reactivate, How::Yes),
            Decision::Typed(line) => match line.trim() {
                TAKE_BACK => (true, How::Typed),
                LEAVE => (false, How::Typed),
                _ => return Ok(false),
            },
            // If there is no later, it stays as it is.
            Decision::Nobody
                if !engine.with_run(|run| self.operator.can_resume(run))
                    || is_taken_out("decide-for-whoever-is-not-asked") =>
            {
                (false, How::Yes)
            }
            Decision::Nobody => return Ok(false),
        };
        engine.decide_undo(self.operator.name(), how, rows, reactivate).await?;
        Ok(true)
    }

    /// What somebody answers, unless the run is asked to stop before that.
    async fn unless_stopped<R>(&self, answer: impl Future<Output = Result<R, Halt>>) -> Result<R, Halt> {
        tokio::select! {
            biased;
            answer = answer => answer,
            () = self.stop.cancelled() => Err(Halt::interrupted()),
        }
    }
}
