//! A log as events of the Open Cybersecurity Schema Framework, for a security team's own tools.
//!
//! One line is one event. A request is an API Activity (6003), one for a token an Authentication (3002), and each thing
//! that was done to a customer, or may have been, an Entity Management (3004): as many as there are lines in the tables
//! `requests` and `effects`. Whatever the schema has no place for is under `unmapped`, by the names of those tables.
//!
//! Source: the published schema, <https://schema.ocsf.io/1.3.0>.

use super::{error::ExportError, line::LineWriter};
use crate::{
    audit::{Listener, Reader},
    domain::{Lookup, Purpose, RunId, Seq, Thing, Time},
    record::{CustomerStory, EffectStory, Ended, RequestStory, RunStory, Stands, TokenNamed},
};
use serde_json::{Map, Value, json};
use std::io::Write;
use url::Url;

/// The version of the schema.
pub const SCHEMA: &str = "1.3.0";

/// A class of events.
#[derive(Clone, Copy, Debug)]
struct Class {
    uid: u32,
    name: &'static str,
    category: u32,
    category_name: &'static str,
}

const API_ACTIVITY: Class =
    Class { uid: 6003, name: "API Activity", category: 6, category_name: "Application Activity" };
const AUTHENTICATION: Class =
    Class { uid: 3002, name: "Authentication", category: 3, category_name: "Identity & Access Management" };
const ENTITY_MANAGEMENT: Class = Class { uid: 3004, name: "Entity Management", ..AUTHENTICATION };

/// What an activity is called, by its number in its class.
type Activity = (u32, &'static str);

/// How it came out: the number and the name of the status, and those of the severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    /// The outcome is not known.
    Unknown,
    Success,
    Failure,
    /// Something else, which the event says.
    Other(&'static str),
}

impl Status {
    const fn named(self) -> (u32, &'static str) {
        match self {
            Self::Unknown => (0, "Unknown"),
            Self::Success => (1, "Success"),
            Self::Failure => (2, "Failure"),
            Self::Other(name) => (99, name),
        }
    }

    /// What is not known needs a person; what failed may.
    const fn severity(self) -> (u32, &'static str) {
        match self {
            Self::Unknown => (3, "Medium"),
            Self::Failure => (2, "Low"),
            Self::Success | Self::Other(_) => (1, "Informational"),
        }
    }
}

/// Writes the events of a run.
pub(super) fn write_run<W: Write>(
    reader: &Reader,
    (log, run): (&str, &RunId),
    out: &mut LineWriter<W>,
) -> Result<bool, ExportError> {
    let mut told = RunEvents { log, run: None, out };
    reader.tell(run, &mut told)
}

/// Writes the event of a request that belongs to no run.
pub(super) fn write_request<W: Write>(
    log: &str,
    request: &RequestStory,
    out: &mut LineWriter<W>,
) -> Result<(), ExportError> {
    out.line(&of_request(&Scene { log, run: None }, request))
}

struct RunEvents<'a, W: Write> {
    log: &'a str,
    run: Option<RunStory>,
    out: &'a mut LineWriter<W>,
}

impl<W: Write> Listener<ExportError> for RunEvents<'_, W> {
    fn run(&mut self, story: RunStory) -> Result<(), ExportError> {
        let scene = Scene { log: self.log, run: Some(&story) };
        story.requests.iter().try_for_each(|request| self.out.line(&of_request(&scene, request)))?;
        self.run = Some(story);
        Ok(())
    }

    fn customer(&mut self, story: CustomerStory) -> Result<(), ExportError> {
        let scene = Scene { log: self.log, run: self.run.as_ref() };
        story.requests().iter().try_for_each(|request| self.out.line(&of_request(&scene, request)))?;
        story.effects().all().try_for_each(|effect| self.out.line(&of_effect(&scene, &story, effect)))
    }
}

/// Where and by whom something was done.
struct Scene<'a> {
    log: &'a str,
    run: Option<&'a RunStory>,
}

impl Scene<'_> {
    /// What every event has.
    fn event(&self, class: Class, activity: Activity, at: Time, seq: Option<Seq>) -> Map<String, Value> {
        let type_uid = class.uid * 100 + activity.0;
        let product = json!({
            "name": "offboard", "vendor_name": "offboard", "version": env!("CARGO_PKG_VERSION")
        });
        let metadata = with([
            ("version", Some(json!(SCHEMA))),
            ("product", Some(product)),
            ("log_name", Some(json!(self.log))),
            ("original_time", Some(json!(at.to_string()))),
            ("uid", seq.map(|seq| json!(format!("{}/{seq}", self.log)))),
            ("sequence", seq.map(Value::from)),
            ("correlation_uid", self.run.map(|run| json!(run.id))),
        ]);
        let event = json!({
            "class_uid": class.uid,
            "class_name": class.name,
            "category_uid": class.category,
            "category_name": class.category_name,
            "activity_id": activity.0,
            "activity_name": activity.1,
            "type_uid": type_uid,
            "type_name": format!("{}: {}", class.name, activity.1),
            "time": at.as_millis(),
            "metadata": metadata,
            "actor": self.actor(seq),
        });
        match event {
            Value::Object(event) => event,
            _ => Map::new(),
        }
    }

    /// Who did it: the person on that machine, with this program. Another one may have confirmed it, or gone on with it.
    fn actor(&self, seq: Option<Seq>) -> Value {
        let user = self.run.map(|run| {
            let is_before = |place: &Seq| seq.is_none_or(|seq| *place < seq);
            let confirmed = run.confirmed.iter().rfind(|(place, ..)| is_before(place));
            confirmed.map_or(&*run.opened.operator, |(.., confirmed)| &*confirmed.by)
        });
        with([
            ("app_name", Some(json!("offboard"))),
            ("user", user.map(|user| json!({ "name": user }))),
            ("app_uid", self.of_all_tokens(|token| token.app.as_deref()).map(Value::from)),
        ])
    }

    /// What all tokens of the run say: which of several a request had is not on record.
    fn of_all_tokens(&self, says: impl Fn(&TokenNamed) -> Option<&str>) -> Option<&str> {
        let tokens = &self.run?.tokens;
        let said = says(tokens.last()?)?;
        tokens.iter().all(|token| says(token) == Some(said)).then_some(said)
    }

    /// What every event of a run has beside the schema.
    fn beside(&self) -> [(&'static str, Option<Value>); 3] {
        let run = self.run;
        [
            ("run_id", run.map(|run| json!(run.id))),
            ("mode", run.map(|run| json!(run.opened.mode.as_str()))),
            ("procedure", run.map(|run| json!(run.opened.procedure.as_str()))),
        ]
    }

    /// Whose sign-in it is, as the token says of itself.
    fn signed_in(&self) -> Value {
        match self.of_all_tokens(|token| token.user.as_deref()) {
            Some(user) => json!({ "name": user }),
            None => json!({ "name": "not known" }),
        }
    }

    fn host(&self) -> Value {
        let host = self.run.map_or("not recorded", |run| run.opened.host.as_str());
        json!({ "hostname": host })
    }
}

fn put(event: &mut Map<String, Value>, status: Status) {
    let ((status_id, status), (severity_id, severity)) = (status.named(), status.severity());
    set(event, "status_id", json!(status_id));
    set(event, "status", json!(status));
    set(event, "severity_id", json!(severity_id));
    set(event, "severity", json!(severity));
}

fn set(event: &mut Map<String, Value>, name: &str, value: Value) {
    event.insert(name.to_owned(), value);
}

/// Only what is there: the schema knows no null.
fn with(pairs: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let there = pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(there.collect())
}

fn of_request(scene: &Scene<'_>, request: &RequestStory) -> Value {
    let is_sign_in = request.intended.purpose == Purpose::Read(Lookup::SignIn);
    let (class, activity) = if is_sign_in {
        (AUTHENTICATION, (1, "Logon"))
    } else {
        (API_ACTIVITY, activity(request.intended.purpose))
    };
    let mut event = scene.event(class, activity, request.at, Some(request.seq));
    put(&mut event, how(request));
    let (intended, ended) = (&request.intended, request.ended());
    let (status, text) = (request.status(), ended.and_then(Ended::text));
    let url = Url::parse(&intended.url).ok();
    let server = json!({ "hostname": url.as_ref().and_then(Url::host_str).unwrap_or("not known") });
    let code = match ended {
        Some(Ended::Responded(response)) => response.code.clone(),
        _ => None,
    };
    set(&mut event, "message", json!(in_words(request)));
    event.extend(status.map(|status| ("status_code".to_owned(), json!(status.to_string()))));
    event.extend(text.map(|text| ("status_detail".to_owned(), json!(text))));
    set(&mut event, "src_endpoint", scene.host());
    set(&mut event, "dst_endpoint", server);
    set(&mut event, "http_request", http_request(request, url.as_ref()));
    if is_sign_in {
        set(&mut event, "user", scene.signed_in());
        set(&mut event, "auth_protocol_id", json!(6));
        set(&mut event, "auth_protocol", json!("OAUTH 2.0"));
        set(&mut event, "is_remote", json!(true));
        set(&mut event, "service", json!({ "name": "Microsoft Entra ID" }));
    } else {
        let response = status.map(|status| {
            with([
                ("code", Some(json!(status))),
                ("error", code.map(Value::from)),
                ("error_message", text.map(Value::from)),
            ])
        });
        let api = with([
            ("operation", Some(json!(intended.purpose.as_str()))),
            ("request", Some(json!({ "uid": intended.request_id }))),
            ("response", response),
        ]);
        set(&mut event, "api", api);
        let answered = status.map(|status| {
            let latency = ended.map(Ended::duration_ms);
            with([("code", Some(json!(status))), ("latency", latency.map(Value::from))])
        });
        event.extend(answered.map(|answered| ("http_response".to_owned(), answered)));
        let customer = intended.customer.map(|id| json!([{ "uid": id, "type": "customer" }]));
        event.extend(customer.map(|customer| ("resources".to_owned(), customer)));
    }
    let unmapped = with(scene.beside().into_iter().chain([
        ("row", intended.row.map(Value::from)),
        ("purpose", Some(json!(intended.purpose.as_str()))),
        ("attempt", Some(json!(intended.attempt))),
        ("correlation_id", Some(json!(intended.correlation_id))),
        ("completion", ended.map(|ended| json!(ended.as_str()))),
        ("completed_seq", request.ended_in.map(Value::from)),
    ]));
    set(&mut event, "unmapped", unmapped);
    Value::Object(event)
}

/// What a request does at the service.
fn activity(purpose: Purpose) -> Activity {
    match purpose {
        Purpose::Read(_) => (2, "Read"),
        Purpose::Change(effect) if is_end(effect.facts().thing, effect.facts().ends_relationship) => {
            (4, "Delete")
        }
        Purpose::Change(_) => (3, "Update"),
    }
}

/// Whether the thing is not there any more afterwards, as its owner sees it.
const fn is_end(thing: Thing, ends_relationship: bool) -> bool {
    ends_relationship || matches!(thing, Thing::Order | Thing::DelegatedAdmin | Thing::Consent)
}

fn how(request: &RequestStory) -> Status {
    match request.ended() {
        Some(Ended::Responded(response)) if (200..300).contains(&response.status) => Status::Success,
        Some(Ended::Responded(_) | Ended::NotSent(_)) => Status::Failure,
        Some(Ended::Unknown(_)) | None => Status::Unknown,
    }
}

fn in_words(request: &RequestStory) -> String {
    let purpose = request.intended.purpose.as_str();
    match (request.status(), request.ended()) {
        (Some(status), _) => format!("{purpose}: status {status}"),
        (None, Some(Ended::NotSent(_))) => format!("{purpose}: not sent"),
        (None, Some(_)) => format!("{purpose}: no answer; it may have reached the server"),
        (None, None) => format!("{purpose}: the program ended before there was an answer"),
    }
}

fn http_request(request: &RequestStory, url: Option<&Url>) -> Value {
    let text = |text: &str| Some(json!(text));
    let url = with([
        ("url_string", text(&request.intended.url)),
        ("scheme", url.and_then(|url| text(url.scheme()))),
        ("hostname", url.and_then(Url::host_str).and_then(text)),
        ("port", url.and_then(Url::port_or_known_default).map(Value::from)),
        ("path", url.and_then(|url| text(url.path()))),
        ("query_string", url.and_then(Url::query).and_then(text)),
    ]);
    json!({ "http_method": request.intended.method, "url": url, "uid": request.intended.request_id })
}

fn of_effect(scene: &Scene<'_>, customer: &CustomerStory, effect: &EffectStory<'_>) -> Value {
    let facts = effect.effect.facts();
    let words = effect.effect.words();
    let activity = if is_end(facts.thing, facts.ends_relationship) { (4, "Delete") } else { (3, "Update") };
    let run = scene.run;
    let is_it = |one: &&RequestStory| {
        one.intended.purpose == Purpose::Change(effect.effect)
            && one.intended.about.as_deref() == effect.about
    };
    let sent = customer.requests().iter().filter(is_it).last();
    let at = sent.map(|sent| sent.end.as_ref().map_or(sent.at, |(at, _)| *at));
    let at = at.or(customer.finished_at()).or(run.map(|run| run.started_at)).unwrap_or(Time::from_millis(0));
    let place = sent.map(|sent| sent.seq);
    let mut event = scene.event(ENTITY_MANAGEMENT, activity, at, None);
    set(&mut event, "actor", scene.actor(place));
    let status = match effect.stands {
        Stands::Done | Stands::DoneAlready => Status::Success,
        Stands::NotCarriedOut | Stands::Refused | Stands::DidNotHappen | Stands::Otherwise => Status::Failure,
        Stands::Accepted => Status::Other("Accepted"),
        Stands::UnderWay => Status::Other("Under way"),
        Stands::InDoubt => Status::Unknown,
    };
    put(&mut event, status);
    let id = customer.customer().map(|id| id.to_string());
    let entity = with([
        ("uid", id.clone().map(Value::from)),
        ("name", customer.name().map(Value::from)),
        ("type", Some(json!("customer"))),
    ]);
    set(&mut event, "entity", entity);
    set(&mut event, "message", json!(format!("{} {}: {}", words.verb, words.thing, effect.stands.as_str())));
    let thing = effect.about.map(|id| {
        let name = effect.name.map(Value::from);
        with([("uid", Some(json!(id))), ("name", name), ("type", Some(json!(words.thing)))])
    });
    event.extend(thing.map(|thing| ("entity_result".to_owned(), thing)));
    let comment = run.and_then(|run| run.opened.reason.as_ref().or(run.opened.ticket.as_ref()));
    event.extend(comment.map(|comment| ("comment".to_owned(), json!(comment))));
    let change = effect.change;
    let unmapped = with(scene.beside().into_iter().chain([
        ("row", Some(json!(customer.row()))),
        ("effect", Some(json!(effect.effect.as_str()))),
        ("stands", Some(json!(effect.stands.as_str()))),
        ("taken_back", effect.taken_back.map(|stands| json!(stands.as_str()))),
        ("attempts", Some(json!(change.attempts))),
        ("ticket", run.and_then(|run| run.opened.ticket.as_ref()).map(|ticket| json!(ticket))),
        ("request_id", change.exchange().request_id.map(|id| json!(id))),
        ("correlation_id", change.exchange().correlation_id.map(|id| json!(id))),
        ("outcome", customer.outcome().map(|outcome| json!(outcome.as_str()))),
    ]));
    set(&mut event, "unmapped", unmapped);
    Value::Object(event)
}
