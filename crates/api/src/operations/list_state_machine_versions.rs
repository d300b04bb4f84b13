//! `ListStateMachineVersions`.

use engine::arn::{Qualifier, parse_state_machine};
use engine::operations::list_state_machine_versions as operation;
use engine::{Operation, Request};
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::decode::{self, Text};
use crate::members::ARN;
use crate::paging::{Binding, PageInput, Pages};
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
    // The model has no error for a machine that does not exist; one that is not ours is not looked for.
    let machine = parse_state_machine(&arn)?;
    arns::unlabelled(machine)?;
    arns::of_this_owner(context.owner, &arn)?;
    if machine.qualifier != Qualifier::Plain {
        return Err(arns::qualified(&arn).into());
    }
    let binding = Binding::new(Operation::ListStateMachineVersions, &[Some(&*arn)]);
    let page = page.page(context, binding, cursor_from)?;
    let request = Request::ListStateMachineVersions(operation::Request {
        state_machine_arn: arn.into_string(),
        limit: page.limit,
        after: page.after,
    });
    Ok(Decoded {
        binding: Some(page.binding),
        ..request.into()
    })
}

fn cursor_from(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.try_into().ok()?))
}

pub(super) fn encode(
    response: &operation::Response,
    out: &mut write::Object<'_>,
    pages: &Pages<'_>,
) {
    out.objects("stateMachineVersions", &response.versions, |out, item| {
        out.text("stateMachineVersionArn", &item.state_machine_version_arn);
        out.moment("creationDate", item.creation_ms);
    });
    if let Some(version) = response.next {
        out.text("nextToken", &pages.token(&version.to_be_bytes()));
    }
}
