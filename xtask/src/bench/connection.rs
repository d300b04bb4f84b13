//! One kept-alive connection: a request, its answer, and so on.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::Failure;

/// Longer than any poll is held.
const READ_TIMEOUT: Duration = Duration::from_secs(90);

/// A connection to the server, opened again when it was closed.
pub struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    sent: Vec<u8>,
    received: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(READ_TIMEOUT))?;
        Ok(Self {
            address,
            stream,
            sent: Vec::new(),
            received: Vec::new(),
        })
    }

    /// Sends one request and waits for its answer: status and body.
    pub fn call(&mut self, operation: &str, body: &str) -> io::Result<(u16, &[u8])> {
        self.send(operation, body)?;
        self.receive()
    }

    /// Sends one request in one piece.
    pub fn send(&mut self, operation: &str, body: &str) -> io::Result<()> {
        let headers = format!(
            "Content-Type: application/x-amz-json-1.0\r\n\
             X-Amz-Target: AWSStepFunctions.{operation}\r\n"
        );
        self.send_to("POST /", &headers, body)
    }

    /// Asks for a page, and waits for it: status and body.
    pub fn get(&mut self, path: &str) -> io::Result<(u16, &[u8])> {
        self.send_to(&format!("GET {path}"), "", "")?;
        self.receive()
    }

    /// What the page of metrics says of one of them that has no labels.
    pub fn gauge(&mut self, name: &str) -> Result<f64, Failure> {
        let (_, page) = self.get("/metrics")?;
        let page = String::from_utf8_lossy(page);
        let value = page
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(value
            .ok_or_else(|| format!("no {name} in /metrics"))?
            .parse()?)
    }

    /// Sends JSON to a path of a server of another kind, and waits for its answer: status and body.
    pub fn post(&mut self, path: &str, body: &str) -> io::Result<(u16, &[u8])> {
        let headers = match body {
            "" => "",
            _ => "Content-Type: application/json\r\n",
        };
        self.send_to(&format!("POST {path}"), headers, body)?;
        self.receive()
    }

    fn send_to(&mut self, what: &str, headers: &str, body: &str) -> io::Result<()> {
        self.sent.clear();
        write!(
            self.sent,
            "{what} HTTP/1.1\r\nHost: {}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )?;
        self.stream.write_all(&self.sent)
    }

    /// Waits for the answer to the request sent before.
    pub fn receive(&mut self) -> io::Result<(u16, &[u8])> {
        self.received.clear();
        let head = loop {
            if let Some(end) = find(&self.received, b"\r\n\r\n") {
                break end + 4;
            }
            self.read_some()?;
        };
        let Some((status, length)) = status_and_length(&self.received[..head]) else {
            let text = String::from_utf8_lossy(&self.received[..head]);
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        };
        while self.received.len() < head + length {
            self.read_some()?;
        }
        Ok((status, &self.received[head..head + length]))
    }

    fn read_some(&mut self) -> io::Result<()> {
        let mut piece = [0; 4096];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => {
                    self.received.extend_from_slice(&piece[..length]);
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// What of an answer's head says how it went, and how many bytes follow it.
fn status_and_length(head: &[u8]) -> Option<(u16, usize)> {
    const LENGTH: &[u8] = b"content-length:";
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.trim().parse().ok();
    let status = number(head.get(9..12)?)?;
    let lines = head.split(|byte| *byte == b'\n');
    let length = lines.filter_map(|line| line.split_at_checked(LENGTH.len()));
    let mut length = length.filter(|(name, _)| name.eq_ignore_ascii_case(LENGTH));
    Some((u16::try_from(status).ok()?, number(length.next()?.1)?))
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len())
        .position(|window| window == wanted)
}
