//! Whatever the bytes, the door answers.

mod samples;

use engine::Operation;
use proptest::prelude::*;

use samples::{door, head, read, request, response, send_bytes};

fn operation() -> impl Strategy<Value = Operation> {
    proptest::sample::select(Operation::ALL)
}

/// A small wrong done to a good body.
#[derive(Clone, Debug)]
enum Mutation {
    Put(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Cut(prop::sample::Index),
    Repeat(prop::sample::Index, prop::sample::Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let hostile = prop_oneof![
        Just(b"null".to_vec()),
        Just(b"[[[[".to_vec()),
        Just(b"1e999999".to_vec()),
        Just(b"-99999999999999999999999".to_vec()),
        Just(b"\\ud800".to_vec()),
        Just(b"\\u0000".to_vec()),
        Just(vec![0xff, 0xfe]),
        Just(b"arn:".to_vec()),
        Just(b"::/:".to_vec()),
        Just("é\u{10ffff}".as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop_oneof![
        (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, with)| Mutation::Put(at, with)),
        (any::<prop::sample::Index>(), hostile).prop_map(|(at, what)| Mutation::Insert(at, what)),
        any::<prop::sample::Index>().prop_map(Mutation::Cut),
        (any::<prop::sample::Index>(), any::<prop::sample::Index>())
            .prop_map(|(from, to)| Mutation::Repeat(from, to)),
    ]
}

fn mutate(body: &mut Vec<u8>, mutation: &Mutation) {
    if body.is_empty() {
        return;
    }
    match mutation {
        Mutation::Put(at, with) => {
            let at = at.index(body.len());
            body[at] = *with;
        }
        Mutation::Insert(at, what) => {
            let at = at.index(body.len());
            body.splice(at..at, what.iter().copied());
        }
        Mutation::Cut(at) => body.truncate(at.index(body.len())),
        Mutation::Repeat(from, to) => {
            let (from, to) = (from.index(body.len()), to.index(body.len()));
            let piece = body[from.min(to)..from.max(to)].to_vec();
            body.splice(to..to, piece);
        }
    }
}

/// Either a request, or an answer that is JSON and says which error it is.
fn check(operation: Operation, body: &[u8]) -> Result<(), TestCaseError> {
    match send_bytes(operation.name(), body) {
        Ok(received) => prop_assert_eq!(received.request.operation(), operation),
        Err(answer) => {
            prop_assert_eq!(answer.status, 400);
            prop_assert!(read(&answer)["__type"].is_string());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn random_bytes(operation in operation(), body: Vec<u8>) {
        check(operation, &body)?;
    }

    #[test]
    fn mutated_requests(
        operation in operation(),
        mutations in prop::collection::vec(mutation(), 1..6),
    ) {
        let mut body = request(operation).to_string().into_bytes();
        for mutation in &mutations {
            mutate(&mut body, mutation);
        }
        check(operation, &body)?;
    }

    #[test]
    fn any_text_for_any_member(operation in operation(), at: prop::sample::Index, text: String) {
        let mut body = request(operation);
        let members = body.as_object_mut().expect("a request is an object");
        let name = members.keys().nth(at.index(members.len())).cloned().expect("within");
        members.insert(name, text.into());
        check(operation, body.to_string().as_bytes())?;
    }

    #[test]
    fn random_heads(method: String, path: String, target: String, kind: String, now_ms: i64) {
        for head in [
            api::Head { method: &method, path: &path, ..head(&target) },
            api::Head { content_type: Some(&kind), ..head("AWSStepFunctions.ListActivities") },
            api::Head { content_encoding: Some(&kind), ..head(&target) },
            api::Head { trace_id: Some(&kind), ..head("AWSStepFunctions.StartExecution") },
        ] {
            if let Err(answer) = door().receive(&head, b"{}", now_ms) {
                prop_assert!(read(&answer)["__type"].is_string());
            }
        }
    }

    #[test]
    fn any_moment_can_be_answered(operation in operation(), now_ms: i64) {
        let body = request(operation).to_string();
        let (_, meta) = send_bytes(operation.name(), body.as_bytes()).expect("good").split();
        read(&door().answer(&meta, Ok(response(operation)), now_ms));
    }
}
