//! Entra's errors: what each means for an operator, and what to do.
//!
//! Whether an error gets better is decided by its `error`, which is stable; the numbers of
//! `error_codes` only choose the words (learn.microsoft.com, `reference-error-codes`, says that clients
//! must not depend on them).

/// What helps against an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// A person signs in again.
    SignIn,
    /// Somebody changes the app's registration or its secret.
    Administrator,
    /// A setting is corrected.
    Settings,
    /// It gets better by itself.
    Wait,
}

/// The answers of a poll that is to be repeated.
pub(super) fn is_waiting(error: &str) -> bool {
    matches!(error, "authorization_pending" | "slow_down")
}

/// What helps, and in words, by the stable name of the error.
pub(super) fn of_error(error: &str) -> Option<(Remedy, &'static str)> {
    ERRORS.iter().find(|(name, ..)| *name == error).map(|(_, remedy, text)| (*remedy, *text))
}

/// The words for a number.
pub(super) fn of_code(code: u32) -> Option<&'static str> {
    CODES.iter().find(|(codes, _)| codes.contains(&code)).map(|(_, text)| *text)
}

const ERRORS: [(&str, Remedy, &str); 17] = [
    ("invalid_grant", Remedy::SignIn, "the stored sign-in is not valid any more; sign in again"),
    (
        "interaction_required",
        Remedy::SignIn,
        "the sign-in needs a person (MFA, consent or a policy); sign in again",
    ),
    ("login_required", Remedy::SignIn, "the sign-in has ended; sign in again"),
    (
        "consent_required",
        Remedy::SignIn,
        "the app has no consent for Partner Center; sign in again and consent, or ask an administrator to",
    ),
    (
        "access_denied",
        Remedy::SignIn,
        "the sign-in was denied; sign in again, and if that does not help, ask an administrator",
    ),
    (
        "invalid_client",
        Remedy::Administrator,
        "the app could not show that it is itself; check its secret or certificate, or ask an administrator for a new one",
    ),
    (
        "unauthorized_client",
        Remedy::Administrator,
        "the app may not sign in to this tenant; check OFFBOARD_CLIENT_ID and OFFBOARD_TENANT_ID",
    ),
    (
        "invalid_resource",
        Remedy::Administrator,
        "Partner Center's API does not exist in this tenant; check OFFBOARD_TENANT_ID and `--cloud`",
    ),
    (
        "invalid_scope",
        Remedy::Administrator,
        "the app may not ask for Partner Center; give its registration the delegated permission `user_impersonation`",
    ),
    ("expired_token", Remedy::SignIn, "the code was not entered in time; sign in again"),
    ("bad_verification_code", Remedy::SignIn, "the service does not know this sign-in; sign in again"),
    (
        "authorization_declined",
        Remedy::SignIn,
        "the sign-in was declined in the browser; sign in again if that was not meant",
    ),
    (
        "temporarily_unavailable",
        Remedy::Wait,
        "the sign-in service is not available for the moment; try again in some minutes",
    ),
    (
        "server_error",
        Remedy::Wait,
        "the sign-in service has a fault for the moment; try again in some minutes",
    ),
    (
        "invalid_request",
        Remedy::Settings,
        "the sign-in service does not accept the request; check OFFBOARD_TENANT_ID, OFFBOARD_CLIENT_ID and `--cloud`",
    ),
    (
        "unsupported_grant_type",
        Remedy::Settings,
        "the sign-in service does not accept this way to sign in; check `--login-url`",
    ),
    (
        "unsupported_response_type",
        Remedy::Settings,
        "the sign-in service does not accept this way to sign in; check `--login-url`",
    ),
];

const CODES: [(&[u32], &str); 43] = [
    (&[50020], "the user belongs to another tenant; sign in as an admin agent of the partner's own tenant"),
    (&[50034, 51004], "there is no such user in this tenant; check the user and OFFBOARD_TENANT_ID"),
    (
        &[50053],
        "the account is locked after failed attempts, or the address is blocked; wait, or ask an administrator to unlock it",
    ),
    (&[50055], "the password has expired; change it in a browser, then sign in again"),
    (&[50057], "the account is disabled; ask an administrator, or sign in as another admin agent"),
    (&[50072, 50079], "the user must set up MFA; do that at https://aka.ms/mfasetup, then sign in again"),
    (&[50074, 50076], "MFA is required and was not passed; sign in again, with MFA"),
    (&[50078], "the MFA of the sign-in is too old; sign in again, with MFA"),
    (
        &[50105],
        "the user is not assigned to the app; ask an administrator to assign it under Enterprise applications",
    ),
    (&[50126], "the user name or the password is wrong; sign in again"),
    (&[50158], "an outside MFA provider was not satisfied; sign in again, and pass it"),
    (
        &[50173],
        "the sign-in was revoked (a new password, or an administrator ended all sessions); sign in again",
    ),
    (&[50194], "the app belongs to one tenant only; set OFFBOARD_TENANT_ID to that tenant"),
    (
        &[50196],
        "the service saw the same request too often and takes it for a loop; wait some minutes before going on",
    ),
    (
        &[500_011],
        "Partner Center's API does not exist in this tenant; check OFFBOARD_TENANT_ID and `--cloud`, or have the app registered in Partner Center",
    ),
    (
        &[53000, 53001],
        "a policy wants a managed or compliant device; sign in again from one, or ask an administrator",
    ),
    (
        &[53003],
        "a Conditional Access policy blocks the sign-in; ask an administrator which one, and sign in where it allows it",
    ),
    (
        &[530_032, 530_035],
        "the tenant's security defaults or policies block the sign-in; ask an administrator",
    ),
    (&[54005], "the code was used already; sign in again"),
    (
        &[65001],
        "nobody has consented to the app for Partner Center; sign in again and consent, or ask an administrator to",
    ),
    (&[65004], "the consent was declined; sign in again and consent"),
    (
        &[650_057],
        "the app's registration does not list Partner Center; add its delegated permission `user_impersonation`",
    ),
    (&[70000], "the refresh token is not one; copy it again, or sign in again with `offboard login`"),
    (&[700_005], "the code belongs to another tenant; sign in again at the partner's own"),
    (&[70008, 700_082], "the refresh token has expired, because it was not used for too long; sign in again"),
    (
        &[700_084],
        "the refresh token was made for a page in a browser and lives 24 hours; register the app as a public client, then sign in again",
    ),
    (&[70043], "a policy limits how long a sign-in lasts; sign in again"),
    (&[70002], "the app's secret does not fit; check OFFBOARD_CLIENT_SECRET"),
    (
        &[7_000_215],
        "the app's secret is wrong (often its ID was copied instead of its value); set OFFBOARD_CLIENT_SECRET to the value",
    ),
    (
        &[7_000_218],
        "the app is confidential and sent neither a secret nor a certificate; set OFFBOARD_CLIENT_SECRET, or allow public client flows in its registration",
    ),
    (
        &[700_025],
        "the app is public and must not send a secret; unset OFFBOARD_CLIENT_SECRET and OFFBOARD_CLIENT_CERTIFICATE",
    ),
    (&[7_000_222], "the app's secret has expired; ask an administrator for a new one"),
    (
        &[700_027],
        "the certificate does not fit the app; upload it to its registration, or check OFFBOARD_CLIENT_CERTIFICATE",
    ),
    (&[700_016], "the app does not exist in this tenant; check OFFBOARD_CLIENT_ID and OFFBOARD_TENANT_ID"),
    (&[7_000_112], "the app is disabled; ask an administrator to enable it"),
    (&[90002], "there is no such tenant in this cloud; check OFFBOARD_TENANT_ID and `--cloud`"),
    (&[90038, 900_382, 900_432], "the tenant belongs to another cloud; choose it with `--cloud`"),
    (
        &[90099],
        "the app has no consent in advance for this customer's tenant; that is given in Partner Center",
    ),
    (
        &[9_002_313],
        "the request is malformed; check OFFBOARD_CLIENT_ID, OFFBOARD_REFRESH_TOKEN and `--login-url` for stray characters",
    ),
    (&[901_002], "the address is of version 2 and does not take `resource`; check `--login-url`"),
    (&[70019, 70020], "the code was not entered in time; sign in again"),
    (&[70018], "the code was mistyped in the browser; sign in again"),
    (
        &[90033, 90006, 90012, 90024, 50087, 50033],
        "the sign-in service has a fault for the moment; try again in some minutes",
    ),
];
