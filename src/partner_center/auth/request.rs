//! What is asked of the sign-in service.

use super::{AppCertificate, Authority};
use crate::{
    domain::{Secret, Time},
    partner_center::{form::Form, request::Request},
};

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An app registration, and what it asks tokens for.
#[derive(Clone, Debug)]
pub struct App {
    /// Whose tenant, and where.
    pub authority: Authority,
    /// Its client ID.
    pub client: String,
    /// How a confidential app shows that it is itself.
    pub proof: Proof,
    /// What its tokens are for: `https://api.partnercenter.microsoft.com/user_impersonation`.
    pub scope: String,
}

/// How an app shows that it is itself.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A public app has nothing to show.
    None,
    /// With a secret.
    Secret(Secret),
    /// With a signature.
    Certificate(AppCertificate),
}

impl App {
    fn scope(&self) -> String {
        format!("{} offline_access", self.scope)
    }

    /// A new access token for a refresh token. `id` names the signature, if there is one; no two may
    /// have the same.
    pub fn refresh(&self, token: &Secret, now: Time, id: &str) -> Result<Request, super::CertificateError> {
        let form = Form::of([
            ("grant_type", "refresh_token"),
            ("refresh_token", token.expose()),
            ("scope", &self.scope()),
        ]);
        self.at_token_endpoint(form, now, id)
    }

    /// An access token for the app itself (learn.microsoft.com, `identity-platform/v2-oauth2-client-creds-grant-flow`).
    pub fn client_credentials(&self, now: Time, id: &str) -> Result<Request, super::CertificateError> {
        let form = Form::of([("grant_type", "client_credentials"), ("scope", &self.scope)]);
        self.at_token_endpoint(form, now, id)
    }

    /// The beginning of a sign-in by device code.
    pub fn device_code(&self) -> Request {
        let form = Form::of([("client_id", &self.client), ("scope", &self.scope())]);
        Request::form(self.authority.device_code_url(), form)
    }

    /// Whether somebody has entered the code meanwhile.
    pub fn poll(
        &self,
        device_code: &Secret,
        now: Time,
        id: &str,
    ) -> Result<Request, super::CertificateError> {
        let form = Form::of([("grant_type", DEVICE_CODE), ("device_code", device_code.expose())]);
        self.at_token_endpoint(form, now, id)
    }

    fn at_token_endpoint(
        &self,
        mut form: Form,
        now: Time,
        id: &str,
    ) -> Result<Request, super::CertificateError> {
        let url = self.authority.token_url();
        form.push("client_id", Secret::new(self.client.clone()));
        match &self.proof {
            Proof::None => {}
            Proof::Secret(secret) => form.push("client_secret", secret.clone()),
            Proof::Certificate(certificate) => {
                let assertion = certificate.assertion(&self.client, &url, now, id)?;
                form.push("client_assertion_type", Secret::new(ASSERTION.to_owned()));
                form.push("client_assertion", assertion);
            }
        }
        Ok(Request::form(url, form))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partner_center::{BaseUrl, Cloud, Service};

    fn app(proof: Proof) -> App {
        let login = BaseUrl::parse("https://login.example").unwrap();
        App {
            authority: Authority::new(login, "contoso.example").unwrap(),
            client: "app-1".to_owned(),
            proof,
            scope: Cloud::Public.scope(Service::PartnerCenter),
        }
    }

    fn sent(request: &Request) -> String {
        request.body.as_ref().unwrap().sent().expose().to_owned()
    }

    #[test]
    fn a_public_app_renews_without_a_secret() {
        let token = Secret::new("r&=+ %".to_owned());
        let request = app(Proof::None).refresh(&token, Time::from_millis(0), "1").unwrap();
        assert_eq!(request.url, "https://login.example/contoso.example/oauth2/v2.0/token");
        assert_eq!(
            sent(&request),
            "grant_type=refresh_token&refresh_token=r%26%3D%2B+%25&scope=https%3A%2F%2Fapi.partnercenter.microsoft.com\
             %2Fuser_impersonation+offline_access&client_id=app-1"
        );
    }

    #[test]
    fn a_confidential_app_shows_its_secret() {
        let proof = Proof::Secret(Secret::new("s".to_owned()));
        let poll = app(proof).poll(&Secret::new("d".to_owned()), Time::from_millis(0), "1").unwrap();
        assert_eq!(
            sent(&poll),
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=d&client_id=app-1&client_secret=s"
        );
        let start = app(Proof::None).device_code();
        assert!(start.url.ends_with("/devicecode") && sent(&start).starts_with("client_id=app-1&scope="));
    }

    #[test]
    fn an_app_by_itself_shows_who_it_is_and_has_no_refresh_token() {
        let proof = Proof::Secret(Secret::new("s".to_owned()));
        let alone = App { scope: Cloud::Public.app_scope(Service::Graph), ..app(proof) };
        let request = alone.client_credentials(Time::from_millis(0), "1").unwrap();
        assert_eq!(
            sent(&request),
            "grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&client_id=app-1&client_secret=s"
        );
    }

    #[test]
    fn what_is_stored_and_shown_has_names_and_lengths_only() {
        let proof = Proof::Secret(Secret::new("hidden-1".to_owned()));
        let app = app(proof);
        let request = app.refresh(&Secret::new("hidden-22".to_owned()), Time::from_millis(0), "1").unwrap();
        let stored = request.body.as_ref().unwrap().stored().into_owned();
        assert!(stored.contains("&client_secret=[not stored, 8 bytes]"), "{stored}");
        for shown in [stored, format!("{request:?}"), format!("{app:?}")] {
            assert!(!shown.contains("hidden"), "{shown}");
        }
    }
}
