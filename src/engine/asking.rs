//! One request to the sign-in service, on record like all others. Of its form only the names of the
//! fields are stored, and of its answer only what is no secret.

use super::{
    courier::{Courier, absurd},
    halt::Halt,
    ledger::{Heard, Intent},
    sign_in::Renewed,
};
use crate::{
    domain::{Lookup, Purpose, RequestId, Secret, Time, is_taken_out},
    partner_center::{
        auth::{
            Refusal,
            answer::{self, Granted, Invitation},
            request::SignInRequest,
        },
        redact::Unread,
        request::Outgoing,
        response::{self, Fault, Incoming, RetryAfter},
        transport::Transport,
    },
    record::StopCause,
};
use std::{sync::Arc, time::Duration};

/// What the sign-in service said.
#[derive(Debug)]
pub(super) enum Said {
    /// Here is a token; its life began at this moment or later.
    Granted(Granted, Time),
    /// Somebody may sign in.
    Invited(Invitation),
    /// No.
    Refused(Refusal),
    /// Nothing that could be used, which may get better; how long it asks to be left alone.
    Nothing(String, Option<Duration>),
}

impl<T: Transport> Courier<T> {
    /// Makes one attempt. A new refresh token is on disk when this returns; the old one is not
    /// forgotten before that.
    pub(super) async fn ask(
        &self,
        request: &SignInRequest,
        attempt: u32,
        renewed: &Renewed,
    ) -> Result<Said, Halt> {
        self.slot().await?;
        let correlation_id = self.ids.correlation_id();
        // The sign-in service knows one identifier for what are two elsewhere.
        let request_id = RequestId::from(correlation_id);
        let outgoing = Outgoing::sign_in(request, correlation_id);
        let purpose = Purpose::Read(Lookup::SignIn);
        let intent = Intent {
            purpose,
            subject: None,
            about: None,
            attempt,
            request_id,
            correlation_id,
            outgoing: &outgoing,
        };
        // Known before anything of it can come back.
        for (name, secret) in request.form.secrets() {
            self.scrubber.learn_latest(name, secret);
        }
        let intent = self.intend(intent).await?;
        let sent_at = self.now();
        let (sent, duration_ms) = self.send(&outgoing).await;
        let status = sent.as_ref().ok().map(Unread::status);
        tracing::debug!(intent, ?purpose, attempt, status, duration_ms, "attempt");
        let unread = match sent {
            Ok(unread) => unread,
            Err(error) => {
                let text = self.unheard(intent, None, &error, duration_ms).await?;
                return Ok(Said::Nothing(text, None));
            }
        };
        // Known before anything of it is stored, or said.
        let secret = unread.with_secrets();
        for (name, secret) in answer::secrets(secret) {
            self.scrubber.learn_latest(name, &secret);
        }
        let granted = answer::granted(secret);
        let kept = match granted.as_ref().and_then(|granted| granted.refresh.as_ref()) {
            Some(token) => self.keep(renewed, token).await,
            None => Ok(()),
        };
        let (answer, too_long) = (answer::classify(secret), answer::too_long(secret));
        let invited = answer::invitation(secret).map(|invitation| self.scrubbed(invitation));
        let incoming = self.scrubber.answer(unread.map(answer::storable));
        // Of what was scrubbed: its text is cut short.
        let refusal = answer::refusal(&incoming);
        let fault = Fault {
            code: refusal.as_ref().map(Refusal::name),
            text: refusal.as_ref().and_then(|refusal| refusal.text.clone()),
            is_own: false,
        };
        let stored = &incoming;
        self.heard(Heard { intent, row: None, answer, fault, duration_ms, incoming: stored }).await?;
        kept?;
        if let Some((name, error)) = too_long {
            let text = format!("the sign-in service answers with a `{name}` that cannot be used: {error}");
            return Err(Halt::stop(StopCause::SignIn, text));
        }
        match (granted, invited, refusal) {
            (Some(granted), ..) => Ok(Said::Granted(granted, sent_at)),
            (None, Some(invitation), _) => Ok(Said::Invited(invitation)),
            (None, None, Some(refusal)) => Ok(Said::Refused(refusal)),
            (None, None, None) => self.nothing(&incoming),
        }
    }

    /// An answer that is not the sign-in service's own: some proxy's, or a gateway's.
    fn nothing(&self, incoming: &Incoming) -> Result<Said, Halt> {
        let status = incoming.status;
        let elsewhere = |text: String| Halt::stop(StopCause::SignIn, text);
        match status {
            300..=399 => Err(elsewhere(format!(
                "the sign-in service answers with a redirect (status {status}), which is not followed; check `--login-url` \
                 and `--proxy`"
            ))),
            408 | 429 | 500..=599 => match response::retry_after(incoming, self.now()) {
                RetryAfter::Absurd(value) => Err(absurd(&value)),
                RetryAfter::Wait(wait) => Ok(Said::Nothing(format!("status {status}"), Some(wait))),
                RetryAfter::NotSaid => Ok(Said::Nothing(format!("status {status}"), None)),
            },
            _ => Err(elsewhere(format!(
                "the sign-in service answers with status {status} and something that is no answer of its own; check \
                 `--login-url`, `--proxy` and OFFBOARD_TENANT_ID"
            ))),
        }
    }

    /// Keeps a new refresh token: first on disk, then in memory.
    async fn keep(&self, renewed: &Renewed, token: &Secret) -> Result<(), Halt> {
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
    fn scrubbed(&self, invitation: Invitation) -> Invitation {
        let (address, code) = (self.scrubber.text(&invitation.address), self.scrubber.text(&invitation.code));
        Invitation { address, code, ..invitation }
    }
}
