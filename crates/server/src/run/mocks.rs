//! Answers for Task states, read from a file in the format of Step Functions Local.
//!
//! ```json
//! { "StateMachines": { "orders": { "TestCases": { "HappyPath": { "Reserve": "Reserved" } } } },
//!   "MockedResponses": { "Reserved": {
//!     "0-1": { "Throw": { "Error": "Busy", "Cause": "try later" } },
//!     "2": { "Return": { "ok": true } } } } }
//! ```
//!
//! Source: AWS developer guide, "Testing state machines with Step Functions Local", mocked service
//! integrations. `"0"` is the first time the state calls, whatever the reason: a retry counts, another
//! item of a Map does too.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct File {
    #[serde(rename = "StateMachines")]
    state_machines: BTreeMap<String, Machine>,
    #[serde(rename = "MockedResponses", default)]
    responses: BTreeMap<String, BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
struct Machine {
    #[serde(rename = "TestCases")]
    test_cases: BTreeMap<String, BTreeMap<String, String>>,
}

/// What a call comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// `Return`.
    Return(Value),
    /// `Throw`.
    Throw {
        /// `Error`.
        error: Option<Arc<str>>,
        /// `Cause`.
        cause: Option<Arc<str>>,
    },
}

/// Why a file of mocks can not be used.
#[derive(Debug, thiserror::Error)]
pub enum MocksError {
    #[error("no file of mocks: {0}")]
    Json(String),
    #[error(
        "no state machine \"{name}\" under StateMachines; there are: {there}. Say which with --name"
    )]
    NoMachine { name: String, there: String },
    #[error("no test case \"{name}\" for this state machine; there are: {there}")]
    NoTestCase { name: String, there: String },
    #[error("which test case? Say it with --test-case; there are: {there}")]
    WhichTestCase { there: String },
    #[error("state \"{state}\" is answered by \"{response}\", which is not under MockedResponses")]
    NoResponse { state: String, response: String },
    #[error(
        "MockedResponses, \"{response}\": \"{key}\" is neither a number such as \"0\" nor a range such as \"1-2\""
    )]
    NotARange { response: String, key: String },
    #[error("MockedResponses, \"{response}\": call {call} is answered twice")]
    Overlap { response: String, call: u32 },
    #[error(
        "MockedResponses, \"{response}\", \"{key}\": there must be either \"Return\" or \"Throw\": {{\"Error\": …, \"Cause\": …}}"
    )]
    NotAnAnswer { response: String, key: String },
}

/// Answers to the calls `first..=last` of a state.
#[derive(Debug)]
struct Range {
    first: u32,
    last: u32,
    answer: Answer,
}

#[derive(Debug)]
struct Answers {
    response: String,
    ranges: Vec<Range>,
}

/// The mocks of one test case.
#[derive(Debug)]
pub struct Mocks {
    states: BTreeMap<String, Answers>,
    calls: BTreeMap<String, u32>,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// The state has no mock.
    NoMock,
    /// Its mock does not say what this call comes to.
    NoSuchCall {
        /// The name under `MockedResponses`.
        response: String,
        /// Which call, from 0.
        call: u32,
    },
}

impl Mocks {
    /// No mocks: no Task state can be run.
    pub fn none() -> Mocks {
        Mocks {
            states: BTreeMap::new(),
            calls: BTreeMap::new(),
        }
    }

    /// Reads the mocks of a test case. A machine of another name will do if it is the only one, and
    /// the name was guessed from a file's name.
    pub fn read(
        text: &str,
        machine: &str,
        is_named: bool,
        test_case: Option<&str>,
    ) -> Result<Mocks, MocksError> {
        let json = |error: &dyn std::fmt::Display| MocksError::Json(error.to_string());
        let value = asl::json::value(text).map_err(|error| json(&error.message))?;
        let file: File = serde_json::from_value(value).map_err(|error| json(&error))?;
        let only = match file.state_machines.values().next() {
            Some(only) if file.state_machines.len() == 1 && !is_named => Some(only),
            _ => None,
        };
        let found = file.state_machines.get(machine).or(only);
        let machine = found.ok_or_else(|| MocksError::NoMachine {
            name: machine.to_owned(),
            there: names(&file.state_machines),
        })?;
        let cases = &machine.test_cases;
        let case = match test_case {
            Some(name) => cases.get(name).ok_or_else(|| MocksError::NoTestCase {
                name: name.to_owned(),
                there: names(cases),
            })?,
            None => match cases.values().next() {
                Some(only) if cases.len() == 1 => only,
                _ => {
                    return Err(MocksError::WhichTestCase {
                        there: names(cases),
                    });
                }
            },
        };
        let mut mocks = Mocks::none();
        for (state, response) in case {
            let answers = file.responses.get(response);
            let answers = answers.ok_or_else(|| MocksError::NoResponse {
                state: state.clone(),
                response: response.clone(),
            })?;
            let ranges = read_ranges(response, answers)?;
            let answers = Answers {
                response: response.clone(),
                ranges,
            };
            mocks.states.insert(state.clone(), answers);
        }
        Ok(mocks)
    }

    /// What the next call of the state comes to.
    pub fn answer(&mut self, state: &str) -> Result<&Answer, NoAnswer> {
        let answers = self.states.get(state).ok_or(NoAnswer::NoMock)?;
        let count = self.calls.entry(state.to_owned()).or_default();
        let call = *count;
        *count = count.saturating_add(1);
        let mut ranges = answers.ranges.iter();
        match ranges.find(|range| (range.first..=range.last).contains(&call)) {
            Some(range) => Ok(&range.answer),
            None => Err(NoAnswer::NoSuchCall {
                response: answers.response.clone(),
                call,
            }),
        }
    }
}

fn names<T>(map: &BTreeMap<String, T>) -> String {
    let names: Vec<&str> = map.keys().map(String::as_str).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

fn read_ranges(
    response: &str,
    answers: &BTreeMap<String, Value>,
) -> Result<Vec<Range>, MocksError> {
    let mut ranges: Vec<Range> = Vec::new();
    for (key, value) in answers {
        let (first, last) = read_range(key).ok_or_else(|| MocksError::NotARange {
            response: response.to_owned(),
            key: key.clone(),
        })?;
        let answer = read_answer(value).ok_or_else(|| MocksError::NotAnAnswer {
            response: response.to_owned(),
            key: key.clone(),
        })?;
        let overlap = ranges
            .iter()
            .find(|other| first <= other.last && other.first <= last);
        if let Some(other) = overlap {
            return Err(MocksError::Overlap {
                response: response.to_owned(),
                call: first.max(other.first),
            });
        }
        ranges.push(Range {
            first,
            last,
            answer,
        });
    }
    Ok(ranges)
}

/// `"3"` or `"1-2"`.
fn read_range(key: &str) -> Option<(u32, u32)> {
    let (first, last) = key.split_once('-').unwrap_or((key, key));
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last).then_some((first, last))
}

fn read_answer(value: &Value) -> Option<Answer> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    if let Some(value) = members.get("Return") {
        return Some(Answer::Return(value.clone()));
    }
    let throw = members.get("Throw")?.as_object()?;
    let text = |name: &str| match throw.get(name) {
        None => Some(None),
        Some(value) => value.as_str().map(|text| Some(Arc::from(text))),
    };
    Some(Answer::Throw {
        error: text("Error")?,
        cause: text("Cause")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{
        "StateMachines": { "m": { "TestCases": {
            "Good": { "A": "Twice" }, "Bad": { "A": "Nothing" } } } },
        "MockedResponses": { "Twice": {
            "0-1": { "Throw": { "Error": "E" } }, "2": { "Return": 7 } } } }"#;

    #[test]
    fn calls_are_counted_from_zero() {
        let mut mocks = Mocks::read(FILE, "m", true, Some("Good")).unwrap();
        let thrown = Answer::Throw {
            error: Some("E".into()),
            cause: None,
        };
        assert_eq!(mocks.answer("A"), Ok(&thrown));
        assert_eq!(mocks.answer("A"), Ok(&thrown));
        assert_eq!(mocks.answer("A"), Ok(&Answer::Return(7.into())));
        let over = NoAnswer::NoSuchCall {
            response: "Twice".into(),
            call: 3,
        };
        assert_eq!(mocks.answer("A"), Err(over));
        assert_eq!(mocks.answer("B"), Err(NoAnswer::NoMock));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let said = |text: &str, machine, named, case| {
            Mocks::read(text, machine, named, case)
                .unwrap_err()
                .to_string()
        };
        assert!(said(FILE, "m", false, None).contains("there are: Bad, Good"));
        assert!(said(FILE, "other", false, None).contains("which test case?"));
        assert!(said(FILE, "other", true, None).contains("no state machine \"other\""));
        assert!(said(FILE, "m", false, Some("Ugly")).contains("no test case \"Ugly\""));
        assert!(said(FILE, "m", false, Some("Bad")).contains("\"Nothing\", which is not"));
        let with = |answers: &str| {
            let text = format!(
                r#"{{"StateMachines":{{"m":{{"TestCases":{{"T":{{"A":"R"}}}}}}}},"MockedResponses":{{"R":{answers}}}}}"#
            );
            said(&text, "m", false, None)
        };
        assert!(with(r#"{"2-1":{"Return":1}}"#).contains("neither a number"));
        assert!(
            with(r#"{"0":{"Return":1},"0-1":{"Return":1}}"#).contains("call 0 is answered twice")
        );
        assert!(with(r#"{"0":{"Return":1,"Throw":{}}}"#).contains("either"));
        assert!(with(r#"{"0":{"Throw":{"Error":1}}}"#).contains("either"));
        assert!(said("{}", "m", false, None).contains("StateMachines"));
        assert!(said("[", "m", false, None).contains("no file of mocks"));
    }
}
