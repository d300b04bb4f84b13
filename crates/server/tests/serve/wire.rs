//! HTTP by hand: what is sent is what the test says.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use crate::process::PATIENCE;

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(is, _)| is == name)
            .map(|(_, value)| value.as_str())
    }

    /// The exception's name, without its namespace.
    pub fn exception(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let kind = body["__type"].as_str().unwrap_or_default();
        kind.rsplit('#').next().unwrap_or_default().to_owned()
    }
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// The bytes of a call.
pub fn request(address: SocketAddr, operation: &str, input: &Value) -> Vec<u8> {
    let body = input.to_string();
    format!(
        "POST / HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-amz-json-1.0\r\n\
         X-Amz-Target: AWSStepFunctions.{operation}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub fn call(address: SocketAddr, operation: &str, input: &Value) -> Answer {
    raw(address, &request(address, operation, input)).expect("an answer")
}

pub fn get(address: SocketAddr, path: &str) -> Answer {
    let text = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    raw(address, text.as_bytes()).expect("an answer")
}

/// Sends bytes over a connection of their own; `None` when it is closed without an answer.
pub fn raw(address: SocketAddr, bytes: &[u8]) -> Option<Answer> {
    let mut stream = connect(address);
    // It may be refused before it is all sent.
    let _ = stream.write_all(bytes);
    read_answer(&mut stream)
}

/// Reads one answer; `None` when the connection ends first.
pub fn read_answer(stream: &mut TcpStream) -> Option<Answer> {
    let mut bytes = Vec::new();
    let head_bytes = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if !read_more(stream, &mut bytes, 1) {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_bytes].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    while bytes.len() < head_bytes + length {
        let missing = head_bytes + length - bytes.len();
        if !read_more(stream, &mut bytes, missing) {
            return None;
        }
    }
    let body = String::from_utf8(bytes[head_bytes..head_bytes + length].to_vec()).unwrap();
    Some(Answer {
        status,
        headers,
        body,
    })
}

/// Whether the other side closes without another byte.
pub fn is_closed(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0; 1]) {
        Ok(0) => true,
        Ok(_) => false,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

/// Not more than belongs to the answer: the next one may be right behind it.
fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>, at_most: usize) -> bool {
    let mut chunk = vec![0; at_most];
    match stream.read(&mut chunk) {
        Ok(0) => false,
        Ok(count) => {
            bytes.extend_from_slice(&chunk[..count]);
            true
        }
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => false,
        Err(error) => panic!("no answer: {error}"),
    }
}
