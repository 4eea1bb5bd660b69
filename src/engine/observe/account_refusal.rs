//! What it means, and what to do, when Partner Center says no to the partner account itself: to its
//! organization profile, to the listing of its customers, or to the token.
//!
//! Source: `partner-center/developer/error-codes` (learn.microsoft.com); 1002 as it was seen by others
//! (microsoft/Partner-Center-PowerShell, issues 49, 75 and 83).

use crate::{
    domain::{Reason, capitalised, is_taken_out},
    engine::halt::Halt,
    partner_center::Service,
    record::{Exchange, StopCause},
};

const ROLE: &str = "sign in as a user who has the role Admin agent in Partner Center; a global administrator of the \
                    partner's tenant gives that role, under Account settings > User management";

/// What the answer's code means for the account, and what to do.
fn known(exchange: &Exchange) -> Option<(&'static str, &'static str)> {
    let code = exchange.code.as_deref()?;
    // A gateway gives the status as the code.
    if code == "400" && exchange.status == Some(400) {
        return None;
    }
    Some(match code {
        "1002" => (
            "this account or this user may not ask for that",
            "an indirect reseller cannot end the relationship of its indirect provider's customers: it must ask its \
             indirect provider. Any other partner: sign in as a user who has the role Admin agent in Partner Center",
        ),
        "400" | "2032" => ("the user may not do that", ROLE),
        "900150" => ("the user's role does not allow that", ROLE),
        "900308" => ("the user's privileges do not suffice", ROLE),
        "90000" => (
            "Microsoft Entra gave Partner Center no token to act with",
            "sign in again, and let an administrator of the partner's tenant consent to the app again",
        ),
        "800001" => {
            ("the token did not arrive as a partner's", "get a fresh one from the partner's own tenant")
        }
        "900123" => (
            "the indirect reseller has not accepted the Microsoft Partner Agreement",
            "a global administrator of the indirect reseller's tenant accepts it in Partner Center",
        ),
        "900124" => (
            "the partner has not accepted the Microsoft Partner Agreement",
            "a global administrator of the partner's tenant accepts it in Partner Center",
        ),
        "900149" => (
            "the partner's status in the program is not active",
            "a global administrator of the partner's tenant finds out why in Partner Center, or with Microsoft's \
             partner support; until then nobody can do this",
        ),
        "900309" => (
            "a Conditional Access policy blocks it",
            "sign in from a device and a place that the policy allows, or ask whoever keeps the policies of the \
             partner's tenant",
        ),
        "900329" => (
            "an app by itself may not do that",
            "use the token of a user who signed in (`offboard login`), not that of an app alone",
        ),
        "900420" => {
            ("the token is for another audience", "ask for one whose audience is the Partner Center API")
        }
        "900421" => ("the token comes from a sign-in without MFA", "sign in again, with MFA"),
        _ => return None,
    })
}

/// A run that cannot read its own account cannot begin.
pub(crate) fn failed(reason: Reason, exchange: &Exchange) -> Halt {
    failed_about("Partner Center does not answer for the partner account itself", reason, exchange)
}

/// The same, of something else that belongs to the account and to no customer.
pub(crate) fn failed_about(about: &str, reason: Reason, exchange: &Exchange) -> Halt {
    let is_refused = matches!(exchange.status, Some(401 | 403)) || reason == Reason::PermissionDenied;
    let cause = if is_refused { StopCause::SignIn } else { StopCause::Service };
    Halt::stop(cause, format!("{about}: {}", explained(exchange)))
}

/// The same, of a page of the list of customers. Once a page was given, it is not the account that is refused.
pub(crate) fn failed_on_page(page: u32, reason: Reason, exchange: &Exchange) -> Halt {
    if page <= 1 || is_taken_out("a-later-page-refuses-the-account") {
        return failed(reason, exchange);
    }
    let (cause, means, todo) = match exchange.status {
        Some(200..300 | 408 | 429 | 500..) | None => {
            (StopCause::Service, "could not be read", "try again later")
        }
        Some(status) => {
            let is_denied = matches!(status, 401 | 403) || reason == Reason::PermissionDenied;
            let cause = if is_denied { StopCause::SignIn } else { StopCause::Service };
            let todo =
                "try again; if that page is refused again, show this ID to Microsoft's partner support";
            (cause, "was refused", todo)
        }
    };
    let id = exchange.request_id.as_ref().map(|id| format!(", request ID {id}")).unwrap_or_default();
    Halt::stop(
        cause,
        format!(
            "page {page} of the list of customers {means}, though this account was given what comes before it ({}{id}); \
             without it the list is not whole, and is not used. {todo}",
            exchange.described(),
            todo = capitalised(todo)
        ),
    )
}

/// What a refused token means, and what to do.
pub(crate) fn sign_in(service: Service, exchange: &Exchange) -> Halt {
    let text = match service {
        Service::PartnerCenter => explained(exchange),
        Service::Graph => return refused_by_graph(exchange),
    };
    Halt::stop(StopCause::SignIn, text)
}

/// What it means that Microsoft Graph says no to whoever asks, and what to do.
pub(crate) fn refused_by_graph(exchange: &Exchange) -> Halt {
    let said = exchange.described();
    let text = match exchange.status {
        Some(401) => format!(
            "Microsoft Graph does not accept the token ({said}); sign in with `offboard login`, or set \
             OFFBOARD_GRAPH_ACCESS_TOKEN to a fresh one"
        ),
        Some(403) => format!(
            "Microsoft Graph does not allow it ({said}); the app needs the permission \
             DelegatedAdminRelationship.ReadWrite.All, with an administrator's consent, and the user the role Admin agent"
        ),
        _ => format!("Microsoft Graph does not answer as it is documented ({said}); check `--graph-url`"),
    };
    Halt::stop(StopCause::SignIn, text)
}

/// What it means, what to do, and what the service called it.
fn explained(exchange: &Exchange) -> String {
    let (means, todo) = match (known(exchange), exchange.status) {
        (Some((means, todo)), _) => (means, todo),
        (None, Some(401)) => ("the service does not accept the token", "get a fresh one"),
        (None, Some(403)) => {
            ("the service does not allow it, and does not say why in a way that is known", ROLE)
        }
        (None, Some(408 | 429 | 500..=599)) => {
            ("the service is out of order, or has no time", "try again later")
        }
        (None, Some(_)) => {
            ("the service gives an answer that is not known", "check `--cloud` and `--api-url`")
        }
        (None, None) => ("there is no answer", "check the network and `--proxy`, and try again"),
    };
    format!("{means} ({}); {todo}", name(exchange))
}

/// What the service called it. Its own text only where nobody knows better.
fn name(exchange: &Exchange) -> String {
    let status = exchange.status.map(|status| format!("status {status}"));
    let code = exchange.code.as_ref().map(|code| format!("code {code}"));
    let text = exchange.text.clone().filter(|_| known(exchange).is_none());
    let said: Vec<String> = [status, code, text].into_iter().flatten().collect();
    if said.is_empty() { "nothing was said".to_owned() } else { said.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RequestId;

    fn exchange(status: Option<u16>, code: Option<&str>, text: Option<&str>) -> Exchange {
        Exchange {
            status,
            code: code.map(str::to_owned),
            text: text.map(str::to_owned),
            ..Exchange::default()
        }
    }

    fn said(halt: Halt) -> (StopCause, String) {
        match halt {
            Halt::Stop { cause, text } => (cause, text),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_known_code_says_what_it_means_and_what_to_do() {
        for (status, code, parts) in [
            (403, "1002", &["indirect reseller", "ask its indirect provider", "Admin agent"][..]),
            (401, "400", &["Admin agent", "global administrator"]),
            (403, "2032", &["Admin agent"]),
            (403, "900150", &["role", "Admin agent", "User management"]),
            (403, "900308", &["privileges", "Admin agent"]),
            (403, "90000", &["consent"]),
            (401, "800001", &["partner's own tenant"]),
            (403, "900123", &["indirect reseller", "Microsoft Partner Agreement", "accepts it"]),
            (403, "900124", &["Microsoft Partner Agreement", "global administrator"]),
            (403, "900149", &["program", "not active", "partner support"]),
            (403, "900309", &["Conditional Access"]),
            (403, "900329", &["an app by itself", "offboard login"]),
            (401, "900420", &["another audience", "audience is the Partner Center API"]),
            (401, "900421", &["without MFA", "sign in again"]),
        ] {
            let exchange = exchange(Some(status), Some(code), Some("as the service says"));
            for (cause, text) in
                [failed(Reason::PermissionDenied, &exchange), sign_in(Service::PartnerCenter, &exchange)]
                    .map(said)
            {
                assert_eq!(cause, StopCause::SignIn, "{code}");
                for part in parts.iter().chain(&[&*format!("status {status}, code {code})")]) {
                    assert!(text.contains(part), "{part}: {text}");
                }
                assert!(!text.contains("as the service says"), "{text}");
            }
        }
    }

    #[test]
    fn a_later_page_of_the_list_of_customers_says_nothing_of_the_account() {
        let id: RequestId = RequestId::new(uuid::Uuid::from_u128(7));
        let of = |page: u32, status: Option<u16>, text: &str| {
            let exchange = exchange(status, Some("1002"), Some(text));
            let exchange = Exchange { request_id: Some(id), ..exchange };
            said(failed_on_page(page, Reason::RefusedByService, &exchange))
        };
        assert!(of(1, Some(403), "no").1.contains("the partner account itself"));
        for (status, cause, parts) in [
            (Some(403), StopCause::SignIn, ["page 3 of the list of customers was refused", "support"]),
            (Some(404), StopCause::Service, ["page 3 of the list of customers was refused", "support"]),
            (Some(503), StopCause::Service, ["page 3 of the list of customers could not be read", "later"]),
            (Some(200), StopCause::Service, ["page 3 of the list of customers could not be read", "later"]),
            (None, StopCause::Service, ["page 3 of the list of customers could not be read", "no answer"]),
        ] {
            let (found, text) = of(3, status, "as the service says");
            assert_eq!(found, cause, "{text}");
            for part in parts.iter().copied().chain(["as the service says", &*format!("request ID {id}")]) {
                assert!(text.contains(part), "{part}: {text}");
            }
            assert!(!text.contains("account itself") && !text.contains("indirect"), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_says_what_the_service_said_and_where_to_look() {
        for (status, text, cause, parts) in [
            (Some(403), None, StopCause::SignIn, &["status 403", "Admin agent"][..]),
            (Some(403), Some("no"), StopCause::SignIn, &["status 403, no", "Admin agent"]),
            (Some(401), None, StopCause::SignIn, &["status 401", "get a fresh one"]),
            (Some(503), Some("busy"), StopCause::Service, &["status 503, busy", "try again later"]),
            (Some(404), None, StopCause::Service, &["status 404", "--api-url"]),
            (None, Some("connection refused"), StopCause::Service, &["connection refused", "--proxy"]),
            (None, None, StopCause::Service, &["nothing was said"]),
        ] {
            let (found, said) = said(failed(Reason::RefusedByService, &exchange(status, None, text)));
            assert_eq!(found, cause, "{said}");
            for part in parts {
                assert!(said.contains(part), "{part}: {said}");
            }
        }
    }
}
