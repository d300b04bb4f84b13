//! `ListStateMachines`.

use engine::Operation;
use engine::Request;
use engine::operations::list_state_machines as operation;
use serde::Deserialize;

use super::create_state_machine::machine_type;
use super::{Context, Decoded};
use crate::decode::{self, Text};
use crate::paging::{self, Binding, PageInput, Pages};
use crate::refusal::Refusal;
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
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
    page.check(&mut checks);
    checks.finish()?;
    let binding = Binding::new(Operation::ListStateMachines, &[]);
    let page = page.page(context, binding, paging::name)?;
    let request = operation::Request {
        limit: page.limit,
        after: page.after,
    };
    Ok(Decoded {
        binding: Some(page.binding),
        ..Request::ListStateMachines(request).into()
    })
}

pub(super) fn encode(
    response: &operation::Response,
    out: &mut write::Object<'_>,
    pages: &Pages<'_>,
) {
    out.objects("stateMachines", &response.state_machines, |out, item| {
        out.text("stateMachineArn", &item.state_machine_arn);
        out.text("name", &item.name);
        out.text("type", machine_type(item.machine_type));
        out.moment("creationDate", item.creation_ms);
    });
    if let Some(name) = &response.next {
        out.text("nextToken", &pages.token(name.as_bytes()));
    }
}
