//! An error of the sign-in service, and what a person can do about it.

use super::entra::{self, Remedy};

/// An error of the sign-in service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its name: `invalid_grant`.
    pub error: String,
    /// Its numbers: 70008 for `AADSTS70008`.
    pub codes: Vec<u32>,
    /// Its text, shortened. Never read by the program.
    pub text: Option<String>,
}

/// What the answer to a poll means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// Nobody has entered the code yet.
    Pending,
    /// The same, and the program asks too often.
    SlowDown,
    /// It will not be entered any more.
    Over,
}

impl Refusal {
    /// What helps. An error that is not known is for whoever set the program up.
    pub fn remedy(&self) -> Remedy {
        entra::of_error(&self.error).map_or(Remedy::Settings, |(remedy, _)| remedy)
    }

    /// What it means, what to do, and what the service called it.
    pub fn explained(&self) -> String {
        let words = self.codes.iter().find_map(|code| entra::of_code(*code));
        let words = words.or_else(|| entra::of_error(&self.error).map(|(_, words)| words));
        let name = self.name();
        match (words, &self.text) {
            (Some(words), _) => format!("{words} ({name})"),
            (None, Some(text)) => format!("the sign-in service refuses: {text} ({name})"),
            (None, None) => format!("the sign-in service refuses without a reason ({name})"),
        }
    }

    /// What the service called it: `invalid_grant, AADSTS70008`.
    pub fn name(&self) -> String {
        let short: String = self.error.chars().filter(|c| !c.is_control()).take(60).collect();
        self.codes.first().map_or_else(|| short.clone(), |code| format!("{short}, AADSTS{code}"))
    }

    /// What it means as the answer to a poll.
    pub fn as_poll(&self) -> Poll {
        match self.error.as_str() {
            "authorization_pending" => Poll::Pending,
            "slow_down" => Poll::SlowDown,
            _ => Poll::Over,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(error: &str, codes: &[u32]) -> Refusal {
        Refusal {
            error: error.to_owned(),
            codes: codes.to_vec(),
            text: Some("as the service says".to_owned()),
        }
    }

    /// Each error that an operator meets, what helps, and a word of what the message tells to do.
    const MET: [(&str, u32, Remedy, &str); 56] = [
        ("invalid_grant", 0, Remedy::SignIn, "sign in again"),
        ("interaction_required", 0, Remedy::SignIn, "sign in again"),
        ("invalid_client", 0, Remedy::Administrator, "secret or certificate"),
        ("unauthorized_client", 0, Remedy::Administrator, "OFFBOARD_CLIENT_ID"),
        ("invalid_resource", 0, Remedy::Administrator, "--cloud"),
        ("invalid_scope", 0, Remedy::Administrator, "user_impersonation"),
        ("consent_required", 0, Remedy::SignIn, "consent"),
        ("invalid_request", 0, Remedy::Settings, "OFFBOARD_TENANT_ID"),
        ("unsupported_grant_type", 0, Remedy::Settings, "--login-url"),
        ("temporarily_unavailable", 0, Remedy::Wait, "try again"),
        ("server_error", 0, Remedy::Wait, "try again"),
        ("invalid_grant", 50_020, Remedy::SignIn, "another tenant"),
        ("invalid_grant", 50_034, Remedy::SignIn, "no such user"),
        ("invalid_grant", 51_004, Remedy::SignIn, "no such user"),
        ("invalid_grant", 50_053, Remedy::SignIn, "locked"),
        ("invalid_grant", 50_055, Remedy::SignIn, "password has expired"),
        ("invalid_grant", 50_057, Remedy::SignIn, "disabled"),
        ("interaction_required", 50_072, Remedy::SignIn, "set up MFA"),
        ("interaction_required", 50_074, Remedy::SignIn, "with MFA"),
        ("invalid_grant", 50_076, Remedy::SignIn, "with MFA"),
        ("invalid_grant", 50_079, Remedy::SignIn, "set up MFA"),
        ("invalid_grant", 50_078, Remedy::SignIn, "too old"),
        ("access_denied", 50_105, Remedy::SignIn, "assign"),
        ("invalid_grant", 50_126, Remedy::SignIn, "password is wrong"),
        ("interaction_required", 50_158, Remedy::SignIn, "outside MFA"),
        ("invalid_grant", 50_173, Remedy::SignIn, "revoked"),
        ("invalid_request", 50_194, Remedy::Settings, "OFFBOARD_TENANT_ID"),
        ("invalid_grant", 50_196, Remedy::SignIn, "wait"),
        ("invalid_resource", 500_011, Remedy::Administrator, "--cloud"),
        ("access_denied", 53_003, Remedy::SignIn, "Conditional Access"),
        ("access_denied", 53_000, Remedy::SignIn, "compliant"),
        ("access_denied", 53_001, Remedy::SignIn, "compliant"),
        ("access_denied", 530_032, Remedy::SignIn, "security defaults"),
        ("access_denied", 530_035, Remedy::SignIn, "security defaults"),
        ("invalid_grant", 54_005, Remedy::SignIn, "used already"),
        ("invalid_grant", 65_001, Remedy::SignIn, "consent"),
        ("invalid_resource", 650_057, Remedy::Administrator, "user_impersonation"),
        ("invalid_grant", 70_000, Remedy::SignIn, "offboard login"),
        ("invalid_grant", 700_005, Remedy::SignIn, "another tenant"),
        ("invalid_grant", 70_008, Remedy::SignIn, "expired"),
        ("invalid_grant", 700_082, Remedy::SignIn, "expired"),
        ("invalid_grant", 700_084, Remedy::SignIn, "public client"),
        ("invalid_grant", 70_043, Remedy::SignIn, "how long a sign-in lasts"),
        ("invalid_client", 70_002, Remedy::Administrator, "OFFBOARD_CLIENT_SECRET"),
        ("invalid_client", 7_000_215, Remedy::Administrator, "value"),
        ("invalid_client", 7_000_218, Remedy::Administrator, "public client flows"),
        ("invalid_client", 700_025, Remedy::Administrator, "unset OFFBOARD_CLIENT_SECRET"),
        ("invalid_client", 7_000_222, Remedy::Administrator, "new one"),
        ("unauthorized_client", 700_016, Remedy::Administrator, "OFFBOARD_CLIENT_ID"),
        ("unauthorized_client", 7_000_112, Remedy::Administrator, "enable"),
        ("invalid_request", 90_002, Remedy::Settings, "OFFBOARD_TENANT_ID"),
        ("invalid_request", 90_038, Remedy::Settings, "--cloud"),
        ("invalid_request", 900_382, Remedy::Settings, "--cloud"),
        ("invalid_request", 900_432, Remedy::Settings, "--cloud"),
        ("invalid_request", 9_002_313, Remedy::Settings, "stray characters"),
        ("temporarily_unavailable", 90_033, Remedy::Wait, "try again"),
    ];

    #[test]
    fn every_error_that_an_operator_meets_says_what_to_do() {
        for (error, code, remedy, word) in MET {
            let codes: &[u32] = if code == 0 { &[] } else { &[code] };
            let refusal = refusal(error, codes);
            let said = refusal.explained();
            assert_eq!(refusal.remedy(), remedy, "{error} {code}");
            assert!(said.contains(word), "{error} {code}: {said}");
            assert!(said.contains(error) && !said.contains("as the service says"), "{said}");
            assert!(code == 0 || said.contains(&format!("AADSTS{code}")), "{said}");
        }
        for code in [90_099, 901_002, 90_006, 90_012, 90_024, 50_087, 50_033] {
            assert!(!refusal("invalid_request", &[code]).explained().contains("service says"), "{code}");
        }
    }

    #[test]
    fn an_error_that_nobody_knows_is_quoted() {
        let said = refusal("new_error", &[1]).explained();
        assert_eq!(said, "the sign-in service refuses: as the service says (new_error, AADSTS1)");
    }

    #[test]
    fn each_answer_to_a_poll() {
        for (error, meaning) in [
            ("authorization_pending", Poll::Pending),
            ("slow_down", Poll::SlowDown),
            ("expired_token", Poll::Over),
            ("authorization_declined", Poll::Over),
            ("access_denied", Poll::Over),
            ("bad_verification_code", Poll::Over),
        ] {
            assert_eq!(refusal(error, &[]).as_poll(), meaning, "{error}");
            assert!(meaning != Poll::Over || refusal(error, &[]).explained().contains("sign in again"));
        }
    }
}
