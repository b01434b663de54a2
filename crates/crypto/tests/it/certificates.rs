//! Certificates and PKCS#7 as OpenSSL reads them, and certificates OpenSSL made as we read them.

use chancery_crypto::certificate::{Certificate, CertificateError, SelfSigned};
use chancery_crypto::pem::PemError;
use chancery_crypto::pkcs7;
use chancery_crypto::rsa::KeyError;

use crate::kit::{Bench, data, key};

fn request(common_name: &str) -> SelfSigned<'_> {
    SelfSigned {
        common_name,
        serial: [0x7a, 1, 2, 3, 4, 5, 6, 7],
        not_before: "2026-01-15T12:00:00.75Z".parse().unwrap(),
        days: 5000,
    }
}

fn certificate() -> Certificate {
    Certificate::self_signed(request("acme.eu.example.com"), &key("a")).unwrap()
}

fn bench(certificate: &Certificate) -> Bench {
    let bench = Bench::new();
    bench.put("cert.der", certificate.der());
    bench.put("cert.pem", certificate.to_pem());
    bench
}

#[test]
fn openssl_reads_the_certificate_as_auth0_shapes_it() {
    let bench = bench(&certificate());
    let text = bench.openssl("x509 -inform DER -in cert.der -noout -text -nameopt RFC2253").text();
    for expected in [
        "Version: 3 (0x2)",
        "Signature Algorithm: sha256WithRSAEncryption",
        "Issuer: CN=acme.eu.example.com",
        "Subject: CN=acme.eu.example.com",
        "Not Before: Jan 15 12:00:00 2026 GMT",
        "Not After : Sep 24 12:00:00 2039 GMT",
        "Public-Key: (2048 bit)",
        "X509v3 Basic Constraints: critical\n                CA:TRUE\n",
        "X509v3 Subject Key Identifier: \n",
        "X509v3 Key Usage: critical\n                Digital Signature, Certificate Sign\n",
    ] {
        assert!(text.contains(expected), "{expected:?} is missing from\n{text}");
    }
    assert_eq!(bench.openssl("x509 -in cert.pem -noout -serial").text().trim(), "serial=7A01020304050607");
    let verified = bench.openssl("verify -x509_strict -attime 1800000000 -CAfile cert.pem cert.pem");
    assert_eq!(verified.text().trim(), "cert.pem: OK");
}

#[test]
fn the_subject_key_identifier_is_the_sha1_of_the_key_bits() {
    let bench = bench(&certificate());
    bench.put("key.pem", data("rsa-a.pem"));
    let pkcs1 = bench.openssl("rsa -in key.pem -RSAPublicKey_out -outform DER").bytes();
    let expected: Vec<String> =
        chancery_crypto::digest::sha1(&pkcs1).iter().map(|byte| format!("{byte:02X}")).collect();
    let text = bench.openssl("x509 -in cert.pem -noout -ext subjectKeyIdentifier").text();
    assert!(text.contains(&expected.join(":")), "{text}");
}

#[test]
fn the_accessors_agree_with_openssl() {
    let certificate = certificate();
    let bench = bench(&certificate);
    let printed = bench.openssl("x509 -in cert.pem -noout -fingerprint -sha1").text();
    assert!(printed.trim().ends_with(&format!("={}", certificate.fingerprint())), "{printed}");
    assert_eq!(certificate.fingerprint().replace(':', ""), certificate.thumbprint());
    assert_eq!(certificate.thumbprint().len(), 40);
    assert_eq!(certificate.sha1(), chancery_crypto::digest::sha1(certificate.der()));
    assert_eq!(certificate.sha256(), chancery_crypto::digest::sha256(certificate.der()));
    assert_eq!(certificate.not_before().to_string(), "2026-01-15T12:00:00Z");
    assert_eq!(certificate.not_after().to_string(), "2039-09-24T12:00:00Z");
    assert_eq!(certificate.common_name().as_deref(), Some("acme.eu.example.com"));
    assert_eq!(certificate.subject_dn(), "CN=acme.eu.example.com");
    assert_eq!(certificate.public_key().as_ref(), Ok(key("a").public()));
    assert!(!certificate.base64_der().contains('\n'));
    assert!(format!("{certificate:?}").contains("acme.eu.example.com"));
}

#[test]
fn the_pem_has_64_columns_crlf_and_no_line_end_at_the_end() {
    let pem = certificate().to_pem();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\r\n"));
    assert!(pem.ends_with("\r\n-----END CERTIFICATE-----"));
    assert!(!pem.replace("\r\n", "").contains(['\r', '\n']));
    let body: Vec<&str> = pem.split("\r\n").filter(|line| !line.starts_with('-')).collect();
    let (last, full) = body.split_last().unwrap();
    assert!(full.iter().all(|line| line.len() == 64) && (1..=64).contains(&last.len()));
    assert_eq!(body.concat(), certificate().base64_der());
    assert_eq!(Certificate::from_pem(&pem).unwrap(), certificate());
}

#[test]
fn dates_up_to_2049_are_utctime_and_later_ones_generalizedtime() {
    for (not_before, days, expected) in [
        (
            "2049-12-21T23:59:59Z",
            10,
            ["UTCTIME           :491221235959Z", "UTCTIME           :491231235959Z"],
        ),
        (
            "2049-12-22T00:00:00Z",
            10,
            ["UTCTIME           :491222000000Z", "GENERALIZEDTIME   :20500101000000Z"],
        ),
        (
            "2051-01-01T00:00:00Z",
            1,
            ["GENERALIZEDTIME   :20510101000000Z", "GENERALIZEDTIME   :20510102000000Z"],
        ),
    ] {
        let request = SelfSigned { not_before: not_before.parse().unwrap(), days, ..request("x") };
        let made = Certificate::self_signed(request, &key("a")).unwrap();
        let text = bench(&made).openssl("asn1parse -in cert.pem").text();
        for line in expected {
            assert!(text.contains(line), "{line} is missing from\n{text}");
        }
        assert_eq!(made.not_before().to_string(), not_before);
    }
}

#[test]
fn a_validity_x509_cannot_express_is_refused() {
    for (not_before, days) in
        [("1969-12-31T23:59:59Z", 10), ("9999-12-01T00:00:00Z", 60), ("2026-01-01T00:00:00Z", u32::MAX)]
    {
        let request = SelfSigned { not_before: not_before.parse().unwrap(), days, ..request("x") };
        assert_eq!(
            Certificate::self_signed(request, &key("a")),
            Err(CertificateError::Validity),
            "{not_before}"
        );
    }
}

#[test]
fn any_serial_bytes_make_a_positive_number_of_eight_bytes() {
    for (serial, expected) in [
        ([0; 8], "serial=4000000000000000"),
        ([0xff; 8], "serial=7FFFFFFFFFFFFFFF"),
        ([0x80, 0, 0, 0, 0, 0, 0, 1], "serial=4000000000000001"),
    ] {
        let made = Certificate::self_signed(SelfSigned { serial, ..request("x") }, &key("a")).unwrap();
        assert_eq!(bench(&made).openssl("x509 -in cert.pem -noout -serial").text().trim(), expected);
    }
}

#[test]
fn a_common_name_is_printablestring_when_it_fits_and_utf8string_otherwise() {
    for (name, kind) in
        [("acme-1.example.com", "PRINTABLESTRING"), ("Zoë & co", "UTF8STRING"), ("a@b", "UTF8STRING")]
    {
        let made = Certificate::self_signed(request(name), &key("a")).unwrap();
        assert_eq!(made.common_name().as_deref(), Some(name));
        assert!(bench(&made).openssl("asn1parse -in cert.pem").text().contains(kind), "{name}");
    }
}

#[test]
fn a_common_name_that_is_empty_or_too_long_is_refused() {
    assert!(Certificate::self_signed(request(&"ä".repeat(64)), &key("a")).is_ok());
    for name in [String::new(), "a".repeat(65)] {
        assert_eq!(Certificate::self_signed(request(&name), &key("a")), Err(CertificateError::CommonName));
    }
}

#[test]
fn a_subject_cannot_smuggle_in_another_attribute() {
    let made = Certificate::self_signed(request("x,O=Evil+OU=y"), &key("a")).unwrap();
    assert_eq!(made.common_name().as_deref(), Some("x,O=Evil+OU=y"));
    assert_eq!(made.subject_dn(), r"CN=x\,O=Evil\+OU=y");
}

#[test]
fn certificates_openssl_made_are_read() {
    let bench = Bench::new();
    bench.put("key.pem", data("rsa-b.pem"));
    let pem = bench
        .openssl("req -new -x509 -key key.pem -subj /C=DE/O=Partner/CN=idp.partner.test/emailAddress=a@b.test -days 30")
        .text();
    let read = Certificate::from_pem(&pem).unwrap();
    assert_eq!(read.common_name().as_deref(), Some("idp.partner.test"));
    assert!(read.subject_dn().ends_with("CN=idp.partner.test,O=Partner,C=DE"), "{}", read.subject_dn());
    assert_eq!(read.public_key().as_ref(), Ok(key("b").public()));
    assert_eq!(read.to_pem().replace("\r\n", "\n"), pem.trim_end());
}

#[test]
fn a_certificate_of_an_ec_key_is_read_but_gives_no_rsa_key() {
    let bench = Bench::new();
    bench.put("key.pem", data("ec.pem"));
    let pem = bench.openssl("req -new -x509 -key key.pem -subj /O=only -days 30").text();
    let read = Certificate::from_pem(&pem).unwrap();
    assert_eq!(read.common_name(), None);
    assert_eq!(read.public_key(), Err(KeyError::NotRsa));
}

#[test]
fn what_is_not_a_certificate_is_refused() {
    let mut der = certificate().der().to_vec();
    der.push(0);
    for bytes in [Vec::new(), b"text".to_vec(), der[..100].to_vec(), der, key("a").public().to_spki_der()] {
        assert!(matches!(Certificate::from_der(bytes), Err(CertificateError::Malformed(_))));
    }
    assert_eq!(Certificate::from_pem("x"), Err(CertificateError::Pem(PemError::NoBegin)));
    let label = CertificateError::UnexpectedLabel("PRIVATE KEY".to_owned());
    assert_eq!(Certificate::from_pem(&data("rsa-a.pem")), Err(label));
}

/// Customers upload certificates, and what they upload may be made to hurt.
#[test]
fn a_damaged_certificate_is_read_or_refused_and_nothing_else() {
    let whole = certificate().der().to_vec();
    let mut read = 0;
    let mut look = |der: Vec<u8>| {
        if let Ok(certificate) = Certificate::from_der(der) {
            let _ = (certificate.common_name(), certificate.public_key(), certificate.to_pem());
            let _ = format!("{certificate:?} {}", certificate.subject_dn());
            read += 1;
        }
    };
    for at in 0..whole.len() {
        look(whole[..at].to_vec());
        for change in [0x01, 0x20, 0x7f, 0x80, 0xff] {
            let mut damaged = whole.clone();
            damaged[at] ^= change;
            look(damaged);
        }
    }
    assert!(read > whole.len(), "damage to the signature and the key is not seen by reading: {read}");
}

#[test]
fn openssl_reads_the_pkcs7_back_to_the_same_certificates() {
    let first = certificate();
    let second = Certificate::self_signed(request("second.example.com"), &key("b")).unwrap();
    let bench = Bench::new();
    for (given, count) in [(vec![&first], 1), (vec![&first, &second], 2), (vec![&second, &first, &second], 2)]
    {
        let der = pkcs7::certs_only(&given).unwrap();
        bench.put("certs.p7b", pkcs7::to_pem(&der));
        let printed = bench.openssl("pkcs7 -print_certs -in certs.p7b").text();
        assert_eq!(printed.matches("-----BEGIN CERTIFICATE-----").count(), count);
        for certificate in given {
            assert!(printed.contains(&certificate.to_pem().replace("\r\n", "\n")), "{printed}");
        }
        bench.put("certs.p7c", &der);
        assert!(
            bench
                .openssl("cms -cmsout -print -noout -inform DER -in certs.p7c")
                .text()
                .contains("signedData")
        );
    }
}

#[test]
fn the_pkcs7_pem_has_crlf_also_at_the_end() {
    let pem = pkcs7::to_pem(&pkcs7::certs_only(&[&certificate()]).unwrap());
    assert!(pem.starts_with("-----BEGIN PKCS7-----\r\n"));
    assert!(pem.ends_with("\r\n-----END PKCS7-----\r\n"));
}

#[test]
fn the_pkcs7_is_byte_for_byte_what_openssl_writes() {
    let bench = bench(&certificate());
    let theirs = bench.openssl("crl2pkcs7 -nocrl -certfile cert.pem -outform DER").bytes();
    let ours = pkcs7::certs_only(&[&certificate()]).unwrap();
    assert_eq!(ours, theirs);
}
