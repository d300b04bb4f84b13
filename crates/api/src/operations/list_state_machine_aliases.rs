//! `ListStateMachineAliases`.

use engine::arn::Qualifier;
use engine::operations::list_state_machine_aliases as operation;
use engine::{Operation, Request};
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
    state_machine_arn: Option<Text<'a>>,
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
    let arn = checks.required("stateMachineArn", input.state_machine_arn, &ARN);
    page.check(&mut checks);
    checks.finish()?;
    let machine = arns::state_machine(context.owner, &arn)?;
    if let Qualifier::Alias(_) | Qualifier::Label(_) = machine.qualifier {
        return Err(arns::qualified(&arn).into());
    }
    let binding = Binding::new(Operation::ListStateMachineAliases, &[Some(&*arn)]);
    let page = page.page(context, binding, cursor_from)?;
    let request = Request::ListStateMachineAliases(operation::Request {
        state_machine_arn: arn.into_string(),
        limit: page.limit,
        after: page.after,
    });
    Ok(Decoded {
        binding: Some(page.binding),
        ..request.into()
    })
}

fn cursor_from(bytes: &[u8]) -> Option<(i64, String)> {
    let (time, name) = bytes.split_first_chunk::<8>()?;
    Some((i64::from_be_bytes(*time), paging::name(name)?))
}

pub(super) fn encode(
    response: &operation::Response,
    out: &mut write::Object<'_>,
    pages: &Pages<'_>,
) {
    out.objects("stateMachineAliases", &response.aliases, |out, item| {
        out.text("stateMachineAliasArn", &item.state_machine_alias_arn);
        out.moment("creationDate", item.creation_ms);
    });
    if let Some((creation_ms, name)) = &response.next {
        let cursor = [&creation_ms.to_be_bytes(), name.as_bytes()].concat();
        out.text("nextToken", &pages.token(&cursor));
    }
}
