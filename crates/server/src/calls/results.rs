//! Results of map runs, written on threads that may wait.

use std::sync::Arc;
use std::time::Duration;

use engine::{ChildResult as Child, MapRunId, Message};
use integrations::items::{ChildResult, ChildStatus, ItemsError, ResultsWriter, WriterPlan};
use interpreter::{Document, Status, Work};

use super::items::fields;
use crate::log::{self, Level};
use crate::service::Service;

/// Children read from the store at once; each may hold an input and an output of 256 KiB.
const CHILDREN_AT_ONCE: usize = 16;

/// How long to wait before a read of the store that failed is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Writes, and tells the engine what the Map state's result is.
pub(super) async fn write(
    service: Arc<Service>,
    map_run: MapRunId,
    map_run_arn: Arc<str>,
    writer: Work,
) {
    let places = Arc::clone(&service.item_places);
    let place = places.acquire_owned().await;
    let writing = Arc::clone(&service);
    let written = tokio::task::spawn_blocking(move || {
        let _place = place;
        all(&writing, map_run, &map_run_arn, &writer)
    });
    let result = match written.await {
        Ok(written) => written.map_err(|error| (error.error.to_owned(), error.cause)),
        Err(_panic) => {
            let cause = "An internal error of the service ended the writing.";
            Err(("States.ResultWriterFailed".to_owned(), cause.to_owned()))
        }
    };
    service
        .driver
        .tell(Message::ResultsWritten { map_run, result });
}

fn all(
    service: &Service,
    map_run: MapRunId,
    map_run_arn: &str,
    writer: &Work,
) -> Result<Document, ItemsError> {
    let resource = writer.resource.as_deref().unwrap_or_default();
    let (parameters, config) = (fields(&writer.parameters), fields(&writer.config));
    let plan = WriterPlan::read(resource, &parameters, &config)?;
    let mut writer = ResultsWriter::new(&service.objects, plan, map_run_arn);
    let mut from = 0;
    loop {
        let children = children(service, map_run, from);
        let Some(last) = children.last() else {
            break;
        };
        from = last.index + 1;
        for child in &children {
            writer.write(&result_of(child))?;
        }
    }
    writer.finish().map(Document::from_value)
}

/// The map run waits for its end, so a read that fails is tried until it succeeds.
fn children(service: &Service, map_run: MapRunId, from: u64) -> Vec<Child> {
    loop {
        let read = engine::map_run_children(&*service.store, map_run, from, CHILDREN_AT_ONCE);
        match read {
            Ok(children) => return children,
            Err(error) => {
                service.metrics.store_read_failures.add(1);
                log::line(
                    Level::Error,
                    "cannot read from the store; trying again",
                    &[("what", &"results"), ("error", &error)],
                );
                std::thread::sleep(RETRY_AFTER);
            }
        }
    }
}

fn result_of(child: &Child) -> ChildResult {
    let output = child.output.as_ref();
    ChildResult {
        status: match child.status {
            Status::Succeeded => ChildStatus::Succeeded,
            Status::Running | Status::PendingRedrive => ChildStatus::Pending,
            Status::Failed | Status::TimedOut | Status::Aborted => ChildStatus::Failed,
        },
        whole: child.to_value(),
        output: output.map(|output| output.value().clone()),
    }
}
