//! `towpath import`: the state machines and activities of a CloudFormation template, at a server.
//!
//! CDK, SAM and the Serverless Framework all end in such a template. It is read ([`template`], [`yaml`]),
//! what it refers to is resolved ([`resolve`] and its neighbours), and the server is made to hold what it
//! wants ([`apply`], [`publish`]). Nothing is changed before the whole template is understood, and a
//! second import of the same template changes nothing.
//!
//! What is absent: a stack. Nothing remembers what was imported, so a resource that a template no longer
//! has is not deleted.

mod apply;
mod args;
mod conditions;
mod functions;
mod machine;
mod order;
mod outcome;
mod parameters;
mod place;
mod publish;
mod references;
mod resolve;
mod server;
mod stack;
mod template;
#[cfg(test)]
mod tests;
mod yaml;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use crate::client::{Client, Environment};
use crate::exit;

pub use args::ImportArgs;

use apply::{ApplyError, Done};
use args::Format;
use machine::{Activity, Machine};
use outcome::{Action, Outcome};
use parameters::Parameters;
use place::{Place, Problem};
use publish::{Alias, Version};
use references::{ACTIVITY, ALIAS, SAM_STATE_MACHINE, STATE_MACHINE, VERSION};
use resolve::Resolver;
use server::Server;
use stack::Stack;
use template::{Resource, Template};

/// The account of a server that was told nothing else. Source: `towpath serve`, `--account`.
const DEFAULT_ACCOUNT: &str = "000000000000";

/// Imports, and succeeds if the server then holds what the template wants.
pub fn run(args: ImportArgs) -> ExitCode {
    let file = args.template.display().to_string();
    let text = match std::fs::read_to_string(&args.template) {
        Ok(text) => text,
        Err(error) => {
            say(&format!("{file}: {error}"));
            return ExitCode::from(exit::USAGE);
        }
    };
    match import(&args, &text) {
        Ok(outcomes) => {
            let printed = match args.format {
                Format::Text => outcome::text(&outcomes),
                Format::Json => outcome::json(&outcomes, args.dry_run),
            };
            // A closed stdout must not turn an import into a panic.
            let _ = std::io::stdout().write_all(printed.as_bytes());
            if outcomes.iter().any(|it| it.action == Action::Failed) {
                ExitCode::from(exit::FAILED)
            } else {
                ExitCode::SUCCESS
            }
        }
        Err(problems) => {
            for problem in problems {
                say(&format!("{file}: {problem}"));
            }
            ExitCode::from(exit::FAILED)
        }
    }
}

fn say(text: &str) {
    let _ = std::io::stderr().write_all(format!("towpath import: {text}\n").as_bytes());
}

fn import(args: &ImportArgs, text: &str) -> Result<Vec<Outcome>, Vec<Problem>> {
    let template = Template::read(&args.template, text).map_err(|problem| vec![problem])?;
    let parameters = Parameters::new(&template, &BTreeMap::from_iter(args.parameter.clone()));
    let parameters = parameters.map_err(|problem| vec![problem])?;
    let overrides = BTreeMap::from_iter(args.resource.clone());
    let elsewhere = |why: String| vec![Problem::new(Place::default(), why)];
    let client = Client::new(&args.client, &Environment::of_process(), None)
        .map_err(|error| elsewhere(error.to_string()))?;
    let server = Server {
        client: &client,
        dry_run: args.dry_run,
        updated: RefCell::default(),
    };
    let stack = stack_of(args, &server).map_err(elsewhere)?;
    let mut resolver = Resolver::new(&template, &stack, &parameters, &overrides);
    let (chosen, mut outcomes) = choose(&mut resolver)?;
    let ordered = order::of(&template, chosen).map_err(|problem| vec![problem])?;
    // Everything is read once before anything is changed.
    let problems: Vec<Problem> = ordered
        .iter()
        .filter_map(|resource| read(&mut resolver, resource).err())
        .collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut failed: Option<&str> = None;
    for resource in ordered {
        let made = match failed {
            Some(logical) => vec![skipped(
                resource,
                format!("not tried, since {logical} failed"),
            )],
            None => make(&mut resolver, &server, resource),
        };
        if made.iter().any(|it| it.action == Action::Failed) {
            failed = Some(&resource.logical);
        }
        outcomes.extend(made);
    }
    // What is not ours comes last: a template of CDK has much of it.
    outcomes.sort_by_key(|it| it.action == Action::Skipped);
    Ok(outcomes)
}

fn stack_of(args: &ImportArgs, server: &Server<'_>) -> Result<Stack, String> {
    let owner = server.owner().map_err(|error| error.to_string())?;
    let region = args.client.region.as_ref();
    let account = args.account.as_ref();
    if let Some((there_region, there_account)) = &owner
        && (region.is_some_and(|it| it != there_region)
            || account.is_some_and(|it| it != there_account))
    {
        return Err(format!(
            "the server holds account {there_account} in {there_region}, not what --account and \
             --region say"
        ));
    }
    let (listed_region, listed_account) = owner.unzip();
    let region = region.cloned().or(listed_region);
    let account = account.cloned().or(listed_account);
    if account.is_none() && server.client.asks_aws() {
        return Err("the account is not known: say --account".to_owned());
    }
    Ok(Stack {
        name: args.stack_name(),
        account: account.unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned()),
        region: region.unwrap_or_else(|| server.client.region().to_owned()),
    })
}

/// The resources that are imported, and the outcomes of those that are not.
fn choose<'t>(
    resolver: &mut Resolver<'t>,
) -> Result<(Vec<&'t Resource>, Vec<Outcome>), Vec<Problem>> {
    let mut chosen = Vec::new();
    let mut outcomes = Vec::new();
    let template: &'t Template = resolver.template;
    for resource in template.resources() {
        let ours = [STATE_MACHINE, SAM_STATE_MACHINE, ACTIVITY, VERSION, ALIAS];
        if !ours.contains(&resource.kind.as_str()) {
            let why = format!("{} is no resource of Step Functions", resource.kind);
            outcomes.push(skipped(resource, why));
            continue;
        }
        let place = Place::top("Resources").member(&resource.logical);
        let holds = match &resource.condition {
            Some(condition) => resolver
                .condition(condition, &place.member("Condition"))
                .map_err(|problem| vec![problem])?,
            None => true,
        };
        if holds {
            chosen.push(resource);
        } else {
            let condition = resource.condition.as_deref().unwrap_or_default();
            outcomes.push(skipped(
                resource,
                format!("its condition {condition} does not hold"),
            ));
        }
    }
    Ok((chosen, outcomes))
}

fn skipped(resource: &Resource, reason: String) -> Outcome {
    Outcome {
        logical: resource.logical.clone(),
        kind: resource.kind.clone(),
        action: Action::Skipped,
        arn: None,
        changes: Vec::new(),
        reason: Some(reason),
    }
}

/// A resource as the template wants it.
enum Wanted {
    Activity(Activity),
    Machine(Box<Machine>),
    Version(Version),
    Alias(Alias),
}

fn read(resolver: &mut Resolver<'_>, resource: &Resource) -> Result<Wanted, Problem> {
    Ok(match resource.kind.as_str() {
        ACTIVITY => Wanted::Activity(machine::activity(resolver, resource)?),
        VERSION => Wanted::Version(publish::version(resolver, resource)?),
        ALIAS => Wanted::Alias(publish::alias(resolver, resource)?),
        _ => Wanted::Machine(Box::new(machine::machine(resolver, resource)?)),
    })
}

/// Makes one resource. A state machine of SAM's may bring a version and an alias with it.
fn make(resolver: &mut Resolver<'_>, server: &Server<'_>, resource: &Resource) -> Vec<Outcome> {
    let wanted = match read(resolver, resource) {
        Ok(wanted) => wanted,
        Err(problem) => return vec![failed(resource, problem.to_string())],
    };
    let outcome = |logical: String, kind: &str, done: Done| Outcome {
        logical,
        kind: kind.to_owned(),
        action: done.action,
        arn: Some(done.arn),
        changes: done.changes,
        reason: None,
    };
    let one = |done: Result<Done, ApplyError>| match done {
        Ok(done) => outcome(resource.logical.clone(), &resource.kind, done),
        Err(error) => failed(resource, format!("{}: {error}", resource.place())),
    };
    match wanted {
        Wanted::Activity(wanted) => vec![one(server.activity(&wanted))],
        Wanted::Alias(wanted) => vec![one(server.alias(&wanted))],
        Wanted::Version(wanted) => {
            let done = server.version(&wanted);
            if let Ok(done) = &done {
                let (logical, arn) = (resource.logical.clone(), done.arn.clone());
                resolver.versions.insert(logical, arn);
            }
            vec![one(done)]
        }
        Wanted::Machine(wanted) => {
            let mut made = vec![one(server.machine(&wanted))];
            if let Some(alias) = &wanted.auto_publish_alias
                && made[0].action != Action::Failed
            {
                match publish(server, &wanted.arn, alias) {
                    Ok((version, routed)) => {
                        let logical = &resource.logical;
                        made.push(outcome(format!("{logical}Version"), VERSION, version));
                        made.push(outcome(format!("{logical}Alias{alias}"), ALIAS, routed));
                    }
                    Err(error) => {
                        let why = format!("{}.AutoPublishAlias: {error}", resource.place());
                        made.push(failed(resource, why));
                    }
                }
            }
            made
        }
    }
}

/// SAM's `AutoPublishAlias`: a version of the state machine as it is, and an alias that leads there.
fn publish(server: &Server<'_>, machine: &str, alias: &str) -> Result<(Done, Done), ApplyError> {
    let version = server.version(&Version {
        machine: machine.to_owned(),
        description: None,
    })?;
    let routed = server.alias(&Alias {
        name: alias.to_owned(),
        arn: format!("{machine}:{alias}"),
        description: None,
        routing: serde_json::json!([{"stateMachineVersionArn": version.arn, "weight": 100}]),
    })?;
    Ok((version, routed))
}

fn failed(resource: &Resource, reason: String) -> Outcome {
    Outcome {
        action: Action::Failed,
        ..skipped(resource, reason)
    }
}
