//! `routingConfiguration` of an alias, in and out.

use engine::shapes::Routing;
use serde::Deserialize;

use crate::checks::Checks;
use crate::decode::{Object, Text};
use crate::members::{ARN, VERSION_WEIGHT};
use crate::write;

/// Most versions that an alias leads to. Source: service model, `RoutingConfigurationList`.
const ROUTES_MAX: usize = 2;

/// A route as it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RouteInput<'a> {
    #[serde(borrow)]
    state_machine_version_arn: Option<Text<'a>>,
    weight: Option<i32>,
}

pub(crate) type RoutingInput<'a> = Vec<Option<Object<RouteInput<'a>>>>;

/// Checks what the model says of routes. What they lead to is for the engine to check.
pub(crate) fn check(checks: &mut Checks, input: Option<RoutingInput<'_>>) -> Option<Vec<Routing>> {
    let input = input?;
    let at = "routingConfiguration";
    let broken = match input.len() {
        0 => Some("Member must have length greater than or equal to 1".to_owned()),
        1..=ROUTES_MAX => None,
        _ => Some(format!(
            "Member must have length less than or equal to {ROUTES_MAX}"
        )),
    };
    if let Some(what) = broken {
        checks.value(at, false, print(&input), &what);
        return None;
    }
    let mut routing = Vec::with_capacity(input.len());
    for (index, route) in input.into_iter().enumerate() {
        let at = format!("{at}.{}.member", index + 1);
        let Some(Object(route)) = route else {
            checks.null(&at, false);
            continue;
        };
        let arn_at = format!("{at}.stateMachineVersionArn");
        let arn = checks.required(&arn_at, route.state_machine_version_arn, &ARN);
        let weight_at = format!("{at}.weight");
        checks.range(&weight_at, route.weight, &VERSION_WEIGHT);
        if route.weight.is_none() {
            checks.null(&weight_at, false);
        }
        routing.push(Routing {
            state_machine_version_arn: arn.into_string(),
            weight: route.weight.unwrap_or_default().unsigned_abs(),
        });
    }
    Some(routing)
}

/// Routes beyond these are not printed: more of them say no more.
const PRINTED_MAX: usize = 10;

/// The list as AWS prints it.
fn print(input: &RoutingInput<'_>) -> String {
    let printed = input.iter().take(PRINTED_MAX).map(|route| match route {
        None => "null".to_owned(),
        Some(Object(route)) => {
            let arn = route.state_machine_version_arn.as_deref();
            let weight = route.weight.map(|weight| weight.to_string());
            format!(
                "RoutingConfigurationListItem(stateMachineVersionArn={}, weight={})",
                arn.unwrap_or("null"),
                weight.as_deref().unwrap_or("null")
            )
        }
    });
    format!("[{}]", printed.collect::<Vec<_>>().join(", "))
}

/// Writes `routingConfiguration`.
pub(crate) fn write(object: &mut write::Object<'_>, routing: &[Routing]) {
    object.objects("routingConfiguration", routing, |object, route| {
        object.text("stateMachineVersionArn", &route.state_machine_version_arn);
        object.number("weight", route.weight.into());
    });
}
