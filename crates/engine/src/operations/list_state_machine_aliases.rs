//! `ListStateMachineAliases`.

use store::{RecordKind, Store};

use crate::arn::{self, Owner, Qualifier};
use crate::operations::create_state_machine_alias::ALIASES_MAX;
use crate::operations::describe_state_machine;
use crate::operations::update_state_machine::does_not_exist;
use crate::page::{self, Page};
use crate::read::ReadError;
use crate::records::AliasRecord;
use crate::shapes::AliasListItem;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `stateMachineArn`: plain, or a version's for the aliases that lead to it.
    pub state_machine_arn: String,
    /// At most so many; the door has made 0 and nothing into 100.
    pub limit: usize,
    /// When the last alias of the page before was made, and its name, out of an authenticated token.
    pub after: Option<(i64, String)>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// Oldest first, as recorded from AWS; its documentation says newest first.
    pub aliases: Vec<AliasListItem>,
    /// Where to go on, when there is more.
    pub next: Option<(i64, String)>,
}

/// All aliases of a machine are read, which are few, and then put in order of time.
pub(crate) fn read(
    request: &Request,
    store: &dyn Store,
    owner: &Owner,
) -> Result<Response, ReadError> {
    let arn = &request.state_machine_arn;
    let version = match arn::parse_state_machine(arn)?.qualifier {
        Qualifier::Plain => None,
        Qualifier::Version(version) => Some(version),
        Qualifier::Alias(_) | Qualifier::Label(_) => return Err(does_not_exist(arn).into()),
    };
    let machine = describe_state_machine::machine_of(arn, store, owner)?
        .ok_or_else(|| does_not_exist(arn))?;
    if let Some(version) = version {
        describe_state_machine::version(store, &machine, version)?
            .ok_or_else(|| does_not_exist(arn))?;
    }
    let prefix = machine.number.to_be_bytes();
    let mut aliases: Vec<AliasRecord> =
        page::records(store, RecordKind::Alias, &prefix, &prefix, ALIASES_MAX)?;
    let place = |alias: &AliasRecord| (alias.creation_ms, alias.name.clone());
    aliases.retain(|alias| {
        let leads_there = version
            .is_none_or(|version| alias.routing.iter().any(|route| route.version == version));
        let is_later = request.after.as_ref().is_none_or(|it| place(alias) > *it);
        leads_there && is_later
    });
    aliases.sort_by_key(place);
    let page = Page::cut(aliases, request.limit, place);
    let shown = page.items.into_iter().map(|alias| AliasListItem {
        state_machine_alias_arn: owner.state_machine_alias_arn(&machine.name, &alias.name),
        creation_ms: alias.creation_ms,
    });
    Ok(Response {
        aliases: shown.collect(),
        next: page.next,
    })
}
