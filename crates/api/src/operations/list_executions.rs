//! `ListExecutions`.

use engine::Request;
use engine::operations::list_executions as operation;
use engine::{ErrorName, Operation, Rejection};
use serde::Deserialize;
use store::{ExecutionId, ListingCursor};

use super::describe_execution::{status_name, status_of};
use super::{Context, Decoded};
use crate::arns;
use crate::decode::{self, Text};
use crate::members::{
    ARN, EXECUTION_STATUS, LIST_EXECUTIONS_PAGE_TOKEN, LONG_ARN, PAGE_SIZE, REDRIVE_FILTER,
};
use crate::paging::{self, Binding, Pages};
use crate::refusal::Refusal;
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    state_machine_arn: Option<Text<'a>>,
    #[serde(borrow)]
    status_filter: Option<Text<'a>>,
    max_results: Option<i32>,
    #[serde(borrow)]
    next_token: Option<Text<'a>>,
    #[serde(borrow)]
    map_run_arn: Option<Text<'a>>,
    #[serde(borrow)]
    redrive_filter: Option<Text<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    checks.optional("stateMachineArn", input.state_machine_arn.as_ref(), &ARN);
    checks.optional(
        "statusFilter",
        input.status_filter.as_ref(),
        &EXECUTION_STATUS,
    );
    checks.range("maxResults", input.max_results, &PAGE_SIZE);
    checks.optional(
        "nextToken",
        input.next_token.as_ref(),
        &LIST_EXECUTIONS_PAGE_TOKEN,
    );
    checks.optional("mapRunArn", input.map_run_arn.as_ref(), &LONG_ARN);
    checks.optional(
        "redriveFilter",
        input.redrive_filter.as_ref(),
        &REDRIVE_FILTER,
    );
    checks.finish()?;
    match (&input.state_machine_arn, &input.map_run_arn) {
        (Some(arn), None) => arns::state_machine(context.owner, arn).map(|_| ())?,
        (None, Some(arn)) => arns::map_run(context.owner, arn)?,
        (Some(_), Some(_)) | (None, None) => return Err(one_of_two().into()),
    }
    let binding = Binding::new(
        Operation::ListExecutions,
        &[
            input.state_machine_arn.as_deref(),
            input.map_run_arn.as_deref(),
            input.status_filter.as_deref(),
            input.redrive_filter.as_deref(),
        ],
    );
    let before = match input.next_token {
        Some(token) => {
            let cursor = context.page_key.read(binding, &token, context.now_ms)?;
            Some(cursor_from(&cursor).ok_or_else(paging::invalid)?)
        }
        None => None,
    };
    let request = Request::ListExecutions(operation::Request {
        state_machine_arn: input.state_machine_arn.map(Text::into_string),
        map_run_arn: input.map_run_arn.map(Text::into_string),
        status: input.status_filter.as_deref().and_then(status_of),
        redriven: input.redrive_filter.map(|filter| &*filter == "REDRIVEN"),
        limit: paging::limit(input.max_results),
        before,
    });
    Ok(Decoded {
        binding: Some(binding),
        ..request.into()
    })
}

fn one_of_two() -> Rejection {
    Rejection::new(
        ErrorName::ValidationException,
        "Exactly one of stateMachineArn and mapRunArn must be specified",
    )
    .with_reason("MISSING_REQUIRED_PARAMETER")
}

fn cursor_from(bytes: &[u8]) -> Option<ListingCursor> {
    let (time, execution) = bytes.split_first_chunk::<8>()?;
    Some(ListingCursor {
        time_ms: i64::from_be_bytes(*time),
        execution: ExecutionId(execution.try_into().ok()?),
    })
}

pub(super) fn encode(
    response: &operation::Response,
    out: &mut write::Object<'_>,
    pages: &Pages<'_>,
) {
    out.objects("executions", &response.executions, |out, item| {
        out.text("executionArn", &item.execution_arn);
        out.text("stateMachineArn", &item.state_machine_arn);
        out.text("name", &item.name);
        out.text("status", status_name(item.status));
        out.moment("startDate", item.start_ms);
        if let Some(stop_ms) = item.stop_ms {
            out.moment("stopDate", stop_ms);
        }
        out.text_if("mapRunArn", item.map_run_arn.as_deref());
        if let Some(items) = item.item_count {
            out.number("itemCount", items.into());
        }
        out.text_if(
            "stateMachineVersionArn",
            item.state_machine_version_arn.as_deref(),
        );
        out.text_if(
            "stateMachineAliasArn",
            item.state_machine_alias_arn.as_deref(),
        );
        out.number("redriveCount", item.redrive_count.into());
        if let Some(redrive_ms) = item.redrive_ms {
            out.moment("redriveDate", redrive_ms);
        }
    });
    if let Some(next) = &response.next {
        let cursor = [&next.time_ms.to_be_bytes()[..], &next.execution.0].concat();
        out.text("nextToken", &pages.token(&cursor));
    }
}
