//! The asynchronous front of the store: group commit.
//!
//! While one transaction is on its way to the disk, the next batch gathers by itself; so the cost
//! of a record falls as the load rises, and an idle log answers at once. Each transaction is a short
//! blocking task that the connection travels through: the runtime's threads never wait for a disk,
//! and a paused test clock stands still meanwhile.
//!
//! The writer also sees to it that heads are made: when they are due, and when somebody asks.

use super::{
    StoreError,
    brake::Brake,
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

struct Request {
    entries: Vec<Entry>,
    /// Whether there must be a head over everything up to these entries.
    head: bool,
    /// Who waits for it, if anybody does.
    answer: Option<oneshot::Sender<Result<Seq, WriteError>>>,
}

/// A handle to the writer; clones share it.
#[derive(Clone, Debug)]
pub struct Writer {
    queue: mpsc::Sender<Request>,
    brake: Arc<OnceLock<Brake>>,
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
        let brake = Arc::new(OnceLock::new());
        let task = tokio::spawn(serve(store, observer, requests, Arc::clone(&brake)));
        (Self { queue, brake }, task)
    }

    /// Why nothing new may be sent, if there is a reason. Known to everybody who gets a receipt.
    pub fn brake(&self) -> Option<Brake> {
        self.brake.get().copied()
    }

    /// Appends entries that belong together. Resolves after COMMIT, with the first one's place.
    pub async fn append(&self, entries: Vec<Entry>) -> Result<Seq, WriteError> {
        self.ask(entries, false).await
    }

    /// Appends entries that nobody waits for. They go to the disk before whatever is appended after them,
    /// or else that is not appended either.
    pub async fn append_before_the_next(&self, entries: Vec<Entry>) -> Result<(), WriteError> {
        let request = Request { entries, head: false, answer: None };
        self.queue.send(request).await.map_err(|_closed| WriteError::Closed)
    }

    /// Makes a head over everything that is recorded. Resolves when it is on disk.
    pub async fn head(&self) -> Result<(), WriteError> {
        self.ask(Vec::new(), true).await.map(drop)
    }

    async fn ask(&self, entries: Vec<Entry>, head: bool) -> Result<Seq, WriteError> {
        let (answer, receipt) = oneshot::channel();
        let request = Request { entries, head, answer: Some(answer) };
        self.queue.send(request).await.map_err(|_closed| WriteError::Closed)?;
        receipt.await.map_err(|_closed| WriteError::Closed)?
    }
}

async fn serve(
    store: Store,
    mut observer: Observer,
    mut requests: mpsc::Receiver<Request>,
    brake: Arc<OnceLock<Brake>>,
) -> Result<Store, WriteError> {
    let mut latest_head = (store.covered(), Instant::now());
    let shared_by = store.shared_by();
    let mut store = Some(store);
    let mut batch = Vec::with_capacity(shared_by);
    while requests.recv_many(&mut batch, shared_by).await > 0 {
        let Some(mut own) = store.take() else { break };
        let mut sizes = Vec::with_capacity(batch.len());
        let mut answers = Vec::with_capacity(batch.len());
        let mut entries = Vec::with_capacity(batch.len());
        let mut head = false;
        for request in batch.drain(..) {
            sizes.push(request.entries.len() as u64);
            answers.push(request.answer);
            entries.extend(request.entries);
            head |= request.head;
        }
        for (seq, entry) in (own.next()..).zip(&entries) {
            if let Err(illegal) = observer(seq, &entry.record) {
                let error = WriteError::Illegal(Arc::new(illegal));
                return Err(refuse_all(answers, &mut requests, error).await);
            }
        }
        let committed = tokio::task::spawn_blocking(move || {
            let committed = own
                .append(&entries)
                .and_then(|first| if head { own.head().map(|()| first) } else { Ok(first) });
            (own, committed)
        });
        let Ok((mut own, committed)) = committed.await else {
            return Err(refuse_all(answers, &mut requests, WriteError::Closed).await);
        };
        let first = match committed {
            Ok(first) => first,
            Err(error) => {
                let error = WriteError::Store(Arc::new(error));
                return Err(refuse_all(answers, &mut requests, error).await);
            }
        };
        if own.covered() > latest_head.0 {
            latest_head = (own.covered(), Instant::now());
        } else if latest_head.1.elapsed() >= HEAD_EVERY {
            own.want_head();
        }
        if let Some(why) = own.brake() {
            // The first reason stays.
            brake.get_or_init(|| why);
        }
        let mut seq = first;
        for (answer, size) in answers.into_iter().zip(sizes) {
            // A caller that no longer waits has its record all the same.
            if let Some(answer) = answer {
                drop(answer.send(Ok(seq)));
            }
            seq += size;
        }
        store = Some(own);
    }
    store.ok_or(WriteError::Closed)
}

/// Gives everybody the first error, for as long as anybody asks.
async fn refuse_all(
    answers: Vec<Option<oneshot::Sender<Result<Seq, WriteError>>>>,
    requests: &mut mpsc::Receiver<Request>,
    error: WriteError,
) -> WriteError {
    for answer in answers.into_iter().flatten() {
        drop(answer.send(Err(error.clone())));
    }
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
