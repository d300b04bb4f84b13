use serde_json::Map;

use super::*;

/// Texts and Jackson's words for them, with line and column.
const REFUSED: &[(&str, &str, usize, usize)] = &[
    (
        "not a definition",
        "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
        1,
        4,
    ),
    (
        "{'not': 'json'",
        "Unexpected character (''' (code 39)): was expecting double-quote to start field name",
        1,
        3,
    ),
    ("", "No content to map due to end-of-input", 1, 1),
    ("  \n ", "No content to map due to end-of-input", 2, 2),
    (
        "{\"a\": 1,\n}",
        "Unexpected character ('}' (code 125)): was expecting double-quote to start field name",
        2,
        2,
    ),
    (
        "{\"a\": 1 \"b\": 2}",
        "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries",
        1,
        10,
    ),
    (
        "[1 2]",
        "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries",
        1,
        5,
    ),
    (
        "{\"a\" 1}",
        "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value",
        1,
        7,
    ),
    (
        "{\"a\": 1",
        "Unexpected end-of-input: expected close marker for Object (start marker at [Source: (String)\"{\"a\": 1\"; line: 1, column: 1])",
        1,
        8,
    ),
    (
        "\r\n [",
        "Unexpected end-of-input: expected close marker for Array (start marker at [Source: (String)\"\r\n [\"; line: 2, column: 2])",
        2,
        3,
    ),
    (
        "{\"a\":",
        "Unexpected end-of-input within/between Object entries",
        1,
        6,
    ),
    (
        "[1,",
        "Unexpected end-of-input within/between Array entries",
        1,
        4,
    ),
    ("{\"a", "Unexpected end-of-input in field name", 1, 4),
    (
        "\"a",
        "Unexpected end-of-input: was expecting closing quote for a string value",
        1,
        3,
    ),
    (
        "{\"a\": }",
        "Unexpected character ('}' (code 125)): expected a value",
        1,
        8,
    ),
    (
        "[1,]",
        "Unexpected character (']' (code 93)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
        1,
        5,
    ),
    (
        "[1}",
        "Unexpected close marker '}': expected ']' (for Array starting at [Source: (String)\"[1}\"; line: 1, column: 1])",
        1,
        4,
    ),
    (
        "[truer]",
        "Unrecognized token 'truer': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
        1,
        7,
    ),
    (
        "[NaN]",
        "Non-standard token 'NaN': enable JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to allow",
        1,
        5,
    ),
    (
        "01",
        "Invalid numeric value: Leading zeroes not allowed",
        1,
        3,
    ),
    (
        "[1.]",
        "Unexpected character (']' (code 93)) in numeric value: Decimal point not followed by a digit",
        1,
        5,
    ),
    (
        "[-x]",
        "Unexpected character ('x' (code 120)) in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value",
        1,
        4,
    ),
    (
        "\"\\x\"",
        "Unrecognized character escape 'x' (code 120)",
        1,
        4,
    ),
    (
        "\"\\u12g4\"",
        "Unexpected character ('g' (code 103)): expected a hex-digit for character escape sequence",
        1,
        7,
    ),
    (
        "\"a\nb\"",
        "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in string value",
        2,
        1,
    ),
    (
        "\u{20ac}",
        "Unrecognized token '\u{20ac}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
        1,
        2,
    ),
    (
        "\u{201c}a\u{201d}",
        "Unexpected character ('\u{201c}' (code 8220 / 0x201c)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
        1,
        2,
    ),
    (
        "\"\u{1f600}\" x",
        "Unrecognized token 'x': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
        1,
        7,
    ),
];

#[test]
fn refuses_in_jacksons_words() {
    for (text, message, line, column) in REFUSED {
        let error = check(text).unwrap_err();
        assert_eq!(error.message, *message, "{text}");
        assert_eq!((error.line, error.column), (*line, *column), "{text}");
        assert_eq!(value(text), Err(error), "{text}");
    }
}

#[test]
fn places_are_printed_with_a_snippet() {
    let error = check("not a definition").unwrap_err();
    assert_eq!(
        error.location,
        "[Source: (String)\"not a definition\"; line: 1, column: 4]"
    );
    assert!(
        error
            .to_string()
            .ends_with(&format!("\n at {}", error.location))
    );

    let long = format!("[{}x", "1,".repeat(300));
    let snippet = &long[..500];
    let expected =
        format!("[Source: (String)\"{snippet}\"[truncated 102 chars]; line: 1, column: 603]");
    assert_eq!(check(&long).unwrap_err().location, expected);
}

#[test]
fn an_input_may_be_any_value_but_none() {
    for input in ["2", "\"some text\"", "null", "{}", " [1] "] {
        assert_eq!(check_input(input), Ok(()), "{input}");
    }
    assert_eq!(check_input("").unwrap_err(), "Invalid execution input.");
    assert_eq!(check_input(" ").unwrap_err(), "Invalid execution input.");
}

#[test]
fn values_are_those_of_serde_json() {
    let texts = [
        "{\"b\":1,\"a\":[true,false,null,-0.5e+3,12345678901234567890123]}",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"",
        "{\"a\":1,\"a\":2}",
        "[]",
        "{\"\":\"\"}",
    ];
    for text in texts {
        let expected: Value = serde_json::from_str(text).unwrap();
        assert_eq!(value(text).unwrap(), expected, "{text}");
    }
}

#[test]
fn nesting_is_bounded_where_serde_json_bounds_it() {
    for depth in [DEPTH_MAX - 1, DEPTH_MAX, DEPTH_MAX + 1, 100_000] {
        let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let holds = depth <= DEPTH_MAX;
        assert_eq!(check(&text).is_ok(), holds, "{depth}");
        assert_eq!(
            serde_json::from_str::<Value>(&text).is_ok(),
            holds,
            "{depth}"
        );
    }
    assert_eq!(
        check(&"[".repeat(100_000)).unwrap_err().problem,
        Problem::TooDeep
    );
}

#[test]
fn a_definition_has_no_name_twice() {
    let text = "{\"a\":{\"x\":1,\"y\":2,\"x\":3},\"a\":0}";
    let error = read_definition(text).unwrap_err();
    assert_eq!(error.message, "Duplicate field 'x'");
    assert_eq!((error.problem, error.column), (Problem::Duplicate, 22));
    assert!(check(text).is_ok());
}

#[test]
fn no_name_has_a_second_meaning() {
    // serde_json, asked for a `Value`, takes these for a number and for raw text.
    for name in [
        "$serde_json::private::Number",
        "$serde_json::private::RawValue",
    ] {
        let text = format!("{{\"{name}\":\"1\"}}");
        let read = value(&text).unwrap();
        assert_eq!(read.as_object().map(Map::len), Some(1), "{name}");
        assert_eq!(read[name], Value::from("1"));
    }
}

#[test]
fn numbers_keep_their_digits() {
    // All but how the exponent is written: serde_json turns `1E5` into `1e+5`.
    for text in [
        "1.50",
        "0.0",
        "-0",
        "100000000000000000000000",
        "1.0e+5",
        "1e-7",
    ] {
        assert_eq!(value(text).unwrap().to_string(), text);
    }
}
