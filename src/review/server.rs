//! The pages behind HTTP/1.1 on a loopback address.

use super::{
    access_check::{AccessCheck, AccessRefused, Caller},
    log_session::{LogSession, LogView, ViewState},
    pages::{self, Frame, PageAddress, ShownPage},
};
use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{self, HeaderValue},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, io, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinSet, spawn_blocking},
    time::{Instant, sleep},
};
use tokio_util::task::AbortOnDropHandle;

/// Nothing but our own style and script, from our own address; nobody may frame it or send a form elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// How long a caller may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);
/// A name or an ID fits; nothing longer is a question.
const LONGEST_TARGET: usize = 4096;

/// A log that can be looked at in a browser, until this is dropped.
#[derive(Debug)]
pub struct Review {
    address: SocketAddr,
    root: String,
    _listening: AbortOnDropHandle<()>,
}

/// What every answer needs.
#[derive(Debug)]
struct Room {
    gate: AccessCheck,
    session: Arc<LogSession>,
}

impl Review {
    /// Listens on 127.0.0.1; port 0 takes a free one. `token` is what the address begins with. `tell` is given
    /// what goes wrong meanwhile.
    pub async fn open(
        session: Arc<LogSession>,
        port: u16,
        token: &str,
        tell: impl Fn(&str) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await?;
        let address = listener.local_addr()?;
        let gate = AccessCheck::new(address, token);
        let root = gate.root();
        let place = Arc::new(Room { gate, session });
        let listening = AbortOnDropHandle::new(tokio::spawn(listen(listener, place, Box::new(tell))));
        Ok(Self { address, root, _listening: listening })
    }

    /// The address to open, with its token.
    pub fn url(&self) -> String {
        format!("http://{}{}/", self.address, self.root)
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
            (self.tell)(&format!("no browser can be let in now: {error}; it is tried again until it can"));
        }
        sleep(PAUSE).await;
    }
}

/// Accepts connections until it is dropped, and drops them with it.
async fn listen(listener: TcpListener, room: Arc<Room>, tell: Tell) {
    let mut connections = JoinSet::new();
    let mut doorkeeper = Doorkeeper { tell, said: None };
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(talk(stream, Arc::clone(&room)))),
                Err(error) => doorkeeper.could_not_accept(&error).await,
            },
            Some(_ended) = connections.join_next() => {}
        }
    }
}

async fn talk(stream: TcpStream, room: Arc<Room>) {
    let service = service_fn(|request| answer(request, Arc::clone(&room)));
    let mut server = hyper::server::conn::http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    // A caller that goes away in the middle is no news.
    drop(server.serve_connection(TokioIo::new(stream), service).await);
}

async fn answer(request: Request<Incoming>, room: Arc<Room>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, _body) = request.into_parts();
    let mut hosts: Vec<String> =
        head.uri.authority().map(|name| name.as_str().to_owned()).into_iter().collect();
    let named = head.headers.get_all(header::HOST).iter();
    hosts.extend(named.map(|name| String::from_utf8_lossy(name.as_bytes()).into_owned()));
    let made = spawn_blocking(move || {
        let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        let caller = Caller { method: head.method.as_str(), hosts: &hosts, path: head.uri.path() };
        if head.uri.path_and_query().is_some_and(|target| target.as_str().len() > LONGEST_TARGET) {
            return plain(StatusCode::URI_TOO_LONG, "This address is too long.");
        }
        match room.gate.admit(&caller) {
            Ok(path) => room.page(path, head.uri.query().unwrap_or_default()),
            Err(AccessRefused::Method) => {
                let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "This page can only be read.");
                refused.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
                refused
            }
            Err(AccessRefused::Host) => plain(
                StatusCode::FORBIDDEN,
                "This page is only shown under the address that `offboard review` printed.",
            ),
            Err(AccessRefused::Token) => plain(
                StatusCode::NOT_FOUND,
                "There is nothing here. The address that `offboard review` printed has a token in it; open the whole of it.",
            ),
        }
    });
    let made = made.await.unwrap_or_else(|_panicked| {
        plain(StatusCode::INTERNAL_SERVER_ERROR, "This page could not be made: a bug of this program.")
    });
    Ok(made)
}

impl Room {
    fn page(&self, path: &str, query: &str) -> Response<Full<Bytes>> {
        match PageAddress::of(path, query) {
            PageAddress::Style => file("text/css; charset=utf-8", pages::style()),
            PageAddress::Script => file("text/javascript; charset=utf-8", pages::SCRIPT.to_owned()),
            PageAddress::Verdict => self.verdict(),
            page => self.shown(&page),
        }
    }

    fn shown(&self, page: &PageAddress) -> Response<Full<Bytes>> {
        let root = self.gate.root();
        let frame = |view| Frame::new(&root, self.session.path(), view);
        match self.session.look() {
            ViewState::Ready(view) => {
                let shown = {
                    let tools = view.tools();
                    pages::show(&tools, page, view.verdict().map(|checked| &checked.found))
                };
                if !view.is_sound() {
                    return written(pages::changed(), &frame(None));
                }
                written(shown, &frame(Some(&view)))
            }
            ViewState::Reading(read, total) => written(pages::reading(read, total), &frame(None)),
            ViewState::Broken(why) => written(pages::broken(&why), &frame(None)),
        }
    }

    /// The verdict alone, for the script that waits for it.
    fn verdict(&self) -> Response<Full<Bytes>> {
        let view = match self.session.look() {
            ViewState::Ready(view) => Some(view),
            _ => None,
        };
        if let Some(view) = &view {
            self.session.await_verdict(view);
        }
        let frame = Frame::new(&self.gate.root(), self.session.path(), view.as_deref());
        match pages::verdict(&frame) {
            Ok(html) => file("text/html; charset=utf-8", html),
            Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }
}

impl Frame {
    fn new(root: &str, log: &Path, view: Option<&LogView>) -> Self {
        let log = log.display().to_string();
        let Some(view) = view else { return Self::unread(root, log) };
        let checked = view.verdict().map(|checked| (checked.at, &checked.found));
        let moment =
            (!view.is_sound() || view.is_outdated() || view.is_being_written()).then_some(view.taken_at);
        Self::about(root, log, checked, moment)
    }
}

fn written(shown: ShownPage, frame: &Frame) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(shown.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match pages::render(shown, frame) {
        Ok(html) => response(status, "text/html; charset=utf-8", html),
        Err(error) => plain(
            StatusCode::INTERNAL_SERVER_ERROR,
            &format!("This page could not be laid out: {error:#}. This is a bug of this program."),
        ),
    }
}

fn file(kind: &'static str, text: String) -> Response<Full<Bytes>> {
    response(StatusCode::OK, kind, text)
}

fn plain(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    response(status, "text/plain; charset=utf-8", format!("{text}\n"))
}

/// Every answer goes out with these headers, whatever it is.
fn response(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[tokio::test(start_paused = true)]
    async fn while_handles_are_taken_it_waits_and_says_so_now_and_then() {
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let keep = Arc::clone(&told);
        let tell: Tell = Box::new(move |text| keep.lock().unwrap().push(text.to_owned()));
        let mut doorkeeper = Doorkeeper { tell, said: None };
        let begun = Instant::now();
        for _ in 0..1000 {
            doorkeeper.could_not_accept(&io::Error::other("too many open files")).await;
        }
        assert_eq!(begun.elapsed(), PAUSE * 1000);
        assert_eq!(told.lock().unwrap().len(), 2, "{told:?}");
        // A client that went away holds nobody up.
        doorkeeper.could_not_accept(&io::ErrorKind::ConnectionAborted.into()).await;
        assert_eq!(begun.elapsed(), PAUSE * 1000);
    }
}
