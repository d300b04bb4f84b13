//! An endpoint whose every answer the test gives itself.
//!
//! Each connection has a thread that reads requests and hands them to the test as [`Call`]s; the
//! thread then waits for the test's answer. A call that is dropped without one is hung up on.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// Longest wait for a request that must come: only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// See the module.
pub struct FakeEndpoint {
    url: String,
    calls: Receiver<Call>,
}

/// A request that waits for its answer.
pub struct Call {
    /// The operation's name, without the prefix of the target.
    pub operation: String,
    /// The body.
    pub input: Value,
    headers: BTreeMap<String, String>,
    answer: Sender<(u16, String)>,
}

impl Call {
    /// A header of the request, by its name in small letters.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(String::as_str)
            .unwrap_or_default()
    }

    /// Answers the request.
    pub fn answer(self, status: u16, body: &Value) {
        self.answer.send((status, body.to_string())).unwrap();
    }

    /// Closes the connection instead of answering.
    pub fn hang_up(self) {}
}

impl FakeEndpoint {
    /// Listens at a free port.
    pub fn start() -> FakeEndpoint {
        FakeEndpoint::listen(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// Listens at an address, as a server does that comes back.
    pub fn start_at(address: &SocketAddr) -> FakeEndpoint {
        FakeEndpoint::listen(TcpListener::bind(address).unwrap())
    }

    /// An address where nobody listens.
    pub fn free_address() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
    }

    fn listen(listener: TcpListener) -> FakeEndpoint {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, calls) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let sender = sender.clone();
                thread::spawn(move || serve(stream.unwrap(), &sender));
            }
        });
        FakeEndpoint { url, calls }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The next request.
    pub fn next(&self) -> Call {
        self.calls.recv_timeout(PATIENCE).expect("a request comes")
    }

    /// The next request, which must be of `operation`.
    pub fn next_of(&self, operation: &str) -> Call {
        let call = self.next();
        assert_eq!(call.operation, operation, "{}", call.input);
        call
    }

    /// The next request that is not of `operation`; those that are get an empty answer.
    pub fn next_but(&self, operation: &str) -> Call {
        loop {
            let call = self.next();
            if call.operation != operation {
                return call;
            }
            call.answer(200, &Value::Object(serde_json::Map::new()));
        }
    }

    /// No request is waiting. To be asked when the worker has ended.
    pub fn assert_nothing_more(&self) {
        match self.calls.recv_timeout(Duration::ZERO) {
            Ok(call) => panic!("{} {}", call.operation, call.input),
            Err(error) => assert_eq!(error, RecvTimeoutError::Timeout),
        }
    }
}

/// Reads requests until the client hangs up or the test does.
fn serve(stream: TcpStream, calls: &Sender<Call>) {
    let mut reader = BufReader::new(stream);
    while let Some((headers, body)) = read_request(&mut reader) {
        let (answer, answered) = mpsc::channel();
        let target = headers.get("x-amz-target").cloned().unwrap_or_default();
        let operation = target
            .strip_prefix("AWSStepFunctions.")
            .expect("the target has its prefix");
        let input = serde_json::from_slice(&body).expect("the body is JSON");
        let call = Call {
            operation: operation.to_owned(),
            input,
            headers,
            answer,
        };
        if calls.send(call).is_err() {
            return;
        }
        let Ok((status, body)) = answered.recv() else {
            return;
        };
        let length = body.len();
        let text = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.0\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        if reader.get_mut().write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<(BTreeMap<String, String>, Vec<u8>)> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    assert!(line.starts_with("POST / HTTP/1.1"), "{line}");
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.insert(name.to_lowercase(), value.trim().to_owned()),
            None => break,
        };
    }
    let length = headers
        .get("content-length")?
        .parse()
        .expect("the length is a number");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((headers, body))
}
