//! Against a small S3 that this test plays itself, and that fails when it is told to.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Mutex, MutexGuard};

use crate::items::{Buckets, Objects, Position, Reader, Source};
use crate::{Endpoints, Functions, HttpSettings, OutboundOptions};

use super::*;

/// What it holds, and what was asked of it.
#[derive(Default)]
struct Held {
    objects: BTreeMap<String, Vec<u8>>,
    parts: BTreeMap<u32, Vec<u8>>,
    asked: Vec<String>,
    /// So many requests are broken off before one is answered.
    to_break: u32,
    /// A change of all objects before the request of this number.
    change_before: Option<usize>,
    page: usize,
}

#[derive(Clone)]
struct Fake(Arc<Mutex<Held>>);

struct Heard {
    method: String,
    key: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Fake {
    fn start() -> (Fake, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("s3=http://{}", listener.local_addr().unwrap());
        let fake = Fake(Arc::default());
        fake.held().page = 1_000;
        let shared = fake.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let fake = shared.clone();
                std::thread::spawn(move || fake.serve(stream.unwrap()));
            }
        });
        (fake, address)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap()
    }

    fn put(&self, key: &str, bytes: impl Into<Vec<u8>>) {
        self.held().objects.insert(key.to_owned(), bytes.into());
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream);
        while let Some(heard) = heard(&mut reader) {
            {
                let mut held = self.held();
                if held.to_break > 0 {
                    held.to_break -= 1;
                    return;
                }
                let text = format!(
                    "{} {} {:?}",
                    heard.method,
                    heard.key,
                    heard.headers.get("range")
                );
                held.asked.push(text);
                if held.change_before == Some(held.asked.len()) {
                    held.objects.values_mut().for_each(|bytes| bytes.push(b' '));
                }
            }
            let (status, headers, body) = self.answer(&heard);
            let mut text = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                text += &format!("{name}: {value}\r\n");
            }
            let mut bytes = (text + "\r\n").into_bytes();
            bytes.extend(body);
            reader.get_mut().write_all(&bytes).unwrap();
        }
    }

    fn answer(&self, heard: &Heard) -> (u16, Vec<(&'static str, String)>, Vec<u8>) {
        let mut held = self.held();
        let number = |name: &str| heard.query.get(name).and_then(|text| text.parse().ok());
        match (heard.method.as_str(), heard.key.as_str()) {
            ("GET", "") => (200, Vec::new(), list(&held, &heard.query)),
            ("GET", key) => get(held.objects.get(key), &heard.headers),
            ("PUT", _) if heard.query.contains_key("partNumber") => {
                let number = number("partNumber").unwrap();
                held.parts.insert(number, heard.body.clone());
                (200, vec![("etag", format!("\"{number}\""))], Vec::new())
            }
            ("PUT", key) => {
                held.objects.insert(key.to_owned(), heard.body.clone());
                (200, vec![("etag", "\"e\"".to_owned())], Vec::new())
            }
            ("POST", _) if heard.query.contains_key("uploads") => {
                let body = "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>";
                (200, Vec::new(), body.into())
            }
            ("POST", key) => {
                let parts = std::mem::take(&mut held.parts);
                held.objects
                    .insert(key.to_owned(), parts.into_values().flatten().collect());
                let body = "<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>";
                (200, Vec::new(), body.into())
            }
            ("DELETE", _) => {
                held.parts.clear();
                (204, Vec::new(), Vec::new())
            }
            other => panic!("{other:?}"),
        }
    }
}

fn heard(reader: &mut BufReader<TcpStream>) -> Option<Heard> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.to_owned()),
            None => break,
        };
    }
    let length = headers
        .get("content-length")
        .map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (_, key) = path[1..].split_once('/').unwrap_or_default();
    let decoded = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8()
            .unwrap()
            .into_owned()
    };
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    };
    Some(Heard {
        method,
        key: decoded(key),
        query: query.split('&').map(pair).collect(),
        headers,
        body,
    })
}

fn get(
    object: Option<&Vec<u8>>,
    headers: &BTreeMap<String, String>,
) -> (u16, Vec<(&'static str, String)>, Vec<u8>) {
    let error = |status, code: &str| {
        let body = format!("<Error><Code>{code}</Code><Message>said {code}</Message></Error>");
        (status, Vec::new(), body.into_bytes())
    };
    let Some(object) = object else {
        return error(404, "NoSuchKey");
    };
    let etag = format!("\"{}\"", object.len());
    if headers
        .get("if-match")
        .is_some_and(|wanted| *wanted != etag)
    {
        return error(412, "PreconditionFailed");
    }
    let range = headers["range"]
        .strip_prefix("bytes=")
        .unwrap()
        .split_once('-')
        .unwrap();
    let (first, last): (usize, usize) = (range.0.parse().unwrap(), range.1.parse().unwrap());
    if first >= object.len() {
        return error(416, "InvalidRange");
    }
    let last = last.min(object.len() - 1);
    let range = format!("bytes {first}-{last}/{}", object.len());
    let headers = vec![("etag", etag), ("content-range", range)];
    (206, headers, object[first..=last].to_vec())
}

fn list(held: &Held, query: &BTreeMap<String, String>) -> Vec<u8> {
    let after = query.get("start-after").cloned().unwrap_or_default();
    let prefix = query.get("prefix").cloned().unwrap_or_default();
    let keys = held
        .objects
        .iter()
        .filter(|(key, _)| **key > after && key.starts_with(&prefix));
    let keys: Vec<_> = keys.take(held.page + 1).collect();
    let mut body = format!(
        "<ListBucketResult><IsTruncated>{}</IsTruncated>",
        keys.len() > held.page
    );
    for (key, bytes) in keys.iter().take(held.page) {
        let key = key.replace('&', "&amp;");
        body += &format!(
            "<Contents><Key>{key}</Key><Size>{}</Size><ETag>&quot;e&quot;</ETag>\
             <LastModified>2026-01-02T03:04:05.000Z</LastModified>\
             <StorageClass>STANDARD</StorageClass></Contents>",
            bytes.len()
        );
    }
    (body + "</ListBucketResult>").into_bytes()
}

/// A runtime, and the objects that it drives requests to.
fn objects(endpoint: &str) -> (tokio::runtime::Runtime, Objects) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
    let options = OutboundOptions {
        endpoints: Endpoints::default().with(&endpoint.parse().unwrap()),
        region: "us-east-1".to_owned(),
        clock: std::time::SystemTime::now,
        ticks: std::time::Instant::now,
        http: HttpSettings::default(),
        functions: Functions::default(),
        connections: crate::Connections::default(),
    };
    let outbound = {
        let _inside = runtime.enter();
        Outbound::new(options).unwrap()
    };
    let objects = Objects::new(Buckets::default(), outbound, runtime.handle().clone());
    (runtime, objects)
}

fn get_source(key: &str, config: Value) -> Source {
    let arguments = json!({"Bucket": "bucket", "Key": key});
    Source::read("arn:aws:states:::s3:getObject", &arguments, &config).unwrap()
}

fn lines(count: usize) -> Vec<u8> {
    let rest = "x".repeat(130);
    let line = |number| {
        format!(
            "{{\"n\": {number}, \"rest\": \"{rest}\"}}
"
        )
    };
    (0..count).map(line).collect::<String>().into_bytes()
}

#[test]
fn a_large_object_is_read_in_parts_and_parts_are_asked_for_again() {
    let (fake, endpoint) = Fake::start();
    let (_runtime, objects) = objects(&endpoint);
    fake.put("lines.jsonl", lines(60_000));
    let size = fake.held().objects["lines.jsonl"].len() as u64;
    fake.held().to_break = 2;
    let source = get_source("lines.jsonl", json!({"InputType": "JSONL"}));
    let mut reader = Reader::open(&objects, source.clone(), &Position::default()).unwrap();
    let mut position = reader.next(1, usize::MAX).unwrap().position;
    fake.held().to_break = 3;
    let mut count = 1;
    loop {
        // Another reader at some of the positions, as after a restart.
        if count > 20_000 && count < 40_000 {
            reader = Reader::open(&objects, source.clone(), &position).unwrap();
        }
        let batch = reader.next(10_000, usize::MAX).unwrap();
        if let Some(item) = batch.items.first() {
            assert_eq!(item.document.value()["n"], count);
        }
        count += batch.items.len();
        position = batch.position;
        if batch.end {
            break;
        }
    }
    assert_eq!(count, 60_000);
    let parts = size.div_ceil(PART_BYTES) as usize;
    let asked = fake.held().asked.len();
    assert!((parts..=parts + 4).contains(&asked), "{parts} {asked}");
}

#[test]
fn an_object_that_changes_in_the_middle_is_noticed() {
    let (fake, endpoint) = Fake::start();
    let (_runtime, objects) = objects(&endpoint);
    fake.put("lines.jsonl", lines(60_000));
    fake.held().change_before = Some(2);
    let source = get_source("lines.jsonl", json!({"InputType": "JSONL"}));
    let mut reader = Reader::open(&objects, source, &Position::default()).unwrap();
    let error = reader.next(usize::MAX, usize::MAX).unwrap_err();
    assert_eq!(error.error, "States.ItemReaderFailed");
    assert_eq!(
        error.cause,
        "bucket/lines.jsonl was changed while its items were being read."
    );
}

#[test]
fn what_is_empty_or_missing_is_told_apart() {
    let (fake, endpoint) = Fake::start();
    let (_runtime, objects) = objects(&endpoint);
    fake.put("empty", "");
    let source = get_source("empty", json!({"InputType": "CSV"}));
    let mut reader = Reader::open(&objects, source, &Position::default()).unwrap();
    assert!(reader.next(10, 10).unwrap().end);
    let source = get_source("missing", json!({"InputType": "CSV"}));
    let error = Reader::open(&objects, source, &Position::default())
        .err()
        .unwrap();
    assert!(error.cause.starts_with("said NoSuchKey"), "{}", error.cause);
}

#[test]
fn a_list_is_asked_for_page_by_page() {
    let (fake, endpoint) = Fake::start();
    let (_runtime, objects) = objects(&endpoint);
    fake.held().page = 3;
    for number in 0..10 {
        fake.put(&format!("in/{number} & more"), "x");
    }
    fake.put("other", "x");
    let arguments = json!({"Bucket": "bucket", "Prefix": "in/"});
    let source = Source::read("arn:aws:states:::s3:listObjectsV2", &arguments, &json!({})).unwrap();
    let mut reader = Reader::open(&objects, source, &Position::default()).unwrap();
    let batch = reader.next(100, usize::MAX).unwrap();
    assert_eq!(batch.items.len(), 10);
    let expected = json!({
        "Etag": "\"e\"", "Key": "in/9 & more", "LastModified": 1_767_323_045, "Size": 1,
        "StorageClass": "STANDARD",
    });
    assert_eq!(*batch.items[9].document.value(), expected);
}

#[test]
fn an_upload_is_one_request_or_many() {
    let (fake, endpoint) = Fake::start();
    let (runtime, objects) = objects(&endpoint);
    let mut upload = objects.create("bucket", "small.json").unwrap();
    upload.write(b"[1]").unwrap();
    fake.held().to_break = 1;
    upload.finish().unwrap();
    assert_eq!(fake.held().objects["small.json"], b"[1]");
    let large = vec![b'x'; UPLOAD_PART_BYTES * 2 + 5];
    let mut upload = objects.create("bucket", "large.json").unwrap();
    large
        .chunks(1 << 20)
        .for_each(|chunk| upload.write(chunk).unwrap());
    assert_eq!(fake.held().parts.len(), 2);
    assert!(!fake.held().objects.contains_key("large.json"));
    upload.finish().unwrap();
    assert_eq!(fake.held().objects["large.json"].len(), large.len());
    // One that is given up leaves nothing behind.
    let mut upload = objects.create("bucket", "given-up").unwrap();
    upload.write(&large).unwrap();
    drop(upload);
    while fake
        .held()
        .asked
        .iter()
        .all(|asked| !asked.starts_with("DELETE"))
    {
        runtime.block_on(tokio::task::yield_now());
    }
    assert!(!fake.held().objects.contains_key("given-up"));
}
