//! The sign-in service: it gives tokens, and knows which of them are good.

use super::super::random::Random;
use super::super::scenario::{NumberForm, Partner, PollAnswer, Rotation, SignIn};
use super::Request;
use super::answers::{Body, DraftAnswer};
use crate::domain::Time;
use base64::prelude::*;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::time::Duration;
use url::form_urlencoded;

const AUDIENCE: &str = "https://api.partnercenter.microsoft.com";

/// The sign-in service of one partner.
#[derive(Debug)]
pub(super) struct Issuer {
    config: SignIn,
    partner: Partner,
    random: Random,
    refresh: Vec<Refresh>,
    access: Vec<IssuedToken>,
    codes: Vec<Code>,
}

#[derive(Debug)]
struct Refresh {
    token: String,
    has_ended: bool,
    /// The place of the one that ends when this one is first used.
    replaces: Option<usize>,
}

#[derive(Debug)]
struct IssuedToken {
    token: String,
    expires: Time,
    replaces: Option<usize>,
    is_app_only: bool,
}

#[derive(Debug)]
struct Code {
    secret: String,
    expires: Time,
    polls: usize,
}

/// What an access token is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    Good,
    /// For what an app may do by itself.
    GoodForApps,
    Expired,
    Unknown,
}

impl Issuer {
    pub(super) fn new(config: SignIn, partner: &Partner, random: Random) -> Self {
        let given = |token: &String| Refresh { token: token.clone(), has_ended: false, replaces: None };
        let refresh = config.refresh_tokens.iter().map(given).collect();
        Self { config, partner: partner.clone(), random, refresh, access: Vec::new(), codes: Vec::new() }
    }

    /// What this access token is worth now; it counts as used.
    pub(super) fn take(&mut self, now: Time, token: &str) -> Worth {
        let Some(known) = self.access.iter().find(|known| known.token == token) else {
            return Worth::Unknown;
        };
        if now >= known.expires {
            return Worth::Expired;
        }
        let (replaces, is_app_only) = (known.replaces, known.is_app_only);
        self.end(replaces);
        if is_app_only { Worth::GoodForApps } else { Worth::Good }
    }

    /// Everything that nobody else may see.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        let refresh = self.refresh.iter().map(|known| known.token.as_str());
        let access = self.access.iter().map(|known| known.token.as_str());
        let codes = self.codes.iter().map(|code| code.secret.as_str());
        refresh.chain(access).chain(codes).chain(self.config.client_secret.as_deref())
    }

    /// `POST …/devicecode`.
    pub(super) fn invite(&mut self, now: Time, tenant: &str, request: &Request) -> DraftAnswer {
        if let Some(refused) = self.refuse_app(now, tenant, request, false) {
            return refused;
        }
        let device_code = self.secret("device");
        let user_code: String = self.secret("").chars().take(9).collect::<String>().to_uppercase();
        let expires = now.plus(Duration::from_secs(self.config.code_lives));
        self.codes.push(Code { secret: device_code.clone(), expires, polls: 0 });
        let address = "https://login.example/device";
        DraftAnswer::ok(json!({
            "user_code": user_code, "device_code": device_code, "verification_uri": address,
            "expires_in": self.number(self.config.code_lives), "interval": self.number(self.config.interval),
            "message": format!("To sign in, open {address} and enter the code {user_code}."),
        }))
    }

    /// `POST …/token`.
    pub(super) fn token(&mut self, now: Time, tenant: &str, request: &Request) -> DraftAnswer {
        if let Some(refused) = self.refuse_app(now, tenant, request, true) {
            return refused;
        }
        match field(request, "grant_type").as_deref() {
            Some("refresh_token") => self.renew(now, request),
            Some("urn:ietf:params:oauth:grant-type:device_code") => self.poll(now, request),
            Some("client_credentials") => self.grant_to_app(now, request),
            _ => refusal(now, "unsupported_grant_type", 70_003),
        }
    }

    fn renew(&mut self, now: Time, request: &Request) -> DraftAnswer {
        let sent = field(request, "refresh_token").unwrap_or_default();
        let Some(at) = self.refresh.iter().position(|known| known.token == sent) else {
            return refusal(now, "invalid_grant", 70_000);
        };
        let (has_ended, replaces) =
            self.refresh.get(at).map_or((true, None), |known| (known.has_ended, known.replaces));
        if has_ended {
            return refusal(now, "invalid_grant", 50_173);
        }
        self.end(replaces);
        self.grant(now, request, Some(at))
    }

    fn poll(&mut self, now: Time, request: &Request) -> DraftAnswer {
        let sent = field(request, "device_code").unwrap_or_default();
        let Some(code) = self.codes.iter_mut().find(|code| code.secret == sent) else {
            return refusal(now, "bad_verification_code", 70_018);
        };
        if now >= code.expires {
            return refusal(now, "expired_token", 70_019);
        }
        let answer = self.config.polls.get(code.polls);
        code.polls += 1;
        match answer {
            Some(PollAnswer::Pending) => refusal(now, "authorization_pending", 70_016),
            Some(PollAnswer::SlowDown) => refusal(now, "slow_down", 70_016),
            Some(PollAnswer::Declined) => refusal(now, "authorization_declined", 70_016),
            Some(PollAnswer::Expired) => refusal(now, "expired_token", 70_019),
            None => self.grant(now, request, None),
        }
    }

    fn grant(&mut self, now: Time, request: &Request, used: Option<usize>) -> DraftAnswer {
        let replaces = used.filter(|_| self.config.rotation == Rotation::EndsOld);
        let expires = now.plus(Duration::from_millis(self.config.lifetime_ms));
        let token = self.access_token(expires, request, true);
        self.access.push(IssuedToken { token: token.clone(), expires, replaces, is_app_only: false });
        let lives = self.config.lifetime_ms / 1000;
        let scope = field(request, "scope").unwrap_or_default();
        let mut fields = Map::from_iter([
            ("token_type".to_owned(), "Bearer".into()),
            ("scope".to_owned(), scope.into()),
            ("expires_in".to_owned(), self.number(lives)),
            ("ext_expires_in".to_owned(), self.number(lives)),
            ("access_token".to_owned(), token.into()),
        ]);
        if self.config.rotation != Rotation::None || used.is_none() {
            let token = self.secret("refresh");
            fields.insert("refresh_token".to_owned(), token.clone().into());
            self.refresh.push(Refresh { token, has_ended: false, replaces });
        }
        DraftAnswer::ok(Value::Object(fields))
    }

    /// An app by itself has no user, and no refresh token.
    fn grant_to_app(&mut self, now: Time, request: &Request) -> DraftAnswer {
        if self.config.client_secret.is_none() {
            return refusal(now, "unauthorized_client", 700_025);
        }
        let expires = now.plus(Duration::from_millis(self.config.lifetime_ms));
        let token = self.access_token(expires, request, false);
        self.access.push(IssuedToken { token: token.clone(), expires, replaces: None, is_app_only: true });
        let lives = self.number(self.config.lifetime_ms / 1000);
        DraftAnswer::ok(json!({ "token_type": "Bearer", "expires_in": lives, "access_token": token }))
    }

    /// Another app, another tenant, or an app that does not show that it is itself.
    fn refuse_app(
        &self,
        now: Time,
        tenant: &str,
        request: &Request,
        with_proof: bool,
    ) -> Option<DraftAnswer> {
        let is_partner = tenant == self.partner.tenant_id.to_string() || tenant == self.partner.domain;
        if !is_partner {
            return Some(refusal(now, "invalid_request", 90_002));
        }
        if field(request, "client_id").as_deref() != Some(&self.config.client_id) {
            return Some(refusal(now, "unauthorized_client", 700_016));
        }
        let signed = field(request, "client_assertion").is_some_and(|text| text.split('.').count() == 3);
        match (&self.config.client_secret, field(request, "client_secret")) {
            (None, None) => signed.then(|| refusal(now, "invalid_client", 700_025)),
            (None, Some(_)) => Some(refusal(now, "invalid_client", 700_025)),
            (Some(_), None) if with_proof && !signed => Some(refusal(now, "invalid_client", 7_000_218)),
            (Some(known), Some(sent)) if *known != sent => Some(refusal(now, "invalid_client", 7_000_215)),
            (Some(_), _) => None,
        }
    }

    /// Ends the refresh token that something newer replaces.
    fn end(&mut self, replaced: Option<usize>) {
        if let Some(old) = replaced.and_then(|at| self.refresh.get_mut(at)) {
            old.has_ended = true;
        }
    }

    /// A token that says of itself what the real ones say.
    fn access_token(&mut self, expires: Time, request: &Request, has_user: bool) -> String {
        let scope = field(request, "scope").unwrap_or_default();
        let audience =
            scope.strip_suffix("/.default offline_access").or_else(|| scope.strip_suffix("/.default"));
        let mut claims = json!({
            "aud": audience.unwrap_or(AUDIENCE), "tid": self.partner.tenant_id.to_string(),
            "appid": self.config.client_id, "exp": expires.as_millis().div_euclid(1000),
        });
        if let Some(claims) = claims.as_object_mut().filter(|_| has_user) {
            claims.insert("upn".to_owned(), self.config.user.clone().into());
        }
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signature = self.secret("signature");
        format!("{}.{}.{signature}", part(&json!({ "typ": "JWT", "alg": "none" })), part(&claims))
    }

    fn secret(&mut self, kind: &str) -> String {
        let (a, b) = (self.random.guid().simple().to_string(), self.random.guid().simple().to_string());
        if kind.is_empty() { a } else { format!("simulated-{kind}-{a}{b}") }
    }

    fn number(&self, number: u64) -> Value {
        match self.config.numbers {
            NumberForm::Number => Value::from(number),
            NumberForm::Text => Value::from(number.to_string()),
        }
    }
}

/// An error in the form that the sign-in service gives it.
pub(super) fn refusal(now: Time, error: &str, code: u32) -> DraftAnswer {
    let status = match error {
        "invalid_client" => 401,
        "temporarily_unavailable" => 503,
        "server_error" => 500,
        _ => 400,
    };
    let text = json!({
        "error": error, "error_description": format!("AADSTS{code}: simulated.\r\nTimestamp: {now}"),
        "error_codes": [code], "timestamp": now.to_string(), "trace_id": "simulated", "correlation_id": "simulated",
    });
    DraftAnswer::new(status, Body::Json(text))
}

/// The names of a form's fields: what may be kept of it.
pub(super) fn field_names(body: &[u8]) -> String {
    form_urlencoded::parse(body).map(|(name, _)| name.into_owned()).collect::<Vec<_>>().join("&")
}

fn field<'a>(request: &'a Request, name: &str) -> Option<Cow<'a, str>> {
    form_urlencoded::parse(&request.body).find(|(found, _)| found == name).map(|(_, value)| value)
}
