//! What became of each resource of a template, for people and for programs.

use serde_json::{Value, json};

/// What an import does, or with `--dry-run` would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    Create,
    Update,
    Unchanged,
    Skipped,
    Failed,
}

impl Action {
    const ALL: [Action; 5] = [
        Action::Create,
        Action::Update,
        Action::Unchanged,
        Action::Skipped,
        Action::Failed,
    ];

    fn word(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Update => "update",
            Action::Unchanged => "unchanged",
            Action::Skipped => "skipped",
            Action::Failed => "failed",
        }
    }
}

/// One line of the plan.
pub(super) struct Outcome {
    pub logical: String,
    pub kind: String,
    pub action: Action,
    pub arn: Option<String>,
    /// What an update changes.
    pub changes: Vec<String>,
    /// Why it was skipped or failed.
    pub reason: Option<String>,
}

/// The plan as a table.
pub(super) fn text(outcomes: &[Outcome]) -> String {
    let width = outcomes.iter().map(|it| it.logical.chars().count()).max();
    let width = width.unwrap_or(0);
    let mut text = String::new();
    for outcome in outcomes {
        let Outcome {
            logical, action, ..
        } = outcome;
        text += &format!("{:<9}  {logical:<width$}", action.word());
        if let Some(arn) = &outcome.arn {
            text += &format!("  {arn}");
        }
        if !outcome.changes.is_empty() {
            text += &format!("  ({})", outcome.changes.join(", "));
        }
        if let Some(reason) = &outcome.reason {
            text += &format!("  {reason}");
        }
        text.push('\n');
    }
    let counts = Action::ALL.map(|action| format!("{} {}", count(outcomes, action), action.word()));
    text + &counts.join(", ") + "\n"
}

/// The plan as JSON.
pub(super) fn json(outcomes: &[Outcome], dry_run: bool) -> String {
    let resources: Vec<Value> = outcomes
        .iter()
        .map(|it| {
            json!({
                "logicalId": it.logical, "type": it.kind, "action": it.action.word(),
                "arn": it.arn, "changes": it.changes, "reason": it.reason,
            })
        })
        .collect();
    let counts = Action::ALL.map(|it| (it.word().to_owned(), json!(count(outcomes, it))));
    let counts: serde_json::Map<String, Value> = counts.into_iter().collect();
    let plan = json!({"dryRun": dry_run, "resources": resources, "counts": counts});
    format!("{plan:#}\n")
}

fn count(outcomes: &[Outcome], action: Action) -> usize {
    outcomes.iter().filter(|it| it.action == action).count()
}
