//! `UpdateMapRun`.

use crate::arn;
use crate::map_runs::MapRunId;
use crate::message::{Now, Output, Ticket};
use crate::operations::describe_map_run;
use crate::rejection::{ErrorName, Rejection};
use crate::shard::Shard;

/// What is asked. What is not given stays as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `mapRunArn`.
    pub map_run_arn: String,
    /// `maxConcurrency`: children at one time; 0 is as many as there may be.
    pub max_concurrency: Option<u32>,
    /// `toleratedFailurePercentage`, 0 to 100.
    pub tolerated_failure_percentage: Option<f64>,
    /// `toleratedFailureCount`, in items.
    pub tolerated_failure_count: Option<u64>,
}

/// What is answered: nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {}

impl Shard {
    /// Changes an open map run from now on. One that is not open is looked up, to say why not.
    pub(crate) fn update_map_run(
        &mut self,
        ticket: Ticket,
        request: &Request,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let arn = &request.map_run_arn;
        if let Err(rejection) = arn::parse_map_run(arn) {
            return self.reply(ticket, 0, Err(rejection), out);
        }
        let id = MapRunId::of_arn(arn).filter(|_| self.world.owner.owns(arn));
        let Some(id) = id else {
            let rejection = describe_map_run::not_found(arn);
            return self.reply(ticket, 0, Err(rejection), out);
        };
        if !self.map_runs.is_open(id) {
            return self.update_after_lookup(id, ticket, arn, out);
        }
        let answer = self.update_open_map_run(id, request, now, out);
        let answer = answer.map(|()| super::Response::UpdateMapRun(Response {}));
        self.reply(ticket, self.issued, answer, out);
    }
}

/// Why a map run that is over cannot be changed.
pub(crate) fn completed() -> Rejection {
    Rejection::new(
        ErrorName::ValidationException,
        "Map Run has completed and cannot be updated.",
    )
    .with_reason("CANNOT_UPDATE_COMPLETED_MAP_RUN")
}
