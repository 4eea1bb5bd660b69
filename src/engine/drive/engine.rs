//! A run, from its list to its seal.

use super::{
    carry_out::carry_out,
    plan::{Before, plan},
    scheduler::WorkEnd,
    shared::{self, Shared},
};
use crate::{
    audit::{Observer, Store, Writer},
    domain::{RunId, Time, is_taken_out},
    engine::{
        decide::{guards, settlement},
        halt::Halt,
        observe::partner_identification::{identify, require_listing},
        ports::Ports,
        send::{client::RecordedClient, pace::PaceNow},
    },
    input,
    partner_center::transport::Transport,
    record::{
        Approved, Confirmed, CustomersProtected, Event, How, Partner, PlanSealed, Policy, Record,
        ReportWritten, Row, RowRead, RowState, Run, RunOpened, RunSealed, Settled, StopCause, UndoDecided,
    },
};
use std::sync::{Arc, Mutex};
use tokio::task::JoinHandle;

/// Carries a run out.
#[derive(Debug)]
pub struct Engine<T> {
    id: RunId,
    shared: Shared<T>,
    writer: JoinHandle<Result<Store, crate::audit::WriteError>>,
}

/// Looks at a run while it is at work.
#[derive(Clone, Debug)]
pub struct Watch<T>(Shared<T>);

impl<T: Transport> Watch<T> {
    /// What the records add up to now.
    pub fn with_run<R>(&self, look: impl FnOnce(&Run) -> R) -> R {
        self.0.with_run(look)
    }

    /// The pace now.
    pub fn pace(&self) -> PaceNow {
        self.0.client.pace()
    }
}

impl<T: Transport> Engine<T> {
    /// Begins a run in this log. The approval of what it carries out is on record as soon as the run is.
    pub async fn begin(
        store: Store,
        mut opened: RunOpened,
        approved: Option<Approved>,
        ports: Ports<T>,
    ) -> Result<Self, Halt> {
        let at = ports.clock.now();
        let id = ports.ids.run_id(at);
        let customers = std::mem::take(&mut opened.policy.protected);
        let opened = Record { at, run: Some(id), event: Event::RunOpened(Box::new(opened)) };
        let run = Run::begin(&opened)
            .ok_or_else(|| Halt::stop(StopCause::Service, "a run begins with the record that opens it"))?;
        let pace = (run.policy.rate, run.policy.concurrency);
        let engine = Self::over(store, run, pace, ports);
        let approved = approved.map(|approved| Event::Approved(Box::new(approved)));
        let protected =
            (!customers.is_empty()).then_some(Event::CustomersProtected(CustomersProtected { customers }));
        let more = approved.into_iter().chain(protected);
        let more = more.map(|event| Record { at, run: Some(engine.id.clone()), event });
        let first = std::iter::once(opened).chain(more).map(Into::into).collect();
        engine.client().writer.append(first).await?;
        Ok(engine)
    }

    /// Goes on with a run whose records add up to `run`. The policy may differ in its pace.
    pub async fn resume(store: Store, run: Run, policy: Policy, ports: Ports<T>) -> Result<Self, Halt> {
        let Policy { rate, concurrency, .. } =
            *if is_taken_out("resume-at-the-old-pace") { &run.policy } else { &policy };
        let engine = Self::over(store, run, (rate, concurrency), ports);
        engine.client().record(vec![Event::Resumed(Box::new(policy))]).await?;
        Ok(engine)
    }

    /// `pace` is the rate, in requests a minute, and how many may be in flight.
    fn over(store: Store, run: Run, pace: (u32, u32), ports: Ports<T>) -> Self {
        let id = run.id.clone();
        let held_for = run.held_until.map(|until| until.since(ports.clock.now())).unwrap_or_default();
        let run = Arc::new(Mutex::new(run));
        let folded = Arc::clone(&run);
        let observer: Observer = Box::new(move |seq, record| match record.event {
            Event::RunOpened(_) => Ok(()),
            _ => shared::locked(&folded).apply(seq, record),
        });
        let (writer, task) = Writer::start(store, observer);
        let client = RecordedClient::new(ports, writer, Some(id.clone()), pace, held_for);
        let shared = Shared::new(client, run);
        Self { id, shared, writer: task }
    }

    /// The run's name.
    pub const fn id(&self) -> &RunId {
        &self.id
    }

    /// A view for a progress bar.
    pub fn watch(&self) -> Watch<T> {
        Watch(self.shared.clone())
    }

    /// What the records add up to now.
    pub fn with_run<R>(&self, look: impl FnOnce(&Run) -> R) -> R {
        self.shared.with_run(look)
    }

    fn client(&self) -> &RecordedClient<T> {
        &self.shared.client
    }

    /// Records rows of the list, in its order; those that cannot be worked on are settled at once.
    pub async fn take_rows(&self, rows: Vec<input::ListRow>) -> Result<(), Halt> {
        let now = self.now();
        let mut events = Vec::with_capacity(rows.len());
        for row in rows {
            let settled = settlement::on_reading(&row, now);
            events.push(Event::RowRead(RowRead {
                row: row.row,
                customer: row.customer.ok(),
                name: row.name,
                domain: row.domain,
                cells: row.cells,
            }));
            events.extend(settled.map(|settled| Event::Settled(Box::new(settled))));
        }
        self.client().record_all(events).await
    }

    /// Records rows and decisions of a plan that another run made, as they stand there. What is known of a
    /// row already, because an earlier process got so far, is left out.
    pub async fn adopt(&self, events: Vec<Event>) -> Result<(), Halt> {
        let is_new = |event: &Event| {
            self.with_run(|run| match event {
                Event::RowRead(row) => run.row(row.row).is_none(),
                Event::Judged(judged) => is_unread(run, judged.row),
                Event::Settled(settled) => run.row(settled.row).is_none() || is_unread(run, settled.row),
                _ => false,
            })
        };
        let events: Vec<_> = events.into_iter().filter(is_new).collect();
        if !events.is_empty() {
            self.client().record(events).await?;
        }
        Ok(())
    }

    /// Finds out whether this user may list customers, which a run without a listing of its own would learn
    /// too late.
    pub async fn require_listing(&self) -> Result<(), Halt> {
        require_listing(self.client()).await
    }

    /// Seals the plan that was adopted; the fold compares its digest with the one that is to be carried out.
    pub async fn seal_adopted(&self, plan: PlanSealed) -> Result<(), Halt> {
        self.client().record(vec![Event::PlanSealed(plan)]).await?;
        Ok(())
    }

    /// Looks whether the run may begin: whose customers these are, whether the sign-in was done with MFA,
    /// and what time it is there. An account that was not meant, or that is not the one with which the
    /// run began, ends it.
    pub async fn identify(&self) -> Result<Partner, Halt> {
        let found = identify(self.client()).await?;
        let partner = &found.partner;
        let refused = self.with_run(|run| guards::wrong_partner(&run.policy, run.partner.as_ref(), partner));
        if refused.is_none() || self.with_run(|run| run.partner.is_none()) {
            self.client().record(vec![Event::PartnerIdentified(partner.clone())]).await?;
        }
        if let Some(text) = refused {
            return Err(Halt::stop(StopCause::WrongAccount, text));
        }
        let elsewhere = |run: &Run| guards::wrong_place(run.opened.procedure, &run.policy, partner);
        if let Some(text) = self.with_run(elsewhere) {
            return Err(Halt::stop(StopCause::Guard, text));
        }
        if let Some(text) = guards::without_mfa(found.mfa) {
            return Err(Halt::stop(StopCause::SignIn, text));
        }
        if let Some(text) = guards::clock_differs(found.clock_is_ahead_by) {
            return Err(Halt::stop(StopCause::Guard, text));
        }
        Ok(found.partner)
    }

    /// Reads and judges every row that is not judged yet, then seals the plan.
    pub async fn plan(&self, before: Before) -> Result<(), Halt> {
        plan(&self.shared, before).await
    }

    /// Changes every customer that the confirmed plan calls ready, wave by wave, and sees each through to
    /// its outcome.
    pub async fn carry_out(&self) -> Result<WorkEnd, Halt> {
        carry_out(&self.shared).await
    }

    /// Refuses a plan that removes more than anybody meant, or that nobody else has looked at. Asked each time before somebody is asked to
    /// confirm, whenever the plan was made.
    pub fn require_limits(&self) -> Result<(), Halt> {
        let refused = self.with_run(|run| {
            let plan = run.plan.as_ref()?;
            let procedure = run.opened.procedure;
            let approval = || guards::not_approved(procedure, &run.policy, plan, run.is_approved);
            guards::beyond_limits(procedure, &run.policy, plan).or_else(approval)
        });
        refused.map_or(Ok(()), |text| Err(Halt::stop(StopCause::Guard, text)))
    }

    /// Somebody allowed the plan. From now on a signed head says what it was.
    pub async fn confirm(&self, by: String, how: How) -> Result<(), Halt> {
        let digest = self.with_run(|run| run.plan.as_ref().map(|plan| plan.digest));
        let Some(digest) = digest else {
            return Err(Halt::stop(StopCause::Guard, "there is no plan to confirm"));
        };
        self.client().record(vec![Event::Confirmed(Confirmed { by, how, digest })]).await?;
        self.head().await
    }

    /// Somebody decided what becomes of the subscriptions that were suspended for these rows.
    pub async fn decide_undo(
        &self,
        by: String,
        how: How,
        rows: Vec<u32>,
        reactivate: bool,
    ) -> Result<(), Halt> {
        let decided = UndoDecided { by, how, rows, reactivate };
        self.client().record(vec![Event::UndoDecided(decided)]).await?;
        Ok(())
    }

    /// Ends a run that only plans: what is ready is settled as ready.
    pub async fn settle_plan(&self) -> Result<(), Halt> {
        self.settle_open(settlement::ready).await
    }

    /// Gives up a run of which nothing is in doubt: what is open was not attempted.
    pub async fn give_up(&self) -> Result<(), Halt> {
        self.settle_open(settlement::on_giving_up).await
    }

    /// Leaves a run that can be resumed.
    pub async fn leave(&self, cause: StopCause, text: &str) -> Result<(), Halt> {
        self.shared.leave(cause, text.to_owned()).await
    }

    /// Seals the run: every row has its outcome, and the counts add up.
    pub async fn seal(&self, exit_code: u8) -> Result<RunSealed, Halt> {
        let sealed = self.with_run(|run| RunSealed {
            counts: run.counts.clone(),
            open_intents: run.open_intents(),
            exit_code,
        });
        self.client().record(vec![Event::RunSealed(sealed.clone())]).await?;
        self.head().await?;
        Ok(sealed)
    }

    /// Nothing more is decided or sent: the rows are let go, because the reports are made from the log, and need
    /// room themselves.
    pub fn rest(&self) {
        self.shared.locked().let_go_of_rows();
    }

    /// Records that reports were written.
    pub async fn reported(&self, reports: Vec<ReportWritten>) -> Result<(), Halt> {
        self.client().record(reports.into_iter().map(Event::ReportWritten).collect()).await?;
        Ok(())
    }

    /// A signed head over everything that is on record so far.
    async fn head(&self) -> Result<(), Halt> {
        Ok(self.client().writer.head().await?)
    }

    /// Closes the log. Everything that was recorded is on disk already.
    pub async fn close(self) -> Result<(), Halt> {
        drop(self.shared);
        let store = self.writer.await.map_err(|_panicked| crate::audit::WriteError::Closed)??;
        store.close().map_err(|error| crate::audit::WriteError::Store(Arc::new(error)))?;
        Ok(())
    }

    fn now(&self) -> Time {
        self.client().now()
    }

    async fn settle_open(&self, as_what: fn(&Row, Time) -> Settled) -> Result<(), Halt> {
        let now = self.now();
        let open: Vec<u32> = self.with_run(|run| {
            let open = run.rows.iter().filter(|row| !matches!(row.state, RowState::Settled(_)));
            open.map(|row| row.number).collect()
        });
        let settled = |row| self.with_run(|run| run.row(row).cloned()).map(|row| as_what(&row, now));
        let settled = open.into_iter().filter_map(settled);
        self.client().record_all(settled.map(|settled| Event::Settled(Box::new(settled)))).await
    }
}

fn is_unread(run: &Run, row: u32) -> bool {
    run.row(row).is_some_and(|row| matches!(row.state, RowState::Unread { .. }))
}
