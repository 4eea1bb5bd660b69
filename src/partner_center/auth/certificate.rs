//! A certificate with which an app shows that it is itself: it signs a short-lived statement
//! (learn.microsoft.com, `identity-platform/certificate-credentials`).

use crate::domain::{Secret, Sha256, Time};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PSS_SHA256, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use serde_json::json;
use std::{fmt, sync::Arc};

/// How long a statement is good for. It is used at once; the rest is for clocks that differ.
const GOOD_FOR_SECONDS: i64 = 600;

/// An app's certificate with its private key.
#[derive(Clone)]
pub struct AppCertificate {
    key: Arc<RsaKeyPair>,
    /// `x5t#S256`: which of the app's certificates it is.
    thumbprint: String,
}

/// Why a file is no certificate, or cannot sign.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// There is no certificate in it.
    #[error(
        "there is no certificate in it; it must hold `BEGIN CERTIFICATE` and the private key, both as PEM"
    )]
    NoCertificate,
    /// There is no key in it.
    #[error(
        "there is no private key in it that is not encrypted; it must hold the certificate and the key, both as PEM"
    )]
    NoKey,
    /// The key is of another kind.
    #[error("its private key is no RSA key of 2048 bits or more, which is what Entra takes")]
    NotRsa,
    /// The key did not sign.
    #[error("its private key does not sign")]
    DoesNotSign,
}

impl AppCertificate {
    /// Reads the certificate and its key from one PEM file.
    pub fn from_pem(bytes: &[u8]) -> Result<Self, CertificateError> {
        let certificate =
            CertificateDer::from_pem_slice(bytes).map_err(|_absent| CertificateError::NoCertificate)?;
        let key = PrivateKeyDer::from_pem_slice(bytes).map_err(|_absent| CertificateError::NoKey)?;
        let key = match &key {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err(CertificateError::NotRsa),
        };
        let key = key.map_err(|_refused| CertificateError::NotRsa)?;
        let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::of(&[&certificate]).as_bytes());
        Ok(Self { key: Arc::new(key), thumbprint })
    }

    /// The signed statement (a JWT, PS256) that `client` asks at `audience`. `id` is never used twice.
    pub(super) fn assertion(
        &self,
        client: &str,
        audience: &str,
        now: Time,
        id: &str,
    ) -> Result<Secret, CertificateError> {
        let seconds = now.as_millis().div_euclid(1000);
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint });
        let claims = json!({
            "aud": audience, "iss": client, "sub": client, "jti": id,
            "nbf": seconds - 60, "iat": seconds, "exp": seconds + GOOD_FOR_SECONDS,
        });
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature)
            .map_err(|_unspecified| CertificateError::DoesNotSign)?;
        Ok(Secret::new(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

impl fmt::Debug for AppCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.thumbprint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::{
        encoding::AsDer as _,
        rsa::KeySize,
        signature::{KeyPair as _, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey},
    };
    use base64::engine::general_purpose::STANDARD;
    use serde_json::Value;

    fn pem(label: &str, der: &[u8]) -> String {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
    }

    #[test]
    fn a_statement_is_signed_by_the_key_and_names_the_certificate() {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let secret = key.as_der().unwrap();
        // The thumbprint is over the bytes, whatever they say.
        let file = pem("CERTIFICATE", b"not really one") + &pem("PRIVATE KEY", secret.as_ref());
        let certificate = AppCertificate::from_pem(file.as_bytes()).unwrap();
        let now = Time::from_millis(1_795_166_130_000);
        let statement = certificate.assertion("app-1", "https://login.example/t", now, "id-1").unwrap();
        let parts: Vec<&str> = statement.expose().split('.').collect();
        let read =
            |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
        let (header, claims) = (read(parts[0]), read(parts[1]));
        let digest = URL_SAFE_NO_PAD.encode(Sha256::of(&[b"not really one"]).as_bytes());
        assert_eq!((&header["alg"], &header["x5t#S256"]), (&json!("PS256"), &json!(digest)));
        assert_eq!(
            (&claims["iss"], &claims["sub"], &claims["jti"]),
            (&json!("app-1"), &json!("app-1"), &json!("id-1"))
        );
        assert_eq!(
            (&claims["aud"], &claims["exp"]),
            (&json!("https://login.example/t"), &json!(1_795_166_730))
        );

        let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key.public_key());
        let message = format!("{}.{}", parts[0], parts[1]);
        let signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
        public.verify(message.as_bytes(), &signature).unwrap();
        assert!(!format!("{certificate:?}").contains("RsaKeyPair"));
    }

    #[test]
    fn a_file_that_is_something_else_says_what_is_missing() {
        let certificate = pem("CERTIFICATE", b"x");
        let refused = |text: &str| AppCertificate::from_pem(text.as_bytes()).unwrap_err();
        assert_eq!(refused(""), CertificateError::NoCertificate);
        assert_eq!(refused(&certificate), CertificateError::NoKey);
        assert_eq!(refused(&(certificate + &pem("PRIVATE KEY", b"x"))), CertificateError::NotRsa);
    }
}
