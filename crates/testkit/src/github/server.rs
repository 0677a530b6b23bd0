//! The sockets of the fake GitHub.

use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, TcpListener as StdListener};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::faults::Fault;
use super::limits::{Budget, Resource, Token};
use super::state::{Door, Received, Reply, State, Way};
use super::world::World;
use super::{Counts, Seen};

/// The largest body that is taken.
const LARGEST: usize = 256 << 20;

/// A strict GitHub with state, on sockets of this machine. Stops when dropped, and fails the test that was at fault.
///
/// It has REST at the root of its address, GraphQL at `/graphql`, uploads at `/uploads`, and the content of release
/// files at a port of its own, as GitHub has them on another host: who sends a token there makes a mistake.
pub struct GithubServer {
    shared: Arc<Shared>,
    base: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl fmt::Debug for GithubServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GithubServer").field("url", &self.base).finish_non_exhaustive()
    }
}

impl GithubServer {
    /// Starts a server with this world.
    ///
    /// # Panics
    /// When no socket can be opened.
    pub fn start(world: World) -> Self {
        let listen = || {
            let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
            listener.set_nonblocking(true).expect("a socket can be asked not to block");
            let port = listener.local_addr().expect("a bound socket has an address").port();
            (listener, format!("http://127.0.0.1:{port}"))
        };
        let ((front, base), (files, files_base)) = (listen(), listen());
        let shared = Arc::new(Shared { state: Mutex::new(State::new(world, &base, &files_base)) });
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || serve(&shared, front, files, stopped)
        });
        Self { shared, base, stop: Some(stop), thread: Some(thread) }
    }

    /// The address of REST, without a slash at its end; GraphQL is at `/graphql` below it.
    pub fn url(&self) -> &str {
        &self.base
    }

    /// The address of uploads, as releases tell it.
    pub fn uploads_url(&self) -> String {
        format!("{}/uploads", self.base)
    }

    /// Looks at the world, or changes it, between two requests.
    pub fn world<R>(&self, look: impl FnOnce(&mut World) -> R) -> R {
        let mut state = self.shared.lock();
        let found = look(&mut state.world);
        state.world.settle();
        found
    }

    /// Every answer takes at least so long.
    pub fn latency(&self, latency: Duration) -> &Self {
        self.shared.lock().latency = latency;
        self
    }

    /// Something goes wrong from now on.
    pub fn inject(&self, fault: Fault) -> &Self {
        self.shared.lock().faults.push(fault);
        self
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) -> &Self {
        self.shared.lock().faults.clear();
        self
    }

    /// From now on a token is needed, and this is one that is accepted: of whom, and with which scopes.
    pub fn token(&self, token: &str, login: &str, scopes: &[&str]) -> &Self {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let mut state = self.shared.lock();
        state.tokens.insert(token.to_owned(), Token { login: login.to_owned(), scopes });
        state.world.user(login);
        drop(state);
        self
    }

    /// Sets a budget.
    pub fn budget(&self, resource: Resource, budget: Budget) -> &Self {
        self.shared.lock().budgets.set(resource, budget);
        self
    }

    /// Reads a budget.
    pub fn budget_of(&self, resource: Resource) -> Budget {
        *self.shared.lock().budgets.get(resource)
    }

    /// All requests so far, in the order in which they came.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.lock().seen.clone()
    }

    /// What was counted so far.
    pub fn counts(&self) -> Counts {
        self.shared.lock().counts()
    }

    /// Counting begins anew.
    pub fn forget_counts(&self) -> &Self {
        let mut state = self.shared.lock();
        state.seen.clear();
        state.generation += 1;
        state.greatest_in_flight = state.in_flight;
        drop(state);
        self
    }

    /// How requests broke the contract so far.
    pub fn violations(&self) -> Vec<String> {
        self.shared.lock().violations.clone()
    }

    /// The same, and forgets them: for tests that break the contract on purpose.
    pub fn take_violations(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.lock().violations)
    }

    /// Stops, and fails when a request broke the contract. Dropping does the same.
    pub fn finish(self) {
        drop(self);
    }
}

impl Drop for GithubServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread may have ended by itself; then nobody listens.
            let _stopped = stop.send(());
        }
        let ended = self.thread.take().map(JoinHandle::join);
        if std::thread::panicking() {
            return;
        }
        assert!(!matches!(ended, Some(Err(_))), "the fake GitHub failed");
        let violations = self.take_violations();
        assert!(violations.is_empty(), "requests broke the contract of GitHub:\n  {}", violations.join("\n  "));
    }
}

/// Serves both sockets until told to stop.
fn serve(shared: &Arc<Shared>, front: StdListener, files: StdListener, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("fake-github")
        .enable_all()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async {
        for (listener, door) in [(front, Door::Front), (files, Door::Files)] {
            let listener = TcpListener::from_std(listener).expect("the socket does not block");
            tokio::spawn(accept(Arc::clone(shared), listener, door));
        }
        // Either somebody says so, or nobody can any more.
        let _told = stopped.await;
    });
    runtime.shutdown_background();
}

async fn accept(shared: Arc<Shared>, listener: TcpListener, door: Door) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&shared), door, request));
            // A connection that ends early is the client's business, or a fault that was asked for.
            let _ended =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Counts a request while it is being answered, also when the client goes away.
struct InFlight {
    shared: Arc<Shared>,
    at: Option<(u64, usize)>,
}

impl InFlight {
    fn enter(shared: &Arc<Shared>, seen: Seen) -> Self {
        let at = Some(shared.lock().enter(seen));
        Self { shared: Arc::clone(shared), at }
    }

    fn leave(mut self, status: u16, bytes_out: usize) {
        if let Some(at) = self.at.take() {
            self.shared.lock().leave(at, Some((status, bytes_out)));
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(at) = self.at.take() {
            self.shared.lock().leave(at, None);
        }
    }
}

async fn answer(shared: Arc<Shared>, door: Door, request: Request<Incoming>) -> Result<Response<Payload>, io::Error> {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str).to_owned();
    let arrived = Instant::now();
    let in_flight = InFlight::enter(&shared, Seen::new(head.method.as_str(), &target, door, arrived));
    let body = Limited::new(body, LARGEST).collect().await.map_err(io::Error::other)?.to_bytes();
    let latency = shared.lock().latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let at = in_flight.at.expect("it has not left");
    let received = Received { method: head.method.to_string(), target, headers: head.headers, body, door, arrived, at };
    let reply = shared.lock().handle(received);
    match reply.way {
        Way::Silent => {
            pending::<Infallible>().await;
        }
        Way::Closed => return Err(io::ErrorKind::ConnectionAborted.into()),
        Way::Late(more) => tokio::time::sleep(more).await,
        Way::Whole | Way::Cut => {}
    }
    in_flight.leave(reply.status, reply.body.len());
    Ok(respond(reply, &head.method))
}

fn respond(reply: Reply, method: &http::Method) -> Response<Payload> {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value.as_str());
    }
    let body = if method == http::Method::HEAD { Bytes::new() } else { Bytes::from(reply.body) };
    let whole = body.len() as u64;
    let sent = if reply.way == Way::Cut { body.slice(..body.len() / 2) } else { body };
    let cut = reply.way == Way::Cut;
    response.body(Payload { sent: Some(sent), rested: false, whole, cut }).expect("the headers of the fake are valid")
}

/// A body that may end before its length.
struct Payload {
    sent: Option<Bytes>,
    rested: bool,
    whole: u64,
    cut: bool,
}

impl Body for Payload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(match self.sent.take() {
            Some(bytes) if !bytes.is_empty() => Some(Ok(Frame::data(bytes))),
            // What was given goes out before the connection breaks.
            _ if self.cut && !std::mem::replace(&mut self.rested, true) => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            _ if self.cut => Some(Err(io::ErrorKind::ConnectionAborted.into())),
            _ => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.whole == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.whole)
    }
}
