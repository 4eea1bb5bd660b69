//! A row of the list as the page shows it, with what was sent for it.

use super::super::rows::ReportedRow;
use crate::{
    domain::{AdminLeft, in_one_text},
    record::{CustomerStory, Ended, IndirectReseller, RequestStory},
};
use serde::{Deserialize, Serialize};

/// A row as the page shows it.
#[derive(Serialize, Deserialize)]
pub(super) struct ShownRow {
    row: u32,
    name: Option<String>,
    id: Option<String>,
    reseller: Option<String>,
    evidence: Option<String>,
    /// The reasons that no finding names.
    reasons: Vec<String>,
    findings: Vec<ShownFinding>,
    /// What was transferred, where the explanation does not say it.
    transferred: Option<String>,
    removable_from: Option<String>,
    awaits_an_act: bool,
    act_by: Option<String>,
    stays: Vec<String>,
    status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
    correlation_id: Option<String>,
    attempts: u32,
    started_at: Option<String>,
    finished_at: Option<String>,
    is_provisional: bool,
    cells: Vec<String>,
    requests: Vec<ShownRequest>,
}

/// A finding, or what is told besides, which has no reason of its own.
#[derive(Serialize, Deserialize)]
struct ShownFinding {
    reason: Option<String>,
    text: String,
}

/// A request as the page shows it: no host, no headers, no bodies.
#[derive(Serialize, Deserialize)]
pub(super) struct ShownRequest {
    at: Option<String>,
    what: String,
    is_change: bool,
    attempt: u32,
    method: String,
    path: String,
    answer: String,
    is_good: bool,
    text: Option<String>,
    took: Option<u64>,
    id: Option<String>,
    correlation: Option<String>,
}

impl ShownFinding {
    /// What is told of a row: finding by finding, where that is what the records have in one text.
    fn all(story: &CustomerStory) -> Vec<Self> {
        let told = story.explanation();
        let found = story.judged().last().map_or(&[] as &[_], |(_, _, judged)| &judged.findings);
        let recorded = in_one_text(found);
        let (before, found, after) = match told.split_once(&recorded).filter(|_| !found.is_empty()) {
            Some((before, after)) => (before, found, after),
            None => (&*told, &[] as &[_], ""),
        };
        let plain = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        let besides = |text| plain(text).map(|text| Self { reason: None, text });
        let findings = found
            .iter()
            .map(|finding| Self { reason: Some(finding.reason.to_string()), text: finding.explanation() });
        besides(before).into_iter().chain(findings).chain(besides(after)).collect()
    }
}

impl ShownRequest {
    pub(super) fn of(request: &RequestStory) -> Self {
        let intended = &request.intended;
        let answer = match request.ended() {
            Some(Ended::Responded(response)) => response.status.to_string(),
            Some(Ended::NotSent(_)) => "not sent".to_owned(),
            Some(Ended::Unknown(_)) => "no answer".to_owned(),
            None => "not known".to_owned(),
        };
        Self {
            at: Some(request.at.to_string()),
            what: intended.purpose.in_words().to_owned(),
            is_change: intended.purpose.is_change(),
            attempt: intended.attempt,
            method: intended.method.clone(),
            path: path(&intended.url),
            answer,
            is_good: request.status().is_some_and(|status| status < 300),
            text: request.ended().and_then(Ended::text).map(str::to_owned),
            took: request.ended().map(Ended::duration_ms),
            id: Some(intended.request_id.to_string()),
            correlation: Some(intended.correlation_id.to_string()),
        }
    }
}

/// What was transferred, where it is not told with how the row ended.
fn transferred(story: &CustomerStory) -> Option<String> {
    let transferred = story.judged().last()?.2.transferred_in_words()?;
    (!story.explanation().contains(&transferred)).then_some(transferred)
}

/// The address without its host.
fn path(url: &str) -> String {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    host.find('/').and_then(|at| host.get(at..)).unwrap_or(url).to_owned()
}

impl ShownRow {
    pub(super) fn of(row: &ReportedRow) -> Self {
        let story = &row.story;
        let findings = ShownFinding::all(story);
        let mut reasons: Vec<_> = row.reason_names().into_iter().map(str::to_owned).collect();
        reasons.retain(|name| !findings.iter().any(|finding| finding.reason.as_ref() == Some(name)));
        // What stood in the list is all that there is to recognise a rejected row by.
        let cells = if story.customer().is_none() { row.cells().to_vec() } else { Vec::new() };
        let exchange = story.exchange();
        Self {
            row: story.row(),
            name: story.name().map(str::to_owned),
            id: story.customer().map(|id| id.to_string()),
            reseller: story.reseller().map(IndirectReseller::to_string),
            evidence: story.last_word().evidence().map(|evidence| evidence.to_string()),
            reasons,
            findings,
            transferred: transferred(story),
            removable_from: story.goes_from().map(|day| day.to_string()),
            awaits_an_act: row.awaits_an_act(),
            act_by: story.act_by().map(|day| day.to_string()),
            stays: story.admin_left().map(AdminLeft::in_words).unwrap_or_default(),
            status: exchange.and_then(|exchange| exchange.status),
            code: exchange.and_then(|exchange| exchange.code.clone()),
            request_id: exchange.and_then(|exchange| exchange.request_id).map(|id| id.to_string()),
            correlation_id: exchange.and_then(|exchange| exchange.correlation_id).map(|id| id.to_string()),
            attempts: story.settled().map_or(0, |settled| settled.attempts),
            started_at: story.settled().map(|settled| settled.started_at.to_string()),
            finished_at: story.finished_at().map(|at| at.to_string()),
            is_provisional: row.pending.is_some(),
            cells,
            requests: story.requests().iter().map(ShownRequest::of).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn no_host_is_shown() {
        for (url, shown) in [
            ("https://api.example/v1/customers/x?a=b", "/v1/customers/x?a=b"),
            ("http://127.0.0.1:80/v1", "/v1"),
            ("https://api.example", "https://api.example"),
            ("/v1", "/v1"),
            ("", ""),
        ] {
            assert_eq!(path(url), shown);
        }
    }
}
