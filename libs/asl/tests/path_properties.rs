//! What holds for every path and every document.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod scope;

use asl::path::Path;
use asl::template::Template;
use proptest::prelude::*;
use scope::Seen;
use serde_json::Value;

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..3).prop_map(Value::from),
        (-2.0..2.0).prop_map(Value::from),
        "[ab'1]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(("[abk]", inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Texts made of what paths are made of, most of them nearly paths.
fn pathlike() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "\\.[abk]", 3 => "\\['[abk]'\\]", 2 => "\\[-?[0-9]\\]", 2 => "\\[[0-9]?[:,][0-9]?\\]", 1 => "\\.\\.",
        2 => "\\*|\\[\\*\\]", 3 => "\\[\\?\\(@(\\.[abk])?( (==|<|!=|=~|>=) ([0-9]|'a'|null|/[ab(+]*/|@\\.b))?( && @| \\|\\| @)?\\)\\]",
        1 => "\\[\\(@\\.length-[0-9]\\)\\]", 1 => "[\\[\\]()'$@?!.&|/\\\\ ]", 1 => "\\PC",
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| format!("${}", pieces.concat()))
}

/// Calls of any function with any arguments, right or wrong.
fn call() -> impl Strategy<Value = String> {
    let argument = prop_oneof![
        4 => "\\$(\\.[abk]|\\[[0-2]\\]|\\[\\*\\])?",
        2 => "-?(0|[1-9][0-9]{0,11})(\\.[0-9]{1,2})?",
        2 => "'([ab ,1.=é]|\\{\\}|\\\\[{}'])*'",
        1 => "null|true|false|'MD5'|'SHA-512'",
    ];
    argument.prop_recursive(3, 12, 4, |inner| {
        let name = "Array|ArrayContains|ArrayGetItem|ArrayLength|ArrayPartition|ArrayRange|ArrayUnique|\
                    Base64Decode|Base64Encode|Format|Hash|JsonMerge|JsonToString|MathAdd|MathRandom|\
                    StringSplit|StringToJson|UUID";
        (name, prop::collection::vec(inner, 0..4))
            .prop_map(|(name, arguments)| format!("States.{name}({})", arguments.join(", ")))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_path_or_refused(text in "\\PC{0,40}", after in "\\PC{0,20}") {
        let _ = Path::parse(&text);
        let _ = Path::parse(&format!("${after}"));
        let _ = Path::parse(&format!("$[{after}]"));
        let _ = Path::parse(&format!("$[?({after})]"));
        let _ = Template::parse_expression(&format!("States.{text}"));
        let _ = Template::parse_expression(&format!("States.Array({text})"));
    }

    #[test]
    fn any_path_answers(text in pathlike(), document in document()) {
        if let Ok(path) = Path::parse(&text) {
            let seen = Seen::new(document);
            if let Ok(value) = path.evaluate(&seen) {
                prop_assert!(path.is_definite() || value.is_array());
            }
        }
    }

    #[test]
    fn any_call_answers(text in call(), document in document()) {
        let template = Template::parse_expression(&format!("States.Array({text})")).unwrap();
        let _ = template.evaluate(&Seen::new(document));
    }

    #[test]
    fn what_was_put_is_found(names in prop::collection::vec("[abkxy]", 0..5), document in document(), result in document()) {
        let text: String = names.iter().map(|name| format!("['{name}']")).collect();
        let path = Path::parse(&format!("${text}")).unwrap();
        if let Ok(output) = path.put(document, result.clone()) {
            let seen = Seen::new(output);
            let found = path.evaluate(&seen).unwrap();
            prop_assert_eq!(&*found, &result);
        }
    }

    /// On objects alone, a reference path of names can always be written to.
    #[test]
    fn names_are_always_put_into_nothing(names in prop::collection::vec("[abkxy]", 1..5), result in document()) {
        let path = Path::parse(&format!("$.{}", names.join("."))).unwrap();
        let output = path.put(serde_json::json!({}), result.clone()).unwrap();
        let seen = Seen::new(output);
        let found = path.evaluate(&seen).unwrap();
        prop_assert_eq!(&*found, &result);
    }

    #[test]
    fn what_was_encoded_is_decoded(text in "\\PC{0,60}") {
        let seen = Seen::new(Value::from(text.clone()));
        for round_trip in ["States.Base64Decode(States.Base64Encode($))", "States.StringToJson(States.JsonToString($))", "States.Format('{}', $)"] {
            let value = Template::parse_expression(round_trip).unwrap().evaluate(&seen).unwrap();
            prop_assert_eq!(value.as_str(), Some(text.as_str()));
        }
    }
}
