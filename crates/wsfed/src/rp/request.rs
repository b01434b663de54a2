//! The addresses that a browser is sent to (WS-Federation 1.2, sections 13.2.2 and 13.2.4).

use form_urlencoded::Serializer;

/// The parameters that nobody else may set.
const OURS: [&str; 5] = ["wa", "wtrealm", "wreply", "wctx", "wfresh"];

/// A request for a token.
#[derive(Debug, Clone, Copy)]
pub struct SignIn<'a> {
    /// Where the service takes requests.
    pub endpoint: &'a str,
    /// What we call ourselves there.
    pub realm: &'a str,
    /// Where the token has to come.
    pub reply: &'a str,
    /// What has to come back unchanged.
    pub context: &'a str,
    /// The most minutes since the user proved who they are; 0: now.
    pub fresh: Option<u32>,
    /// What else the service is told, `whr` for one. What is named like a parameter of ours is left out.
    pub more: &'a [(String, String)],
}

impl SignIn<'_> {
    /// The address to send the browser to.
    pub fn address(&self) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("wa", "wsignin1.0").append_pair("wtrealm", self.realm);
        query.append_pair("wreply", self.reply).append_pair("wctx", self.context);
        if let Some(minutes) = self.fresh {
            query.append_pair("wfresh", &minutes.to_string());
        }
        for (name, value) in self.more.iter().filter(|(name, _)| !OURS.contains(&name.as_str())) {
            query.append_pair(name, value);
        }
        joined(self.endpoint, &query.finish())
    }
}

/// The address at which a session of the service ends; the browser comes back to `reply` where the service knows that.
pub fn sign_out(endpoint: &str, reply: Option<&str>) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("wa", "wsignout1.0");
    if let Some(reply) = reply {
        query.append_pair("wreply", reply);
    }
    joined(endpoint, &query.finish())
}

/// The address at which an application forgets whom we told it of.
pub fn clean_up(reply: &str) -> String {
    joined(reply, "wa=wsignoutcleanup1.0")
}

/// An address with a query, in front of its fragment.
fn joined(address: &str, query: &str) -> String {
    let (place, fragment) = match address.find('#') {
        Some(at) => address.split_at(at),
        None => (address, ""),
    };
    let joint = if place.contains('?') { '&' } else { '?' };
    format!("{place}{joint}{query}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_who_asks_where_to_come_back_and_nothing_twice() {
        let more = [("whr", "urn:home"), ("wreply", "https://evil.example"), ("username", "ada@x.example")];
        let more = more.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let request = SignIn {
            endpoint: "https://adfs.example/adfs/ls/",
            realm: "urn:auth0:us:corp",
            reply: "https://us.example/login/callback",
            context: "a b&c",
            fresh: Some(0),
            more: &more,
        };
        let expected = "https://adfs.example/adfs/ls/?wa=wsignin1.0&wtrealm=urn%3Aauth0%3Aus%3Acorp&wreply=https%3A%2F%2Fus.example%2Flogin%2Fcallback&wctx=a+b%26c&wfresh=0&whr=urn%3Ahome&username=ada%40x.example";
        assert_eq!(request.address(), expected);
        let request = SignIn { endpoint: "https://x.example/?p=1#top", fresh: None, more: &[], ..request };
        assert_eq!(
            request.address(),
            "https://x.example/?p=1&wa=wsignin1.0&wtrealm=urn%3Aauth0%3Aus%3Acorp&wreply=https%3A%2F%2Fus.example%2Flogin%2Fcallback&wctx=a+b%26c#top"
        );
    }

    #[test]
    fn sessions_end_at_the_address_of_the_service_and_applications_forget_at_their_own() {
        assert_eq!(sign_out("https://x.example/ls", None), "https://x.example/ls?wa=wsignout1.0");
        let back = sign_out("https://x.example/ls?a=b", Some("https://us.example/?x=1&y"));
        assert_eq!(
            back,
            "https://x.example/ls?a=b&wa=wsignout1.0&wreply=https%3A%2F%2Fus.example%2F%3Fx%3D1%26y"
        );
        assert_eq!(clean_up("https://app.example/cb"), "https://app.example/cb?wa=wsignoutcleanup1.0");
    }
}
