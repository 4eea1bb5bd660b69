//! What is known of whoever approved a plan: that another key signed, and what the machine that signed says of
//! itself. That it was another person is not known.

use super::visible;
use crate::{
    audit::{Approval, SignedBy},
    record::{Approved, RunOpened},
};

/// Who signed and where, as far as the records tell, beside the run that carries the plan out.
pub fn signed_by(approved: &Approved, opened: Option<&RunOpened>) -> String {
    let signed = Approval::of_record(approved).ok().and_then(|approval| approval.statement.by);
    let Some(by) = signed else {
        return "by whom and on which machine, the approval does not say".to_owned();
    };
    let place = format!("by {} on {}, as that machine says", visible(&by.user), visible(&by.host));
    match opened.map(|opened| alike(&by, opened)) {
        Some(Alike::Both) => format!("{place}: the same user on the same machine as the operator’s"),
        Some(Alike::Machine) => format!("{place}: another user of the operator’s machine"),
        Some(Alike::Neither) | None => place,
    }
}

/// Whether, by what the two machines say, nobody but the operator has signed.
pub fn is_operators_own(approved: &Approved, opened: &RunOpened) -> bool {
    let signed = Approval::of_record(approved).ok().and_then(|approval| approval.statement.by);
    signed.is_some_and(|by| alike(&by, opened) == Alike::Both)
}

/// Why it is not shown that another person than the operator signed; none if the two machines name two users. What a
/// machine says of itself proves nothing, but nobody approves their own plan by mistake.
pub fn why_no_other_person(approved: &Approved, opened: &RunOpened) -> Option<String> {
    let signed = Approval::of_record(approved).ok().and_then(|approval| approval.statement.by);
    let Some(by) = signed else { return Some("the approval does not say who signed it".to_owned()) };
    let name = |user: &str| name_and_account(user).0.to_lowercase();
    match alike(&by, opened) {
        Alike::Machine => None,
        Alike::Neither if name(&by.user) != name(&opened.operator) => None,
        Alike::Both | Alike::Neither => Some(format!(
            "{} signed it on {}, and you are {} on {}",
            visible(&by.user),
            visible(&by.host),
            visible(&opened.operator),
            visible(&opened.host)
        )),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Alike {
    Both,
    Machine,
    Neither,
}

fn alike(by: &SignedBy, opened: &RunOpened) -> Alike {
    // The account counts: a name is only a variable.
    let same_user = name_and_account(&by.user).1 == name_and_account(&opened.operator).1;
    match (by.host == opened.host, same_user) {
        (true, true) => Alike::Both,
        (true, false) => Alike::Machine,
        (false, _) => Alike::Neither,
    }
}

/// `dana (uid 1000)` in its parts; where there is one word for both, that.
fn name_and_account(user: &str) -> (&str, &str) {
    user.strip_suffix(')').and_then(|user| user.rsplit_once(" (")).unwrap_or((user, user))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit::{Statement, test_key},
        domain::{Procedure, Sha256, Time},
        record::samples,
    };

    fn approved(by: Option<(&str, &str)>) -> Approved {
        let statement = Statement {
            run: "20261120-091530-7b1d0f".parse().unwrap(),
            digest: Sha256::of(&[b"plan"]),
            partner: "3d3d3d3d-4444-4555-8666-777777777777".parse().unwrap(),
            procedure: Procedure::RemoveRelationship,
            removals: 57,
            plan_file: Sha256::of(&[b"file"]),
            at: Time::from_millis(1_790_000_000_000),
            by: by.and_then(|(user, host)| SignedBy::new(user, host)),
        };
        statement.sign(&test_key()).unwrap().record()
    }

    #[test]
    fn what_is_said_is_what_the_records_tell() {
        let mut opened = samples::opened(1);
        (opened["operator"], opened["host"]) = ("tester (uid 1000)".into(), "DESK".into());
        let crate::record::Event::RunOpened(opened) = samples::record(&opened).event else { panic!() };
        for (by, says, is_own) in [
            (None, "the approval does not say", false),
            (
                Some(("dana (uid 1000)", "LAPTOP-7")),
                "by dana (uid 1000) on LAPTOP-7, as that machine says",
                false,
            ),
            (Some(("dana (uid 1001)", "DESK")), "another user of the operator’s machine", false),
            (
                Some(("Tester (uid 7)", "LAPTOP-7")),
                "by Tester (uid 7) on LAPTOP-7, as that machine says",
                false,
            ),
            // A name is only a variable, and there may be none.
            (Some(("uid 1000", "DESK")), "the same user on the same machine as the operator’s", true),
            (Some(("dana (uid 1000)", "DESK")), "the same user on the same machine as the operator’s", true),
            (
                Some(("tester (uid 1000)", "DESK")),
                "the same user on the same machine as the operator’s",
                true,
            ),
        ] {
            let approved = approved(by);
            let said = signed_by(&approved, Some(&opened));
            assert!(said.ends_with(says), "{said}");
            assert_eq!(is_operators_own(&approved, &opened), is_own, "{said}");
            let is_another = by.is_some_and(|(user, _)| user.starts_with("dana")) && !is_own;
            assert_eq!(why_no_other_person(&approved, &opened).is_none(), is_another, "{said}");
            assert!(
                signed_by(&approved, None).ends_with("say") || signed_by(&approved, None).ends_with("says")
            );
        }
        let forged = Approved { note: String::new(), ..approved(Some(("tester (uid 1000)", "DESK"))) };
        assert!(signed_by(&forged, Some(&opened)).ends_with("does not say"));
    }
}
