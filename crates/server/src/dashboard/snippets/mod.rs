//! An HTTP request as code, in the ten languages that the Dashboard shows.
//!
//! Each text is a whole program that sends the request and prints the answer. Whatever stands in the request
//! is quoted for its language, so that no value can become code. Pure: no clock, no settings, no HTML (who
//! shows a text escapes it), and never a secret that was not in the request.

mod apple;
mod compiled;
pub(super) mod quote;
mod scripts;
#[cfg(test)]
mod tests;
mod url;

/// A request. Header names are different from each other; values hold no line breaks.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The method, in any case.
    pub method: &'a str,
    /// The whole URL; what a URL must not hold is encoded.
    pub url: &'a str,
    /// Names and values.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body. GET and HEAD have none: half of the languages refuse it.
    pub body: Option<&'a str>,
}

/// A request in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// The name of the language, as people write it.
    pub language: &'static str,
    /// The same for addresses and ids.
    pub id: &'static str,
    /// The program. It ends with a line break.
    pub code: String,
}

/// What each language is given: a [`Call`] with the differences taken out.
struct Request<'a> {
    method: String,
    url: String,
    headers: &'a [(&'a str, &'a str)],
    body: Option<&'a str>,
}

impl Request<'_> {
    /// The lines of the headers, each written by `line`.
    fn headers(&self, line: impl Fn(&str, &str) -> String) -> String {
        self.headers.iter().map(|(name, value)| line(name, value)).collect()
    }

    /// What is said about the body; nothing if there is none.
    fn body(&self, say: impl Fn(&str) -> String) -> String {
        self.body.map(say).unwrap_or_default()
    }
}

type Writer = fn(&Request<'_>) -> String;

const LANGUAGES: [(&str, &str, Writer); 10] = [
    ("cURL", "curl", scripts::curl),
    ("Node.js", "node", scripts::node),
    ("Python", "python", scripts::python),
    ("Go", "go", compiled::go),
    ("Java", "java", compiled::java),
    ("C#", "csharp", compiled::csharp),
    ("PHP", "php", scripts::php),
    ("Ruby", "ruby", scripts::ruby),
    ("Swift", "swift", apple::swift),
    ("Objective-C", "objc", apple::objc),
];

/// The request in every language, in the order in which they are shown.
pub fn all(call: &Call<'_>) -> Vec<Snippet> {
    let method = call.method.to_ascii_uppercase();
    let body = call.body.filter(|_| method != "GET" && method != "HEAD");
    let request = Request { method, url: url::encoded(call.url), headers: call.headers, body };
    LANGUAGES.iter().map(|&(language, id, write)| Snippet { language, id, code: write(&request) }).collect()
}
