//! A minimal HTTP/1.1 client: one keep-alive connection, ready-made request bytes, nothing else.
//!
//! It costs the machine a few microseconds a request, so that the server is what is measured. Must never be used
//! against anything but the servers that the benchmark started: it knows `Content-Length` and no more. What a browser
//! does beyond that is in `browser.rs`.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Outcome;

/// Answers larger than this are a mistake.
const LIMIT: usize = 4 << 20;

/// A connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, as long as the next request is not sent.
pub(crate) struct Answer<'a> {
    /// The status code.
    pub(crate) status: u16,
    /// The status line and the headers.
    head: &'a [u8],
    /// The body.
    pub(crate) body: &'a [u8],
}

impl<'a> Answer<'a> {
    /// The values of a header, as often as it is there.
    pub(crate) fn headers<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'a str> + 'b {
        let head = std::str::from_utf8(self.head).unwrap_or_default();
        let lines = head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(move |(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// What to say of an answer that should have been another one.
    pub(crate) fn told(&self) -> String {
        let body = String::from_utf8_lossy(self.body);
        format!("{}: {}", self.status, body.chars().take(300).collect::<String>())
    }
}

impl Connection {
    /// Opens a connection.
    pub(crate) async fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 16 << 10] })
    }

    /// Sends a request and waits for the whole answer.
    pub(crate) async fn call(&mut self, request: &[u8]) -> Outcome<Answer<'_>> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let (status, body_at, end) = loop {
            if filled == self.buffer.len() {
                self.buffer.resize(filled * 2, 0);
            }
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                return Err("the server closed the connection".into());
            }
            filled += read;
            if let Some(head) = head(&self.buffer[..filled])? {
                break head;
            }
        };
        if end > LIMIT {
            return Err("the answer is too large".into());
        }
        if self.buffer.len() < end {
            self.buffer.resize(end, 0);
        }
        if filled < end {
            self.stream.read_exact(&mut self.buffer[filled..end]).await?;
        } else if filled > end {
            return Err("the server sent more than one answer".into());
        }
        Ok(Answer { status, head: &self.buffer[..body_at], body: &self.buffer[body_at..end] })
    }
}

/// Status, start of the body and end of the body, once the head is complete.
pub(crate) fn head(bytes: &[u8]) -> Outcome<Option<(u16, usize, usize)>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return if bytes.len() > LIMIT {
            Err("the head of the answer is too large".into())
        } else {
            Ok(None)
        };
    };
    let text = std::str::from_utf8(&bytes[..end])?;
    let status = text.get(9..12).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| format!("not an HTTP answer: {text}"))?;
    let length = text.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let length = match (length, status) {
        (Some(length), _) => length,
        (None, 204 | 304) => 0,
        (None, _) => return Err(format!("an answer without Content-Length: {text}").into()),
    };
    let body = end + 4;
    Ok(Some((status, body, body + length)))
}

/// The bytes of a GET request.
pub(crate) fn get(host: &str, path: &str, bearer: Option<&str>) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{}\r\n", authorization(bearer)).into_bytes()
}

/// The bytes of a request with a body of this media type.
pub(crate) fn with_body(
    line: (&str, &str, &str),
    bearer: Option<&str>,
    (media_type, body): (&str, &str),
) -> Vec<u8> {
    let media_type = if body.is_empty() { String::new() } else { format!("content-type: {media_type}\r\n") };
    sent(line, &(authorization(bearer) + &media_type), body)
}

/// The bytes of a GET request of a browser; `cookies` is the value of the header.
pub(crate) fn visit(host: &str, path: &str, cookies: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{}\r\n", cookie(cookies)).into_bytes()
}

/// The bytes of a form that a browser or an application sends.
pub(crate) fn form(host: &str, path: &str, cookies: &str, fields: &str) -> Vec<u8> {
    let headers = cookie(cookies) + "content-type: application/x-www-form-urlencoded\r\n";
    sent(("POST", host, path), &headers, fields)
}

fn sent((method, host, path): (&str, &str, &str), headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n{headers}content-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

fn authorization(bearer: Option<&str>) -> String {
    bearer.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default()
}

fn cookie(cookies: &str) -> String {
    if cookies.is_empty() { String::new() } else { format!("cookie: {cookies}\r\n") }
}

/// Percent-encodes for a query or a form.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.extend(['%', hex(byte >> 4), hex(byte & 15)]);
        }
    }
    out
}

fn hex(digit: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(digit)])
}
