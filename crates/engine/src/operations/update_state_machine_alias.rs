//! `UpdateStateMachineAlias`.

use crate::arn;
use crate::message::{Now, Output};
use crate::operations::create_state_machine_alias::{not_found, routes, same, write};
use crate::operations::describe_state_machine_alias::alias_name;
use crate::rejection::{ErrorName, Rejection};
use crate::shapes::Routing;
use crate::shard::Shard;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `stateMachineAliasArn`.
    pub state_machine_alias_arn: String,
    /// `description`.
    pub description: Option<String>,
    /// `routingConfiguration`: one or two.
    pub routing: Option<Vec<Routing>>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// `updateDate`, milliseconds since 1970.
    pub update_ms: i64,
}

impl Shard {
    /// What starts from now on is routed anew. A request that changes nothing leaves the date alone.
    pub(crate) fn update_state_machine_alias(
        &mut self,
        request: Request,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Result<Response, Rejection> {
        let arn = &request.state_machine_alias_arn;
        let parsed = arn::parse_state_machine(arn)?;
        let name = alias_name(arn)?;
        let routed = match &request.routing {
            Some(routing) => Some((routing, routes(routing)?)),
            None => None,
        };
        let now_ms = self.clock.at(now);
        let ours = self.world.owner.owns(arn);
        let machine = self.machines.get_mut(parsed.name).filter(|_| ours);
        let Some(machine) = machine.filter(|it| it.aliases.contains_key(name)) else {
            return Err(not_found(arn));
        };
        let mut record = machine.aliases[name].clone();
        if let Some((routing, (machine_name, routing_now))) = routed {
            let of_this_machine = machine_name == parsed.name
                && self.world.owner.owns(&routing[0].state_machine_version_arn);
            if !of_this_machine {
                let message = format!(
                    "Routing configuration must contain versions of the state machine of the \
                     alias. Received: [{}]",
                    routing[0].state_machine_version_arn
                );
                return Err(Rejection::new(ErrorName::ValidationException, message)
                    .with_reason("INVALID_ROUTING_CONFIGURATION"));
            }
            machine.must_have(routing, &routing_now)?;
            if !same(&record.routing, &routing_now) {
                record.routing = routing_now;
            }
        }
        if request.description.is_some() {
            record.description = request.description;
        }
        if record == machine.aliases[name] {
            return Ok(Response {
                update_ms: record.update_ms,
            });
        }
        record.update_ms = now_ms;
        let writes = vec![write(&record)];
        machine.aliases.insert(record.name.clone(), record);
        self.commit_records(writes, now, out);
        Ok(Response { update_ms: now_ms })
    }
}
