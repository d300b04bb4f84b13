//! The intrinsic functions, each through the door of a template.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod scope;

use asl::template::Template;
use scope::Seen;
use serde_json::{Value, json};

/// The value of a call as JSON text, or `FAILED` and the last words of the cause.
fn call(expression: &str, input: &Value) -> String {
    let template = Template::parse_field("value.$", expression)
        .unwrap_or_else(|error| panic!("{expression}: {error:?}"));
    match template.evaluate(&Seen::new(input.clone())) {
        Ok(value) => value.to_string(),
        Err(error) => {
            let why = error.cause.rsplit(": ").next().unwrap_or_default();
            assert_eq!(error.error, "States.IntrinsicFailure", "{expression}");
            format!("FAILED {why}")
        }
    }
}

fn check(input: Value, table: &[(&str, &str)]) {
    for (expression, expected) in table {
        assert_eq!(
            call(expression, &input),
            *expected,
            "{expression} of {input}"
        );
    }
}

#[test]
fn format() {
    check(
        json!({"s": "x", "n": null, "f": 1.1, "big": 1e10, "small": 0.0001, "whole": 2.0, "o": {"Arg1": 1, "Arg2": []},
            "l": ["a", {"b": null}], "t": "<{}>", "e": "\\{{}\\}"}),
        &[
            (
                "States.Format('Formatting argument {}.', $.s)",
                r#""Formatting argument x.""#,
            ),
            ("States.Format('{}', null)", r#""null""#),
            (
                "States.Format('{} {} {}', $.n, $.f, true)",
                r#""null 1.1 true""#,
            ),
            (
                "States.Format('{} {} {}', $.big, $.small, $.whole)",
                r#""1.0E10 1.0E-4 2.0""#,
            ),
            ("States.Format('{}', $.o)", r#""{Arg1=1, Arg2=[]}""#),
            ("States.Format('{}', $.l)", r#""[a, {b=null}]""#),
            (
                "States.Format('{}', $$.StateMachine)",
                r#""{Id=arn:m, Name=a-b}""#,
            ),
            ("States.Format($.t, 1)", r#""<1>""#),
            ("States.Format($.e, 1)", r#""{1}""#),
            (r"States.Format('\{\}\'\\{}', 1)", r#""{}'\\1""#),
            ("States.Format('a{b}')", r#""a{b}""#),
            ("States.Format('plain')", r#""plain""#),
            (
                "States.Format('{}')",
                "FAILED the template has 1 occurrences of {} but 0 arguments follow it",
            ),
            (
                "States.Format('{}', 1, 2)",
                "FAILED the template has 1 occurrences of {} but 2 arguments follow it",
            ),
            ("States.Format(1)", "FAILED argument 1 must be a string"),
            ("States.Format()", "FAILED a template is needed"),
        ],
    );
}

#[test]
fn arrays() {
    check(
        json!({"l": [1, 2, 3, 4, 5], "e": [], "m": [{"1": 2, "2": []}], "d": [1, 1.0, 1.00, "1", 1, {"a": 1, "b": 2}, {"b": 2, "a": 1}, null, null]}),
        &[
            ("States.Array()", "[]"),
            (
                "States.Array('a', 1, null, $.e, true)",
                r#"["a",1,null,[],true]"#,
            ),
            ("States.ArrayPartition($.l, 2)", "[[1,2],[3,4],[5]]"),
            ("States.ArrayPartition($.l, 9)", "[[1,2,3,4,5]]"),
            ("States.ArrayPartition($.l, 1.5)", "[[1,2],[3,4],[5]]"),
            ("States.ArrayPartition($.e, 3)", "[]"),
            (
                "States.ArrayPartition($.l, 0)",
                "FAILED the size of a part must be positive",
            ),
            (
                "States.ArrayPartition($.l, -1)",
                "FAILED the size of a part must be positive",
            ),
            ("States.ArrayContains($.l, 5)", "true"),
            ("States.ArrayContains($.l, '5')", "false"),
            ("States.ArrayContains($.e, null)", "false"),
            ("States.ArrayContains($.m, $.e)", "false"),
            ("States.ArrayContains($.m, $.m[0])", "true"),
            (
                "States.ArrayContains('a', 'a')",
                "FAILED argument 1 must be an array",
            ),
            ("States.ArrayRange(0, 9, 3)", "[0,3,6,9]"),
            ("States.ArrayRange(0, 10, 3)", "[0,3,6,9]"),
            ("States.ArrayRange(1, 9, 9)", "[1]"),
            ("States.ArrayRange(3, 1, -1)", "[3,2,1]"),
            ("States.ArrayRange(3, 1, 1)", "[]"),
            ("States.ArrayRange(1, 3, -1)", "[]"),
            ("States.ArrayRange(1, 1, -5)", "[1]"),
            ("States.ArrayRange(0.5, 2.4, 1)", "[1,2]"),
            ("States.ArrayLength(States.ArrayRange(1, 1000, 1))", "1000"),
            (
                "States.ArrayRange(0, 1000, 1)",
                "FAILED a range has at most 1000 items",
            ),
            (
                "States.ArrayRange(-9223372036854775808, 9223372036854775807, 1)",
                "FAILED a range has at most 1000 items",
            ),
            (
                "States.ArrayRange(0, 1, 0)",
                "FAILED the step must not be 0",
            ),
            ("States.ArrayGetItem($.l, 2)", "3"),
            ("States.ArrayGetItem(States.Array(1, $.e), 1)", "[]"),
            (
                "States.ArrayGetItem($.l, 5)",
                "FAILED the index is out of the bounds of the array",
            ),
            (
                "States.ArrayGetItem($.l, -1)",
                "FAILED the index is out of the bounds of the array",
            ),
            ("States.ArrayLength($.l)", "5"),
            (
                "States.ArrayLength('abc')",
                "FAILED argument 1 must be an array",
            ),
            (
                "States.ArrayLength()",
                "FAILED expected 1 arguments but got 0",
            ),
            (
                "States.ArrayUnique($.d)",
                r#"[1,1.0,"1",{"a":1,"b":2},null]"#,
            ),
        ],
    );
}

#[test]
fn base64_and_hash() {
    let long = json!({"ok": "x".repeat(10_000), "long": "x".repeat(10_001)});
    check(
        long,
        &[
            ("States.Base64Encode('')", r#""""#),
            (
                "States.Base64Encode('Data to encode')",
                r#""RGF0YSB0byBlbmNvZGU=""#,
            ),
            (
                "States.Base64Decode('RGF0YSB0byBlbmNvZGU=')",
                r#""Data to encode""#,
            ),
            ("States.Base64Decode('')", r#""""#),
            ("States.Base64Decode('/w==')", "\"\u{FFFD}\""),
            (
                "States.ArrayLength(States.StringSplit(States.Base64Encode($.ok), ' '))",
                "1",
            ),
            (
                "States.Base64Encode($.long)",
                "FAILED a string of at most 10000 characters is needed",
            ),
            (
                "States.Hash($.long, 'MD5')",
                "FAILED a string of at most 10000 characters is needed",
            ),
            (
                "States.Hash('input data', 'MD5')",
                r#""812f45842bc6d66ee14572ce20db8e86""#,
            ),
            (
                "States.Hash('input data', 'SHA-1')",
                r#""aaff4a450a104cd177d28d18d74485e8cae074b7""#,
            ),
            (
                "States.Hash('', 'SHA-256')",
                r#""e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855""#,
            ),
            (
                "States.Hash('', 'SHA-384')",
                r#""38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b""#,
            ),
            (
                "States.Hash('', 'SHA-512')",
                r#""cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e""#,
            ),
            (
                "States.Hash('a', 'md5')",
                "FAILED the algorithm must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512",
            ),
        ],
    );
    assert!(call("States.Base64Decode('*')", &json!({})).starts_with("FAILED "));
}

#[test]
fn json() {
    check(
        json!({"a": {"x": 1, "y": {"p": 1}}, "b": {"y": {"q": 2}, "z": 3}, "t": "{\"a\": [1, -0, 1.50]}", "o": {"Arg1": 1, "Arg2": []}}),
        &[
            (
                "States.JsonMerge($.a, $.b, false)",
                r#"{"x":1,"y":{"q":2},"z":3}"#,
            ),
            (
                "States.JsonMerge($.a, $.b, true)",
                "FAILED deep merging is not supported",
            ),
            (
                "States.JsonMerge($.a, 1, false)",
                "FAILED argument 2 must be an object",
            ),
            ("States.StringToJson('')", "null"),
            ("States.StringToJson(' ')", "null"),
            ("States.StringToJson('-0')", "0"),
            ("States.StringToJson('1.1')", "1.1"),
            ("States.StringToJson('true')", "true"),
            ("States.StringToJson('\"HelloWorld\"')", r#""HelloWorld""#),
            ("States.StringToJson('{\"a\": \"b\"}')", r#"{"a":"b"}"#),
            ("States.StringToJson($.t)", r#"{"a":[1,0,1.50]}"#),
            ("States.JsonToString($.o)", r#""{\"Arg1\":1,\"Arg2\":[]}""#),
            ("States.JsonToString(null)", r#""null""#),
            ("States.JsonToString('a')", r#""\"a\"""#),
        ],
    );
    assert!(
        call("States.StringToJson('{')", &json!({}))
            .starts_with("FAILED the string is not valid JSON")
    );
}

#[test]
fn math_add_rounds_each_argument_as_java_does() {
    for (left, right, sum) in [
        ("1.49", "1.5", "3"),
        ("1.5", "1.51", "4"),
        ("-1.49", "-1.5", "-2"),
        ("-1.5", "-1.51", "-3"),
        ("-0.5", "0", "0"),
        ("2.5", "0", "3"),
        ("-2.5", "0", "-2"),
        ("0.49999999999999994", "0", "0"),
        ("2147483646", "1", "2147483647"),
        (
            "2147483647",
            "1",
            "FAILED the sum is not within the range of an integer",
        ),
        (
            "2147483648",
            "0",
            "FAILED argument 1 must be within the range of an integer",
        ),
        (
            "1e400",
            "0",
            "FAILED argument 1 must be within the range of a long",
        ),
        ("'1'", "0", "FAILED argument 1 must be a number"),
    ] {
        assert_eq!(
            call(&format!("States.MathAdd({left}, {right})"), &json!({})),
            sum,
            "{left} + {right}"
        );
    }
}

/// The seeded numbers are those of `new java.util.Random(seed)`.
#[test]
fn math_random() {
    check(
        json!({}),
        &[
            ("States.MathRandom(0, 10, 42)", "0"),
            ("States.MathRandom(5, 21, 7)", "16"),
            (
                "States.MathRandom(-2000000000, 2000000000, -1)",
                "1155099827",
            ),
            (
                "States.MathRandom(12.5, 44.51, 3)",
                &call("States.MathRandom(13, 45, 3)", &json!({})),
            ),
            ("States.MathRandom(1, 999)", "500"),
            (
                "States.MathRandom(1, 1)",
                "FAILED the end must be greater than the start",
            ),
            (
                "States.MathRandom(1)",
                "FAILED expected 2 to 3 arguments but got 1",
            ),
        ],
    );
    let mut seen = Seen::new(json!({}));
    let template = Template::parse_expression("States.MathRandom(-3, 4)").unwrap();
    for (random, expected) in [(0.0, -3), (0.999_999_999, 3), (1.0, 3), (-1.0, -3)] {
        seen.random = random;
        assert_eq!(
            template.evaluate(&seen).unwrap(),
            json!(expected),
            "{random}"
        );
    }
}

#[test]
fn string_split_takes_a_set_of_characters() {
    check(
        json!({"lines": "Hello\nWorld"}),
        &[
            (
                "States.StringSplit('This.is+a,test=string', '.+,=')",
                r#"["This","is","a","test","string"]"#,
            ),
            ("States.StringSplit(',,,,', ',')", "[]"),
            ("States.StringSplit(' , ', ',')", r#"[" "," "]"#),
            ("States.StringSplit('', ',')", "[]"),
            ("States.StringSplit('abc', '')", r#"["abc"]"#),
            (
                "States.StringSplit('Hello\nWorld', '\n')",
                r#"["Hello","World"]"#,
            ),
            ("States.StringSplit('añb', 'ñ')", r#"["a","b"]"#),
        ],
    );
}

#[test]
fn uuid_comes_from_the_scope() {
    check(
        json!({}),
        &[
            ("States.UUID()", r#""b1946ac9-2492-4d23-9c4e-000000000000""#),
            ("States.UUID(1)", "FAILED expected 0 arguments but got 1"),
        ],
    );
}

#[test]
fn the_grammar() {
    check(
        json!({"a": {"b, c)": [1, 2]}, "l": [{"k": 1}, {"k": 2}], "f(x)": 3}),
        &[
            ("  States.Array( 1 ,\n'x' )  ", r#"[1,"x"]"#),
            ("States.Array($.a['b, c)'][0], 2)", "[1,2]"),
            (
                "States.Array($.l[?(@.k == 2)], $['f(x)'])",
                r#"[[{"k":2}],3]"#,
            ),
            ("States.Array($.l[0,1].k , $known.x)", "[[1,2],1]"),
            ("States.Array(-1.5e3, 0)", "[-1.5e+3,0]"),
        ],
    );
    check(
        json!({}),
        &[(
            r"States.Array('it\'s', '\\', '\{\}', '{}', '{a}')",
            r#"["it's","\\","{}","{}","{a}"]"#,
        )],
    );
    let nested = |depth: usize| format!("{}1{}", "States.Array(".repeat(depth), ")".repeat(depth));
    assert!(Template::parse_expression(&nested(10)).is_ok());
    for refused in [
        &nested(11),
        &nested(100_000),
        "States.Array(",
        "States.Array",
        "States.Array(1",
        "States.Array(1,)",
        "States.Array(,1)",
        "States.Array(1 2)",
        "States.Array(x)",
        "States.Array(\"x\")",
        "States.Array('x)",
        "States.Array(01)",
        "States.Array(NaN)",
        "States.Array($.)",
        "States.array(1)",
        "States.Array(1) + 1",
        r#"States.Format('He said, \"Hello, {}!\"', 'Test \"Name\" Here')"#,
        r"States.Format('a\nb')",
        "States.",
    ] {
        assert!(
            Template::parse_expression(refused).is_err(),
            "{refused:.60}"
        );
    }
}

#[test]
fn work_is_bounded() {
    let input = json!({"t": "\\\"".repeat(100_000), "ones": vec![1; 131_072]});
    let many = format!(
        "States.Format('{}'{})",
        "{}".repeat(2_000),
        ", $.t".repeat(2_000)
    );
    let nested = format!("{}$.t{}", "States.JsonToString(".repeat(10), ")".repeat(10));
    for expression in [
        &many,
        &nested,
        "States.Array($.ones, $.ones)",
        "States.ArrayPartition($.ones, 1)",
    ] {
        let error = Template::parse_expression(expression)
            .unwrap()
            .evaluate(&Seen::new(input.clone()))
            .unwrap_err();
        assert_eq!(
            error.cause, "The evaluation was stopped after making 20971520 bytes of values",
            "{expression:.60}"
        );
    }
    assert_eq!(
        call("States.ArrayLength(States.ArrayUnique($.ones))", &input),
        "1"
    );
}
