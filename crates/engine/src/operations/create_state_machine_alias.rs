//! `CreateStateMachineAlias`.

use store::{RecordKind, RecordWrite};

use crate::arn::{self, Qualifier};
use crate::message::{Now, Output};
use crate::records::{self, AliasRecord, Route};
use crate::rejection::{ErrorName, Rejection};
use crate::shapes::Routing;
use crate::shard::{Machine, Shard};

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `name`.
    pub name: String,
    /// `description`.
    pub description: Option<String>,
    /// `routingConfiguration`: one or two.
    pub routing: Vec<Routing>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// `stateMachineAliasArn`.
    pub state_machine_alias_arn: String,
    /// `creationDate`, milliseconds since 1970.
    pub creation_ms: i64,
}

/// Most aliases of a state machine. Source: AWS API reference, `CreateStateMachineAlias`.
pub const ALIASES_MAX: usize = 100;

impl Shard {
    /// Idempotent on name, description and routing.
    pub(crate) fn create_state_machine_alias(
        &mut self,
        request: Request,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Result<Response, Rejection> {
        let (machine_name, routing) = routes(&request.routing)?;
        let first_arn = &request.routing[0].state_machine_version_arn;
        let ours = self.world.owner.owns(first_arn);
        let now_ms = self.clock.at(now);
        let machine = self.machines.get_mut(machine_name).filter(|_| ours);
        let Some(machine) = machine else {
            return Err(not_found(first_arn));
        };
        machine.must_have(&request.routing, &routing)?;
        let owner = &self.world.owner;
        let state_machine_alias_arn = owner.state_machine_alias_arn(machine_name, &request.name);
        if let Some(there) = machine.aliases.get(&request.name) {
            if there.description != request.description || !same(&there.routing, &routing) {
                let message = "Failed to create alias because an alias with the same name and a \
                               different routing configuration already exists.";
                return Err(Rejection::new(ErrorName::ConflictException, message));
            }
            return Ok(Response {
                state_machine_alias_arn,
                creation_ms: there.creation_ms,
            });
        }
        if machine.aliases.len() >= ALIASES_MAX {
            let message = format!(
                "A state machine can have {ALIASES_MAX} aliases: delete those of '{machine_name}' \
                 that are not used any more"
            );
            return Err(Rejection::new(
                ErrorName::ServiceQuotaExceededException,
                message,
            ));
        }
        let record = AliasRecord {
            machine: machine.record.number,
            name: request.name,
            description: request.description,
            creation_ms: now_ms,
            update_ms: now_ms,
            routing,
        };
        let writes = vec![write(&record)];
        machine.aliases.insert(record.name.clone(), record);
        self.commit_records(writes, now, out);
        Ok(Response {
            state_machine_alias_arn,
            creation_ms: now_ms,
        })
    }
}

impl Machine {
    /// Refuses routes to versions that do not exist.
    pub(crate) fn must_have(&self, routing: &[Routing], routes: &[Route]) -> Result<(), Rejection> {
        let mut pairs = routing.iter().zip(routes);
        match pairs.find(|(_, route)| !self.versions.contains_key(&route.version)) {
            None => Ok(()),
            Some((missing, _)) => Err(not_found(&missing.state_machine_version_arn)),
        }
    }
}

/// The machine's name, and its versions. What is routed to must be versions of one machine, each
/// named once, and their weights must make 100.
pub(crate) fn routes(routing: &[Routing]) -> Result<(&str, Vec<Route>), Rejection> {
    let arns = routing
        .iter()
        .map(|it| it.state_machine_version_arn.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    let refused = |what: &str, received: &str| {
        let message = format!("{what}. Received: [{received}]");
        Err(Rejection::new(ErrorName::ValidationException, message)
            .with_reason("INVALID_ROUTING_CONFIGURATION"))
    };
    let mut machines = Vec::new();
    let mut routes: Vec<Route> = Vec::new();
    for it in routing {
        let parsed = arn::parse_state_machine(&it.state_machine_version_arn)?;
        let Qualifier::Version(version) = parsed.qualifier else {
            let what = "Routing configuration must contain state machine version ARNs";
            return refused(what, &arns);
        };
        machines.push((parsed.name, owner_of(&it.state_machine_version_arn)));
        routes.push(Route {
            version,
            weight: it.weight,
        });
    }
    let Some(&(machine, owner)) = machines.first() else {
        let what = "Routing configuration must contain state machine version ARNs";
        return refused(what, &arns);
    };
    if machines.iter().any(|other| *other != (machine, owner)) {
        let what = "Routing configuration must contain versions of one state machine";
        return refused(what, &arns);
    }
    if let [one, other] = routes[..]
        && one.version == other.version
    {
        let what = "Routing configuration must contain distinct state machine version ARNs";
        return refused(what, &arns);
    }
    if routes.iter().map(|route| route.weight).sum::<u32>() != 100 {
        let weights: Vec<String> = routes.iter().map(|it| it.weight.to_string()).collect();
        let what = "Sum of routing configuration weights must equal 100";
        return refused(what, &weights.join(", "));
    }
    Ok((machine, routes))
}

/// Partition, region and account, as text.
fn owner_of(arn: &str) -> &str {
    arn.split_once(":stateMachine:")
        .map_or("", |(owner, _)| owner)
}

/// Whether two lists lead to the same versions as often; the order says nothing.
pub(crate) fn same(one: &[Route], other: &[Route]) -> bool {
    one.len() == other.len() && one.iter().all(|route| other.contains(route))
}

pub(crate) fn write(record: &AliasRecord) -> RecordWrite {
    RecordWrite {
        kind: RecordKind::Alias,
        key: records::alias_key(record.machine, &record.name),
        value: Some(records::encode(record)),
    }
}

/// Something that a request names, and that is not there.
pub(crate) fn not_found(arn: &str) -> Rejection {
    Rejection::new(
        ErrorName::ResourceNotFound,
        "Request references a resource that does not exist.",
    )
    .with_resource(arn)
}
