//! What people and their applications do: sign in with a session, sign in with a password, refresh.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::Outcome;
use crate::browser::{Browser, Place};
use crate::http::Connection;
use crate::load::{Flow, Running};
use crate::people::{OFFLINE, ONLINE, People, Person};
use crate::server::Server;

/// Families of refresh tokens for each connection that refreshes.
const FAMILIES_EACH: usize = 2;
/// Connections that refresh at once: as many as it takes for commits to be shared.
pub(crate) const REFRESHING: usize = 32;
/// Families whose used token is presented again, of each kind.
const REPLAYED: usize = 8;

/// Code and PKCE in a browser in which somebody is signed in: the request, the code, the tokens.
#[derive(Debug)]
pub(crate) struct WithSession {
    people: Arc<People>,
    browsers: Vec<Browser>,
    turn: AtomicUsize,
}

impl WithSession {
    /// Signs so many people in, each in a browser of their own.
    pub(crate) async fn open(server: &Server, people: &Arc<People>, count: usize) -> Outcome<Self> {
        let mut connection = Connection::open(server.address).await?;
        let mut browsers = Vec::new();
        for person in people.all.iter().take(count) {
            let mut browser = Browser::new(&people.host);
            let asked = people.ask(ONLINE);
            let address = people.sign_in((&mut browser, &mut connection), &asked, person).await?;
            let tokens = people.redeem(&mut connection, &asked, &address).await?;
            if !tokens.id_holds(&format!("\"sub\":\"{}\"", person.id))? {
                return Err("an ID token is about somebody else".into());
            }
            browsers.push(browser);
        }
        Ok(Self { people: Arc::clone(people), browsers, turn: AtomicUsize::new(0) })
    }

    /// Those who are signed in, each in their browser.
    pub(crate) fn browsers(&self) -> impl Iterator<Item = (&Browser, &Person)> {
        self.browsers.iter().zip(&self.people.all)
    }

    /// One access token for each of those who are signed in, with the user id.
    pub(crate) async fn access_tokens(&self, server: &Server) -> Outcome<Vec<(String, String)>> {
        let mut connection = Connection::open(server.address).await?;
        let mut tokens = Vec::new();
        for (browser, person) in self.browsers.iter().zip(&self.people.all) {
            let token = self.once(&mut connection, browser, ONLINE).await?.0;
            tokens.push((token, person.id.clone()));
        }
        Ok(tokens)
    }

    /// So many families of refresh tokens, spread over those who are signed in.
    async fn families(&self, server: &Server, count: usize) -> Outcome<VecDeque<Family>> {
        let mut connection = Connection::open(server.address).await?;
        let mut families = VecDeque::new();
        for browser in self.browsers.iter().cycle().take(count) {
            let (access, current) = self.once(&mut connection, browser, OFFLINE).await?;
            families.push_back(Family { access, used: String::new(), current });
        }
        Ok(families)
    }

    /// The access token and the refresh token.
    async fn once(
        &self,
        connection: &mut Connection,
        browser: &Browser,
        scope: &str,
    ) -> Outcome<(String, String)> {
        let asked = self.people.ask(scope);
        // A session has one cookie, which stays the same.
        let place: Place = browser.clone().open(connection, &asked.path).await?;
        let tokens = self.people.redeem(connection, &asked, &place.elsewhere()?).await?;
        Ok((tokens.access, tokens.refresh))
    }
}

impl Flow for WithSession {
    fn run<'a>(&'a self, connection: &'a mut Connection) -> Running<'a> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let browser = &self.browsers[turn % self.browsers.len()];
        Box::pin(async move { self.once(connection, browser, ONLINE).await.map(drop) })
    }
}

/// The whole login with a password, each time in a new browser: the request, the page, the form, the code, the tokens.
#[derive(Debug)]
pub(crate) struct WithPassword {
    people: Arc<People>,
    turn: AtomicUsize,
}

impl WithPassword {
    /// Logins of these people in turn.
    pub(crate) fn new(people: &Arc<People>) -> Self {
        Self { people: Arc::clone(people), turn: AtomicUsize::new(0) }
    }

    async fn once(&self, connection: &mut Connection, person: &Person) -> Outcome<()> {
        let mut browser = Browser::new(&self.people.host);
        let asked = self.people.ask(ONLINE);
        let address = self.people.sign_in((&mut browser, connection), &asked, person).await?;
        self.people.redeem(connection, &asked, &address).await.map(drop)
    }
}

impl Flow for WithPassword {
    fn run<'a>(&'a self, connection: &'a mut Connection) -> Running<'a> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        Box::pin(self.once(connection, &self.people.all[turn % self.people.all.len()]))
    }
}

/// A family of refresh tokens.
#[derive(Debug)]
struct Family {
    access: String,
    /// The token before; empty until the first exchange.
    used: String,
    current: String,
}

/// Exchanges of refresh tokens, each of them used once.
#[derive(Debug)]
pub(crate) struct Refreshing {
    people: Arc<People>,
    families: Mutex<VecDeque<Family>>,
}

/// What came of refresh tokens that were presented twice.
#[derive(Debug, Default)]
pub(crate) struct Replays {
    /// How many were presented.
    pub(crate) tried: u32,
    /// How many of them gave tokens: none may.
    pub(crate) accepted: u32,
    /// Families that went on afterwards: none may.
    pub(crate) alive: u32,
}

impl Refreshing {
    /// Families for [`REFRESHING`] connections.
    pub(crate) async fn begin(server: &Server, sessions: &WithSession) -> Outcome<Self> {
        let families = sessions.families(server, REFRESHING * FAMILIES_EACH).await?;
        Ok(Self { people: Arc::clone(&sessions.people), families: Mutex::new(families) })
    }

    fn take(&self) -> Outcome<Family> {
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        families.pop_front().ok_or_else(|| "no family of refresh tokens is left".into())
    }

    async fn once(&self, connection: &mut Connection) -> Outcome<()> {
        let family = self.take()?;
        let tokens = self.people.refresh(connection, &family.current).await?;
        if tokens.refresh == family.current || tokens.access == family.access {
            return Err("a refreshed token is the same as before".into());
        }
        let family = Family { access: tokens.access, used: family.current, current: tokens.refresh };
        self.families.lock().unwrap_or_else(PoisonError::into_inner).push_back(family);
        Ok(())
    }

    /// Presents used tokens again, then the good ones of the same families; and good ones twice at the same moment.
    pub(crate) async fn replay(&self, address: SocketAddr) -> Outcome<Replays> {
        let mut replays = Replays::default();
        let (mut one, mut two) = (Connection::open(address).await?, Connection::open(address).await?);
        for _ in 0..REPLAYED {
            let family = self.take()?;
            if family.used.is_empty() {
                return Err("too few refresh tokens were exchanged to present one again".into());
            }
            replays.tried += 1;
            replays.accepted += u32::from(self.gives_tokens(&mut one, &family.used).await?);
            replays.alive += u32::from(self.gives_tokens(&mut one, &family.current).await?);
        }
        for _ in 0..REPLAYED {
            let family = self.take()?;
            replays.tried += 1;
            let (first, second) = tokio::join!(
                self.gives_tokens(&mut one, &family.current),
                self.gives_tokens(&mut two, &family.current)
            );
            replays.accepted += u32::from(first? && second?);
        }
        Ok(replays)
    }

    async fn gives_tokens(&self, connection: &mut Connection, token: &str) -> Outcome<bool> {
        let answer = self.people.try_refresh(connection, token).await?;
        match answer.status {
            200 => Ok(true),
            400 | 401 | 403 => Ok(false),
            _ => Err(format!("a used refresh token was answered with {}", answer.told()).into()),
        }
    }
}

impl Flow for Refreshing {
    fn run<'a>(&'a self, connection: &'a mut Connection) -> Running<'a> {
        Box::pin(self.once(connection))
    }
}
