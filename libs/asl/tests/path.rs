//! Paths at their door: what they find, what they say when they do not, and where they stop.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod scope;

use std::borrow::Cow;

use asl::path::{Path, Root};
use scope::Seen;
use serde_json::{Value, json};

/// What a path answers: JSON, `ERR` and a text, or `REFUSED`.
fn answer(input: &Value, path: &str) -> String {
    match Path::parse(path) {
        Err(_) => "REFUSED".to_owned(),
        Ok(path) => match path.evaluate(&Seen::new(input.clone())) {
            Ok(value) => value.to_string(),
            Err(error) => format!("ERR {error}"),
        },
    }
}

fn check(input: &Value, table: &[(&str, &str)]) {
    for (path, expected) in table {
        assert_eq!(answer(input, path), *expected, "{path}");
    }
}

#[test]
fn paths_recorded_from_aws() {
    check(
        &json!({"items": [{"item_key": 0}]}),
        &[("$.items[0]", r#"{"item_key":0}"#)],
    );
    let users = json!({"users": [{"year": 1997, "status": 0}, {"year": 1998, "status": 1}]});
    check(
        &users,
        &[("$.users[?(@.status == 0)]", r#"[{"year":1997,"status":0}]"#)],
    );
    check(
        &json!({}),
        &[
            ("$[*]", "[]"),
            ("$.items[*]", "[]"),
            ("$.items[1:]", "[]"),
            ("$.items[:1]", "[]"),
            ("$.item.items[*]", "[]"),
            ("$.item.items[1:5]", "[]"),
            ("$.items[*].itemValue", "[]"),
            ("$.item.items[1:5].itemValue", "[]"),
            (
                "$[1:5]",
                "ERR Filter: [1:5] can only be applied to arrays. Current context is: {}",
            ),
            (
                "$.no.such.result.path",
                "ERR Missing property in path $['no']",
            ),
            (
                "$.NoSuchInputPath",
                "ERR No results for path: $['NoSuchInputPath']",
            ),
        ],
    );
    check(
        &json!({"Test\\\"\"Name\"": "Value\"\\"}),
        &[(r#"$['Test\""Name"']"#, r#""Value\"\\""#)],
    );
}

#[test]
fn paths_follow_jayway_2_0_0() {
    let input = json!({
        "items": [{"k": 0, "n": "a", "tags": ["x"]}, {"k": 1, "n": "b", "tags": []}, {"k": 2, "tags": ["z"]}],
        "one": [{"v": 7}], "o": {"a": 1, "b": {"a": 2}}, "s": "abc", "nul": null, "a.b": 2, "with space": 1,
        "d-e": 3, "é": 4, "u_1": 5, "m": [[1, 2], [3]],
    });
    check(
        &input,
        &[
            ("$.o", r#"{"a":1,"b":{"a":2}}"#),
            ("$.o.a", "1"),
            ("$['o']['a']", "1"),
            ("$[\"o\"].a", "REFUSED"),
            ("$.one[0]", r#"{"v":7}"#),
            ("$.one[0].v", "7"),
            ("$.one[*].v", "[7]"),
            ("$.items[*].n", r#"["a","b"]"#),
            (
                "$.items[*]['k','n']",
                r#"[{"k":0,"n":"a"},{"k":1,"n":"b"},{"k":2}]"#,
            ),
            ("$['s','nul']", r#"{"s":"abc","nul":null}"#),
            (
                "$['s','nul'].x",
                "ERR Multi properties can only be used as path leafs: $['s', 'nul']",
            ),
            ("$.nul", "null"),
            ("$.nul.x", "ERR Property ['x'] not found in path $['nul']"),
            ("$.nul[0]", "ERR The path $['nul'] is null"),
            (
                "$.items[5]",
                "ERR Index out of bounds when evaluating path $['items'][5]",
            ),
            (
                "$.items[5].k",
                "ERR Index out of bounds when evaluating path $['items'][5]",
            ),
            ("$.items[-1:]", r#"[{"k":2,"tags":["z"]}]"#),
            ("$.items[0,2].k", "[0,2]"),
            ("$.items[0:2].k", "[0,1]"),
            ("$.items[::2].k", "REFUSED"),
            ("$.items[1:-1].k", "[]"),
            ("$..a", "[1,2]"),
            ("$..k", "[0,1,2]"),
            (
                "$..tags[0]",
                "ERR Index out of bounds when evaluating path $['items'][1]['tags'][0]",
            ),
            ("$.o..*", r#"[1,{"a":2},2]"#),
            ("$.o.*", r#"[1,{"a":2}]"#),
            ("$.*.a", "ERR Property ['a'] not found in path $['items']"),
            ("$.items[?(@.k > 0)].k", "[1,2]"),
            ("$.items[?(@.k>0 && @.n=='b')].k", "[1]"),
            ("$.items[?(@.k>1 || @.n=='b')].k", "[1,2]"),
            ("$.items[?(@.n)].k", "[0,1]"),
            ("$.items[?(!@.n)].k", "[2]"),
            ("$.items[?(@.n =~ /A/i)].k", "[0]"),
            ("$.items[?(@.n in ['a','c'])].k", "REFUSED"),
            ("$.items[?(@.tags empty true)].k", "REFUSED"),
            ("$.items[?(@.tags size 2)].k", "REFUSED"),
            ("$.items[?(@.k == $.o.a)].k", "[1]"),
            ("$.items[?(@['n']=='a')].k", "[0]"),
            ("$.items[?@.k==1].k", "REFUSED"),
            ("$.items[(@.length-1)]", r#"{"k":2,"tags":["z"]}"#),
            (
                "$.items.length()",
                "ERR Property ['length()'] not found in path $['items']",
            ),
            ("$.items[*].k.sum()", "[]"),
            (
                "$.s.length()",
                "ERR Property ['length()'] not found in path $['s']",
            ),
            ("$.sum($..k)", "[]"),
            ("$.items[*].k.max()", "[]"),
            ("$.o.keys()", "ERR No results for path: $['o']['keys()']"),
            ("$.with space", "REFUSED"),
            ("$['with space']", "1"),
            ("$.['with space']", "1"),
            ("$['a.b']", "2"),
            ("$.d-e", "3"),
            ("$.é", "4"),
            ("$.u_1", "5"),
            ("$.m[*][*]", "[1,2,3]"),
            ("$.m[0][1]", "2"),
            (
                "$.items.k",
                "ERR Property ['k'] not found in path $['items']",
            ),
            (
                "$.s[0]",
                "ERR Filter: [0] can only be applied to arrays. Current context is: abc",
            ),
            (
                "$.o[0].x",
                "ERR Filter: [0]['x'] can only be applied to arrays. Current context is: {a=1, b={a=2}}",
            ),
            (
                "$.s[?(@.a)]",
                "ERR Filter: [?] can not be applied to primitives. Current context is: abc",
            ),
            ("$.", "REFUSED"),
            ("$.o.", "REFUSED"),
            ("$..", "REFUSED"),
            ("$.items[", "REFUSED"),
            ("$.items[?(@.k ==)]", "ERR '' is compared with a number"),
            ("$[?(@.a==1)]", "[]"),
            ("$.[?(@.a==1)]", "[]"),
            ("$.o[?(@.a==1)].a", "[1]"),
        ],
    );
}

#[test]
fn an_index_below_zero_counts_from_the_end() {
    check(
        &json!({"a": [1, 2, 3]}),
        &[
            ("$.a[-1]", "3"),
            ("$.a[-3]", "1"),
            ("$.a[0,-1]", "[1,3]"),
            (
                "$.a[-4]",
                "ERR Index out of bounds when evaluating path $['a'][-4]",
            ),
        ],
    );
}

#[test]
fn a_path_starts_from_the_input_the_context_or_a_variable() {
    check(
        &json!({"x": 1}),
        &[
            ("$", r#"{"x":1}"#),
            ("$$.Execution.Name", r#""run-1""#),
            ("$$.No.Name", "ERR Missing property in path $['No']"),
            ("$known", r#"{"x":1,"list":[4,5]}"#),
            ("$known.list[1]", "5"),
            ("$known['x']", "1"),
            ("$known.list[?(@ > $.list[0])]", "[5]"),
            ("$unknown", "ERR No results for path: $['unknown']"),
            ("$unknown.a", "ERR Missing property in path $['unknown']"),
            ("$1st", "REFUSED"),
            ("$a-b", "REFUSED"),
            ("$known x", "REFUSED"),
            ("x", "REFUSED"),
            ("@.x", "REFUSED"),
            ("", "REFUSED"),
        ],
    );
    assert_eq!(*Path::parse("$.a").unwrap().root(), Root::Input);
    assert_eq!(*Path::parse("$$").unwrap().root(), Root::Context);
    assert_eq!(Path::parse("$known.x").unwrap().variable(), Some("known"));
    assert_eq!(Path::parse("$$.known").unwrap().variable(), None);
}

#[test]
fn filters_compare_as_java_does() {
    let input = json!([1, 2, 1.50, "2", "a", true, false, null, "null", [1], {"a": 1}]);
    check(
        &input,
        &[
            ("$[?(@ == 2)]", r#"[2,"2",false]"#),
            ("$[?(@ == a)]", "ERR 'a' is compared with a number"),
            ("$[?('a' == @)]", r#"["a"]"#),
            ("$[?(@ == 'null')]", r#"[null,"null"]"#),
            (
                "$[?(@ != null)]",
                r#"[1,2,1.5,"2","a",true,false,[1],{"a":1}]"#,
            ),
            (
                "$[0:4][?(@)]",
                "ERR Filter: [?] can not be applied to primitives. Current context is: 1",
            ),
            ("$[9][?(@ > 0)]", "[1]"),
            ("$[?(@ =~ /.*[a}].*/)]", r#"["a",false,{"a":1}]"#),
        ],
    );
    check(
        &json!([1, 2, 1.50]),
        &[("$[?(@ == 1.5)]", "[1.5]"), ("$[?(@ >= 1.5)]", "[2,1.5]")],
    );
    check(
        &json!({"a": [{"b": "x"}]}),
        &[("$.a[?(@.b == 'it\\'s' || @.b == 'x')].b", r#"["x"]"#)],
    );
}

#[test]
fn what_a_definite_path_finds_is_not_copied() {
    let seen = Seen::new(json!({"a": [{"b": "x"}]}));
    for path in [
        "$",
        "$.a",
        "$.a[0].b",
        "$['a'][0]['b']",
        "$.a[-1].b",
        "$.a[(@.length-1)]",
        "$$.Execution",
    ] {
        let path = Path::parse(path).unwrap();
        assert!(path.is_definite());
        assert!(
            matches!(path.evaluate(&seen), Ok(Cow::Borrowed(_))),
            "{}",
            path.text()
        );
    }
}

#[test]
fn reference_paths_are_names_and_indexes() {
    for path in [
        "$",
        "$.a",
        "$.a[0].b",
        "$['a b'][1]",
        "$$.Execution.Input",
        "$known.x",
    ] {
        assert!(Path::parse(path).unwrap().is_reference(), "{path}");
    }
    for path in [
        "$..a",
        "$.a[*]",
        "$.*",
        "$.a[0,1]",
        "$.a[1:]",
        "$.a[?(@.b)]",
        "$['a','b']",
        "$.a[(@.length-1)]",
    ] {
        assert!(!Path::parse(path).unwrap().is_reference(), "{path}");
    }
}

#[test]
fn a_result_is_put_where_the_path_points() {
    let put = |path: &str, input: Value| match Path::parse(path).unwrap().put(input, json!("R")) {
        Ok(value) => value.to_string(),
        Err(error) => format!("ERR {error}"),
    };
    let input = || json!({"a": {"b": 1}, "l": [1, {"x": 2}], "s": "t"});
    for (path, expected) in [
        ("$", r#""R""#),
        ("$.a", r#"{"a":"R","l":[1,{"x":2}],"s":"t"}"#),
        ("$.a.b", r#"{"a":{"b":"R"},"l":[1,{"x":2}],"s":"t"}"#),
        (
            "$.n.m",
            r#"{"a":{"b":1},"l":[1,{"x":2}],"s":"t","n":{"m":"R"}}"#,
        ),
        (
            "$.l[1].y",
            r#"{"a":{"b":1},"l":[1,{"x":2,"y":"R"}],"s":"t"}"#,
        ),
        ("$.l[2]", r#"{"a":{"b":1},"l":[1,{"x":2},"R"],"s":"t"}"#),
        ("$.l[-1]", r#"{"a":{"b":1},"l":[1,"R"],"s":"t"}"#),
        (
            "$.l[3]",
            r#"ERR Unable to apply step "[3]" to input [1,{"x":2}]"#,
        ),
        (
            "$.a[0]",
            r#"ERR Unable to apply step "[0]" to input {"b":1}"#,
        ),
        ("$.s.x", r#"ERR Unable to apply step "x" to input "t""#),
        (
            "$.l.x",
            r#"ERR Unable to apply step "x" to input [1,{"x":2}]"#,
        ),
        ("$.l[*]", "ERR ['l'][*] is no reference path"),
    ] {
        assert_eq!(put(path, input()), expected, "{path}");
    }
    assert_eq!(
        put("$.a", json!([1])),
        r#"ERR Unable to apply step "a" to input [1]"#
    );
}

#[test]
fn work_is_bounded() {
    let mut deep = json!(1);
    for level in 0..100 {
        deep = json!({"a": deep, "b": level, "c": [level]});
    }
    let stopped = "ERR The evaluation was stopped after visiting 500000 nodes";
    check(
        &deep,
        &[("$..*..*..*", stopped), ("$..a..a..a..a", stopped)],
    );
    // A match is paid for by the size of the compiled pattern times the text.
    let text = json!({"t": "a".repeat(262_144)});
    check(&text, &[("$[?(@.t =~ /(a{1,20}){1,20}b/)]", stopped)]);
    // Each level of a deep scan copies all levels below it.
    let mut wide = json!("x".repeat(200_000));
    for _ in 0..110 {
        wide = json!([wide]);
    }
    check(
        &wide,
        &[(
            "$..*",
            "ERR The evaluation was stopped after making 20971520 bytes of values",
        )],
    );
}

#[test]
fn nesting_is_bounded() {
    let steps = |count: usize| format!("${}", ".a".repeat(count));
    assert!(Path::parse(&steps(127)).is_ok());
    assert!(Path::parse(&steps(128)).is_err());
    let mut value = json!(1);
    let path = Path::parse("$.a").unwrap();
    let mut levels = 0;
    let stopped = loop {
        match path.put(json!({}), value) {
            Ok(deeper) => value = deeper,
            Err(error) => break error,
        }
        levels += 1;
    };
    assert_eq!(levels, 127);
    assert_eq!(
        stopped.0,
        "The evaluation was stopped because a value is nested too deeply"
    );
}
