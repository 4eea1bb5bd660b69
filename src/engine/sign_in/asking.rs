//! One request to the sign-in service, on record like all others. Of its form only the names of the
//! fields are stored, and of its answer only what is no secret.

use crate::{
    domain::{Lookup, Purpose, RequestId, Secret, Time, is_taken_out},
    engine::{
        halt::Halt,
        send::client::{Heard, RecordedClient, RequestSpec, absurd, debug},
        source::Renewed,
    },
    partner_center::{
        auth::{
            CertificateError, Refusal,
            answer::{self, Granted, Invitation},
        },
        redact::Scrubber,
        request::{Body, Request},
        response::{self, Fault, Incoming, RetryAfter},
        transport::Transport,
    },
    record::StopCause,
};
use std::{sync::Arc, time::Duration};

/// What the sign-in service said.
#[derive(Debug)]
pub(super) enum SignInAnswer {
    /// Here is a token; its life began at this moment or later.
    Granted(Granted, Time),
    /// Somebody may sign in.
    Invited(Invitation),
    /// No.
    Refused(Refusal),
    /// Nothing that could be used, which may get better; how long it asks to be left alone.
    Nothing(String, Option<Duration>),
}

/// Makes one attempt. A new refresh token is on disk when this returns; the old one is not
/// forgotten before that.
pub(super) async fn ask<T: Transport>(
    client: &RecordedClient<T>,
    request: Request,
    attempt: u32,
    renewed: &Renewed,
) -> Result<SignInAnswer, Halt> {
    client.slot().await?;
    let correlation_id = client.ids.correlation_id();
    // Known before anything of it can come back.
    for (name, secret) in request.body.iter().flat_map(Body::secrets) {
        client.scrubber.learn_latest(name, secret);
    }
    let spec = RequestSpec {
        purpose: Purpose::Read(Lookup::SignIn),
        subject: None,
        about: None,
        attempt,
        request_id: None,
        request: request.to_sign_in_service(correlation_id),
    };
    // The sign-in service knows one identifier for what are two elsewhere.
    let intent = client.intend(&spec, (RequestId::from(correlation_id), correlation_id)).await?;
    let sent_at = client.now();
    let (sent, duration_ms) = client.send(&spec).await;
    debug(intent, &spec, &sent, duration_ms);
    let unread = match sent {
        Ok(unread) => unread,
        Err(error) => {
            let text = client.unheard(intent, None, &error, duration_ms).await?;
            return Ok(SignInAnswer::Nothing(text, None));
        }
    };
    // Known before anything of it is stored, or said.
    let secret = unread.with_secrets();
    for (name, secret) in answer::secrets(secret) {
        client.scrubber.learn_latest(name, &secret);
    }
    let granted = answer::granted(secret);
    let kept = match granted.as_ref().and_then(|granted| granted.refresh.as_ref()) {
        Some(token) => keep(renewed, token).await,
        None => Ok(()),
    };
    let (answer, too_long) = (answer::classify(secret), answer::too_long(secret));
    let invited = answer::invitation(secret).map(|invitation| scrubbed(&client.scrubber, invitation));
    let incoming = client.scrubber.answer(unread.map(answer::storable));
    // Of what was scrubbed: its text is cut short.
    let refusal = answer::refusal(&incoming);
    let fault = Fault {
        code: refusal.as_ref().map(Refusal::name),
        text: refusal.as_ref().and_then(|refusal| refusal.text.clone()),
        is_own: false,
    };
    client.heard(Heard { intent, row: None, answer, fault, duration_ms, incoming: &incoming }).await?;
    kept?;
    if let Some((name, error)) = too_long {
        let text = format!("the sign-in service answers with a `{name}` that cannot be used: {error}");
        return Err(Halt::stop(StopCause::SignIn, text));
    }
    match (granted, invited, refusal) {
        (Some(granted), ..) => Ok(SignInAnswer::Granted(granted, sent_at)),
        (None, Some(invitation), _) => Ok(SignInAnswer::Invited(invitation)),
        (None, None, Some(refusal)) => Ok(SignInAnswer::Refused(refusal)),
        (None, None, None) => nothing(&incoming, client.now()),
    }
}

/// An answer that is not the sign-in service's own: some proxy's, or a gateway's.
fn nothing(incoming: &Incoming, now: Time) -> Result<SignInAnswer, Halt> {
    let status = incoming.status;
    let elsewhere = |text: String| Halt::stop(StopCause::SignIn, text);
    match status {
        300..=399 => Err(elsewhere(format!(
            "the sign-in service answers with a redirect (status {status}), which is not followed; check `--login-url` \
             and `--proxy`"
        ))),
        408 | 429 | 500..=599 => match response::retry_after(incoming, now) {
            RetryAfter::Absurd(value) => Err(absurd(&value)),
            RetryAfter::Wait(wait) => Ok(SignInAnswer::Nothing(format!("status {status}"), Some(wait))),
            RetryAfter::NotSaid => Ok(SignInAnswer::Nothing(format!("status {status}"), None)),
        },
        _ => Err(elsewhere(format!(
            "the sign-in service answers with status {status} and something that is no answer of its own; check \
             `--login-url`, `--proxy` and OFFBOARD_TENANT_ID"
        ))),
    }
}

/// Keeps a new refresh token: first on disk, then in memory.
async fn keep(renewed: &Renewed, token: &Secret) -> Result<(), Halt> {
    let (keeper, kept) = (Arc::clone(&renewed.keeper), token.clone());
    let done = tokio::task::spawn_blocking(move || {
        if is_taken_out("use-a-refresh-token-that-is-not-kept") { Ok(()) } else { keeper.keep(&kept) }
    })
    .await;
    match done {
        Ok(Ok(())) => {
            renewed.replace(token.clone());
            Ok(())
        }
        Ok(Err(text)) => Err(Halt::stop(StopCause::SignIn, text)),
        Err(panicked) => Err(Halt::panicked(panicked)),
    }
}

/// What a person is shown of it.
fn scrubbed(scrubber: &Scrubber, invitation: Invitation) -> Invitation {
    let (address, code) = (scrubber.text(&invitation.address), scrubber.text(&invitation.code));
    Invitation { address, code, ..invitation }
}

pub(super) fn certificate(error: &CertificateError) -> String {
    format!("the certificate in OFFBOARD_CLIENT_CERTIFICATE cannot be used: {error}")
}

/// An answer that makes no sense here.
pub(super) fn strange() -> Halt {
    let text = "the sign-in service answers with something else than was asked for; check `--login-url`";
    Halt::stop(StopCause::SignIn, text)
}
