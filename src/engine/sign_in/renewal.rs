//! A new access token: by one at a time, on record, and its refresh token on disk before it is used.

use super::{
    asking::{SignInAnswer, ask, certificate, strange},
    device_code::by_device_code,
};
use crate::{
    domain::{Secret, Time, is_taken_out},
    engine::{
        decide::retry::{Trouble, Troubles},
        halt::Halt,
        send::{
            client::{RecordedClient, SendPermit},
            token::{Bearer, RunTokens},
        },
        source::{Renewed, Source},
    },
    partner_center::{
        Service,
        auth::{self, AccessToken, Refusal, Remedy, answer::Granted},
        redact::Scrubber,
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

/// Waits for a turn at the gate, with a token that is good when the turn comes: the wait may have
/// been longer than the token lives.
pub(crate) async fn permit<T: Transport>(
    client: &RecordedClient<T>,
    service: Service,
) -> Result<SendPermit, Halt> {
    loop {
        let bearer = bearer(client, service).await?;
        let slot = client.slot().await?;
        if client.endpoint(service)?.tokens.is_current(&bearer, client.now()) {
            return Ok(SendPermit { slot, bearer });
        }
    }
}

/// The token to use now. Whoever comes first when it is to be renewed renews it, and all others
/// wait for that.
pub(crate) async fn bearer<T: Transport>(
    client: &RecordedClient<T>,
    service: Service,
) -> Result<Bearer, Halt> {
    let tokens = &client.endpoint(service)?.tokens;
    if let Some(bearer) = tokens.current(client.now()) {
        return Ok(bearer);
    }
    let _turn = tokio::select! {
        biased;
        () = client.closed.cancelled() => return Err(Halt::Closed),
        () = client.stop.cancelled() => return Err(Halt::interrupted()),
        turn = client.turn.lock() => turn,
    };
    // Whoever had the turn before may have found out that there is none.
    client.endpoint(service)?;
    if let Some(bearer) = tokens.current(client.now())
        && !is_taken_out("everybody-renews")
    {
        return Ok(bearer);
    }
    let renewed = renew(client, tokens).await;
    if renewed.is_err() && service == Service::PartnerCenter {
        // Those who wait must not try the same again.
        client.closed.cancel();
    }
    renewed
}

/// What is recorded of a token. Whoever made it may have put anything into it.
fn named(scrubber: &Scrubber, obtained: &Obtained) -> TokenNamed {
    let claims = auth::claims(&obtained.token.secret);
    let ends = obtained.lifetime.map(|lifetime| obtained.asked_at.plus(lifetime));
    let clean = |claim: Option<String>| claim.map(|claim| scrubber.text(&claim));
    TokenNamed {
        source: obtained.token.source.clone(),
        tenant: clean(claims.tenant),
        app: clean(claims.app),
        user: clean(claims.user),
        audience: clean(claims.audience),
        expires: claims.expires.or(ends),
    }
}

async fn renew<T: Transport>(client: &RecordedClient<T>, tokens: &RunTokens) -> Result<Bearer, Halt> {
    if client.closed.is_cancelled() {
        return Err(Halt::Closed);
    }
    if tokens.is_hopeless() {
        let text = "the service does not accept the token, nor the one that replaced it; `offboard doctor` says more";
        return Err(Halt::stop(StopCause::SignIn, text));
    }
    let obtained = match &tokens.source {
        Source::Given(token) => Obtained { token: token.clone(), lifetime: None, asked_at: client.now() },
        Source::Printed(command) => {
            let asked_at = client.now();
            let token = command.print().await.map_err(|text| Halt::stop(StopCause::SignIn, text))?;
            Obtained { lifetime: lifetime(&token.secret, asked_at), token, asked_at }
        }
        Source::Renewed(renewed) => {
            let (granted, asked_at) = redeem(client, renewed).await?;
            let token = AccessToken { secret: granted.access, source: renewed.name.clone() };
            Obtained { lifetime: granted.lifetime, token, asked_at }
        }
    };
    client.scrubber.learn_latest("access_token", &obtained.token.secret);
    let named = named(&client.scrubber, &obtained);
    client.record(vec![Event::TokenNamed(named.clone())]).await?;
    *tokens.named() = Some(named);
    let Obtained { token, lifetime, asked_at } = obtained;
    Ok(tokens.token().obtained(token.secret, asked_at, lifetime))
}

/// Redeems the refresh token; if there is none, or it is not good any more, asks a person who is
/// there to sign in.
async fn redeem<T: Transport>(
    client: &RecordedClient<T>,
    renewed: &Renewed,
) -> Result<(Granted, Time), Halt> {
    let mut troubles = Troubles::default();
    let mut attempt = 0;
    let refusal = loop {
        let (now, id) = (client.now(), client.ids.request_id().to_string());
        let request = if renewed.is_app_only {
            renewed.app.client_credentials(now, &id)
        } else {
            let Some(token) = renewed.refresh() else { break None };
            renewed.app.refresh(&token, now, &id)
        };
        attempt += 1;
        let request = request.map_err(|error| Halt::stop(StopCause::SignIn, certificate(&error)))?;
        let (trouble, wait) = match ask(client, request, attempt, renewed).await? {
            SignInAnswer::Granted(granted, sent_at) => return Ok((granted, sent_at)),
            SignInAnswer::Refused(refusal) if refusal.remedy() != Remedy::Wait => break Some(refusal),
            SignInAnswer::Refused(refusal) => (refusal.explained(), None),
            SignInAnswer::Nothing(text, wait) => (text, wait),
            SignInAnswer::Invited(_) => return Err(strange()),
        };
        let Some(pause) = troubles.next(Trouble::Lost, client.jitter()) else {
            let text = format!("the sign-in service does not give a token: {trouble}");
            return Err(Halt::stop(StopCause::Service, text));
        };
        client.wait(wait.unwrap_or_default().max(pause)).await;
    };
    let why = refusal.as_ref().map(Refusal::explained);
    match (&renewed.inviter, &refusal) {
        // What only an administrator can mend does not get better by signing in again.
        (Some(inviter), Some(refusal)) if refusal.remedy() == Remedy::SignIn => {
            by_device_code(client, renewed, &**inviter, why.as_deref()).await
        }
        (Some(inviter), None) => by_device_code(client, renewed, &**inviter, None).await,
        _ => {
            let text = why.unwrap_or_else(|| "nobody is signed in; sign in with `offboard login`".to_owned());
            Err(Halt::stop(StopCause::SignIn, format!("no token for {}: {text}", renewed.name)))
        }
    }
}

/// How long a token lives that only says when it ends. By a clock that is wrong it may have ended
/// already; then nobody knows.
fn lifetime(token: &Secret, now: Time) -> Option<Duration> {
    let ends = auth::claims(token).expires?;
    Some(ends.since(now)).filter(|lifetime| !lifetime.is_zero())
}
