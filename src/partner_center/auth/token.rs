//! An access token as it is taken in.

use crate::domain::{Secret, TooLong};

/// The environment variable that holds an access token.
pub const ACCESS_TOKEN: &str = "OFFBOARD_ACCESS_TOKEN";

/// An access token and where it came from.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The token itself.
    pub secret: Secret,
    /// Where it came from, for people.
    pub source: String,
}

/// Why a text cannot be a token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// There is none.
    #[error("there is no access token; put one into the environment variable `{ACCESS_TOKEN}`")]
    Missing,
    /// It cannot stand in a header.
    #[error(
        "the access token in `{0}` has characters that no token has; copy it again, without quotes or line breaks"
    )]
    Malformed(String),
    /// It is none, or somebody means us harm.
    #[error("what is in `{0}` is no access token: {1}")]
    TooLong(String, TooLong),
}

impl AccessToken {
    /// Takes a token in; blanks around it are forgiven.
    pub fn new(text: &str, source: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        let text = text
            .strip_prefix("Bearer")
            .filter(|rest| !rest.starts_with(|c: char| c.is_ascii_graphic()))
            .unwrap_or(text)
            .trim();
        if text.is_empty() {
            return Err(TokenError::Missing);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Malformed(source.to_owned()));
        }
        let secret =
            Secret::from_outside(text).map_err(|error| TokenError::TooLong(source.to_owned(), error))?;
        Ok(Self { secret, source: source.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_as_it_was_copied() {
        let token = AccessToken::new(" Bearer abc.def\n", "x").unwrap();
        assert_eq!(token.secret.expose(), "abc.def");
        assert!(!format!("{token:?}").contains("abc"));
        for nothing in [" ", "Bearer", "Bearer "] {
            assert!(matches!(AccessToken::new(nothing, "x"), Err(TokenError::Missing)), "{nothing}");
        }
        assert_eq!(AccessToken::new("BearerX.y", "x").unwrap().secret.expose(), "BearerX.y");
        assert!(matches!(AccessToken::new("a b", "x"), Err(TokenError::Malformed(_))));
        assert!(AccessToken::new(&"a".repeat(Secret::LONGEST), "x").is_ok());
        let refused = AccessToken::new(&"a".repeat(Secret::LONGEST + 1), "x").unwrap_err().to_string();
        assert!(
            refused.contains("`x`") && refused.contains("65537 bytes") && !refused.contains("aaa"),
            "{refused}"
        );
    }
}
