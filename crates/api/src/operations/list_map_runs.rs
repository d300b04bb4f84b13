//! `ListMapRuns`.

use engine::Operation;
use engine::Request;
use engine::operations::list_map_runs as operation;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::decode::{self, Text};
use crate::members::ARN;
use crate::paging::{self, Binding, PageInput, Pages};
use crate::refusal::Refusal;
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    execution_arn: Option<Text<'a>>,
    max_results: Option<i32>,
    #[serde(borrow)]
    next_token: Option<Text<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let page = PageInput {
        max_results: input.max_results,
        next_token: input.next_token,
    };
    let mut checks = context.checks();
    let execution_arn = checks.required("executionArn", input.execution_arn, &ARN);
    page.check(&mut checks);
    checks.finish()?;
    arns::standard_execution(context.owner, &execution_arn)?;
    let binding = Binding::new(Operation::ListMapRuns, &[Some(&execution_arn)]);
    let page = page.page(context, binding, paging::name)?;
    let request = operation::Request {
        execution_arn: execution_arn.into_string(),
        limit: page.limit,
        after: page.after,
    };
    Ok(Decoded {
        binding: Some(page.binding),
        ..Request::ListMapRuns(request).into()
    })
}

pub(super) fn encode(
    response: &operation::Response,
    out: &mut write::Object<'_>,
    pages: &Pages<'_>,
) {
    out.objects("mapRuns", &response.map_runs, |out, item| {
        out.text("executionArn", &item.execution_arn);
        out.text("mapRunArn", &item.map_run_arn);
        out.text("stateMachineArn", &item.state_machine_arn);
        out.moment("startDate", item.start_ms);
        if let Some(stop_ms) = item.stop_ms {
            out.moment("stopDate", stop_ms);
        }
    });
    if let Some(next) = &response.next {
        out.text("nextToken", &pages.token(next.as_bytes()));
    }
}
