//! `StartExecution`.

use std::sync::Arc;

use asl::StateMachine;
use interpreter::{Birth, Document, Moment};
use store::ExecutionId;

use crate::arn::{self, Qualifier};
use crate::executions::{Live, Turn, Work};
use crate::ids::{self, Ids};
use crate::message::{NameLookup, Now, Output, Ticket};
use crate::operations::start_sync_execution::{History, Waiting, type_not_supported};
use crate::operations::update_state_machine::{does_not_exist, labelled};
use crate::quarantine::{guarded, in_quarantine};
use crate::records::Route;
use crate::rejection::Rejection;
use crate::shapes::MachineType;
use crate::shard::{STEPS_PER_TURN_MAX, Shard, WaitingStart};

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `stateMachineArn`: plain, version or alias.
    pub state_machine_arn: String,
    /// `name`; when not given, the execution is named by its id, a UUID.
    pub name: Option<String>,
    /// `input`: JSON, at most 262,144 bytes; `{}` when not given.
    pub input: String,
    /// `traceHeader` or `X-Amzn-Trace-Id`.
    pub trace_header: Option<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// `executionArn`.
    pub execution_arn: String,
    /// `startDate`, milliseconds since 1970.
    pub start_ms: i64,
}

impl Request {
    /// Machine and execution name that the store must be asked for before this enters a shard.
    pub fn name_to_look_up(&self) -> Option<(&str, &str)> {
        let machine = arn::parse_state_machine(&self.state_machine_arn).ok()?;
        Some((machine.name, self.name.as_deref()?))
    }
}

impl Shard {
    /// Starts an execution, or joins the running one of the same name and input.
    pub(crate) fn start_execution(
        &mut self,
        ticket: Ticket,
        request: Request,
        lookup: Option<NameLookup>,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let start = WaitingStart {
            ticket,
            request,
            lookup,
            chosen: None,
            sync: None,
        };
        self.start_chosen(start, now, out);
    }

    /// The same, where the version may have been chosen before.
    pub(crate) fn start_chosen(&mut self, start: WaitingStart, now: Now, out: &mut Vec<Output>) {
        // Names of EXPRESS executions may repeat.
        let machine_type = self.type_of(&start.request.state_machine_arn);
        if start.sync.is_some() || machine_type == Some(MachineType::Express) {
            return self.begin_execution(start, now, out);
        }
        match self.existing(&start.request, start.lookup) {
            Existing::No => self.begin_execution(start, now, out),
            Existing::Yes(id) => {
                let work = Work::Join {
                    ticket: start.ticket,
                    request: Box::new(start.request),
                };
                self.agenda.push_back((id, work));
            }
            Existing::Unknown => {
                out.push(Output::LookUpAgain {
                    ticket: start.ticket,
                    request: super::Request::StartExecution(start.request),
                });
            }
        }
    }

    fn existing(&self, request: &Request, lookup: Option<NameLookup>) -> Existing {
        let Some((machine, name)) = request.name_to_look_up() else {
            return Existing::No;
        };
        self.look_up(machine, name, lookup)
    }

    /// Whether an execution of that name exists: in the store, or in a commit that the lookup may not
    /// have seen.
    pub(crate) fn look_up(
        &self,
        machine: &str,
        name: &str,
        lookup: Option<NameLookup>,
    ) -> Existing {
        if let Some((_, id)) = self.names.get(&(machine.to_owned(), name.to_owned())) {
            return Existing::Yes(*id);
        }
        match lookup {
            Some(NameLookup {
                found: Some(id), ..
            }) => Existing::Yes(id),
            Some(NameLookup { as_of, found: None }) if as_of >= self.names_forgotten => {
                Existing::No
            }
            _ => Existing::Unknown,
        }
    }

    /// The type of the machine that an ARN names, where there is one.
    pub(crate) fn type_of(&self, state_machine_arn: &str) -> Option<MachineType> {
        let machine = arn::parse_state_machine(state_machine_arn).ok()?;
        let machine = self.machines.get(machine.name)?;
        Some(machine.record.machine_type)
    }

    /// Starts an execution whose name is free, or of an EXPRESS machine.
    pub(crate) fn begin_execution(&mut self, start: WaitingStart, now: Now, out: &mut Vec<Output>) {
        let target = self.target(&start.request, start.chosen);
        let machine_type = self.type_of(&start.request.state_machine_arn);
        let is_express = machine_type == Some(MachineType::Express);
        if start.sync.is_some() && machine_type == Some(MachineType::Standard) {
            // Made anew with another type, while the definition was read.
            return self.reply(start.ticket, self.issued, Err(type_not_supported()), out);
        }
        // The quota of open executions is for STANDARD ones.
        let room = match is_express {
            true => Ok(()),
            false => self.room_for_execution(),
        };
        let target = match target.and_then(|target| room.map(|()| target)) {
            Ok(target) => target,
            Err(rejection) => return self.reply(start.ticket, self.issued, Err(rejection), out),
        };
        let key = (target.machine, target.revision);
        if let Some(definition) = self.definitions.get(&key).map(Arc::clone) {
            return self.run(start, target, &definition, now, out);
        }
        let waiting = self.awaiting_definition.entry(key).or_default();
        if waiting.is_empty() {
            out.push(Output::LoadDefinition {
                machine: target.machine,
                revision: target.revision,
            });
        }
        waiting.push(WaitingStart {
            chosen: target.version,
            ..start
        });
    }

    /// What is to run: the revision in force, a version, or one of an alias's versions by lot.
    fn target(&mut self, request: &Request, chosen: Option<u64>) -> Result<Target, Rejection> {
        let arn = &request.state_machine_arn;
        let parsed = arn::parse_state_machine(arn)?;
        if let Qualifier::Label(_) = parsed.qualifier {
            return Err(labelled(arn));
        }
        let ours = self.world.owner.owns(arn);
        let machine = self.machines.get(parsed.name).filter(|_| ours);
        let machine = machine.ok_or_else(|| does_not_exist(arn))?;
        let (version, alias_arn) = match parsed.qualifier {
            Qualifier::Plain | Qualifier::Label(_) => {
                return Ok(Target {
                    machine: machine.record.number,
                    revision: machine.record.revision,
                    role_arn: machine.record.current.role_arn.as_str().into(),
                    version: None,
                    alias_arn: None,
                });
            }
            Qualifier::Version(version) => (version, None),
            Qualifier::Alias(name) => {
                let alias = machine.aliases.get(name);
                let routing = &alias.ok_or_else(|| does_not_exist(arn))?.routing;
                let still_there = |version: &u64| routing.iter().any(|it| it.version == *version);
                let version = match chosen.filter(still_there) {
                    Some(version) => version,
                    None => draw(routing, &mut self.ids),
                };
                (version, Some(arn.as_str().into()))
            }
        };
        let found = machine.versions.get(&version);
        let found = found.ok_or_else(|| does_not_exist(arn))?;
        Ok(Target {
            machine: found.machine,
            revision: found.revision,
            role_arn: found.role_arn.as_str().into(),
            version: Some(version),
            alias_arn,
        })
    }

    fn run(
        &mut self,
        start: WaitingStart,
        target: Target,
        definition: &Arc<StateMachine>,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let WaitingStart {
            ticket,
            request,
            sync,
            ..
        } = start;
        let at_ms = self.clock.at(now);
        let id = self.ids.execution(at_ms);
        let is_express = definition.machine_type == asl::MachineType::Express;
        let name: Arc<str> = match &request.name {
            Some(name) => name.as_str().into(),
            None if is_express => self.ids.uuid().into(),
            // It leads to the execution by itself: no row is written for it.
            None => ids::uuid_of(id).into(),
        };
        let seed = self.ids.number();
        let machine_name =
            arn::parse_state_machine(&request.state_machine_arn).map(|machine| machine.name);
        let record = machine_name.ok().and_then(|name| self.machines.get(name));
        let record = &record.expect("the machine was found a moment ago").record;
        let owner = &self.world.owner;
        let execution_arn = match is_express {
            true => owner.express_execution_arn(&record.name, &name, &ids::uuid_of(id)),
            false => owner.execution_arn(&record.name, &name),
        };
        let birth = Birth {
            execution_arn: execution_arn.as_str().into(),
            name: Arc::clone(&name),
            state_machine_arn: self.world.owner.state_machine_arn(&record.name).into(),
            state_machine_name: record.name.as_str().into(),
            role_arn: target.role_arn,
            machine: target.machine,
            machine_revision: target.revision,
            seed,
            trace_header: request.trace_header.map(Into::into),
            state_machine_version_arn: target.version.map(|version| {
                let owner = &self.world.owner;
                owner
                    .state_machine_version_arn(&record.name, version)
                    .into()
            }),
            state_machine_alias_arn: target.alias_arn,
            child: None,
        };
        let claim = request.name.filter(|_| !is_express);
        let claim = claim.map(|name| (record.name.clone(), name));
        let world = self.seen_by(id);
        let moment = Moment {
            now_ms: at_ms,
            world: &world,
            steps_max: STEPS_PER_TURN_MAX,
            limits: self.limits,
        };
        let input = Document::from_text(request.input);
        let started = guarded(|| interpreter::start(definition, birth, input, &moment));
        let (execution, step) = match started {
            Ok(started) => started,
            Err(panic) => {
                // Nothing has begun, and nothing was claimed: the next start is tried like this one.
                out.push(Output::Quarantined {
                    execution: id,
                    execution_arn: Some(execution_arn.into()),
                    panic,
                });
                return self.reply(ticket, 0, Err(in_quarantine()), out);
            }
        };
        let start_ms = execution.start_ms();
        let birth = execution.birth();
        let revision = (birth.machine, birth.machine_revision);
        let mut live = Live::new(execution, Arc::clone(definition), 0);
        live.logging = self.log_plans.get(&revision).map(Arc::clone);
        if let Some(metadata_only) = sync {
            self.executions_open += 1;
            self.sync_executions += 1;
            live.waiting = Some(Waiting {
                ticket,
                metadata_only,
                after: self.records_commit,
                history: History::new(self.express_retention_ms > 0),
            });
        }
        let mut turn = Turn::default();
        turn.absorb(id, step, at_ms, now, &mut self.delivery, &mut self.timers);
        self.serve_within(id, &mut live, &mut turn, now);
        self.finish(id, &mut live, turn, now, out);
        if live.poison.is_some() {
            // Who waits for the end is answered there.
            self.put_back(id, Box::new(live), out);
            if sync.is_none() {
                self.reply(ticket, 0, Err(in_quarantine()), out);
            }
            return;
        }
        let number = live.last_commit;
        if let Some(claim) = claim {
            self.names.insert(claim.clone(), (number, id));
            self.names_in_order.push_back((number, claim));
        }
        if !live.is_forgotten() {
            self.executions.put_back(id, Box::new(live));
        }
        if sync.is_some() {
            return;
        }
        let number = number.max(self.records_commit);
        let response = super::Response::StartExecution(Response {
            execution_arn,
            start_ms,
        });
        self.reply(ticket, number, Ok(response), out);
    }
}

/// What a start leads to.
struct Target {
    machine: u64,
    revision: u64,
    role_arn: Arc<str>,
    version: Option<u64>,
    alias_arn: Option<Arc<str>>,
}

/// One of the versions of an alias, by their weights. They make 100, so the last one takes what the
/// others leave.
fn draw(routing: &[Route], ids: &mut Ids) -> u64 {
    let mut lot = ids.number() % 100;
    for route in routing {
        let weight = u64::from(route.weight);
        if lot < weight {
            return route.version;
        }
        lot -= weight;
    }
    routing.last().map_or(0, |route| route.version)
}

/// What is known of a name.
pub(crate) enum Existing {
    /// It is free.
    No,
    /// It is taken.
    Yes(ExecutionId),
    /// The store must be asked (again).
    Unknown,
}
