//! Which part of the language there is: looks at an expression before it is ever evaluated.
//!
//! Source: AWS developer guide, "Transforming data with JSONata": there is no context at the top level,
//! so `$`, `$$` and bare names mean nothing there; `$eval` is not supported; the version is 2.0.6,
//! which has neither `?:` nor `??`.

use std::collections::BTreeSet;
use std::sync::Arc;

use jlens_core::ast::{Ast, BinaryOp, Group, LambdaDef, Node, NodeKind, Span, Stage};
use jlens_core::stack;

use super::error::ParseError;
use super::functions;

/// What a look at an expression tells.
#[derive(Clone, Debug, Default)]
pub(super) struct Surface {
    /// It reads `$states.result`.
    pub(super) result: bool,
    /// It reads `$states.errorOutput`.
    pub(super) error_output: bool,
    /// Variables and functions that are read and not bound inside before.
    pub(super) free: BTreeSet<Arc<str>>,
    /// Names that are bound inside, somewhere.
    pub(super) bound: BTreeSet<Arc<str>>,
    /// A regular expression stands in it.
    pub(super) has_regex: bool,
    /// What is evaluated otherwise than written, outer things before those inside.
    pub(super) otherwise: Vec<Otherwise>,
}

/// Something that is evaluated otherwise than written, and where its parts stand in the text.
#[derive(Clone, Debug)]
pub(super) enum Otherwise {
    /// `1..3`, with the operator's end.
    Range(Span, usize),
    /// `$a = $b`, with the operator and its end.
    Comparison(Span, &'static str, usize),
    /// A call of a built-in function at the end of a function.
    LastCall(Span),
    /// A call of a built-in function that is looked at before, with its arguments.
    GuardedCall(&'static str, Span, Vec<Span>),
}

/// Built-in functions whose arguments are looked at before.
const GUARDED: [&str; 2] = ["distinct", "replace"];

/// Refuses what AWS does not have; says what else is to be known.
pub(super) fn check(tree: &Ast) -> Result<Surface, ParseError> {
    let mut walk = Walk {
        surface: Surface::default(),
        scope: Vec::new(),
        ahead: Vec::new(),
        lambdas: 0,
        refused: None,
    };
    walk.node(&tree.root, Context::None);
    match walk.refused {
        None => Ok(walk.surface),
        Some(error) => Err(error),
    }
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
    surface: Surface,
    /// Names bound so far where the walk stands.
    scope: Vec<&'t str>,
    /// Names that the blocks around bind somewhere: a function's body may be run after that.
    ahead: Vec<&'t str>,
    /// How many functions' bodies the walk is in.
    lambdas: usize,
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
            NodeKind::Binary { op, lhs, rhs } => {
                let span = lhs.span.to(rhs.span);
                match op {
                    BinaryOp::Range => {
                        let range = Otherwise::Range(span, node.pos);
                        self.surface.otherwise.push(range);
                    }
                    // A comparison with a literal ends where the literal does.
                    BinaryOp::Eq | BinaryOp::Ne if !is_scalar(lhs) && !is_scalar(rhs) => {
                        let comparison = Otherwise::Comparison(span, op.symbol(), node.pos);
                        self.surface.otherwise.push(comparison);
                    }
                    _ => {}
                }
                self.nodes([&**lhs, &**rhs], context);
            }
            NodeKind::Apply { lhs, rhs } => self.nodes([&**lhs, &**rhs], context),
            NodeKind::Bind { lhs, rhs } => {
                self.node(rhs, context);
                self.bind(bound_name(lhs));
            }
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
            NodeKind::Block { exprs, .. } => self.block(exprs, context),
            NodeKind::Function { procedure, args } | NodeKind::Partial { procedure, args } => {
                if matches!(node.kind, NodeKind::Function { .. }) && !args.is_empty() {
                    self.guard(procedure, args, node.span);
                }
                self.node(procedure, context);
                self.nodes(args, context);
            }
            NodeKind::Lambda(lambda) => self.lambda(lambda, context),
            NodeKind::Transform(transform) => {
                self.nodes([&transform.pattern, &transform.update], Context::Item);
                self.nodes(&transform.delete, Context::Item);
            }
            NodeKind::Sort { terms } => {
                self.nodes(terms.iter().map(|term| &term.expr), Context::Item);
            }
            NodeKind::Regex { .. } => self.surface.has_regex = true,
            NodeKind::Name { .. }
            | NodeKind::Wildcard
            | NodeKind::Descendant
            | NodeKind::Parent { .. }
            | NodeKind::String { .. }
            | NodeKind::Number { .. }
            | NodeKind::Bool { .. }
            | NodeKind::Null
            | NodeKind::Placeholder
            | NodeKind::Error { .. } => {}
        }
    }

    fn bind(&mut self, name: Option<&'t str>) {
        if let Some(name) = name {
            self.scope.push(name);
            self.surface.bound.insert(name.into());
        }
    }

    fn block(&mut self, exprs: &'t [Node], context: Context) {
        let (scope, ahead) = (self.scope.len(), self.ahead.len());
        let binds = exprs.iter().filter_map(|node| match &node.kind {
            NodeKind::Bind { lhs, .. } => bound_name(lhs),
            _ => None,
        });
        self.ahead.extend(binds);
        self.nodes(exprs, context);
        self.scope.truncate(scope);
        self.ahead.truncate(ahead);
    }

    fn lambda(&mut self, lambda: &'t LambdaDef, context: Context) {
        let scope = self.scope.len();
        for name in &lambda.params {
            self.bind(Some(name));
        }
        // Tail calls are wrapped in functions too; these run at once.
        if lambda.thunk
            && let NodeKind::Function { procedure, .. } = &lambda.body.kind
            && let NodeKind::Variable { name } = &procedure.kind
            && functions::exists(name)
        {
            let call = Otherwise::LastCall(lambda.body.span);
            self.surface.otherwise.push(call);
        }
        self.lambdas += usize::from(!lambda.thunk);
        self.node(&lambda.body, context);
        self.lambdas -= usize::from(!lambda.thunk);
        self.scope.truncate(scope);
    }

    fn guard(&mut self, procedure: &Node, args: &[Node], span: Span) {
        let NodeKind::Variable { name } = &procedure.kind else {
            return;
        };
        let is_ours = self.scope.contains(&&**name) || self.ahead.contains(&&**name);
        if let (Some(function), false) = (GUARDED.iter().find(|known| *known == name), is_ours) {
            let args = args.iter().map(|arg| arg.span).collect();
            let call = Otherwise::GuardedCall(function, span, args);
            self.surface.otherwise.push(call);
        }
    }

    /// The first step stands where the path stands, the others in what the steps before gave.
    fn path(&mut self, steps: &'t [Node], context: Context) {
        let Some((first, rest)) = steps.split_first() else {
            return;
        };
        let scope = self.scope.len();
        self.node(first, context);
        self.nodes(rest, Context::Item);
        self.scope.truncate(scope);
        let is_states = matches!(&first.kind, NodeKind::Variable { name } if name == "states");
        if let (true, Some(NodeKind::Name { name })) = (is_states, rest.first().map(|n| &n.kind)) {
            self.surface.result |= name == "result";
            self.surface.error_output |= name == "errorOutput";
        }
    }

    fn variable(&mut self, name: &'t str, context: Context) {
        match name {
            "" if context == Context::None => self.top_level("$"),
            "" => {}
            // The root of everything, which there is not, wherever it stands.
            "$" => self.top_level("$$"),
            _ if self.scope.contains(&name) => {}
            _ if self.lambdas > 0 && self.ahead.contains(&name) => {}
            "eval" => {
                self.refuse(|| ParseError::unsupported("The function '$eval' is not supported."));
            }
            _ => {
                self.surface.free.insert(name.into());
            }
        }
    }

    fn pairs(&mut self, pairs: &'t [(Node, Node)], context: Context) {
        for (key, value) in pairs {
            self.nodes([key, value], context);
        }
    }

    /// Predicates and groups look at items, and see what the step binds: `@$x`, `#$i`.
    fn attributes(&mut self, node: &'t Node) {
        self.bind(node.attrs.focus.as_deref());
        self.bind(node.attrs.index.as_deref());
        for stage in node.attrs.stages.iter().chain(&node.attrs.predicate) {
            match stage {
                Stage::Filter { expr, .. } => self.node(expr, Context::Item),
                Stage::Index { var, .. } => self.bind(Some(var)),
            }
        }
        if let Some(Group { pairs, .. }) = node.attrs.group.as_deref() {
            self.pairs(pairs, Context::Item);
        }
    }
}

/// The name on the left of `:=`.
fn bound_name(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::Variable { name } => Some(name),
        _ => None,
    }
}

fn is_scalar(node: &Node) -> bool {
    matches!(
        node.kind,
        NodeKind::String { .. } | NodeKind::Number { .. } | NodeKind::Bool { .. } | NodeKind::Null
    )
}
