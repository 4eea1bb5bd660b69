//! What is needed to reach Partner Center.

use super::exit::{Exit, Failure};
use crate::{
    domain::Secret,
    engine::{Clock, Ids, Ports},
    partner_center::{
        BaseUrl,
        auth::{self, AccessToken},
        redact::Scrubber,
        transport::{Http, Timeouts},
    },
    record::TokenNamed,
};
use tokio_util::sync::CancellationToken;

/// Where Partner Center is, and a token for it.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) base: BaseUrl,
    pub(super) token: AccessToken,
}

impl Access {
    /// Over a real socket, with identifiers that nobody can guess.
    pub(super) fn ports(&self, stop: CancellationToken) -> Result<Ports<Http>, Failure> {
        let transport = Http::new(&self.base, &self.token, Timeouts::default())
            .map_err(|error| Failure::usage(format!("cannot make a client: {error}")))?;
        Ok(Ports {
            transport,
            base: self.base.clone(),
            scrubber: Scrubber::new(std::slice::from_ref(&self.token.secret)),
            clock: Clock::System,
            ids: Ids::Random,
            stop,
        })
    }

    /// What is recorded of the token.
    pub(super) fn named(&self) -> TokenNamed {
        let claims = auth::claims(&self.token.secret);
        TokenNamed {
            source: self.token.source.clone(),
            tenant: claims.tenant,
            app: claims.app,
            user: claims.user,
            audience: claims.audience,
            expires: claims.expires,
        }
    }
}

/// The token from the environment.
pub(super) fn token_from_environment() -> Result<AccessToken, Failure> {
    let text = std::env::var(auth::ACCESS_TOKEN).unwrap_or_default();
    AccessToken::new(&text, auth::ACCESS_TOKEN).map_err(|error| Failure::new(Exit::SignIn, error.to_string()))
}

/// A token for the simulator, which takes any.
pub(super) fn simulated_token() -> AccessToken {
    let secret = Secret::new("simulated-token".to_owned());
    AccessToken { secret, source: "the built-in simulator".to_owned() }
}
