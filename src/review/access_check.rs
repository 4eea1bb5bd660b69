//! Who may come in.
//!
//! Whoever knows the address with its token. Any page in the same browser can send requests to a loopback
//! address, and a name that it controls may lead there too: so the token is in the path, where no other page
//! can see it, and the request must be for the address itself and not for a name.

use crate::domain::is_taken_out;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use std::net::SocketAddr;

/// What a request must have.
#[derive(Debug)]
pub(super) struct AccessCheck {
    host: String,
    token: String,
}

/// Why a request is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AccessRefused {
    /// Only reading is possible here.
    Method,
    /// It is not for the address that we listen on.
    Host,
    /// The token is missing, or another.
    Token,
}

/// A request as the gate sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller<'a> {
    pub(super) method: &'a str,
    /// Each `Host` header, and the host of an address in absolute form.
    pub(super) hosts: &'a [&'a str],
    /// The path, as it was sent.
    pub(super) path: &'a str,
}

impl AccessCheck {
    pub(super) fn new(address: SocketAddr, token: &str) -> Self {
        Self { host: address.to_string(), token: token.to_owned() }
    }

    /// What all addresses begin with.
    pub(super) fn root(&self) -> String {
        format!("/{}", self.token)
    }

    /// The rest of the path, behind the token; it begins with a slash.
    pub(super) fn admit<'a>(&self, caller: &Caller<'a>) -> Result<&'a str, AccessRefused> {
        let is_other = |host: &&str| **host != *self.host && !is_taken_out("a-review-for-any-host");
        if caller.hosts.is_empty() || caller.hosts.iter().any(is_other) {
            return Err(AccessRefused::Host);
        }
        let path = caller.path.strip_prefix('/').ok_or(AccessRefused::Token)?;
        let end = path.find('/').unwrap_or(path.len());
        let (token, rest) = path.split_at(end);
        let is_ours = verify_slices_are_equal(token.as_bytes(), self.token.as_bytes()).is_ok();
        if !is_ours && !is_taken_out("a-review-without-a-token") {
            return Err(AccessRefused::Token);
        }
        if !matches!(caller.method, "GET" | "HEAD") {
            return Err(AccessRefused::Method);
        }
        Ok(if rest.is_empty() { "/" } else { rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "6b1f0a9c5d3e4f708192a3b4c5d6e7f8";

    fn ask<'a>(method: &'a str, hosts: &'a [&'a str], path: &'a str) -> Result<&'a str, AccessRefused> {
        AccessCheck::new(([127, 0, 0, 1], 4567).into(), TOKEN).admit(&Caller { method, hosts, path })
    }

    #[test]
    fn whoever_has_the_address_comes_in() {
        let hosts = ["127.0.0.1:4567"];
        assert_eq!(ask("GET", &hosts, &format!("/{TOKEN}/run/x")), Ok("/run/x"));
        assert_eq!(ask("HEAD", &hosts, &format!("/{TOKEN}")), Ok("/"));
        // An address in absolute form says the host twice.
        assert_eq!(ask("GET", &["127.0.0.1:4567"; 2], &format!("/{TOKEN}/")), Ok("/"));
    }

    #[test]
    fn nobody_else_does() {
        let hosts = ["127.0.0.1:4567"];
        let good = format!("/{TOKEN}/");
        for path in [
            "",
            "/",
            "/favicon.ico",
            "//",
            good.trim_start_matches('/'),
            &format!("/{TOKEN}x/"),
            &format!("/x/{TOKEN}/"),
        ] {
            assert_eq!(ask("GET", &hosts, path), Err(AccessRefused::Token), "{path}");
        }
        assert_eq!(
            ask("GET", &hosts, &format!("/{}/", TOKEN.trim_start_matches('6'))),
            Err(AccessRefused::Token)
        );
        assert_eq!(ask("GET", &hosts, &format!("/{}/", TOKEN.to_uppercase())), Err(AccessRefused::Token));
        for hosts in [
            &["localhost:4567"][..],
            &["127.0.0.1"],
            &["127.0.0.1:80"],
            &["attacker.example"],
            &["127.0.0.1:4567", "attacker.example"],
            &[],
        ] {
            assert_eq!(ask("GET", hosts, &good), Err(AccessRefused::Host), "{hosts:?}");
        }
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "get"] {
            assert_eq!(ask(method, &hosts, &good), Err(AccessRefused::Method), "{method}");
        }
    }
}
