//! What libpq's `sslmode` asks of the server's certificate, as rustls verifiers.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::open::BadUrl;

/// How the server's certificate is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// Encryption only (`prefer`, `require`).
    Nothing,
    /// A trusted chain (`verify-ca`, or `require` with a root certificate).
    Chain,
    /// A trusted chain and the host's name (`verify-full`).
    ChainAndName,
}

impl Check {
    /// The check that `sslmode` asks for; `None` for no TLS at all.
    pub(super) fn of(mode: &str, has_root: bool) -> Result<Option<Self>, BadUrl> {
        match mode {
            // `allow` would try without TLS first; that a server refuses then is told, not mended.
            "disable" | "allow" => Ok(None),
            "require" if has_root => Ok(Some(Self::Chain)),
            "prefer" | "require" => Ok(Some(Self::Nothing)),
            "verify-ca" => Ok(Some(Self::Chain)),
            "verify-full" => Ok(Some(Self::ChainAndName)),
            _ => Err(BadUrl("sslmode must be disable, prefer, require, verify-ca or verify-full".into())),
        }
    }
}

/// A client that checks as `check` says, against `roots`.
pub(super) fn client_config(check: Check, roots: RootCertStore) -> Result<ClientConfig, String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?;
    if check == Check::ChainAndName {
        return Ok(builder.with_root_certificates(roots).with_no_client_auth());
    }
    let chain = match check {
        Check::Nothing => None,
        _ => Some(
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .map_err(|e| e.to_string())?,
        ),
    };
    let verifier = Arc::new(WithoutName { chain, provider });
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Checks the chain, if there is one to check, and never the name. Signatures of the handshake are always checked.
#[derive(Debug)]
struct WithoutName {
    chain: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for WithoutName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            checked => checked,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
