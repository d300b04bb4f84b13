//! `GetExecutionHistory`.

use engine::Operation;
use engine::Request;
use engine::operations::get_execution_history as operation;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::decode::{self, Text};
use crate::events;
use crate::members::{ARN, PAGE_SIZE, PAGE_TOKEN};
use crate::paging::{self, Binding, Pages};
use crate::refusal::Refusal;
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    execution_arn: Option<Text<'a>>,
    max_results: Option<i32>,
    reverse_order: Option<bool>,
    #[serde(borrow)]
    next_token: Option<Text<'a>>,
    include_execution_data: Option<bool>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let execution_arn = checks.required("executionArn", input.execution_arn, &ARN);
    checks.range("maxResults", input.max_results, &PAGE_SIZE);
    checks.optional("nextToken", input.next_token.as_ref(), &PAGE_TOKEN);
    checks.finish()?;
    arns::execution(context.owner, &execution_arn)?;
    let reverse = input.reverse_order.unwrap_or(false);
    let include_data = input.include_execution_data.unwrap_or(true);
    let flag = |set: bool| Some(if set { "true" } else { "false" });
    let binding = Binding::new(
        Operation::GetExecutionHistory,
        &[Some(&execution_arn), flag(reverse), flag(include_data)],
    );
    let after = match input.next_token {
        Some(token) => {
            let cursor = context.page_key.read(binding, &token, context.now_ms)?;
            Some(u32::from_be_bytes(
                cursor.try_into().map_err(|_| paging::invalid())?,
            ))
        }
        None => None,
    };
    let request = Request::GetExecutionHistory(operation::Request {
        execution_arn: execution_arn.into_string(),
        limit: paging::limit(input.max_results),
        reverse,
        include_data,
        after,
    });
    Ok(Decoded {
        request,
        binding: Some(binding),
        include_data,
    })
}

pub(super) fn encode(
    response: &operation::Response,
    out: &mut write::Object<'_>,
    pages: &Pages<'_>,
    include_data: bool,
) {
    out.objects("events", &response.events, |out, event| {
        events::write(out, event, include_data)
    });
    if let Some(event) = response.next {
        out.text("nextToken", &pages.token(&event.to_be_bytes()));
    }
}
