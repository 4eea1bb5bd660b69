//! A person signs in with another device, while the program asks whether it is done
//! (RFC 8628; learn.microsoft.com, `v2-oauth2-device-code`).

use super::asking::{SignInAnswer, ask, certificate, strange};
use crate::{
    domain::Time,
    engine::{
        halt::Halt,
        send::client::RecordedClient,
        source::{Invite, Renewed},
    },
    partner_center::{
        auth::{
            Poll, Remedy,
            answer::{Granted, Invitation},
        },
        transport::Transport,
    },
    record::StopCause,
};
use std::time::Duration;

/// How much slower the program asks when it is told to slow down (RFC 8628 §3.5).
const SLOWER: Duration = Duration::from_secs(5);

/// Invites a person, and asks at the pace that the service wants until somebody has signed in, or
/// the code is not good any more. `why` says what ended the sign-in before.
pub(super) async fn by_device_code<T: Transport>(
    client: &RecordedClient<T>,
    renewed: &Renewed,
    inviter: &dyn Invite,
    why: Option<&str>,
) -> Result<(Granted, Time), Halt> {
    let stopped = |text: String| Halt::stop(StopCause::SignIn, text);
    let invitation = match ask(client, renewed.app.device_code(), 1, renewed).await? {
        SignInAnswer::Invited(invitation) => invitation,
        SignInAnswer::Refused(refusal) => return Err(stopped(refusal.explained())),
        SignInAnswer::Nothing(text, _) => {
            let text = format!("the sign-in service does not answer: {text}");
            return Err(Halt::stop(StopCause::Service, text));
        }
        SignInAnswer::Granted(..) => return Err(strange()),
    };
    inviter.invite(&invitation, why);
    let Invitation { device_code, lifetime, mut interval, .. } = invitation;
    let ends = client.now().plus(lifetime);
    let mut attempt = 0;
    loop {
        client.wait(interval).await;
        if client.now() >= ends {
            return Err(stopped("the code was not entered in time; sign in again".to_owned()));
        }
        attempt += 1;
        let request = renewed.app.poll(&device_code, client.now(), &client.ids.request_id().to_string());
        let request = request.map_err(|error| stopped(certificate(&error)))?;
        match ask(client, request, attempt, renewed).await? {
            SignInAnswer::Granted(granted, sent_at) => return Ok((granted, sent_at)),
            SignInAnswer::Refused(refusal) if refusal.remedy() == Remedy::Wait => {}
            SignInAnswer::Refused(refusal) => match refusal.as_poll() {
                Poll::Pending => {}
                Poll::SlowDown => interval += SLOWER,
                Poll::Over => return Err(stopped(refusal.explained())),
            },
            // A lost answer is no answer; whoever asks less often may be heard (RFC 8628 §3.5).
            SignInAnswer::Nothing(_, wait) => interval = wait.unwrap_or_default().max(interval * 2),
            SignInAnswer::Invited(_) => return Err(strange()),
        }
    }
}
