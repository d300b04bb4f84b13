//! JSONata as AWS has it: templates, AWS's functions, what an expression sees, and what errors say.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use asl::jsonata::{Expression, Template, inside};
use serde_json::{Value, json};

#[path = "seen/mod.rs"]
mod seen;

use seen::Seen;

fn template(field: &str, value: Value) -> Template {
    Template::parse(field, &value).unwrap()
}

fn evaluate(text: &str, scope: &Seen) -> Result<Value, String> {
    template("Output", json!(format!("{{% {text} %}}")))
        .evaluate(scope)
        .map_err(|error| error.cause)
}

/// What an expression over nothing comes to.
fn value(text: &str) -> Value {
    evaluate(text, &Seen::new(json!({}))).unwrap()
}

/// What an expression over nothing fails with, without the words around it.
fn failure(text: &str) -> String {
    let cause = evaluate(text, &Seen::new(json!({}))).unwrap_err();
    let prefix = format!("The JSONata expression '{text}' specified for the field 'Output' ");
    cause.strip_prefix(&prefix).unwrap().to_owned()
}

#[test]
fn a_string_is_an_expression_from_end_to_end_or_not_at_all() {
    assert_eq!(inside("{% $x %}"), Some("$x"));
    assert_eq!(inside("{%$x%}"), Some("$x"));
    assert_eq!(inside("{%%}"), Some(""));
    assert_eq!(inside("{%}"), None);
    assert_eq!(inside(" {% $x %}"), None);
    assert_eq!(inside("a {% $x %}"), None);
}

#[test]
fn strings_anywhere_in_a_template_are_expressions_and_all_else_stays() {
    let scope = Seen::new(json!({"n": 2, "list": [1, [2]]}));
    let text = r#"{
        "z": "{% $states.input.n + 1 %}",
        "a": ["{% $states.input.list %}", "$states.input", 1.50, null, { "b": "{% 'x' %}" }],
        "fixed": { "$.x": "{% is not one", "n": 1.00 }
    }"#;
    let output = template("Output", serde_json::from_str(text).unwrap());
    assert_eq!(
        output.evaluate(&scope).unwrap().to_string(),
        r#"{"z":3,"a":[[1,[2]],"$states.input",1.50,null,{"b":"x"}],"fixed":{"$.x":"{% is not one","n":1.00}}"#
    );
    assert_eq!(
        template("Output", json!({"a": [1, "x"]})).fixed(),
        Some(&json!({"a": [1, "x"]}))
    );
}

#[test]
fn an_expression_sees_states_and_variables() {
    let mut scope = Seen::new(json!({"a": {"b": 1}}));
    scope.result = Some(json!([1, 2]));
    scope.error_output = Some(json!({"Error": "E"}));
    scope.variables.insert("known", json!({"x": [5]}));
    scope.variables.insert("sum", json!("hides the function"));
    assert_eq!(
        evaluate("$states", &scope).unwrap(),
        json!({"input": {"a": {"b": 1}}, "result": [1, 2], "errorOutput": {"Error": "E"}, "context": scope.context})
    );
    assert_eq!(evaluate("$states.input.a.b", &scope), Ok(json!(1)));
    assert_eq!(
        evaluate("$states.context.State.Name", &scope),
        Ok(json!("S"))
    );
    assert_eq!(evaluate("$states.*.Error", &scope), Ok(json!("E")));
    assert_eq!(evaluate("$keys($states)[0]", &scope), Ok(json!("input")));
    assert_eq!(
        evaluate("$lookup($states, 'result')", &scope),
        Ok(json!([1, 2]))
    );
    assert_eq!(evaluate("$known.x[0]", &scope), Ok(json!(5)));
    assert_eq!(evaluate("$sum", &scope), Ok(json!("hides the function")));
    assert_eq!(evaluate("($known := 3; $known)", &scope), Ok(json!(3)));
    assert_eq!(
        evaluate("$map([1], function($v) { $known.x[$ = 5] })", &scope),
        Ok(json!(5))
    );
}

#[test]
fn variables_read_are_those_not_bound_inside() {
    let read = |text: &str| -> Vec<String> {
        let expression = Expression::parse(text).unwrap();
        expression.variables().map(str::to_owned).collect()
    };
    assert_eq!(read("$b + $a.x + $b"), ["a", "b"]);
    assert_eq!(read("$states.input.x & $sum([1]) & $uuid()"), [""; 0]);
    assert_eq!(read("($x := $y; $x + $z)"), ["y", "z"]);
    assert_eq!(
        read("$map($list, function($v, $i) { $v + $i + $outer })"),
        ["list", "outer"]
    );
    assert_eq!(read("$list@$l#$i.($l & $i & $m)"), ["list", "m"]);
    assert_eq!(read("$x := $x + 1"), ["x"]);
}

#[test]
fn numbers_come_as_javascript_prints_them() {
    let scope = Seen::new(json!({}));
    let printed = |text: &str| evaluate(text, &scope).unwrap().to_string();
    assert_eq!(printed("6 / 2"), "3");
    assert_eq!(
        printed("[1e21, 1e20, 1.50, 0.0000001]"),
        "[1e+21,100000000000000000000,1.5,1e-7]"
    );
    assert_eq!(printed("-0"), "0");
    assert_eq!(printed("0 / 0"), "\"NaN\"");
    assert!(failure("1 / 0").ends_with("D1001: Number out of range: null"));
    // What is read as a number is one of 64 bits, as in JavaScript.
    let mut scope = Seen::new(json!({}));
    scope.input = serde_json::from_str(r#"{"n": 9007199254740993, "f": 1.0, "s": 1.10}"#).unwrap();
    let whole = evaluate("$states.input", &scope).unwrap();
    assert_eq!(whole.to_string(), r#"{"n":9007199254740992,"f":1,"s":1.1}"#);
}

#[test]
fn aws_adds_functions() {
    assert_eq!(
        value("$partition([1, 2, 3, 4, 5], 2)"),
        json!([[1, 2], [3, 4], [5]])
    );
    assert_eq!(value("$partition([1, 2], 9)"), json!([[1, 2]]));
    assert_eq!(value("$range(0, 9, 3)"), json!([0, 3, 6, 9]));
    assert_eq!(value("$range(0, 10, 3)"), json!([0, 3, 6, 9]));
    assert_eq!(value("$range(1, 9, 2)"), json!([1, 3, 5, 7, 9]));
    assert_eq!(
        value("$range(1, 9, 9)"),
        json!(1),
        "a sequence of one is that one"
    );
    assert_eq!(value("$range(3, 1, -1)"), json!([3, 2, 1]));
    assert_eq!(
        value("$hash('input data', 'MD5')"),
        json!("812f45842bc6d66ee14572ce20db8e86")
    );
    assert_eq!(value("$hash('a')"), value("$hash('a', 'SHA-1')"));
    assert_eq!(value("$random(42)"), json!(0.727_563_680_032_868_1));
    assert_eq!(
        value("$parse('{\"Arg1\": 1, \"Arg2\": []}')"),
        json!({"Arg1": 1, "Arg2": []})
    );
    assert_eq!(value("$parse('-0')"), json!(0));
    assert_eq!(value("$parse('1.1')"), json!(1.1));
    assert_eq!(value("$parse('\"x\"')"), json!("x"));
    assert_eq!(value("'[1]' ~> $parse ~> $count"), json!(1));
}

#[test]
fn what_aws_s_functions_refuse() {
    for (text, message) in [
        (
            "$partition([1], 0)",
            "threw an error during evaluation. D3137: The second argument of partition function must be a positive integer",
        ),
        (
            "$range(1, 2, 0)",
            "threw an error during evaluation. D3137: The third argument of range function must not be zero",
        ),
        (
            "$range(1, 1000000, 1)",
            "threw an error during evaluation. D3137: The size of the array allocated by the range function must not exceed 360145",
        ),
        (
            "$hash('a', 'MD4')",
            "threw an error during evaluation. D3137: The second argument of hash function must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512: MD4",
        ),
        (
            "$hash(1)",
            "threw an error during evaluation. T0410: Argument 1 of function \"hash\" does not match function signature",
        ),
        ("$range(5, 1, 1)", "returned nothing (undefined)."),
        ("$partition($nothing, 1)", "returned nothing (undefined)."),
    ] {
        assert_eq!(failure(text), message, "{text}");
    }
    assert!(failure("$parse('{')").starts_with("threw an error during evaluation. D3137: The argument of parse function is not valid JSON: "));
}

#[test]
fn randomness_and_time_are_arguments() {
    let text = "[$uuid(), $uuid(), $random(), $random(), $now(), $millis()]";
    let mut scope = Seen::new(json!({}));
    let first = evaluate(text, &scope).unwrap();
    assert_eq!(scope.asked_for_seed.get(), 1);
    assert_eq!(
        evaluate(text, &scope).unwrap(),
        first,
        "the same seed, the same numbers"
    );
    assert_eq!(first[4], json!("2023-11-14T22:13:20.123Z"));
    assert_eq!(first[5], json!(1_700_000_000_123_i64));
    assert_ne!(first[0], first[1]);
    assert_ne!(first[2], first[3]);
    let uuid = first[0].as_str().unwrap();
    assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
    scope.seed = 8;
    let second = evaluate(text, &scope).unwrap();
    assert_ne!(second[0], first[0]);
    assert_eq!(second[4], first[4]);

    let shuffled = |seed| {
        let mut scope = Seen::new(json!({}));
        scope.seed = seed;
        evaluate("$shuffle([1..20])", &scope).unwrap()
    };
    assert_eq!(shuffled(1), shuffled(1));
    assert_ne!(shuffled(1), shuffled(2));

    let quiet = Seen::new(json!({}));
    evaluate("$sum([1, 2]) + $millis()", &quiet).unwrap();
    assert_eq!(
        quiet.asked_for_seed.get(),
        0,
        "nothing random, no seed drawn"
    );
    // Several expressions of one template draw from one seed, one after the other.
    let both = template("Output", json!(["{% $uuid() %}", "{% $uuid() %}"]));
    let both = both.evaluate(&quiet).unwrap();
    assert_ne!(both[0], both[1]);
    assert_eq!(quiet.asked_for_seed.get(), 1);
}

#[test]
fn errors_say_which_expression_of_which_field() {
    let scope = Seen::new(json!({"foo": "bar"}));
    let error = |field: &str, value: Value| {
        let error = template(field, value).evaluate(&scope).unwrap_err();
        (error.location.to_string(), error.cause)
    };
    assert_eq!(
        error("Arguments", json!({"FunctionName": "{% $doesNotExist %}"})),
        (
            "Arguments/FunctionName".to_owned(),
            "The JSONata expression '$doesNotExist' specified for the field 'Arguments/FunctionName' returned nothing (undefined).".to_owned()
        )
    );
    assert_eq!(
        error("Output", json!([0, {"a": ["{%   $foo()   %}"]}])),
        (
            "Output[1]/a[0]".to_owned(),
            "The JSONata expression '$foo()' specified for the field 'Output[1]/a[0]' threw an error during evaluation. T1006: Attempted to invoke a non-function".to_owned()
        )
    );
    assert_eq!(
        error("Items", json!("{% $fn := function($x){$x} %}")).1,
        "The JSONata expression '$fn := function($x){$x}' specified for the field 'Items' returned an unsupported result type."
    );
    assert_eq!(error("Output", json!("{% $sum %}")).0, "Output");
    assert_eq!(
        failure("'a' + 1"),
        "threw an error during evaluation. T2001: The left side of the \"+\" operator must evaluate to a number"
    );
    assert_eq!(
        failure("$error('boom')"),
        "threw an error during evaluation. D3137: boom"
    );
    assert_eq!(
        failure("$sqrt(-1)"),
        "threw an error during evaluation. D3060: The sqrt function cannot be applied to a negative number: -1"
    );
}

#[test]
fn fields_of_one_type() {
    let scope = Seen::new(json!({"foo": "bar"}));
    let field = |name: &str, text: &str| template(name, json!(format!("{{% {text} %}}")));

    assert_eq!(
        field("Items", "[0]").evaluate_array(&scope),
        Ok(vec![json!(0)])
    );
    assert_eq!(
        template("Items", json!([1, "{% $number('2') %}", 3])).evaluate_array(&scope),
        Ok(vec![json!(1), json!(2), json!(3)])
    );
    for (text, found) in [
        ("$states.input", "'object' for value: {\"foo\":\"bar\"}"),
        ("'string'", "'string' for value: \"string\""),
        ("true", "'boolean' for value: true"),
        ("1", "'number' for value: 1"),
        ("null", "'null' for value: null"),
    ] {
        let error = field("Items", text).evaluate_array(&scope).unwrap_err();
        assert_eq!(
            error.cause,
            format!(
                "The JSONata expression '{text}' specified for the field 'Items' returned an unexpected result type. Expected 'array', but was {found}"
            )
        );
        assert_eq!(&*error.location, "Items");
    }

    assert_eq!(
        field("Choices[0]/Condition", "1 = 1").evaluate_boolean(&scope),
        Ok(true)
    );
    assert_eq!(
        template("Choices[0]/Condition", json!(false)).evaluate_boolean(&scope),
        Ok(false)
    );
    assert!(field("Choices[0]/Condition", "0").evaluate_boolean(&scope).unwrap_err().cause.ends_with(
        "specified for the field 'Choices[0]/Condition' returned an unexpected result type. Expected 'boolean', but was 'number' for value: 0"
    ));
    assert_eq!(
        field("Error", "'E' & 1").evaluate_string(&scope),
        Ok("E1".to_owned())
    );
    assert!(field("Error", "1").evaluate_string(&scope).is_err());

    let seconds = |text: &str, least| {
        field("TimeoutSeconds", text)
            .evaluate_whole_number(&scope, least)
            .map_err(|error| error.cause)
    };
    assert_eq!(seconds("$variable := 1", 1), Ok(1));
    assert_eq!(seconds("3.0 * 2", 1), Ok(6));
    assert_eq!(seconds("1e300", 1), Ok(u64::MAX));
    assert_eq!(
        seconds("0", 1),
        Err("TimeoutSeconds must be positive.".to_owned())
    );
    assert_eq!(
        seconds("-1", 0),
        Err("TimeoutSeconds cannot be negative.".to_owned())
    );
    assert!(
        seconds("1.5", 1)
            .unwrap_err()
            .contains("not a valid integer")
    );
    assert!(
        seconds("'1'", 1)
            .unwrap_err()
            .ends_with("Expected 'number', but was 'string' for value: \"1\"")
    );

    let percentage =
        |text: &str| field("ToleratedFailurePercentage", text).evaluate_percentage(&scope);
    assert_eq!(percentage("12.5"), Ok(12.5));
    assert!(percentage("100.5").is_err());
    assert!(percentage("1 / 0").is_err());

    let moment = |text: &str| field("Timestamp", text).evaluate_timestamp(&scope);
    assert_eq!(
        moment("'2016-03-14T01:59:00Z'"),
        Ok((1_457_920_740_000, "2016-03-14T01:59:00Z".to_owned()))
    );
    let error = moment("'05-12-2016T21:29:29Z'").unwrap_err();
    assert_eq!(
        (&*error.location, &*error.cause),
        (
            "Timestamp",
            "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: 05-12-2016T21:29:29Z"
        )
    );
}
