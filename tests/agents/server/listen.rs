//! Takes requests on a port of its own and answers them one by one, as the test says.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use serde_json::Value;

use super::answer::{Answer, Step, say};
use super::dialect::Dialect;
use super::http::{self, Request};

/// It listens until it is dropped.
pub(crate) struct Server {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    play: Mutex<Play>,
}

/// The answers, and the requests that have taken one.
#[derive(Default)]
struct Play {
    steps: Vec<Step>,
    taken: usize,
    asked: Vec<Value>,
}

impl Server {
    /// Listens on a free port of loopback.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("listen on loopback");
        let port = listener.local_addr().expect("a bound address").port();
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        thread::spawn(move || own.listen(&listener));
        Self { port, shared }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Answers the next requests so, from the first of these on.
    pub(crate) fn answer(&self, steps: impl IntoIterator<Item = Step>) {
        let mut play = self.shared.play();
        (play.steps, play.taken) = (steps.into_iter().collect(), 0);
    }

    /// The requests that offered a shell, oldest first.
    pub(crate) fn asked(&self) -> Vec<Value> {
        self.shared.play().asked.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        // Wakes the listener; if it cannot be reached it has ended.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

impl Shared {
    fn play(&self) -> MutexGuard<'_, Play> {
        self.play.lock().expect("no thread panics with it")
    }

    fn listen(self: &Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            let (own, Ok(stream)) = (Arc::clone(self), stream) else { continue };
            // A client may go at any moment; that is its own affair.
            thread::spawn(move || own.serve(&stream));
        }
    }

    fn serve(&self, stream: &TcpStream) -> io::Result<()> {
        let Some(Request { method, path, body }) = http::read(stream)? else { return Ok(()) };
        let dialect = Dialect::of(&path).filter(|_| method == "POST");
        let (Some(dialect), Ok(body)) = (dialect, serde_json::from_slice::<Value>(&body)) else {
            return http::respond(stream, 404, &[], r#"{"error":{"message":"nothing is here"}}"#);
        };
        let step = match dialect.offers_a_shell(&body) {
            true => self.next(body),
            false => say("Words"),
        };
        perform(stream, dialect, &step)
    }

    fn next(&self, body: Value) -> Step {
        let mut play = self.play();
        play.asked.push(body);
        let at = play.taken.min(play.steps.len() - 1);
        play.taken += 1;
        play.steps[at].clone()
    }
}

fn perform(stream: &TcpStream, dialect: Dialect, step: &Step) -> io::Result<()> {
    let begin = || {
        http::begin_stream(stream)?;
        let events = dialect.events(&Answer { words: "I begin.".to_owned(), command: None });
        events[..events.len() / 2].iter().try_for_each(|event| http::send(stream, event))
    };
    match step {
        Step::Answer(answer) => {
            http::begin_stream(stream)?;
            dialect.events(answer).iter().try_for_each(|event| http::send(stream, event))?;
            http::end_stream(stream)
        }
        Step::Limited { seconds } => {
            let (headers, body) = dialect.limit(*seconds);
            http::respond(stream, 429, &headers, &body.to_string())
        }
        Step::Overloaded => http::respond(stream, 529, &[], &dialect.error(529, "Overloaded").to_string()),
        Step::Refused => http::respond(stream, 400, &[], &dialect.error(400, "The request is wrong").to_string()),
        Step::NoModel => http::respond(stream, 404, &[], &dialect.no_model().to_string()),
        Step::TooLong => http::respond(stream, 400, &[], &dialect.too_long().to_string()),
        Step::Silent => {
            http::wait_for_the_client_to_go(stream);
            Ok(())
        }
        Step::FallsSilent => {
            begin()?;
            http::wait_for_the_client_to_go(stream);
            Ok(())
        }
        Step::Breaks => begin(),
    }
}
