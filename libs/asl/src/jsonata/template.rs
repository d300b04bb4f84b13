//! A field of a JSONata state: any JSON value, in which strings may be expressions.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Scope;
use super::engine::Variables;
use super::error::{EvaluationError, ParseError};
use super::expression::{Expression, inside};
use super::needs::Needs;

/// A field, parsed. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Template(Arc<Parsed>);

#[derive(Debug)]
struct Parsed {
    field: Arc<str>,
    root: Node,
    needs: Needs,
}

#[derive(Debug)]
pub(super) enum Node {
    /// Has no expression in it.
    Fixed(Value),
    Expression(Placed),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// An expression and where it stands: `Arguments/Payload/ids[0]`.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) location: Arc<str>,
    pub(super) expression: Expression,
}

impl Template {
    /// Parses the value of `field`, whose name error texts begin with: `Output`, `Catch[0]/Assign`.
    ///
    /// # Errors
    /// The first expression that is none, with its place below the field.
    pub fn parse(field: &str, value: &Value) -> Result<Template, (String, ParseError)> {
        let mut needs = Needs::default();
        let mut place = field.to_owned();
        let root = node(value, &mut place, &mut needs)?;
        Ok(Template(Arc::new(Parsed {
            field: field.into(),
            root,
            needs,
        })))
    }

    /// The name of the field.
    pub fn field(&self) -> &Arc<str> {
        &self.0.field
    }

    /// The value without expressions, if there are none in it.
    pub fn fixed(&self) -> Option<&Value> {
        match &self.0.root {
            Node::Fixed(value) => Some(value),
            _ => None,
        }
    }

    /// The variables its expressions read, without their `$`, in alphabetical order.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.needs.variables()
    }

    /// The value, with every expression replaced by what it comes to.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, EvaluationError> {
        match &self.0.root {
            Node::Fixed(value) => Ok(value.clone()),
            root => evaluate(root, &Variables::new(&self.0.needs, scope)),
        }
    }

    pub(super) fn root(&self) -> &Node {
        &self.0.root
    }
}

/// `place` is that of `value`, and is left as it was found, unless there is an error.
fn node(
    value: &Value,
    place: &mut String,
    needs: &mut Needs,
) -> Result<Node, (String, ParseError)> {
    let length = place.len();
    Ok(match value {
        Value::String(text) => match inside(text) {
            None => Node::Fixed(value.clone()),
            Some(text) => {
                let expression = Expression::parse(text).map_err(|error| (place.clone(), error))?;
                needs.add(expression.needs());
                Node::Expression(Placed {
                    location: place.as_str().into(),
                    expression,
                })
            }
        },
        Value::Array(items) => {
            let mut nodes = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                place.push_str(&format!("[{index}]"));
                nodes.push(node(item, place, needs)?);
                place.truncate(length);
            }
            if nodes.iter().all(is_fixed) {
                return Ok(Node::Fixed(value.clone()));
            }
            Node::Array(nodes)
        }
        Value::Object(members) => {
            let mut nodes = Vec::with_capacity(members.len());
            for (name, member) in members {
                place.push('/');
                place.push_str(name);
                nodes.push((name.clone(), node(member, place, needs)?));
                place.truncate(length);
            }
            if nodes.iter().all(|(_, node)| is_fixed(node)) {
                return Ok(Node::Fixed(value.clone()));
            }
            Node::Object(nodes)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Node::Fixed(value.clone()),
    })
}

fn is_fixed(node: &Node) -> bool {
    matches!(node, Node::Fixed(_))
}

fn evaluate(node: &Node, variables: &Variables) -> Result<Value, EvaluationError> {
    Ok(match node {
        Node::Fixed(value) => value.clone(),
        Node::Expression(Placed {
            location,
            expression,
        }) => expression
            .evaluate(variables)
            .map_err(|failure| failure.of(expression.text(), location))?,
        Node::Array(nodes) => {
            let items: Result<Vec<Value>, EvaluationError> =
                nodes.iter().map(|node| evaluate(node, variables)).collect();
            Value::Array(items?)
        }
        Node::Object(nodes) => {
            let mut members = Map::with_capacity(nodes.len());
            for (name, node) in nodes {
                members.insert(name.clone(), evaluate(node, variables)?);
            }
            Value::Object(members)
        }
    })
}
