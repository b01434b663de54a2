//! What is reached, what is refused, and what of an answer counts.

use std::net::SocketAddr;

use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

/// A server that answers each connection with these bytes; the requests come out at the other end.
async fn server(
    answer: &'static [u8],
    tls: Option<TlsAcceptor>,
) -> (SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        match tls {
            None => talk(stream, answer).await,
            Some(tls) => match tls.accept(stream).await {
                Ok(stream) => talk(stream, answer).await,
                Err(error) => error.to_string(),
            },
        }
    });
    (address, heard)
}

async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &[u8]) -> String {
    let mut heard = Vec::new();
    while !heard.ends_with(b"a=b") {
        let mut part = [0; 1024];
        match stream.read(&mut part).await.unwrap() {
            0 => break,
            count => heard.extend_from_slice(&part[..count]),
        }
    }
    let _ = stream.write_all(answer).await;
    // The other side has to end it.
    let _ = stream.read(&mut [0; 1]).await;
    String::from_utf8(heard).unwrap()
}

async fn post(url: &str, private: bool) -> Result<StatusCode, SendError> {
    Outgoing::new(None).post_form(url, "a=b".to_owned(), private).await
}

fn is_refused(outcome: &Result<StatusCode, SendError>) -> bool {
    matches!(outcome, Err(SendError::Refused(_)))
}

#[tokio::test]
async fn a_form_is_posted_and_the_status_is_answered_whatever_follows() {
    for (answer, status) in [
        (&b"HTTP/1.1 204 No Content\r\n\r\n"[..], 204),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\nand so on", 200),
        (b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/elsewhere\r\ncontent-length: 0\r\n\r\n", 302),
    ] {
        let (address, heard) = server(answer, None).await;
        let outcome = post(&format!("http://{address}/told?x=1#part"), true).await;
        assert_eq!(outcome.map(|status| status.as_u16()), Ok(status));
        let heard = heard.await.unwrap();
        let expected = format!(
            "POST /told?x=1 HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             user-agent: Chancery\r\ncontent-length: 3\r\n\r\na=b"
        );
        assert_eq!(heard, expected);
    }
}

#[tokio::test]
async fn private_addresses_are_refused_however_they_are_written_unless_they_are_allowed() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "10.0.0.1",
        "169.254.169.254",
        "user:secret@127.0.0.1",
    ] {
        for scheme in ["http", "https"] {
            let outcome = post(&format!("{scheme}://{host}:{port}/"), false).await;
            assert!(is_refused(&outcome), "{scheme} {host}: {outcome:?}");
        }
    }
    let waited = timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(waited.is_err(), "nobody came");
}

#[tokio::test]
async fn what_is_not_encrypted_does_not_leave_the_machine() {
    for host in ["10.255.255.1", "192.168.1.1", "1.1.1.1"] {
        let outcome = post(&format!("http://{host}/"), true).await;
        assert!(is_refused(&outcome), "{host}: {outcome:?}");
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_for_good_and_one_that_does_not_answer_is_not() {
    for url in [
        "",
        "told",
        "ftp://a.example/",
        "https://",
        "https:///x",
        "https://{org}.example/",
        "file:///etc/passwd",
    ] {
        let outcome = post(url, true).await;
        assert!(is_refused(&outcome), "{url}: {outcome:?}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    for url in [format!("http://{closed}/"), "https://host.invalid/".to_owned()] {
        let outcome = post(&url, true).await;
        assert!(matches!(outcome, Err(SendError::Failed(_))), "{url}: {outcome:?}");
    }
}

#[tokio::test]
async fn nobody_waits_long_for_an_answer_and_no_head_is_endless() {
    let (silent, _heard) = server(b"", None).await;
    let outcome = post(&format!("http://{silent}/"), true).await;
    assert_eq!(outcome, Err(SendError::Failed("no answer within 5 seconds".to_owned())));
    let long = [&b"HTTP/1.1 200 OK\r\nx: "[..], &vec![b'x'; 2 * LONGEST_HEAD], b"\r\n\r\n"].concat();
    let (address, _heard) = server(long.leak(), None).await;
    let outcome = post(&format!("http://{address}/"), true).await;
    assert!(matches!(outcome, Err(SendError::Failed(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_certificate_has_to_be_of_a_known_authority_and_for_the_host() {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let chain = vec![CertificateDer::from(certificate.der().to_vec())];
    let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.clone(), private)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(chain);
    let knowing = Outgoing::new(None);
    assert!(knowing.tls.set(connector(roots).unwrap()).is_ok());
    let strange = Outgoing::new(None);
    assert!(strange.tls.set(connector(RootCertStore::empty()).unwrap()).is_ok());
    for (outgoing, host, reached) in
        [(&knowing, "localhost", true), (&knowing, "127.0.0.1", false), (&strange, "localhost", false)]
    {
        let (address, heard) = server(b"HTTP/1.1 200 OK\r\n\r\n", Some(acceptor.clone())).await;
        let url = format!("https://{host}:{}/", address.port());
        let outcome = outgoing.post_form(&url, "a=b".to_owned(), true).await;
        assert_eq!(outcome.is_ok(), reached, "{host}: {outcome:?}");
        assert_eq!(heard.await.unwrap().contains("a=b"), reached, "nothing is said to a stranger");
    }
}

#[test]
fn without_a_word_of_the_operator_private_addresses_are_for_tenants_on_ones_own_machine() {
    for (word, domain, expected) in [
        (None, "localhost:8080", true),
        (None, "acme.localhost", true),
        (None, "127.0.0.1:8080", true),
        (None, "[::1]:8080", true),
        (None, "login.example.com", false),
        (None, "localhost.example.com", false),
        (None, "10.0.0.1", false),
        (Some(true), "login.example.com", true),
        (Some(false), "localhost:8080", false),
    ] {
        assert_eq!(Outgoing::new(word).may_be_private(domain), expected, "{domain} {word:?}");
    }
}
