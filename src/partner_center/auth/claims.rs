//! What a token says of itself. It is documented as opaque, so this is advice and never proof.

use crate::domain::{Secret, Time};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

/// The claims that name a token in the log (learn.microsoft.com, `access-token-claims-reference`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// `tid`: the tenant that issued it.
    pub tenant: Option<String>,
    /// `appid` or `azp`: the application.
    pub app: Option<String>,
    /// `upn`, `preferred_username` or `oid`: the user.
    pub user: Option<String>,
    /// `aud`: what it is for.
    pub audience: Option<String>,
    /// `exp`: when it ends.
    pub expires: Option<Time>,
}

/// Reads the claims; a token that is no JWT has none.
pub fn claims(token: &Secret) -> Claims {
    let read = || {
        let middle = token.expose().split('.').nth(1)?;
        let bytes = URL_SAFE_NO_PAD.decode(middle.trim_end_matches('=')).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok()
    };
    let Some(value) = read() else { return Claims::default() };
    let text = |names: &[&str]| {
        let found = names.iter().find_map(|name| value.get(*name)?.as_str())?;
        Some(found.chars().take(200).collect())
    };
    let expires = value.get("exp").and_then(Value::as_i64).and_then(|seconds| seconds.checked_mul(1000));
    Claims {
        tenant: text(&["tid"]),
        app: text(&["appid", "azp"]),
        user: text(&["upn", "preferred_username", "oid"]),
        audience: text(&["aud"]),
        expires: expires.map(Time::from_millis),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read_without_the_signature() {
        let body =
            URL_SAFE_NO_PAD.encode(r#"{"tid":"t","appid":"a","upn":"u@x","aud":"p","exp":1795166130}"#);
        let found = claims(&Secret::new(format!("h.{body}.s")));
        assert_eq!(found.tenant.as_deref(), Some("t"));
        assert_eq!(found.expires.unwrap().to_string(), "2026-11-20T09:15:30.000Z");
        for opaque in ["", "abc", "a.b.c", "a.!!.c"] {
            assert_eq!(claims(&Secret::new(opaque.to_owned())), Claims::default());
        }
    }
}
