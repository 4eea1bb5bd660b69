//! Whose account it is, and what else one request shows before a run begins.

use super::{
    account_refusal::failed,
    reading::{Read, answer_to},
};
use crate::{
    domain::{Lookup, Purpose, Reason, TenantId, Time},
    engine::{halt::Halt, send::client::RecordedClient},
    partner_center::{
        Service, auth,
        model::{self, Customer, OrganizationProfile, Page},
        request,
        response::Incoming,
        transport::Transport,
    },
    record::{Partner, StopCause},
};
use std::time::Duration;

/// What the organization profile and its answer show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerIdentification {
    /// Whose account it is.
    pub partner: Partner,
    /// Whether the sign-in was done with MFA, if the service says so.
    pub mfa: Option<bool>,
    /// By how much this machine's clock is ahead of the service's, or behind it.
    pub clock_is_ahead_by: Option<(bool, Duration)>,
}

/// Reads the organization profile.
pub(crate) async fn identify<T: Transport>(
    client: &RecordedClient<T>,
) -> Result<PartnerIdentification, Halt> {
    if client.endpoint(Service::PartnerCenter)?.tokens.source.is_app_only() {
        return identify_by_token(client).await;
    }
    let understand = |incoming: &Incoming| {
        let profile = model::read::<OrganizationProfile>(&incoming.body).ok()?;
        let theirs = incoming.header("date").and_then(Time::from_http_date);
        Some((profile, auth::is_mfa_compliant(incoming), theirs))
    };
    let call = request::organization_profile();
    let asked_at = client.now();
    let read = answer_to(client, Purpose::Read(Lookup::Partner), None, call, &understand).await?;
    let ((profile, mfa, theirs), basis) = match read {
        Read::Done(found, basis) => (found, basis),
        Read::NoRelationship(failure) => {
            return Err(failed(Reason::RefusedByService, &failure.exchange));
        }
        Read::Failed(reason, failure) => return Err(failed(reason, &failure.exchange)),
    };
    let Some(tenant_id) = profile.tenant_id.as_deref().and_then(|id| id.parse().ok()) else {
        let text = "the organization profile does not say whose account this is";
        return Err(Halt::stop(StopCause::Service, text));
    };
    let name = profile.company_name.or(profile.domain).unwrap_or_else(|| "(no name)".to_owned());
    let partner = Partner { tenant_id, name, basis: basis.first().copied().unwrap_or_default() };
    let clock_is_ahead_by = theirs.map(|theirs| difference(asked_at, client.now(), theirs));
    Ok(PartnerIdentification { partner, mfa, clock_is_ahead_by })
}

/// An app by itself cannot read the organization profile (`partner-center/developer/get-a-partner-profile`: App+User only).
/// Whose account it is, its token says; that the account takes it, the listing of a customer shows.
async fn identify_by_token<T: Transport>(client: &RecordedClient<T>) -> Result<PartnerIdentification, Halt> {
    let understand = |incoming: &Incoming| {
        model::read::<Page<Customer>>(&incoming.body).ok()?;
        Some(incoming.header("date").and_then(Time::from_http_date))
    };
    let asked_at = client.now();
    let purpose = Purpose::Read(Lookup::Customers);
    let (theirs, basis) = match answer_to(client, purpose, None, request::one_customer(), &understand).await?
    {
        Read::Done(found, basis) => (found, basis),
        Read::NoRelationship(failure) => return Err(failed(Reason::RefusedByService, &failure.exchange)),
        Read::Failed(reason, failure) => return Err(failed(reason, &failure.exchange)),
    };
    let named = client.endpoint(Service::PartnerCenter)?.tokens.named().clone().unwrap_or_default();
    let Some(tenant_id) = named.tenant.as_deref().and_then(|id| id.parse::<TenantId>().ok()) else {
        let text =
            "the app's token does not say of which tenant it is; sign in with `offboard login` instead";
        return Err(Halt::stop(StopCause::SignIn, text));
    };
    let partner =
        Partner { tenant_id, name: tenant_id.to_string(), basis: basis.first().copied().unwrap_or_default() };
    let clock_is_ahead_by = theirs.map(|theirs| difference(asked_at, client.now(), theirs));
    Ok(PartnerIdentification { partner, mfa: None, clock_is_ahead_by })
}

/// Why this user may not list customers, if that is so.
pub(crate) async fn require_listing<T: Transport>(client: &RecordedClient<T>) -> Result<(), Halt> {
    let understand = |incoming: &Incoming| model::read::<Page<Customer>>(&incoming.body).ok().map(drop);
    match answer_to(client, Purpose::Read(Lookup::Customers), None, request::one_customer(), &understand)
        .await?
    {
        Read::Done(..) => Ok(()),
        Read::NoRelationship(failure) => Err(failed(Reason::RefusedByService, &failure.exchange)),
        Read::Failed(reason, failure) => Err(failed(reason, &failure.exchange)),
    }
}

/// How far this machine's clock is from theirs, which was read at some moment between the two of ours
/// and has whole seconds.
fn difference(asked_at: Time, answered_at: Time, theirs: Time) -> (bool, Duration) {
    let theirs_at_most = theirs.plus(Duration::from_secs(1));
    if asked_at > theirs_at_most {
        (true, asked_at.since(theirs_at_most))
    } else {
        (false, theirs.since(answered_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_way_took_is_no_difference() {
        let at = |seconds: u64| Time::from_millis(0).plus(Duration::from_secs(seconds));
        let zero = (false, Duration::ZERO);
        assert_eq!(difference(at(100), at(160), at(130)), zero);
        assert_eq!(difference(at(100), at(100), at(99)), zero);
        assert_eq!(difference(at(500), at(501), at(100)), (true, Duration::from_secs(399)));
        assert_eq!(difference(at(100), at(101), at(501)), (false, Duration::from_secs(400)));
    }
}
