//! An application that takes logout tokens, on a port of this machine.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// The application's side: takes tokens on a port of this machine.
pub(crate) struct Receiver {
    pub(crate) url: String,
    heard: Arc<Mutex<Vec<String>>>,
}

/// An answer that never comes.
pub(crate) const SILENCE: u16 = 0;

impl Receiver {
    /// Answers with these statuses, one after the other, and then with 200.
    pub(crate) async fn answering(answers: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/told?secret=s", listener.local_addr().unwrap());
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let own = Self { url, heard: Arc::clone(&heard) };
        let answers: VecDeque<u16> = answers.iter().copied().collect();
        let answers = Arc::new(Mutex::new(answers));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (heard, answers) = (Arc::clone(&heard), Arc::clone(&answers));
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    while !whole(&request) {
                        let mut part = [0; 4096];
                        let count = stream.read(&mut part).await.unwrap();
                        assert!(count > 0, "the request ends early");
                        request.extend_from_slice(&part[..count]);
                    }
                    let request = String::from_utf8(request).unwrap();
                    heard.lock().unwrap().push(token(&request));
                    let status = answers.lock().unwrap().pop_front().unwrap_or(200);
                    if status == SILENCE {
                        std::future::pending::<()>().await;
                    }
                    let answer =
                        format!("HTTP/1.1 {status} X\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                });
            }
        });
        own
    }

    pub(crate) async fn new() -> Self {
        Self::answering(&[]).await
    }

    /// The tokens that came since the last look.
    pub(crate) fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }

    /// The setting of an application that listens here.
    pub(crate) fn setting(&self) -> Value {
        json!({ "backchannel_logout_urls": [self.url] })
    }
}

fn whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    body.len() == length.parse::<usize>().unwrap()
}

#[track_caller]
fn token(request: &str) -> String {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /told?secret=s HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-type: application/x-www-form-urlencoded\r\n"), "{head}");
    let form: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    assert_eq!(form.len(), 1, "{body}");
    assert_eq!(form[0].0, "logout_token");
    form[0].1.clone()
}
