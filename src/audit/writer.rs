//! The asynchronous front of the store: group commit.
//!
//! While one transaction is on its way to the disk, the next batch gathers by itself; so the cost
//! of a record falls as the load rises, and an idle log answers at once. It is written by a blocking
//! task that ends when nobody waits any more: the runtime's threads never wait for a disk, a paused
//! test clock stands still meanwhile, and under load the same thread goes on from batch to batch.
//!
//! The writer also sees to it that heads are made: when they are due, and when somebody asks.

use super::{
    StoreError,
    send_stop::SendStop,
    store::{Entry, SHARED_BY, Store},
};
use crate::{
    domain::Seq,
    record::{Illegal, Record},
};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::Instant,
};

/// Records do not wait longer for a head, as long as others come.
const HEAD_EVERY: Duration = Duration::from_secs(30);

/// Why a record could not be appended. The first error is final for the whole log.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// The log cannot be written.
    #[error("{0}")]
    Store(Arc<StoreError>),
    /// The record does not follow from those before it: a bug of this program.
    #[error("{0}")]
    Illegal(Arc<Illegal>),
    /// The writer ended.
    #[error("the audit log was closed")]
    Closed,
}

struct AppendRequest {
    entries: Vec<Entry>,
    /// Whether there must be a head over everything up to these entries.
    head: bool,
    /// Who waits for it, if anybody does.
    answer: Option<ReplyTo>,
}

type ReplyTo = oneshot::Sender<Result<Seq, WriteError>>;

/// A handle to the writer; clones share it.
#[derive(Clone, Debug)]
pub struct Writer {
    queue: mpsc::Sender<AppendRequest>,
    send_stop: Arc<OnceLock<SendStop>>,
}

/// Says whether each record, in order, follows from those before it. It is asked before anything is
/// written, so that an illegal record never reaches the log; and what it takes in is answered for only
/// after COMMIT.
pub type Observer = Box<dyn FnMut(Seq, &Record) -> Result<(), Illegal> + Send>;

impl Writer {
    /// Starts writing to `store`. The task that is returned ends with the store, once every handle
    /// is dropped.
    pub fn start(store: Store, observer: Observer) -> (Self, JoinHandle<Result<Store, WriteError>>) {
        let (queue, requests) = mpsc::channel(SHARED_BY);
        let send_stop = Arc::new(OnceLock::new());
        let task = tokio::spawn(serve(store, observer, requests, Arc::clone(&send_stop)));
        (Self { queue, send_stop }, task)
    }

    /// Why nothing new may be sent, if there is a reason. Known to everybody who gets a receipt.
    pub fn send_stop(&self) -> Option<SendStop> {
        self.send_stop.get().copied()
    }

    /// Appends entries that belong together. Resolves after COMMIT, with the first one's place.
    pub async fn append(&self, entries: Vec<Entry>) -> Result<Seq, WriteError> {
        self.ask(entries, false).await
    }

    /// Appends entries that nobody waits for. They go to the disk before whatever is appended after them,
    /// or else that is not appended either.
    pub async fn append_before_the_next(&self, entries: Vec<Entry>) -> Result<(), WriteError> {
        let request = AppendRequest { entries, head: false, answer: None };
        self.queue.send(request).await.map_err(|_closed| WriteError::Closed)
    }

    /// Resolves when everything that was appended before is on disk.
    pub async fn caught_up(&self) -> Result<(), WriteError> {
        self.append(Vec::new()).await.map(drop)
    }

    /// Makes a head over everything that is recorded. Resolves when it is on disk.
    pub async fn head(&self) -> Result<(), WriteError> {
        self.ask(Vec::new(), true).await.map(drop)
    }

    async fn ask(&self, entries: Vec<Entry>, head: bool) -> Result<Seq, WriteError> {
        let (answer, receipt) = oneshot::channel();
        let request = AppendRequest { entries, head, answer: Some(answer) };
        self.queue.send(request).await.map_err(|_closed| WriteError::Closed)?;
        receipt.await.map_err(|_closed| WriteError::Closed)?
    }
}

async fn serve(
    store: Store,
    observer: Observer,
    requests: mpsc::Receiver<AppendRequest>,
    send_stop: Arc<OnceLock<SendStop>>,
) -> Result<Store, WriteError> {
    let latest_head = (store.covered(), Instant::now());
    let mut work = WriteLoop { store, observer, requests, batch: Vec::new(), send_stop, latest_head };
    while work.requests.recv_many(&mut work.batch, work.store.shared_by()).await > 0 {
        // A panic is a bug; whoever asks from now on finds the log closed.
        let written =
            tokio::task::spawn_blocking(|| work.write()).await.map_err(|_panic| WriteError::Closed)?;
        work = match written {
            Ok(work) => work,
            Err((error, requests)) => return Err(refuse_all(error, requests).await),
        };
    }
    Ok(work.store)
}

/// All that it takes to write; it travels between the task that waits for requests and a thread that may
/// wait for the disk.
struct WriteLoop {
    store: Store,
    observer: Observer,
    requests: mpsc::Receiver<AppendRequest>,
    /// They go to the disk together.
    batch: Vec<AppendRequest>,
    send_stop: Arc<OnceLock<SendStop>>,
    /// How many records the latest head covers, and when it was made.
    latest_head: (u64, Instant),
}

impl WriteLoop {
    /// Writes the batch, and whatever has come meanwhile, until nobody waits.
    fn write(mut self) -> Result<Self, (WriteError, mpsc::Receiver<AppendRequest>)> {
        while !self.batch.is_empty() {
            let batch = std::mem::take(&mut self.batch);
            if let Err((error, waiting)) = self.commit(batch) {
                let Self { store, requests, .. } = self;
                // Whoever hears of it may look at the log, which is brought to rest before.
                drop(store);
                for answer in waiting {
                    drop(answer.send(Err(error.clone())));
                }
                return Err((error, requests));
            }
            while self.batch.len() < self.store.shared_by()
                && let Ok(request) = self.requests.try_recv()
            {
                self.batch.push(request);
            }
        }
        Ok(self)
    }

    /// One transaction. Everybody who waits for it gets an answer; after an error they still wait for it.
    fn commit(&mut self, batch: Vec<AppendRequest>) -> Result<(), (WriteError, Vec<ReplyTo>)> {
        let mut entries = Vec::with_capacity(batch.len());
        let mut waiting = Vec::with_capacity(batch.len());
        let mut head = false;
        for AppendRequest { entries: own, head: wants_head, answer } in batch {
            // A caller that does not wait has its record all the same.
            waiting.extend(answer.map(|answer| (answer, entries.len() as u64)));
            entries.extend(own);
            head |= wants_head;
        }
        match self.append(&entries, head) {
            Ok(first) => {
                for (answer, at) in waiting {
                    drop(answer.send(Ok(first + at)));
                }
                Ok(())
            }
            Err(error) => Err((error, waiting.into_iter().map(|(answer, _)| answer).collect())),
        }
    }

    fn append(&mut self, entries: &[Entry], head: bool) -> Result<Seq, WriteError> {
        for (seq, entry) in (self.store.next()..).zip(entries) {
            (self.observer)(seq, &entry.record).map_err(|illegal| WriteError::Illegal(Arc::new(illegal)))?;
        }
        let failed = |error| WriteError::Store(Arc::new(error));
        let first = self.store.append(entries).map_err(failed)?;
        if head {
            self.store.head().map_err(failed)?;
        }
        if self.store.covered() > self.latest_head.0 {
            self.latest_head = (self.store.covered(), Instant::now());
        } else if self.latest_head.1.elapsed() >= HEAD_EVERY {
            self.store.want_head();
        }
        if let Some(why) = self.store.send_stop() {
            // The first reason stays.
            self.send_stop.get_or_init(|| why);
        }
        Ok(first)
    }
}

/// Gives everybody the first error, for as long as anybody asks.
async fn refuse_all(error: WriteError, mut requests: mpsc::Receiver<AppendRequest>) -> WriteError {
    while let Some(request) = requests.recv().await {
        if let Some(answer) = request.answer {
            drop(answer.send(Err(error.clone())));
        }
    }
    error
}

#[cfg(test)]
mod tests {
    use super::{super::keys::tests::key, *};
    use crate::{
        domain::Time,
        record::{Event, TokenNamed},
    };

    fn entry() -> Entry {
        Record { at: Time::from_millis(0), run: None, event: Event::TokenNamed(TokenNamed::default()) }.into()
    }

    fn open(folder: &tempfile::TempDir) -> Store {
        Store::open(&folder.path().join("audit.db"), Time::from_millis(0), &[7; 16], &key()).unwrap()
    }

    #[tokio::test]
    async fn places_are_contiguous_whoever_asks() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, task) = Writer::start(open(&folder), Box::new(|_, _| Ok(())));
        let mut tasks = tokio::task::JoinSet::new();
        for size in 1..=40 {
            let writer = writer.clone();
            tasks.spawn(async move {
                let first = writer.append((0..size).map(|_| entry()).collect()).await.unwrap();
                (first..first + size).collect::<Vec<_>>()
            });
        }
        let mut places: Vec<_> = tasks.join_all().await.concat();
        places.sort_unstable();
        assert_eq!(places, (2..822).collect::<Vec<_>>());
        drop(writer);
        task.await.unwrap().unwrap().close().unwrap();
    }

    #[tokio::test]
    async fn nobody_gets_a_receipt_for_a_failed_commit() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = open(&folder);
        store.append(&[entry()]).unwrap();
        let path = store.path().to_owned();
        let (writer, task) = Writer::start(store, Box::new(|_, _| Ok(())));
        // Another connection takes the next place behind the writer's back.
        let intruder = rusqlite::Connection::open(&path).unwrap();
        intruder.execute("INSERT INTO record (seq, body) VALUES (3, CAST('{}' AS BLOB))", []).unwrap();
        for _ in 0..2 {
            assert!(matches!(writer.append(vec![entry()]).await, Err(WriteError::Store(_))));
        }
        drop(writer);
        assert!(task.await.unwrap().is_err());
    }

    #[tokio::test]
    async fn an_illegal_record_never_reaches_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let observer: Observer = Box::new(|seq, _| match seq {
            2 => Ok(()),
            seq => Err(Illegal { seq, record: "test", why: "because".into() }),
        });
        let store = open(&folder);
        let path = store.path().to_owned();
        let (writer, task) = Writer::start(store, observer);
        assert_eq!(writer.append(vec![entry()]).await.unwrap(), 2);
        for _ in 0..2 {
            assert!(matches!(writer.append(vec![entry()]).await, Err(WriteError::Illegal(_))));
        }
        drop(writer);
        assert!(task.await.unwrap().is_err());
        let log = rusqlite::Connection::open(path).unwrap();
        let records: i64 = log.query_row("SELECT count(*) FROM record", [], |row| row.get(0)).unwrap();
        assert_eq!(records, 3);
    }
}
