//! A browser: cookies, redirects, and forms with their hidden fields.
//!
//! It knows as much of HTML as our own pages need. Must never reach a server other than the one it was made for: where
//! a redirect leads elsewhere, it stops and says where to.

use crate::Outcome;
use crate::http::{self, Answer, Connection, escape};

/// Redirects that are followed one after the other.
const MOST_REDIRECTS: usize = 8;

/// A browser without a window.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    host: String,
    cookies: Vec<(String, String)>,
}

/// Where it has come to.
pub(crate) enum Place {
    /// A page of the server.
    Page(String),
    /// The address of another site, which it does not visit.
    Elsewhere(String),
}

impl Place {
    /// The other site.
    pub(crate) fn elsewhere(self) -> Outcome<String> {
        match self {
            Self::Elsewhere(address) => Ok(address),
            Self::Page(html) => Err(format!("stayed on a page: {}", title(&html)).into()),
        }
    }
}

fn title(html: &str) -> &str {
    let after = html.split_once("<title>").map_or(html, |(_, after)| after);
    after.split('<').next().unwrap_or_default()
}

impl Browser {
    /// A browser without cookies.
    pub(crate) fn new(host: &str) -> Self {
        Self { host: host.to_owned(), cookies: Vec::new() }
    }

    /// Its cookies, as it sends them.
    pub(crate) fn cookies(&self) -> String {
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    /// Opens a page.
    pub(crate) async fn open(&mut self, connection: &mut Connection, path: &str) -> Outcome<Place> {
        let request = http::visit(&self.host, path, &self.cookies());
        self.follow(connection, request).await
    }

    /// Fills in the only form of a page, as far as it has these fields, and sends it.
    pub(crate) async fn submit(
        &mut self,
        connection: &mut Connection,
        page: &str,
        typed: &[(&str, &str)],
    ) -> Outcome<Place> {
        let form = page.split_once("<form ").and_then(|(_, after)| after.split_once("</form>"));
        let (form, _) = form.ok_or_else(|| format!("there is no form on the page: {}", title(page)))?;
        let action = attribute(form, "action").ok_or("a form has no action")?;
        let hidden = form.split("<input ").skip(1).filter(|input| input.starts_with("type=\"hidden\""));
        let mut fields = Vec::new();
        for input in hidden {
            let name = attribute(input, "name").ok_or("a hidden field has no name")?;
            let value = attribute(input, "value").unwrap_or_default();
            fields.push(format!("{}={}", escape(&name), escape(&value)));
        }
        for (name, value) in typed {
            if form.contains(&format!(" name=\"{name}\"")) {
                fields.push(format!("{}={}", escape(name), escape(value)));
            }
        }
        let request = http::form(&self.host, &action, &self.cookies(), &fields.join("&"));
        self.follow(connection, request).await
    }

    async fn follow(&mut self, connection: &mut Connection, mut request: Vec<u8>) -> Outcome<Place> {
        for _ in 0..MOST_REDIRECTS {
            let answer = connection.call(&request).await?;
            self.remember(&answer);
            match answer.status {
                200 => return Ok(Place::Page(String::from_utf8_lossy(answer.body).into_owned())),
                302 | 303 => {
                    let location = answer.headers("location").next().ok_or("a redirect leads nowhere")?;
                    let ours =
                        location.strip_prefix("http://").and_then(|rest| rest.strip_prefix(&self.host));
                    let path = ours.unwrap_or(location);
                    if !path.starts_with('/') {
                        return Ok(Place::Elsewhere(location.to_owned()));
                    }
                    request = http::visit(&self.host, path, &self.cookies());
                }
                _ => return Err(format!("a page answered {}", answer.told()).into()),
            }
        }
        Err("too many redirects".into())
    }

    fn remember(&mut self, answer: &Answer<'_>) {
        for cookie in answer.headers("set-cookie") {
            let pair = cookie.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else { continue };
            self.cookies.retain(|(own, _)| own != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
    }
}

/// An attribute of the element that the text begins in.
pub(crate) fn attribute(element: &str, name: &str) -> Option<String> {
    let element = element.split('>').next()?;
    let (_, after) = element.split_once(&format!("{name}=\""))?;
    let value = after.split('"').next()?;
    Some(value.replace("&#61;", "=").replace("&#38;", "&").replace("&amp;", "&"))
}
