//! A browser as far as the tests need one: it keeps cookies, follows redirections and fills in forms.

use std::collections::BTreeMap;

use http::Method;

use crate::kit::{Answer, Call, DOMAIN, TestServer};

/// A browser, at the first tenant unless told otherwise.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    pub(crate) host: &'static str,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Default for Browser {
    fn default() -> Self {
        Self { host: DOMAIN, cookies: BTreeMap::new() }
    }
}

/// Where a page's form goes, and what it carries unseen.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) hidden: Vec<(String, String)>,
}

impl Browser {
    /// GET of a path.
    pub(crate) async fn get(&mut self, server: &TestServer, path: &str) -> Answer {
        self.send(server, Call::to(self.host, Method::GET, path)).await
    }

    /// GET of a path, and of wherever it leads, as long as that is a path of ours.
    pub(crate) async fn visit(&mut self, server: &TestServer, path: &str) -> Answer {
        let mut answer = self.get(server, path).await;
        while let Some(next) = answer.header("location").filter(|to| to.starts_with('/')).map(str::to_owned) {
            answer = self.get(server, &next).await;
        }
        answer
    }

    /// Sends the form of a page with these fields, and follows where it leads.
    pub(crate) async fn submit(
        &mut self,
        server: &TestServer,
        page: &Answer,
        fields: &[(&str, &str)],
    ) -> Answer {
        let form = form(page);
        let answer = self.post(server, &form, fields).await;
        match answer.header("location").filter(|to| to.starts_with('/')).map(str::to_owned) {
            Some(next) => self.visit(server, &next).await,
            None => answer,
        }
    }

    /// Sends a form, and follows nothing.
    pub(crate) async fn post(&mut self, server: &TestServer, form: &Form, fields: &[(&str, &str)]) -> Answer {
        let own = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let pairs: Vec<_> = form.hidden.iter().cloned().chain(own).collect();
        self.send(server, Call::to(self.host, Method::POST, &form.action).form(&pairs)).await
    }

    async fn send(&mut self, server: &TestServer, call: Call) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = server.send(call.header("cookie", &cookies.join("; ")).build()).await;
        for set in answer.headers.get_all("set-cookie") {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            assert!(
                set.contains("; HttpOnly") && set.contains("; Secure") && set.contains("; Path=/"),
                "{set}"
            );
            assert!(name.starts_with("__Host-"), "{set}");
            if set.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// The form of a page.
#[track_caller]
pub(crate) fn form(page: &Answer) -> Form {
    let html = page.text();
    let tag = |at: &str| html.split_once(at).unwrap_or_else(|| panic!("no form: {page:?}")).1.to_owned();
    let rest = tag("<form");
    let rest = rest.split_once("</form>").unwrap().0;
    let action = unescape(attribute(rest, "action").unwrap());
    let hidden = rest
        .split("<input")
        .skip(1)
        .map(|input| input.split_once('>').unwrap().0)
        .filter(|input| input.contains("type=\"hidden\""))
        .map(|input| {
            (attribute(input, "name").unwrap().to_owned(), unescape(attribute(input, "value").unwrap()))
        })
        .collect();
    Form { action, hidden }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!(" {name}=\""))?.1.split('"').next()
}

fn unescape(text: &str) -> String {
    text.replace("&#x3D;", "=").replace("&#61;", "=").replace("&amp;", "&").replace("&#38;", "&")
}
