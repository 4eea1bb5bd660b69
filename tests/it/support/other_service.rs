//! A Partner Center and a Microsoft Graph that share nothing with the simulator: a few answers as they are documented, over
//! plain sockets. What the simulator and the program both have wrong is found here.

use super::{
    PARTNER,
    hostile::{answer, read_request},
};
use offboard::domain::TenantId;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::Write as _,
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

/// A customer of the partner.
#[derive(Clone, Debug, Default)]
pub(crate) struct Customer {
    pub(crate) is_gone: bool,
    /// The applications that it consented to.
    pub(crate) consents: Vec<String>,
    /// Relationships of delegated administration, with their states.
    pub(crate) grants: BTreeMap<String, &'static str>,
}

/// What the service knows, and what reached it.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) customers: BTreeMap<TenantId, Customer>,
    /// How many requests there were.
    pub(crate) requests: usize,
    /// Each change that was carried out.
    pub(crate) changes: Vec<String>,
    /// Which change is carried out and not answered, from 1.
    pub(crate) lost: usize,
    /// What came with no token, or with that of the other service.
    pub(crate) without_token: Vec<String>,
}

/// Where it is.
pub(crate) struct OtherService {
    url: String,
    state: Arc<Mutex<State>>,
}

impl OtherService {
    /// One that takes this token as Partner Center, and this as Microsoft Graph.
    pub(crate) fn new(customers: BTreeMap<TenantId, Customer>, tokens: [String; 2]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State { customers, ..State::default() }));
        let (shared, tokens) = (Arc::clone(&state), Arc::new(tokens));
        // It ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, tokens) = (Arc::clone(&shared), Arc::clone(&tokens));
                thread::spawn(move || serve(stream, &state, &tokens));
            }
        });
        Self { url, state }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(mut client: TcpStream, state: &Mutex<State>, tokens: &[String; 2]) {
    let Ok((head, body)) = read_request(&mut client) else { return };
    let mut words = head.split_whitespace();
    let (method, target) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    state.requests += 1;
    let token = &tokens[usize::from(target.starts_with("/v1.0/"))];
    let has_token = head.lines().any(|line| {
        let header = line.split_once(": ");
        header.is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case("authorization") && value == format!("Bearer {token}")
        })
    });
    if !has_token {
        state.without_token.push(format!("{method} {target}"));
    }
    let before = state.changes.len();
    let (status, answered) = state.answer(&method, &target, &body);
    let is_lost = state.changes.len() > before && state.changes.len() == state.lost;
    drop(state);
    if !is_lost {
        let body = answered.map(|body| body.to_string()).unwrap_or_default();
        // A client that was killed is no concern of this one.
        client.write_all(&answer(status, &[("Content-Type", "application/json")], body.as_bytes())).ok();
    }
}

impl State {
    fn answer(&mut self, method: &str, target: &str, body: &[u8]) -> (u16, Option<Value>) {
        let path = target.split('?').next().unwrap();
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match (method, &parts[..]) {
            ("GET", ["v1", "profiles", "organization"]) => {
                (200, Some(json!({ "tenantId": PARTNER, "companyName": "Another Partner" })))
            }
            ("GET", ["v1", "relationships"]) => (200, Some(json!({ "totalCount": 0, "items": [] }))),
            ("GET", ["v1", "customers"]) => {
                let all: Vec<_> = self.customers.iter().filter(|(_, one)| !one.is_gone).map(shown).collect();
                (200, Some(json!({ "totalCount": all.len(), "items": all })))
            }
            (_, ["v1", "customers", customer, rest @ ..]) => self.of_customer(method, customer, rest, body),
            (_, ["v1.0", "tenantRelationships", "delegatedAdminRelationships", rest @ ..]) => {
                self.of_graph(method, target, rest, body)
            }
            _ => (404, Some(fault(0, target))),
        }
    }

    fn of_customer(
        &mut self,
        method: &str,
        customer: &str,
        rest: &[&str],
        body: &[u8],
    ) -> (u16, Option<Value>) {
        let id: TenantId = customer.parse().unwrap();
        let known = self.customers.get_mut(&id).filter(|one| !one.is_gone);
        let Some(one) = known else {
            return (404, Some(fault(1000, "The customer is not known.")));
        };
        match (method, rest) {
            ("GET", []) => (200, Some(shown((&id, one)))),
            ("GET", ["subscriptions" | "entitlements"]) => {
                (200, Some(json!({ "totalCount": 0, "items": [] })))
            }
            ("GET", ["transfers"]) => (200, Some(json!([]))),
            ("DELETE", ["applicationconsents", application]) => {
                let at = one.consents.iter().position(|known| known == application);
                let Some(at) = at else {
                    return (404, Some(fault(900_400, "There is no consent.")));
                };
                one.consents.remove(at);
                self.changes.push(format!("revoke {application} of {id}"));
                (204, None)
            }
            ("PATCH", []) => {
                let body: Value = serde_json::from_slice(body).unwrap();
                assert_eq!(body["relationshipToPartner"], "none", "{body}");
                one.is_gone = true;
                let gone = json!({ "id": id, "relationshipToPartner": "none" });
                self.changes.push(format!("remove {id}"));
                (200, Some(gone))
            }
            _ => (405, Some(fault(0, "There is nothing here."))),
        }
    }

    fn of_graph(&mut self, method: &str, target: &str, rest: &[&str], body: &[u8]) -> (u16, Option<Value>) {
        let mut all = self.customers.iter_mut();
        match (method, rest) {
            ("GET", []) => {
                let (id, one) = all.find(|(id, _)| target.contains(&id.to_string())).unwrap();
                (
                    200,
                    Some(json!({ "value": one.grants.iter().map(|(name, state)| json!({
                    "@odata.etag": format!("W/\"{name}-{state}\""), "id": name, "displayName": name, "status": state,
                    "duration": "P730D", "autoExtendDuration": "P180D", "endDateTime": "2099-01-01T00:00:00Z",
                    "customer": { "tenantId": id, "displayName": null },
                    "accessDetails": { "unifiedRoles": [{ "roleDefinitionId": "29232cdf-9323-42fd-ade2-1d097af3e4de" }] },
                })).collect::<Vec<_>>() })),
                )
            }
            ("POST", [grant, "requests"]) => {
                let body: Value = serde_json::from_slice(body).unwrap();
                assert_eq!(body, json!({ "action": "terminate" }));
                let state = all.find_map(|(_, one)| one.grants.get_mut(*grant)).unwrap();
                assert_eq!(*state, "active", "only what is in force is terminated");
                *state = "terminated";
                self.changes.push(format!("terminate {grant}"));
                (201, Some(json!({ "id": "r", "action": "terminate", "status": "created" })))
            }
            ("DELETE", [grant]) => {
                let state = all.find_map(|(_, one)| one.grants.remove(*grant)).unwrap();
                assert_eq!(state, "created", "only what nobody was offered is deleted");
                self.changes.push(format!("delete {grant}"));
                (204, None)
            }
            _ => (405, Some(json!({ "error": { "code": "MethodNotAllowed", "message": "not here" } }))),
        }
    }
}

/// Partner Center's own form.
fn fault(code: u32, description: &str) -> Value {
    json!({ "code": code, "description": description, "data": [], "source": "PartnerApiServiceCore" })
}

fn shown((id, one): (&TenantId, &Customer)) -> Value {
    let name = format!("Customer {}", &id.to_string()[34..]);
    json!({ "id": id, "relationshipToPartner": if one.is_gone { "none" } else { "reseller" },
        "companyProfile": { "tenantId": id, "domain": "customer.example", "companyName": name } })
}
