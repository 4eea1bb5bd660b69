//! Shows where to sign in. Nothing is opened: the person does that, on whatever device they trust.

use super::printer::{Paint, Printer};
use crate::{engine::Invite, partner_center::auth::answer::Invitation, report::visible};

/// Shows an invitation on standard error.
#[derive(Debug)]
pub(super) struct Inviter(pub(super) Printer);

impl Invite for Inviter {
    fn invite(&self, invitation: &Invitation, why: Option<&str>) {
        let printer = &self.0;
        let (address, code) = (visible(&invitation.address), visible(&invitation.code));
        let why = why.map(|why| format!("The sign-in has ended: {}.\n", visible(why))).unwrap_or_default();
        printer.ask(&format!(
            "{why}To sign in, open {} in a browser and enter the code {}\n\
             The code lives {} minutes. This waits until you have signed in; Ctrl-C ends it.",
            printer.paint(Paint::Strong, &address),
            printer.paint(Paint::Strong, &code),
            invitation.lifetime.as_secs().div_ceil(60),
        ));
    }
}
