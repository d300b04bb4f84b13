//! `UpdateMapRun`.

use crate::arn;
use crate::map_runs::MapRunId;
use crate::map_runs::begin::threshold_exceeded;
use crate::map_runs::records::State;
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

    /// `UpdateMapRun` of a map run that is open.
    fn update_open_map_run(
        &mut self,
        id: MapRunId,
        request: &Request,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Result<(), Rejection> {
        let Some(run) = self.map_runs.open.get_mut(&id) else {
            return Err(completed());
        };
        let plan = &run.record.plan;
        if *plan.map_run_arn != *request.map_run_arn {
            return Err(describe_map_run::not_found(&request.map_run_arn));
        }
        if run.progress.state != State::Running {
            return Err(completed());
        }
        let progress = &mut run.progress;
        if let Some(lanes) = request.max_concurrency {
            progress.max_concurrency = lanes;
        }
        if let Some(share) = request.tolerated_failure_percentage {
            progress.tolerated_failure_percentage = share;
        }
        if let Some(count) = request.tolerated_failure_count {
            progress.tolerated_failure_count = count;
        }
        if progress.is_exceeded(plan) {
            run.fail(threshold_exceeded());
        }
        self.map_runs.touch(id);
        self.commit_map_runs(Vec::new(), now, out);
        Ok(())
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
