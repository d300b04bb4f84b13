//! The same items wherever the bytes are cut, and from wherever a reader goes on.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::items::source::Headers;
use crate::items::tape::Tape;

/// Gives so many bytes at a time.
struct Crumbs(Cursor<Vec<u8>>, usize);

impl Read for Crumbs {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(self.1);
        self.0.read(&mut into[..most])
    }
}

fn open(
    format: &Format,
    bytes: &[u8],
    crumb: usize,
    mark: Option<Mark>,
) -> Result<Box<dyn Items>, String> {
    let mut tape = |offset| {
        let mut cursor = Cursor::new(bytes.to_vec());
        cursor.seek(SeekFrom::Start(offset)).unwrap();
        Ok(Tape::new(Box::new(Crumbs(cursor, crumb)), offset))
    };
    text(format, &mut tape, mark).map_err(|error| error.cause)
}

/// All items, each with the mark behind it, and the error that ended them.
fn all(
    format: &Format,
    bytes: &[u8],
    crumb: usize,
    mark: Option<Mark>,
) -> (Vec<(Found, Mark)>, Option<String>) {
    let mut items = match open(format, bytes, crumb, mark) {
        Ok(items) => items,
        Err(cause) => return (Vec::new(), Some(cause)),
    };
    let mut found = Vec::new();
    loop {
        match items.next() {
            Ok(Some(item)) => found.push((item, items.mark())),
            Ok(None) => return (found, None),
            Err(error) => return (found, Some(error.cause)),
        }
    }
}

/// Reads a text in several ways, which must all give the same.
fn same(format: &Format, bytes: &[u8]) -> (Vec<Value>, Option<String>) {
    let whole = all(format, bytes, usize::MAX, None);
    for crumb in [1, 2, 3, 7] {
        assert_eq!(
            all(format, bytes, crumb, None),
            whole,
            "{crumb} bytes at a time"
        );
    }
    for (number, (_, mark)) in whole.0.iter().enumerate() {
        let (rest, error) = all(format, bytes, 5, Some(*mark));
        assert_eq!(rest, whole.0[number + 1..], "after item {number}");
        assert_eq!(error, whole.1, "after item {number}");
    }
    let values = whole.0.into_iter().map(|(found, _)| found.value).collect();
    (values, whole.1)
}

fn csv(headers: Headers) -> Format {
    Format::Csv {
        delimiter: b',',
        headers,
    }
}

fn given(names: &[&str]) -> Format {
    csv(Headers::Given(
        names.iter().map(|&name| name.into()).collect(),
    ))
}

fn json_at(pointer: &str) -> Format {
    Format::Json {
        pointer: pointer.to_owned(),
    }
}

#[test]
fn rows_are_as_recorded_from_aws() {
    let rows = "Value4,Value5,Value6\n,,,\ntrue,1,'HelloWorld'\nNull,None,\n   \n";
    let expected = [
        ["Value4", "Value5", "Value6"],
        ["", "", ""],
        ["true", "1", "'HelloWorld'"],
        ["Null", "None", ""],
        ["   ", "", ""],
    ];
    for names in [
        &["H1", "H2", "H3"][..],
        &["H1"],
        &["0", "True", "{}"],
        &["H1", ""],
    ] {
        let items: Vec<Value> = expected
            .iter()
            .map(|row| {
                names
                    .iter()
                    .map(|n| n.to_string())
                    .zip(row.map(Value::from))
                    .collect()
            })
            .collect();
        assert_eq!(same(&given(names), rows.as_bytes()), (items.clone(), None));
        let text = format!("{}\n{rows}", names.join(","));
        assert_eq!(
            same(&csv(Headers::FirstRow), text.as_bytes()),
            (items, None)
        );
    }
}

#[test]
fn rows_are_quoted_and_end_in_several_ways() {
    let text = "\u{feff}a,b\r\n\"x, \"\"y\"\"\",\"1\n2\"\r\n\r\n\nlast,3";
    let expected = vec![
        json!({"a": "x, \"y\"", "b": "1\n2"}),
        json!({"a": "last", "b": "3"}),
    ];
    assert_eq!(
        same(&csv(Headers::FirstRow), text.as_bytes()),
        (expected, None)
    );
    let tabs = Format::Csv {
        delimiter: b'\t',
        headers: Headers::FirstRow,
    };
    assert_eq!(
        same(&tabs, b"a\tb\n1,2\t3").0,
        [json!({"a": "1,2", "b": "3"})]
    );
    assert_eq!(same(&csv(Headers::FirstRow), b""), (vec![], None));
    assert_eq!(same(&csv(Headers::FirstRow), b"a,b\n"), (vec![], None));
}

#[test]
fn rows_that_cannot_be_items_say_why() {
    let twice = Some("CSV headers cannot contain duplicates.".to_owned());
    assert_eq!(
        same(&csv(Headers::FirstRow), b"a,a\n1,2"),
        (vec![], twice.clone())
    );
    assert_eq!(same(&given(&["a", "b", "a"]), b"1"), (vec![], twice));
    let (items, error) = same(&given(&["a"]), b"1\n\xff\n");
    assert_eq!(items, [json!({"a": "1"})]);
    assert_eq!(error.unwrap(), "The CSV row at byte 2 is not valid UTF-8.");
    let long = vec![b'x'; ITEM_BYTES_MAX + 1];
    let (_, error) = all(&given(&["a"]), &long, usize::MAX, None);
    assert!(error.unwrap().contains("more than 8388608 bytes"));
}

#[test]
fn lines_are_values() {
    let text = "{\"a\": 1}\n\n  [2]  \r\n\"x\"\nnull\n5";
    let expected = vec![
        json!({"a": 1}),
        json!([2]),
        json!("x"),
        json!(null),
        json!(5),
    ];
    assert_eq!(same(&Format::JsonLines, text.as_bytes()), (expected, None));
    let (items, error) = same(&Format::JsonLines, b"1\n{\n2");
    assert_eq!(items, [json!(1)]);
    assert!(
        error
            .unwrap()
            .starts_with("Invalid JSON in the item at byte 2: EOF")
    );
}

#[test]
fn arrays_and_objects_are_found_by_a_pointer() {
    let text = br#" {"a": [1, "]}", {"b": [[], {"c\"": {}}]}], "": {"m~/n": {"x": 1.50, "y": []}},
        "t": true} "#;
    let pair = |key: &str, value: Value| json!({"Key": key, "Value": value});
    for (pointer, expected) in [
        (
            "/a",
            vec![json!(1), json!("]}"), json!({"b": [[], {"c\"": {}}]})],
        ),
        ("/a/2/b", vec![json!([]), json!({"c\"": {}})]),
        ("/a/2/b/1/c\"", vec![]),
        (
            "//m~0~1n",
            vec![
                pair("x", serde_json::from_str("1.50").unwrap()),
                pair("y", json!([])),
            ],
        ),
    ] {
        assert_eq!(same(&json_at(pointer), text), (expected, None), "{pointer}");
    }
    let (items, error) = same(&json_at(""), text);
    assert_eq!((items.len(), error), (3, None));
    assert_eq!(items[2], pair("t", json!(true)));
    for (pointer, why) in [
        ("/b", "points to nothing"),
        ("/a/3", "points to nothing"),
        ("/a/01", "points to nothing"),
        ("/a/x", "points to nothing"),
        ("/t/x", "points to nothing"),
        ("a", "is no JSON Pointer"),
        ("/t", "Attempting to map over non-iterable node."),
        ("/a/0", "Attempting to map over non-iterable node."),
    ] {
        let (items, error) = same(&json_at(pointer), text);
        assert_eq!(items, Vec::<Value>::new());
        assert!(
            error.as_ref().unwrap().contains(why),
            "{pointer}: {error:?}"
        );
    }
}

#[test]
fn broken_json_says_where() {
    for (text, items, why) in [
        ("", 0, "byte 0: unexpected nothing"),
        ("[1, 2", 2, "byte 5: unexpected its end"),
        ("[1 2]", 1, "byte 3: unexpected '2'"),
        ("[1,]", 1, "item at byte 3"),
        ("[,1]", 0, "item at byte 1"),
        ("[1}", 1, "byte 2: unexpected '}'"),
        ("[1] x", 1, "byte 4: unexpected something after it"),
        ("[\"a", 0, "unexpected its end"),
        ("{\"a\" 1}", 0, "byte 5"),
        ("{1: 1}", 0, "unexpected value for a name"),
        ("[tru]", 0, "item at byte 1"),
    ] {
        let (found, error) = same(&json_at(""), text.as_bytes());
        let error = error.unwrap_or_default();
        assert_eq!(found.len(), items, "{text}");
        assert!(error.contains(why), "{text}: {error}");
    }
    let long = format!("[\"{}\"]", "x".repeat(ITEM_BYTES_MAX));
    let (_, error) = all(&json_at(""), long.as_bytes(), usize::MAX, None);
    assert!(error.unwrap().contains("more than 8388608 bytes"));
    // What is stepped over may be as large as it likes.
    let long = format!("{{\"skipped\": {long}, \"a\": [1]}}");
    assert_eq!(
        all(&json_at("/a"), long.as_bytes(), usize::MAX, None)
            .0
            .len(),
        1
    );
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a\\\\\"{}\\[\\],: \u{1}é\u{1F600}]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-c\"\\\\]{0,3}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_array_gives_its_values(values in prop::collection::vec(value(), 0..6), pretty: bool) {
        let array = Value::from(values.clone());
        let text = if pretty { format!("{array:#}") } else { array.to_string() };
        prop_assert_eq!(same(&json_at(""), text.as_bytes()), (values.clone(), None));
        let text = json!({"no": values, "yes": array}).to_string();
        prop_assert_eq!(same(&json_at("/yes"), text.as_bytes()), (values.clone(), None));
        let lines: Vec<String> = values.iter().map(Value::to_string).collect();
        prop_assert_eq!(same(&Format::JsonLines, lines.join("\n").as_bytes()), (values, None));
    }

    #[test]
    fn every_table_gives_its_rows(
        rows in prop::collection::vec(prop::collection::vec("[a,\"\r\n é]{0,5}", 2), 0..6),
        crlf: bool,
    ) {
        let quoted = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = format!("x,y{end}");
        let mut expected = Vec::new();
        for row in &rows {
            text += &format!("{},{}{end}", quoted(&row[0]), quoted(&row[1]));
            expected.push(json!({"x": row[0], "y": row[1]}));
        }
        prop_assert_eq!(same(&csv(Headers::FirstRow), text.as_bytes()), (expected, None));
    }

    /// Whatever the bytes are, nothing panics, and how they are cut makes no difference.
    #[test]
    fn any_bytes_are_read_in_one_way(
        bytes in "[\\[\\]{}\",:\\\\a1\n\r \u{feff}]{0,40}",
        which in 0..4_usize,
    ) {
        let format = match which {
            0 => csv(Headers::FirstRow),
            1 => given(&["a", "b"]),
            2 => Format::JsonLines,
            _ => json_at(""),
        };
        same(&format, bytes.as_bytes());
    }
}
