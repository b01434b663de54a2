//! Writes the seeds: a few small inputs for each target, from which the fuzzer goes on.
//!
//!     cargo run --bin seeds -- DIR

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use chancery_crypto::cipher::Cipher;
use chancery_fuzz::{ASKED, SECRET, answers, certificate, messages};
use chancery_saml::binding::{Direction, post, redirect};
use chancery_xmldsig::encrypt;

const DOCUMENTS: [&str; 6] = [
    "<?xml version='1.0' encoding='utf-8'?>\n<a b='1' c=\"&#x9;&#10;&#13;&lt;\"/>",
    "<n0:a xmlns:n0='urn:0' xmlns:n1='urn:1'><n1:b xmlns='urn:d' n0:c='2'><d xmlns=''/></n1:b></n0:a>",
    "<a>x<!-- c --><![CDATA[<&]]>&gt;\r\n&#13;&amp;&quot;&apos;</a>",
    "<x:a xmlns:x='urn:1' xmlns:y='urn:1'><y:b x:c='1' y:d='' xml:lang='en'/></x:a>",
    "<a xmlns='urn:a'><b xmlns:a='urn:b' a:ID='1' ID='2'><a:a/></b></a>",
    "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
];

fn write(folder: &Path, seeds: &[String]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (number, seed) in seeds.iter().enumerate() {
        fs::write(folder.join(number.to_string()), seed)?;
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args().nth(1).unwrap_or_else(|| "seeds".to_owned()));
    let documents: Vec<String> = DOCUMENTS.map(str::to_owned).to_vec();
    let request = format!(r#"<p:AuthnRequest xmlns:p="urn:p" ID="{ASKED}"/>"#);
    let sealed = |cipher| {
        let data = encrypt::element(SECRET, &certificate(1), cipher, &[7; 48]).unwrap_or_default();
        format!("<e>{data}</e>")
    };
    write(&folder.join("read"), &documents)?;
    write(&folder.join("canonical"), &documents)?;
    write(&folder.join("verify"), &messages())?;
    write(&folder.join("consume"), &answers())?;
    write(&folder.join("decrypt"), &[sealed(Cipher::Aes256Gcm), sealed(Cipher::Aes128Cbc)])?;
    let encoded = post::encode(&request);
    let deflated = redirect::encode(Direction::Request, &request, None, None);
    let deflated = deflated.split_once('=').map_or("", |(_, value)| value);
    let deflated = deflated.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    write(
        &folder.join("post"),
        &[format!("{encoded}\n\nstate"), format!("\n{encoded}\n"), format!("{deflated}\n\nstate")],
    )?;
    let algorithm = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    let signed = redirect::encode(Direction::Response, &request, Some("state"), Some(algorithm));
    write(
        &folder.join("redirect"),
        &[
            redirect::encode(Direction::Request, &request, Some("a b"), None),
            format!("{signed}&Signature=AAAA"),
            format!(
                "{signed}&SAMLEncoding=urn%3Aoasis%3Anames%3Atc%3ASAML%3A2.0%3Abindings%3AURL-Encoding%3ADEFLATE&Signature=AAAA"
            ),
        ],
    )
}
