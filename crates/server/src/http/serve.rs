//! Connections: accepted, spoken to in HTTP/1.1 or HTTP/2, with or without TLS, finished before the end.
//!
//! Must never let one bad connection stop the others, nor wait for ever on a silent one.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use super::alarm::Alarms;
use super::tls::Offer;

/// The address that a connection comes from.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// How long a client may take for the head of a request, and for the TLS handshake.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the body of a request may take, also one byte at a time.
pub const BODY_PATIENCE: Duration = Duration::from_secs(30);
/// How long requests in flight may take once the server is told to stop.
const LAST_CALL: Duration = Duration::from_secs(30);

/// Serves what `answer` answers until `stop` resolves, then finishes what is in flight.
pub async fn serve<A, F>(listener: TcpListener, tls: Option<Offer>, answer: A, stop: impl Future<Output = ()>)
where
    A: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let mut stop = std::pin::pin!(stop);
    let graceful = GracefulShutdown::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: wait for some to come free.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let _ = stream.set_nodelay(true);
        let watcher = graceful.watcher();
        let (answer, tls) = (answer.clone(), tls.clone());
        tokio::spawn(async move {
            match tls {
                None => connection(stream, peer, answer, watcher).await,
                Some(offer) => {
                    if let Some(stream) = handshake(&offer, stream).await {
                        connection(stream, peer, answer, watcher).await;
                    }
                }
            }
        });
    }
    drop(listener);
    tracing::info!("stopping: finishing the requests in flight");
    if tokio::time::timeout(LAST_CALL, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

async fn handshake(offer: &Offer, stream: TcpStream) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    match tokio::time::timeout(PATIENCE, offer.accept(stream)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_) => None,
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(Alarms::default()).header_read_timeout(PATIENCE);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(PATIENCE))
        .max_concurrent_streams(256)
        .max_header_list_size(64 * 1024);
    builder
}

async fn connection<S, A, F>(stream: S, peer: SocketAddr, answer: A, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: Fn(Request) -> F + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let spoken = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&spoken);
    let service = service_fn(move |mut request: Request<Incoming>| {
        heard.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(Peer(peer));
        let answering = answer(request.map(Body::new));
        async move { Ok::<_, Infallible>(answering.await) }
    });
    let builder = builder();
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(watcher.watch(serving.into_owned()));
    // hyper waits for ever for the first bytes, from which it learns the version of HTTP.
    let outcome = tokio::select! {
        biased;
        outcome = &mut serving => outcome,
        () = tokio::time::sleep(PATIENCE) => {
            if !spoken.load(Ordering::Relaxed) {
                return;
            }
            serving.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "a connection ended badly");
    }
}
