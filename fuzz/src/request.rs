//! A request: its head, line by line, an empty line, its body.
//!
//! The first line is the operation, or a whole `X-Amz-Target`; lines like `method: GET` set the rest
//! of the head. `form` is a form for STS.

use api::{Answer, CONTENT_TYPE, Door, DoorOptions, Head};
use engine::arn::Owner;
use serde_json::Value;

const NOW_MS: i64 = 1_700_000_000_123;

/// Sends the bytes through the door.
pub fn run(data: &[u8]) {
    let Some(seam) = data.windows(2).position(|pair| pair == b"\n\n") else {
        return;
    };
    let (lines, body) = (&data[..seam], &data[seam + 2..]);
    let Ok(lines) = std::str::from_utf8(lines) else {
        return;
    };
    let mut lines = lines.lines();
    let operation = lines.next().unwrap_or_default();
    if operation == "form" {
        return check_form(&door().answer_sts(body, "request-id"));
    }
    let target = match operation.contains('.') {
        true => operation.to_owned(),
        false => format!("AWSStepFunctions.{operation}"),
    };
    let mut head = Head {
        method: "POST",
        path: "/",
        target: Some(&target),
        content_type: Some(CONTENT_TYPE),
        ..Head::default()
    };
    for line in lines {
        let Some((name, value)) = line.split_once(": ") else {
            continue;
        };
        match name {
            "method" => head.method = value,
            "path" => head.path = value,
            "content-type" => head.content_type = Some(value),
            "content-encoding" => head.content_encoding = Some(value),
            "trace" => head.trace_id = Some(value),
            _ => {}
        }
    }
    match door().receive(&head, body, NOW_MS) {
        Ok(received) => {
            let (request, meta) = received.split();
            assert_eq!(request.operation(), meta.operation());
            assert!(target.ends_with(meta.operation().name()));
        }
        Err(answer) => check(&answer),
    }
}

fn check_form(answer: &Answer) {
    assert!(matches!(answer.status, 200 | 400));
    let text = std::str::from_utf8(&answer.body).expect("XML is text");
    let named = text.contains("<RequestId>request-id</RequestId>");
    assert!(named && text.ends_with("Response>\n"), "an answer is whole");
}

fn check(answer: &Answer) {
    assert!((400..500).contains(&answer.status), "the caller's fault");
    if answer.body.is_empty() {
        return;
    }
    let body: Value = serde_json::from_slice(&answer.body).expect("an answer is JSON");
    assert!(body["__type"].is_string(), "an error has a name");
}

fn door() -> Door {
    Door::new(DoorOptions {
        owner: Owner {
            partition: "aws".into(),
            region: "us-east-1".into(),
            account: "123456789012".into(),
        },
        page_key: [7; 32],
        limits: api::DoorLimits::default(),
    })
}
