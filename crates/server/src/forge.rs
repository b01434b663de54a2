//! The forge: makes RSA keys ahead of need, on a thread of its own.
//!
//! A key costs a tenth of a second of a core. It must never be made on a request's thread, inside a
//! transaction, or at start when nobody asked.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use chancery_crypto::rsa::{KeyError, PrivateKey};
use tokio::sync::oneshot;

use crate::background;

/// A source of fresh RSA-2048 keys.
pub trait Forge: Send + Sync {
    /// The next key; waits while one is made if none is ready.
    fn take(&self) -> Pin<Box<dyn Future<Output = Result<PrivateKey, ForgeError>> + Send + '_>>;

    /// Whether nobody waits and the stock is full, so that work which can wait takes nobody's key.
    fn is_idle(&self) -> bool;
}

/// No key could be made.
#[derive(Debug, Clone, thiserror::Error)]
#[error("a key could not be made: {0}")]
pub struct ForgeError(String);

impl From<KeyError> for ForgeError {
    fn from(error: KeyError) -> Self {
        Self(error.to_string())
    }
}

type Waiting = oneshot::Sender<Result<PrivateKey, ForgeError>>;

#[derive(Default)]
struct Stock {
    ready: Vec<PrivateKey>,
    waiting: VecDeque<Waiting>,
    filling: bool,
    closed: bool,
}

struct Shared {
    stock: Mutex<Stock>,
    wake: Condvar,
}

/// Keeps a small stock. Filling begins a while after the start, or as soon as somebody takes a key.
pub struct SystemForge(Arc<Shared>);

/// Keys kept ready.
const STOCK: usize = 4;
/// How much making keys yields to answering; less than signing does, or a rotation would wait for a lull.
const NICENESS: i32 = 5;
/// How long the start is left in peace.
const PATIENCE: Duration = Duration::from_secs(5);

impl SystemForge {
    /// Starts the forge's thread. With `ahead` it fills its stock; without, it makes keys only when asked.
    pub fn start(ahead: bool) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { stock: Mutex::default(), wake: Condvar::new() });
        let worker = Arc::clone(&shared);
        std::thread::Builder::new().name("forge".to_owned()).spawn(move || worker.work(ahead))?;
        Ok(Self(shared))
    }
}

impl Forge for SystemForge {
    fn take(&self) -> Pin<Box<dyn Future<Output = Result<PrivateKey, ForgeError>> + Send + '_>> {
        Box::pin(async move {
            let (answer, key) = oneshot::channel();
            {
                let mut stock = self.0.stock.lock().unwrap_or_else(PoisonError::into_inner);
                stock.filling = true;
                if let Some(key) = stock.ready.pop() {
                    self.0.wake.notify_one();
                    return Ok(key);
                }
                stock.waiting.push_back(answer);
                self.0.wake.notify_one();
            }
            key.await.unwrap_or_else(|_| Err(ForgeError("the server is stopping".to_owned())))
        })
    }

    fn is_idle(&self) -> bool {
        let stock = self.0.stock.lock().unwrap_or_else(PoisonError::into_inner);
        stock.waiting.is_empty() && stock.ready.len() >= STOCK
    }
}

impl Drop for SystemForge {
    fn drop(&mut self) {
        let mut stock = self.0.stock.lock().unwrap_or_else(PoisonError::into_inner);
        stock.closed = true;
        stock.waiting.clear();
        self.0.wake.notify_one();
    }
}

impl Shared {
    fn work(&self, ahead: bool) {
        background::yield_to_others(NICENESS);
        loop {
            let mut stock = self.stock.lock().unwrap_or_else(PoisonError::into_inner);
            loop {
                if stock.closed {
                    return;
                }
                let wanted = !stock.waiting.is_empty();
                if wanted || (ahead && stock.filling && stock.ready.len() < STOCK) {
                    break;
                }
                let (woken, timeout) =
                    self.wake.wait_timeout(stock, PATIENCE).unwrap_or_else(PoisonError::into_inner);
                stock = woken;
                stock.filling |= timeout.timed_out();
            }
            drop(stock);
            let key = PrivateKey::generate().map_err(ForgeError::from);
            let mut stock = self.stock.lock().unwrap_or_else(PoisonError::into_inner);
            let mut key = Some(key);
            // Somebody who gave up waiting must not cost a key.
            while let Some(waiting) = stock.waiting.pop_front() {
                match key.take().map(|key| waiting.send(key)) {
                    Some(Err(unwanted)) => key = Some(unwanted),
                    Some(Ok(())) | None => break,
                }
            }
            match key {
                Some(Ok(key)) => stock.ready.push(key),
                Some(Err(error)) => {
                    tracing::error!(%error, "no signing key could be made");
                    drop(stock);
                    std::thread::sleep(Duration::from_secs(1));
                }
                None => {}
            }
        }
    }
}
