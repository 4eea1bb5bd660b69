//! A new access token: by one at a time, on record, and its refresh token on disk before it is used.

use super::{
    asking::Said,
    courier::Courier,
    halt::Halt,
    retry::Troubles,
    sign_in::{Renewed, Source},
    token::Bearer,
};
use crate::{
    domain::{Secret, Time, is_taken_out},
    partner_center::{
        auth::{self, AccessToken, Refusal, Remedy, answer::Granted},
        transport::Transport,
    },
    record::{Event, StopCause, TokenNamed},
};
use std::time::Duration;

/// A token that was obtained, and what is known of it.
struct Obtained {
    token: AccessToken,
    /// How long it lives from `asked_at` on.
    lifetime: Option<Duration>,
    asked_at: Time,
}

impl<T: Transport> Courier<T> {
    /// The token to use now. Whoever comes first when it is to be renewed renews it, and all others
    /// wait for that.
    pub(super) async fn bearer(&self) -> Result<Bearer, Halt> {
        if let Some(bearer) = self.sign_in.current(self.now()) {
            return Ok(bearer);
        }
        let _turn = tokio::select! {
            biased;
            () = self.closed.cancelled() => return Err(Halt::Closed),
            () = self.stop.cancelled() => return Err(Halt::interrupted()),
            turn = self.sign_in.turn.lock() => turn,
        };
        if let Some(bearer) = self.sign_in.current(self.now())
            && !is_taken_out("everybody-renews")
        {
            return Ok(bearer);
        }
        let renewed = self.renew().await;
        if renewed.is_err() {
            // Those who wait must not try the same again.
            self.closed.cancel();
        }
        renewed
    }

    /// What is recorded of a token. Whoever made it may have put anything into it.
    fn named(&self, obtained: &Obtained) -> TokenNamed {
        let claims = auth::claims(&obtained.token.secret);
        let ends = obtained.lifetime.map(|lifetime| obtained.asked_at.plus(lifetime));
        let scrubbed = |claim: Option<String>| claim.map(|claim| self.scrubber.text(&claim));
        TokenNamed {
            source: obtained.token.source.clone(),
            tenant: scrubbed(claims.tenant),
            app: scrubbed(claims.app),
            user: scrubbed(claims.user),
            audience: scrubbed(claims.audience),
            expires: claims.expires.or(ends),
        }
    }

    async fn renew(&self) -> Result<Bearer, Halt> {
        if self.closed.is_cancelled() {
            return Err(Halt::Closed);
        }
        if self.sign_in.is_hopeless() {
            let text = "the service does not accept the token, nor the one that replaced it; `offboard doctor` says more";
            return Err(Halt::stop(StopCause::SignIn, text));
        }
        let obtained = match &self.sign_in.source {
            Source::Given(token) => Obtained { token: token.clone(), lifetime: None, asked_at: self.now() },
            Source::Printed(command) => {
                let asked_at = self.now();
                let token = command.print().await.map_err(|text| Halt::stop(StopCause::SignIn, text))?;
                Obtained { lifetime: lifetime(&token.secret, asked_at), token, asked_at }
            }
            Source::Renewed(renewed) => {
                let (granted, asked_at) = self.redeem(renewed).await?;
                let token = AccessToken { secret: granted.access, source: renewed.name.clone() };
                Obtained { lifetime: granted.lifetime, token, asked_at }
            }
        };
        self.scrubber.learn_latest("access_token", &obtained.token.secret);
        let named = self.named(&obtained);
        self.record(vec![Event::TokenNamed(named.clone())]).await?;
        *self.sign_in.named() = Some(named);
        let Obtained { token, lifetime, asked_at } = obtained;
        Ok(self.sign_in.token().obtained(token.secret, asked_at, lifetime))
    }

    /// Redeems the refresh token; if there is none, or it is not good any more, asks a person who is
    /// there to sign in.
    async fn redeem(&self, renewed: &Renewed) -> Result<(Granted, Time), Halt> {
        let mut troubles = Troubles::default();
        let mut attempt = 0;
        let refusal = loop {
            let Some(token) = renewed.refresh() else { break None };
            attempt += 1;
            let request = renewed.app.refresh(&token, self.now(), &self.ids.request_id().to_string());
            let request = request.map_err(|error| Halt::stop(StopCause::SignIn, certificate(&error)))?;
            let (trouble, wait) = match self.ask(&request, attempt, renewed).await? {
                Said::Granted(granted, sent_at) => return Ok((granted, sent_at)),
                Said::Refused(refusal) if refusal.remedy() != Remedy::Wait => break Some(refusal),
                Said::Refused(refusal) => (refusal.explained(), None),
                Said::Nothing(text, wait) => (text, wait),
                Said::Invited(_) => return Err(strange()),
            };
            let Some(pause) = troubles.next(super::retry::Trouble::Lost, self.jitter()) else {
                let text = format!("the sign-in service does not give a token: {trouble}");
                return Err(Halt::stop(StopCause::Service, text));
            };
            self.wait(wait.unwrap_or_default().max(pause)).await;
        };
        let why = refusal.as_ref().map(Refusal::explained);
        match (&renewed.inviter, &refusal) {
            // What only an administrator can mend does not get better by signing in again.
            (Some(inviter), Some(refusal)) if refusal.remedy() == Remedy::SignIn => {
                self.by_device_code(renewed, &**inviter, why.as_deref()).await
            }
            (Some(inviter), None) => self.by_device_code(renewed, &**inviter, None).await,
            _ => {
                let text =
                    why.unwrap_or_else(|| "nobody is signed in; sign in with `offboard login`".to_owned());
                Err(Halt::stop(StopCause::SignIn, format!("no token for {}: {text}", renewed.name)))
            }
        }
    }
}

/// How long a token lives that only says when it ends. By a clock that is wrong it may have ended
/// already; then nobody knows.
fn lifetime(token: &Secret, now: Time) -> Option<Duration> {
    let ends = auth::claims(token).expires?;
    Some(ends.since(now)).filter(|lifetime| !lifetime.is_zero())
}

pub(super) fn certificate(error: &auth::CertificateError) -> String {
    format!("the certificate in OFFBOARD_CLIENT_CERTIFICATE cannot be used: {error}")
}

/// An answer that makes no sense here.
pub(super) fn strange() -> Halt {
    let text = "the sign-in service answers with something else than was asked for; check `--login-url`";
    Halt::stop(StopCause::SignIn, text)
}
