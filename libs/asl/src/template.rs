//! Payload templates: `Parameters`, `ResultSelector`, `ItemSelector`, `Assign`, and the single
//! expressions of `ErrorPath` and `CausePath`.
//!
//! A template is JSON in which every field whose name ends in `.$` holds a path or a call of an
//! intrinsic function; the field's value takes its place under the name without the `.$`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::intrinsic::{self, Call};
use crate::path::budget::{Budget, Exhausted, VALUE_DEPTH_MAX, fits};
use crate::path::{Path, Root, Scope};

/// A compiled template.
#[derive(Debug)]
pub struct Template {
    node: Node,
}

#[derive(Debug)]
enum Node {
    /// JSON without any expression in it.
    Literal(Value),
    Array(Vec<Node>),
    Object(Vec<(Box<str>, Node)>),
    Expression(Expression),
}

/// A field to be computed.
#[derive(Debug)]
struct Expression {
    /// The name of the field as written, which messages repeat: `value.$`.
    field: Box<str>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Path(Path),
    Call(Call),
}

/// The text is no valid template; a diagnostic says where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateSyntaxError {
    /// Where in the template: `/value.$`, `/a/b[0]/value.$`. AWS names the object around the field
    /// as the place, and the field in the message.
    pub at: String,
    /// The field as written: `value.$`.
    pub field: String,
    /// AWS's words, without code and place:
    /// `The value for the field 'value.$' must be a valid JSONPath or a valid intrinsic function call`.
    pub message: String,
}

/// A template that could not be evaluated: the cause without the "An error occurred while
/// executing the state" prefix, and the error name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// `States.Runtime`, `States.IntrinsicFailure`, …
    pub error: &'static str,
    /// AWS's words.
    pub cause: String,
}

/// The error of a path that finds nothing, and of an evaluation that costs too much.
const RUNTIME: &str = "States.Runtime";

/// The error of an intrinsic function that can not work with its arguments.
const INTRINSIC_FAILURE: &str = "States.IntrinsicFailure";

impl Template {
    /// Compiles a template: every field whose name ends in `.$` is a path or an intrinsic call.
    pub fn parse(value: &Value) -> Result<Template, TemplateSyntaxError> {
        Node::parse(value, &mut String::new(), VALUE_DEPTH_MAX).map(|node| Template { node })
    }

    /// Compiles a single expression: a path or an intrinsic call. Messages name no field; use
    /// [`Template::parse_field`] where there is one.
    pub fn parse_expression(text: &str) -> Result<Template, TemplateSyntaxError> {
        Template::parse_field("", text)
    }

    /// Compiles the single expression of a field such as `CausePath`, which messages name.
    pub fn parse_field(field: &str, text: &str) -> Result<Template, TemplateSyntaxError> {
        let node = Node::Expression(Expression::parse(field, text, "")?);
        Ok(Template { node })
    }

    /// Evaluates the template.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, TemplateError> {
        let value = self.node.evaluate(scope, &mut Budget::new())?;
        // Nesting adds up where values are moved into one another and nobody copies them.
        if fits(&value, VALUE_DEPTH_MAX) {
            Ok(value)
        } else {
            Err(Exhausted::Depth.into())
        }
    }

    /// The variables the template reads, without their `$`, in alphabetical order.
    pub fn variables(&self) -> BTreeSet<&str> {
        let mut variables = BTreeSet::new();
        self.node
            .each_path(&mut |path| variables.extend(path.variable()));
        variables
    }

    /// Calls `visit` with every path of the template, those inside intrinsic calls included.
    pub fn each_path<'t>(&'t self, visit: &mut dyn FnMut(&'t Path)) {
        self.node.each_path(visit);
    }
}

impl Node {
    /// `at` is the place of `value` in the template and is left as it was found.
    fn parse(value: &Value, at: &mut String, levels: usize) -> Result<Node, TemplateSyntaxError> {
        if levels == 0 {
            return Err(TemplateSyntaxError {
                at: at.clone(),
                field: String::new(),
                message: format!("A payload template has at most {VALUE_DEPTH_MAX} levels"),
            });
        }
        let length = at.len();
        let mut nested = |step: &str, value: &Value| {
            at.push_str(step);
            let node = Node::parse(value, at, levels - 1);
            at.truncate(length);
            node
        };
        let node = match value {
            Value::Array(items) => {
                let nodes = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| nested(&format!("[{index}]"), item));
                Node::Array(nodes.collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                let mut nodes = Vec::with_capacity(members.len());
                for (key, member) in members {
                    nodes.push(match key.strip_suffix(".$") {
                        Some(name) => {
                            let expression = Expression::parse_value(key, member, at)?;
                            (name.into(), Node::Expression(expression))
                        }
                        None => {
                            at.push('/');
                            at.push_str(key);
                            let node = Node::parse(member, at, levels - 1);
                            at.truncate(length);
                            (key.as_str().into(), node?)
                        }
                    });
                }
                Node::Object(nodes)
            }
            scalar => Node::Literal(scalar.clone()),
        };
        Ok(if node.is_literal() {
            Node::Literal(value.clone())
        } else {
            node
        })
    }

    fn is_literal(&self) -> bool {
        match self {
            Node::Literal(_) => true,
            Node::Expression(_) => false,
            Node::Array(nodes) => nodes.iter().all(Node::is_literal),
            Node::Object(nodes) => nodes.iter().all(|(_, node)| node.is_literal()),
        }
    }

    fn evaluate(&self, scope: &dyn Scope, budget: &mut Budget) -> Result<Value, TemplateError> {
        Ok(match self {
            Node::Literal(value) => budget.copy(value)?,
            Node::Expression(expression) => match expression.evaluate(scope, budget)? {
                Cow::Borrowed(value) => budget.copy(value)?,
                Cow::Owned(value) => value,
            },
            Node::Array(nodes) => {
                budget.node(0)?;
                let values = nodes.iter().map(|node| node.evaluate(scope, budget));
                Value::Array(values.collect::<Result<_, _>>()?)
            }
            Node::Object(nodes) => {
                budget.node(0)?;
                let mut members = Map::new();
                for (key, node) in nodes {
                    budget.member(key)?;
                    members.insert(key.to_string(), node.evaluate(scope, budget)?);
                }
                Value::Object(members)
            }
        })
    }

    fn each_path<'t>(&'t self, visit: &mut dyn FnMut(&'t Path)) {
        match self {
            Node::Literal(_) => {}
            Node::Array(nodes) => nodes.iter().for_each(|node| node.each_path(visit)),
            Node::Object(nodes) => nodes.iter().for_each(|(_, node)| node.each_path(visit)),
            Node::Expression(Expression {
                source: Source::Path(path),
                ..
            }) => visit(path),
            Node::Expression(Expression {
                source: Source::Call(call),
                ..
            }) => call.each_path(visit),
        }
    }
}

impl Expression {
    fn parse_value(
        field: &str,
        value: &Value,
        at: &str,
    ) -> Result<Expression, TemplateSyntaxError> {
        match value {
            Value::String(text) => Expression::parse(field, text, at),
            _ => Err(TemplateSyntaxError::new(field, at)),
        }
    }

    fn parse(field: &str, text: &str, at: &str) -> Result<Expression, TemplateSyntaxError> {
        let source = if intrinsic::is_call(text) {
            Call::parse(text).ok().map(Source::Call)
        } else {
            Path::parse(text).ok().map(Source::Path)
        };
        match source {
            Some(source) => Ok(Expression {
                field: field.into(),
                source,
            }),
            None => Err(TemplateSyntaxError::new(field, at)),
        }
    }

    fn evaluate<'a>(
        &'a self,
        scope: &'a dyn Scope,
        budget: &mut Budget,
    ) -> Result<Cow<'a, Value>, TemplateError> {
        match &self.source {
            Source::Path(path) => path.evaluate_within(scope, budget).map_err(|_| self.not_found(path, scope)),
            Source::Call(call) => call.evaluate(scope, budget).map_err(|failure| match failure {
                intrinsic::Failure::Missing(path) => TemplateError {
                    error: RUNTIME,
                    cause: format!(
                        "The function '{}' had the following error: The JsonPath argument for the field \
                         '{}' could not be found in the input '{}'",
                        call.text(),
                        path.text(),
                        searched(&path, scope),
                    ),
                },
                intrinsic::Failure::Failed(why) => TemplateError {
                    error: INTRINSIC_FAILURE,
                    cause: format!("The function '{}' had the following error: {why}", call.text()),
                },
                intrinsic::Failure::Exhausted(exhausted) => exhausted.into(),
            }),
        }
    }

    fn not_found(&self, path: &Path, scope: &dyn Scope) -> TemplateError {
        let cause = format!(
            "The JSONPath '{}' specified for the field '{}' could not be found in the input '{}'",
            path.text(),
            self.field,
            searched(path, scope),
        );
        TemplateError {
            error: RUNTIME,
            cause,
        }
    }
}

/// What the path was looked up in, as compact JSON. For a variable that is the input as well: the
/// variables are no document.
fn searched(path: &Path, scope: &dyn Scope) -> String {
    match path.root() {
        Root::Input | Root::Variable(_) => scope.input().to_string(),
        Root::Context => scope.context().to_string(),
    }
}

impl TemplateSyntaxError {
    fn new(field: &str, at: &str) -> TemplateSyntaxError {
        TemplateSyntaxError {
            at: format!("{at}/{field}"),
            field: field.to_owned(),
            message: format!(
                "The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call"
            ),
        }
    }
}

impl From<Exhausted> for TemplateError {
    fn from(exhausted: Exhausted) -> TemplateError {
        TemplateError {
            error: RUNTIME,
            cause: exhausted.to_string(),
        }
    }
}
