//! The door: a model behind HTTP/1.1 on a loopback address.
//!
//! This is the only part of the room that knows sockets and the clock. It waits where a reply says
//! so and cuts connections where a reply says so; what is answered, and why, is the model's.

use super::model::{Cut, Model, Reply, Request};
use crate::domain::Time;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fmt, io};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::task::AbortOnDropHandle;

/// No request of the program has a body of even a hundredth of this.
const LARGEST_BODY: usize = 1 << 20;

/// A model that listens. It stops when it is closed or dropped.
#[derive(Debug)]
pub struct Door {
    address: SocketAddr,
    listening: AbortOnDropHandle<()>,
}

impl Door {
    /// Opens the door. Port 0 takes a free one. An address that others could reach is refused.
    pub async fn open(model: Arc<Mutex<Model>>, listen: SocketAddr) -> io::Result<Self> {
        Self::open_and_tell(model, listen, |text| tracing::warn!("{text}")).await
    }

    /// The same; `tell` is given what goes wrong meanwhile.
    pub async fn open_and_tell(
        model: Arc<Mutex<Model>>,
        listen: SocketAddr,
        tell: impl Fn(&str) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        if !listen.ip().is_loopback() {
            let why = "the simulator listens on loopback addresses only";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let listening = AbortOnDropHandle::new(tokio::spawn(listen_on(listener, model, Box::new(tell))));
        Ok(Self { address, listening })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base address for a client, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops listening and closes all connections.
    pub async fn close(self) {
        self.listening.abort();
        // Waits until it has ended; that it was aborted is no news.
        self.listening.await.unwrap_or_default();
    }
}

/// How long nobody is let in after that could not be done.
const PAUSE: Duration = Duration::from_millis(100);
/// How often that is said, at most.
const SAID_EVERY: Duration = Duration::from_mins(1);

/// Tells somebody what goes wrong.
type Tell = Box<dyn Fn(&str) + Send + Sync>;

/// Whoever cannot let anybody in: all handles may be taken, and the next try fails as this one did.
struct Doorkeeper {
    tell: Tell,
    said: Option<Instant>,
}

impl Doorkeeper {
    async fn could_not_accept(&mut self, error: &io::Error) {
        use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
        // A connection that broke while it was accepted is its client's problem.
        if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
            return;
        }
        if self.said.is_none_or(|said| said.elapsed() >= SAID_EVERY) {
            self.said = Some(Instant::now());
            (self.tell)(&format!("no client can be let in now: {error}; it is tried again until it can"));
        }
        sleep(PAUSE).await;
    }
}

/// Accepts connections until it is dropped, and drops them with it.
async fn listen_on(listener: TcpListener, model: Arc<Mutex<Model>>, tell: Tell) {
    let mut connections = JoinSet::new();
    let mut doorkeeper = Doorkeeper { tell, said: None };
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(talk(stream, Arc::clone(&model)))),
                Err(error) => doorkeeper.could_not_accept(&error).await,
            },
            Some(_ended) = connections.join_next() => {}
        }
    }
}

async fn talk(stream: TcpStream, model: Arc<Mutex<Model>>) {
    // Small answers go out at once; a client must not wait for Nagle.
    let prompt = stream.set_nodelay(true);
    let service = service_fn(|request| answer(request, &model));
    let served =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    // A connection that ends in an error is what a cut looks like from here.
    drop((prompt, served));
}

/// The end of a connection that the scenario wants.
#[derive(Debug)]
struct Severed;

impl fmt::Display for Severed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the scenario closes the connection here")
    }
}

impl std::error::Error for Severed {}

async fn answer(
    request: hyper::Request<Incoming>,
    model: &Mutex<Model>,
) -> Result<hyper::Response<SeverableBody>, Severed> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, LARGEST_BODY).collect().await.map_err(|_broken_or_too_large| Severed)?;
    let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let request = Request {
        method: head.method.as_str().to_owned(),
        target: head.uri.path_and_query().map_or_else(|| "/".to_owned(), |target| target.as_str().to_owned()),
        headers: head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body: body.to_bytes().into(),
    };
    let reply = model.lock().unwrap_or_else(PoisonError::into_inner).handle(clock(), &request);
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    written(reply)
}

fn written(reply: Reply) -> Result<hyper::Response<SeverableBody>, Severed> {
    if reply.cut == Cut::BeforeAnswer {
        return Err(Severed);
    }
    let mut response = hyper::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    response.body(SeverableBody::new(reply.body, reply.cut)).map_err(|_not_sendable| Severed)
}

fn clock() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A body that says its whole length and may end in the middle.
#[derive(Debug)]
struct SeverableBody {
    bytes: Option<Bytes>,
    announced: u64,
    severed: bool,
    /// Whether what is to be sent had the chance to leave before the connection closes.
    flushed: bool,
}

impl SeverableBody {
    fn new(mut body: Vec<u8>, cut: Cut) -> Self {
        let announced = u64::try_from(body.len()).unwrap_or(u64::MAX);
        let severed = cut == Cut::InBody && !body.is_empty();
        if severed {
            body.truncate(body.len() / 2);
        }
        let bytes = Some(Bytes::from(body)).filter(|bytes| !bytes.is_empty());
        Self { bytes, announced, severed, flushed: false }
    }
}

impl Body for SeverableBody {
    type Data = Bytes;
    type Error = Severed;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Severed>>> {
        let this = self.get_mut();
        if let Some(bytes) = this.bytes.take() {
            this.announced = 0;
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if !this.severed {
            return Poll::Ready(None);
        }
        if !this.flushed {
            // The server writes out what it has when the body has nothing more for the moment.
            this.flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(Severed)))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && !self.severed
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::Scenario;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const CUSTOMER: &str = "/v1/customers/0a0b0c0d-1111-4222-8333-444444444444";

    async fn open(faults: &str) -> (Arc<Mutex<Model>>, Door) {
        let id = CUSTOMER.rsplit('/').next().unwrap();
        let json = format!(r#"{{"customers":[{{"id":"{id}"}}],"faults":[{faults}]}}"#);
        let model = Arc::new(Mutex::new(Model::new(Scenario::from_json(&json).unwrap())));
        let door = Door::open(Arc::clone(&model), ([127, 0, 0, 1], 0).into()).await.unwrap();
        assert_eq!(door.url(), format!("http://{}", door.address()));
        (model, door)
    }

    async fn ask(stream: &mut TcpStream, method: &str, body: &str) {
        let length = body.len();
        let text = format!(
            "{method} {CUSTOMER} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer made-up\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// One whole answer: its head and its body.
    async fn whole(stream: &mut TcpStream) -> (String, Vec<u8>) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let mut body = vec![0; length_of(&head)];
        stream.read_exact(&mut body).await.unwrap();
        (head, body)
    }

    fn length_of(head: &str) -> usize {
        head.split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap()
    }

    /// All that comes until the connection closes.
    async fn rest(stream: &mut TcpStream) -> Vec<u8> {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        all
    }

    #[tokio::test]
    async fn one_connection_serves_several_requests() {
        let (model, door) = open("").await;
        let mut stream = TcpStream::connect(door.address()).await.unwrap();
        ask(&mut stream, "GET", "").await;
        let (head, body) = whole(&mut stream).await;
        assert!(head.starts_with("http/1.1 200") && head.contains("ms-correlationid: "), "{head}");
        assert_eq!(head.matches("\r\ndate: ").count(), 1);
        assert!(String::from_utf8(body).unwrap().contains("\"reseller\""));
        ask(&mut stream, "PATCH", r#"{"relationshipToPartner":"none"}"#).await;
        assert!(whole(&mut stream).await.0.starts_with("http/1.1 200"));
        assert_eq!(model.lock().unwrap().removals().len(), 1);
        door.close().await;
        assert!(rest(&mut stream).await.is_empty());
    }

    #[tokio::test]
    async fn a_connection_closes_without_a_byte_although_the_change_took_place() {
        let (model, door) = open(r#"{"on":"remove","do":{"kind":"cut_before_answer","effect":true}}"#).await;
        let mut stream = TcpStream::connect(door.address()).await.unwrap();
        ask(&mut stream, "PATCH", r#"{"relationshipToPartner":"none"}"#).await;
        assert!(rest(&mut stream).await.is_empty());
        assert_eq!(model.lock().unwrap().removals().len(), 1);
        door.close().await;
    }

    #[tokio::test]
    async fn a_connection_closes_in_the_middle_of_the_body() {
        let (_model, door) = open(r#"{"on":"customer","do":{"kind":"cut_in_body"}}"#).await;
        let mut stream = TcpStream::connect(door.address()).await.unwrap();
        ask(&mut stream, "GET", "").await;
        let text = String::from_utf8(rest(&mut stream).await).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(body.len(), length_of(&head.to_lowercase()) / 2);
        assert!(body.starts_with('{'));
        door.close().await;
    }

    #[tokio::test]
    async fn a_slow_answer_comes_and_leaves_others_alone() {
        let (_model, door) = open(r#"{"do":{"kind":"slow","delay_ms":300}}"#).await;
        let mut slow = TcpStream::connect(door.address()).await.unwrap();
        ask(&mut slow, "GET", "").await;
        // The second one is asked on its own connection and answered while the first one waits.
        let mut prompt = TcpStream::connect(door.address()).await.unwrap();
        ask(&mut prompt, "GET", "").await;
        assert!(whole(&mut prompt).await.0.starts_with("http/1.1 200"));
        assert!(whole(&mut slow).await.0.starts_with("http/1.1 200"));
        door.close().await;
    }

    #[tokio::test]
    async fn a_body_of_any_size_and_an_empty_one_arrive_whole() {
        let faults = r#"{"do":{"kind":"huge_body","bytes":3000000}},{"do":{"kind":"answer","status":502}}"#;
        let (_model, door) = open(faults).await;
        let mut stream = TcpStream::connect(door.address()).await.unwrap();
        ask(&mut stream, "GET", "").await;
        assert_eq!(whole(&mut stream).await.1.len(), 3_000_000);
        ask(&mut stream, "GET", "").await;
        let (head, body) = whole(&mut stream).await;
        assert!(head.starts_with("http/1.1 502") && body.is_empty());
        door.close().await;
    }

    #[tokio::test]
    async fn nobody_else_can_come_in() {
        let model = Arc::new(Mutex::new(Model::new(Scenario::default())));
        let refused = Door::open(model, ([0, 0, 0, 0], 0).into()).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
    }
}
