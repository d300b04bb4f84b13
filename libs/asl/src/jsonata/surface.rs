//! Which part of the language there is: looks at an expression before it is ever evaluated.
//!
//! Source: AWS developer guide, "Transforming data with JSONata": there is no context at the top level,
//! so `$`, `$$` and bare names mean nothing there; `$eval` is not supported; the version is 2.0.6,
//! which has neither `?:` nor `??`.

use std::collections::BTreeSet;

use jlens_core::ast::{Ast, Group, Node, NodeKind, Stage};
use jlens_core::stack;

use super::error::ParseError;

/// What an expression refers to of what is not always there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Uses {
    /// `$states.result`.
    pub(super) result: bool,
    /// `$states.errorOutput`.
    pub(super) error_output: bool,
}

/// Refuses what AWS does not have; says what else is to be known.
pub(super) fn check(tree: &Ast) -> Result<Uses, ParseError> {
    let mut walk = Walk {
        uses: Uses::default(),
        names: BTreeSet::new(),
        refused: None,
    };
    walk.node(&tree.root, Context::None);
    match walk.refused {
        None => Ok(walk.uses),
        Some(error) => Err(error),
    }
}

/// The names of all variables and functions, bound inside or not.
pub(super) fn names(tree: &Ast) -> BTreeSet<&str> {
    let mut walk = Walk {
        uses: Uses::default(),
        names: BTreeSet::new(),
        refused: None,
    };
    walk.node(&tree.root, Context::None);
    walk.names
}

/// What `$` and a bare name stand for at some place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    /// Nothing: the top level.
    None,
    /// An item of something.
    Item,
}

struct Walk<'t> {
    uses: Uses,
    names: BTreeSet<&'t str>,
    /// The first thing refused.
    refused: Option<ParseError>,
}

impl<'t> Walk<'t> {
    fn refuse(&mut self, error: impl FnOnce() -> ParseError) {
        if self.refused.is_none() {
            self.refused = Some(error());
        }
    }

    fn top_level(&mut self, name: &str) {
        self.refuse(|| {
            ParseError::unsupported(format!(
                "Reference to '{name}' at the top level is not supported."
            ))
        });
    }

    fn node(&mut self, node: &'t Node, context: Context) {
        stack::grow(|| {
            self.kind(node, context);
            self.attributes(node);
        });
    }

    fn nodes(&mut self, nodes: impl IntoIterator<Item = &'t Node>, context: Context) {
        for node in nodes {
            self.node(node, context);
        }
    }

    fn kind(&mut self, node: &'t Node, context: Context) {
        match &node.kind {
            NodeKind::Path { steps, .. } => self.path(steps, context),
            NodeKind::Variable { name } => self.variable(name, context),
            NodeKind::Name { name } if context == Context::None => self.top_level(name),
            NodeKind::Wildcard if context == Context::None => self.top_level("*"),
            NodeKind::Descendant if context == Context::None => self.top_level("**"),
            NodeKind::Parent { .. } if context == Context::None => self.top_level("%"),
            NodeKind::Fallback { op, lhs, rhs } => {
                self.refuse(|| {
                    ParseError::invalid(format!(
                        "The operator '{}' is not part of JSONata 2.0.6",
                        op.symbol()
                    ))
                });
                self.nodes([&**lhs, &**rhs], context);
            }
            NodeKind::Binary { lhs, rhs, .. } | NodeKind::Apply { lhs, rhs } => {
                self.nodes([&**lhs, &**rhs], context);
            }
            // The left side is the name of a variable, and not a reference to it.
            NodeKind::Bind { rhs, .. } => self.node(rhs, context),
            NodeKind::Negate { expr } => self.node(expr, context),
            NodeKind::Array { items } => self.nodes(items, context),
            NodeKind::Object { pairs } => self.pairs(pairs, context),
            NodeKind::Condition {
                condition,
                then,
                otherwise,
            } => {
                self.nodes([&**condition, &**then], context);
                self.nodes(otherwise.as_deref(), context);
            }
            NodeKind::Block { exprs, .. } => self.nodes(exprs, context),
            NodeKind::Function { procedure, args } | NodeKind::Partial { procedure, args } => {
                self.node(procedure, context);
                self.nodes(args, context);
            }
            NodeKind::Lambda(lambda) => self.node(&lambda.body, context),
            NodeKind::Transform(transform) => {
                self.nodes([&transform.pattern, &transform.update], Context::Item);
                self.nodes(&transform.delete, Context::Item);
            }
            NodeKind::Sort { terms } => {
                self.nodes(terms.iter().map(|term| &term.expr), Context::Item);
            }
            NodeKind::Name { .. }
            | NodeKind::Wildcard
            | NodeKind::Descendant
            | NodeKind::Parent { .. }
            | NodeKind::String { .. }
            | NodeKind::Number { .. }
            | NodeKind::Bool { .. }
            | NodeKind::Null
            | NodeKind::Regex { .. }
            | NodeKind::Placeholder
            | NodeKind::Error { .. } => {}
        }
    }

    /// The first step stands where the path stands, the others in what the steps before gave.
    fn path(&mut self, steps: &'t [Node], context: Context) {
        let Some((first, rest)) = steps.split_first() else {
            return;
        };
        self.node(first, context);
        self.nodes(rest, Context::Item);
        let is_states = matches!(&first.kind, NodeKind::Variable { name } if name == "states");
        if let (true, Some(NodeKind::Name { name })) = (is_states, rest.first().map(|n| &n.kind)) {
            self.uses.result |= name == "result";
            self.uses.error_output |= name == "errorOutput";
        }
    }

    fn variable(&mut self, name: &'t str, context: Context) {
        match name {
            "" if context == Context::None => self.top_level("$"),
            "" => {}
            // The root of everything, which there is not, wherever it stands.
            "$" => self.top_level("$$"),
            "eval" => {
                self.refuse(|| ParseError::unsupported("The function '$eval' is not supported."));
            }
            _ => {
                self.names.insert(name);
            }
        }
    }

    fn pairs(&mut self, pairs: &'t [(Node, Node)], context: Context) {
        for (key, value) in pairs {
            self.nodes([key, value], context);
        }
    }

    /// Predicates and groups look at items.
    fn attributes(&mut self, node: &'t Node) {
        for stage in node.attrs.stages.iter().chain(&node.attrs.predicate) {
            if let Stage::Filter { expr, .. } = stage {
                self.node(expr, Context::Item);
            }
        }
        if let Some(Group { pairs, .. }) = node.attrs.group.as_deref() {
            self.pairs(pairs, Context::Item);
        }
    }
}
