//! What is looked at: the log at one moment, the index over it, and the verdict about it.
//!
//! All three are made in the background. When the log has changed, they are made again as soon as somebody
//! asks for a page; until then the earlier moment is shown, if it can still be read.

use super::pages::Tools;
use crate::{
    audit::{
        CannotLook, Index, QueryError, Snapshot, discard_copies,
        verify::{Trust, Verification, verify_snapshot},
    },
    domain::{Time, is_taken_out},
};
use std::{
    env,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tempfile::TempDir;

/// A log that is being written is not read again sooner than this after the last time.
const SHORTEST_REST: Duration = Duration::from_secs(2);
/// Nor sooner than so many times what reading and verifying it took.
const REST: u32 = 4;
/// How long a page waits for a log that is being read.
const PATIENCE: Duration = Duration::from_millis(1500);

/// The log at one moment, with what was made from it.
#[derive(Debug)]
pub(super) struct LogView {
    snapshot: Arc<Snapshot>,
    tools: Mutex<Tools>,
    /// When it was taken.
    pub(super) taken_at: Time,
    verdict: OnceLock<Checked>,
}

/// What `verify` said, and when.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) at: Time,
    /// What came of it, or why nothing did.
    pub(super) found: Result<Verification, String>,
}

impl LogView {
    /// The reader and the index.
    pub(super) fn tools(&self) -> MutexGuard<'_, Tools> {
        self.tools.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// None while it is being checked.
    pub(super) fn verdict(&self) -> Option<&Checked> {
        self.verdict.get()
    }

    /// Whether the log has changed since.
    pub(super) fn is_outdated(&self) -> bool {
        !self.snapshot.is_current()
    }

    pub(super) fn is_being_written(&self) -> bool {
        self.snapshot.is_being_written()
    }

    /// Whether what was just read from it is what it was made from.
    pub(super) fn is_sound(&self) -> bool {
        self.snapshot.is_a_copy() || self.snapshot.is_current() || is_taken_out("a-page-of-two-states")
    }
}

/// What there is to see.
#[derive(Debug)]
pub(super) enum ViewState {
    /// This.
    Ready(Arc<LogView>),
    /// The log is being read: so many records, of so many.
    Reading(u64, u64),
    /// It cannot be read.
    Broken(String),
}

/// Keeps a log at hand for whoever asks.
#[derive(Debug)]
pub struct LogSession {
    path: PathBuf,
    /// Where the log is copied to when it must be.
    copies: TempDir,
    trust: Trust,
    state: Mutex<SessionState>,
    news: Condvar,
    read: AtomicU64,
    total: AtomicU64,
}

#[derive(Debug, Default)]
struct SessionState {
    view: Option<Arc<LogView>>,
    is_at_work: bool,
    failure: Option<String>,
    /// When the latest work ended, and how long it took.
    rested: Option<(Instant, Duration)>,
}

impl LogSession {
    /// Takes the log at `path`, and begins to read it. What cannot be shown is refused here.
    pub fn open(path: &Path, trust: Trust) -> Result<Arc<Self>, QueryError> {
        let copies =
            tempfile::tempdir().map_err(|source| CannotLook::Open { path: env::temp_dir(), source })?;
        let snapshot = Snapshot::take_into(path, copies.path())?;
        drop(snapshot.reader()?);
        let session = Arc::new(Self {
            path: path.to_owned(),
            copies,
            trust,
            state: Mutex::default(),
            news: Condvar::new(),
            read: AtomicU64::new(0),
            total: AtomicU64::new(0),
        });
        session.lock().is_at_work = true;
        session.work(Some(Arc::new(snapshot)));
        Ok(session)
    }

    /// The log as it was found on the command line.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves nothing behind: the program ends, whatever is still being read.
    pub fn close(&self) {
        self.lock().view = None;
        if !is_taken_out("a-copy-left-behind") {
            discard_copies(self.copies.path());
        }
    }

    /// What there is to see now. Waits a moment for a log that is still being read.
    pub(super) fn look(self: &Arc<Self>) -> ViewState {
        let mut state = self.lock();
        if state.view.as_ref().is_some_and(|view| !view.is_sound()) {
            state.view = None;
        }
        if Self::is_to_be_read(&state) {
            state.failure = None;
        }
        let until = Instant::now() + PATIENCE;
        loop {
            if state.failure.is_none() && Self::is_to_be_read(&state) {
                state.is_at_work = true;
                self.work(None);
            }
            if let Some(view) = &state.view {
                return ViewState::Ready(Arc::clone(view));
            }
            if let Some(failure) = &state.failure {
                return ViewState::Broken(failure.clone());
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return ViewState::Reading(
                    self.read.load(Ordering::Relaxed),
                    self.total.load(Ordering::Relaxed),
                );
            }
            state = self.news.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits a moment for the verdict about this view.
    pub(super) fn await_verdict(&self, view: &LogView) {
        let is_pending = |state: &mut SessionState| state.is_at_work && view.verdict().is_none();
        // Whether it came in time is seen when it is asked for.
        drop(self.news.wait_timeout_while(self.lock(), PATIENCE, is_pending));
    }

    fn is_to_be_read(state: &SessionState) -> bool {
        if state.is_at_work {
            return false;
        }
        let Some(view) = &state.view else { return true };
        let has_rested =
            state.rested.is_none_or(|(since, took)| since.elapsed() >= (took * REST).max(SHORTEST_REST));
        view.is_outdated() && has_rested
    }

    /// Reads, shows, verifies; in a thread of its own, since a large log takes a while.
    fn work(self: &Arc<Self>, first: Option<Arc<Snapshot>>) {
        let session = Arc::clone(self);
        thread::spawn(move || {
            let began = Instant::now();
            let read = session.read_log(first);
            let mut state = session.lock();
            match read {
                Ok(view) => {
                    let view = Arc::new(view);
                    state.view = Some(Arc::clone(&view));
                    drop(state);
                    session.news.notify_all();
                    session.check(&view);
                    state = session.lock();
                }
                // What was read before is no answer any more.
                Err(error) => {
                    state.view = None;
                    state.failure = Some(error.to_string());
                }
            }
            state.is_at_work = false;
            state.rested = Some((Instant::now(), began.elapsed()));
            drop(state);
            session.news.notify_all();
        });
    }

    fn read_log(&self, first: Option<Arc<Snapshot>>) -> Result<LogView, QueryError> {
        let take = || Snapshot::take_into(&self.path, self.copies.path()).map(Arc::new);
        let snapshot = first.map_or_else(take, Ok)?;
        let taken_at = now();
        let index = Index::build(&snapshot, |read, total| {
            self.read.store(read, Ordering::Relaxed);
            self.total.store(total, Ordering::Relaxed);
        })?;
        let tools = Mutex::new(Tools::new(snapshot.reader()?, index, taken_at.day()));
        Ok(LogView { snapshot, tools, taken_at, verdict: OnceLock::new() })
    }

    fn check(&self, view: &LogView) {
        let is_alone = is_taken_out("a-verdict-without-the-heads-from-elsewhere");
        let trust = if is_alone { &Trust::default() } else { &self.trust };
        let found = verify_snapshot(&view.snapshot, trust).map_err(|error| error.to_string());
        // What was verified while somebody wrote to it says nothing; the next page has it read again.
        if view.is_sound() {
            view.verdict.get_or_init(|| Checked { at: now(), found });
        }
    }

    fn lock(&self) -> MutexGuard<'_, SessionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
