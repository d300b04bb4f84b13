//! Damaged definitions: whatever the text, there is an answer, and the answer is consistent.

use asl::{MachineType, Parsed, Severity, json, parse, parse_state};
use serde_json::Value;

/// A small generator (xorshift); the same seed gives the same damage.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap_or(0)
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

fn seeds() -> Vec<Value> {
    serde_json::from_str(include_str!("definitions/seeds.json")).expect("the seeds are JSON")
}

fn check_consistency(text: &str, parsed: &Parsed) {
    let refused = parsed
        .diagnostics
        .iter()
        .any(|d| d.severity == Severity::Error);
    assert_eq!(parsed.machine.is_none(), refused, "{text}");
    let offsets: Vec<_> = parsed.diagnostics.iter().map(|d| d.offset).collect();
    assert!(offsets.is_sorted(), "in document order: {text}");
    if let Some(machine) = &parsed.machine {
        assert!((machine.start_at.0 as usize) < machine.states.len());
        for state in &machine.states {
            let found = machine
                .find(&state.name)
                .map(|index| &machine.state(index).name);
            assert_eq!(found, Some(&state.name));
        }
    }
}

fn parse_all(text: &str) {
    for machine_type in [MachineType::Standard, MachineType::Express] {
        check_consistency(text, &parse(text, machine_type));
    }
    check_consistency(text, &parse_state(text));
}

#[test]
fn the_seeds_are_valid() {
    for seed in seeds() {
        let parsed = parse(&seed.to_string(), MachineType::Standard);
        assert_eq!(parsed.diagnostics, []);
        assert!(parsed.machine.is_some());
    }
}

#[test]
fn damaged_text_is_json_exactly_when_serde_json_says_so() {
    const PIECES: [&str; 24] = [
        "\"", "{", "}", "[", "]", ",", ":", " ", "\n", "\\", "\\u", "\\ud83d", "0", "-", ".", "e",
        "1e5", "null", "tru", "NaN", "'", "\u{0}", "é", "😀",
    ];
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let texts: Vec<String> = seeds().iter().map(Value::to_string).collect();
    let mut broken = 0;
    for _ in 0..2_000 {
        let mut text: Vec<char> = random.pick(&texts).chars().collect();
        if random.below(4) == 0 {
            text.truncate(random.below(text.len()));
        }
        for _ in 0..=random.below(3) {
            let at = random.below(text.len() + 1);
            let end = (at + random.below(3)).min(text.len());
            let piece = random.pick(&PIECES);
            text.splice(at..end, piece.chars());
        }
        let text: String = text.into_iter().collect();
        let expected: Option<Value> = serde_json::from_str(&text).ok();
        assert_eq!(json::check(&text).is_ok(), expected.is_some(), "{text}");
        assert_eq!(json::value(&text).ok(), expected, "{text}");
        broken += usize::from(expected.is_none());
        parse_all(&text);
    }
    assert!(broken > 500, "the damage is real");
}

/// Replaces, drops, moves or renames something somewhere inside `value`.
fn damage(value: &mut Value, words: &[Value], random: &mut Random) {
    let goes_deeper = random.below(8) != 0;
    match value {
        Value::Object(members) if goes_deeper && !members.is_empty() => {
            let names: Vec<String> = members.keys().cloned().collect();
            let name = random.pick(&names).clone();
            match random.below(12) {
                0 => {
                    members.shift_remove(&name);
                }
                1 => {
                    if let Some(moved) = members.shift_remove(&name) {
                        let other = random.pick(words).as_str().unwrap_or("x").to_owned();
                        members.insert(other, moved);
                    }
                }
                2 => {
                    let copy = members[&name].clone();
                    members.insert(format!("{name}Path"), copy);
                }
                _ => damage(&mut members[&name], words, random),
            }
        }
        Value::Array(items) if goes_deeper && !items.is_empty() => {
            let at = random.below(items.len());
            match random.below(6) {
                0 => {
                    items.remove(at);
                }
                1 => items.push(items[at].clone()),
                _ => damage(&mut items[at], words, random),
            }
        }
        other => *other = random.pick(words).clone(),
    }
}

/// Every name, string and small value of a document: what damage is made of.
fn collect_words(value: &Value, words: &mut Vec<Value>) {
    words.push(value.clone());
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                words.push(Value::String(name.clone()));
                collect_words(member, words);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_words(item, words)),
        _ => {}
    }
}

#[test]
fn damaged_definitions_are_answered_consistently() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut words = vec![
        Value::Null,
        Value::from(-1),
        Value::from(0.5),
        Value::from(""),
    ];
    seeds()
        .iter()
        .for_each(|seed| collect_words(seed, &mut words));
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..2_000 {
        let mut definition = random.pick(&seeds()).clone();
        for _ in 0..=random.below(3) {
            damage(&mut definition, &words, &mut random);
        }
        let text = definition.to_string();
        parse_all(&text);
        match parse(&text, MachineType::Standard).machine {
            Some(_) => accepted += 1,
            None => refused += 1,
        }
    }
    assert!(
        accepted > 50 && refused > 500,
        "{accepted} accepted, {refused} refused"
    );
}
