//! `DescribeStateMachineAlias`.

use store::{RecordKind, Store};

use crate::arn::{self, Owner, Qualifier};
use crate::operations::create_state_machine_alias::not_found;
use crate::operations::describe_state_machine;
use crate::operations::update_state_machine::labelled;
use crate::read::ReadError;
use crate::records::{self, AliasRecord};
use crate::rejection::{ErrorName, Rejection};
use crate::shapes::Routing;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `stateMachineAliasArn`.
    pub state_machine_alias_arn: String,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// `stateMachineAliasArn`.
    pub state_machine_alias_arn: String,
    /// `name`.
    pub name: String,
    /// `description`.
    pub description: Option<String>,
    /// `routingConfiguration`.
    pub routing: Vec<Routing>,
    /// `creationDate`, milliseconds since 1970.
    pub creation_ms: i64,
    /// `updateDate`, milliseconds since 1970.
    pub update_ms: i64,
}

pub(crate) fn read(
    request: &Request,
    store: &dyn Store,
    owner: &Owner,
) -> Result<Response, ReadError> {
    let arn = &request.state_machine_alias_arn;
    let (machine, record) = find(arn, store, owner)?.ok_or_else(|| not_found(arn))?;
    let routing = record.routing.iter().map(|route| Routing {
        state_machine_version_arn: owner.state_machine_version_arn(&machine, route.version),
        weight: route.weight,
    });
    Ok(Response {
        state_machine_alias_arn: owner.state_machine_alias_arn(&machine, &record.name),
        routing: routing.collect(),
        name: record.name,
        description: record.description,
        creation_ms: record.creation_ms,
        update_ms: record.update_ms,
    })
}

/// The alias of that ARN, and the name of its machine.
pub(crate) fn find(
    alias_arn: &str,
    store: &dyn Store,
    owner: &Owner,
) -> Result<Option<(String, AliasRecord)>, ReadError> {
    let name = alias_name(alias_arn)?;
    let Some(machine) = describe_state_machine::machine_of(alias_arn, store, owner)? else {
        return Ok(None);
    };
    let key = records::alias_key(machine.number, name);
    let Some(bytes) = store.record(RecordKind::Alias, &key)? else {
        return Ok(None);
    };
    let record = records::decode(&bytes).ok_or_else(|| records::damaged("alias", alias_arn))?;
    Ok(Some((machine.name, record)))
}

/// The alias that an ARN names.
pub(crate) fn alias_name(alias_arn: &str) -> Result<&str, Rejection> {
    match arn::parse_state_machine(alias_arn)?.qualifier {
        Qualifier::Alias(name) => Ok(name),
        Qualifier::Label(_) => Err(labelled(alias_arn)),
        Qualifier::Plain | Qualifier::Version(_) => {
            let message = format!("Invalid Arn: 'Not a state machine alias ARN: {alias_arn}'");
            Err(Rejection::new(ErrorName::InvalidArn, message))
        }
    }
}
