//! `elasticmapreduce:…`: actions that have other names, and take other parameters, than EMR's own.
//!
//! Source: AWS developer guide, "Create and manage Amazon EMR clusters with Step Functions".

use serde_json::{Map, Value, json};

/// EMR's own action, and its parameters.
pub(super) struct Request {
    pub(super) action: &'static str,
    pub(super) parameters: Value,
}

/// What to ask of EMR, if it is asked under another name.
pub(super) fn request(action: &str, given: &Value) -> Option<Request> {
    let member = |name: &str| given.get(name).cloned().unwrap_or(Value::Null);
    let (action, parameters) = match action {
        "createCluster" => ("runJobFlow", given.clone()),
        "terminateCluster" => (
            "terminateJobFlows",
            json!({"JobFlowIds": [member("ClusterId")]}),
        ),
        "addStep" => {
            let mut parameters =
                json!({"JobFlowId": member("ClusterId"), "Steps": [member("Step")]});
            if let Some(role) = given.get("ExecutionRoleArn") {
                parameters["ExecutionRoleArn"] = role.clone();
            }
            ("addJobFlowSteps", parameters)
        }
        "cancelStep" => (
            "cancelSteps",
            json!({"ClusterId": member("ClusterId"), "StepIds": [member("StepId")]}),
        ),
        "setClusterTerminationProtection" => (
            "setTerminationProtection",
            json!({
                "JobFlowIds": [member("ClusterId")],
                "TerminationProtected": member("TerminationProtected"),
            }),
        ),
        _ => return None,
    };
    Some(Request { action, parameters })
}

/// The result in the words of the integration.
pub(super) fn result(action: &str, answer: Value) -> Value {
    let Value::Object(mut members) = answer else {
        return answer;
    };
    match action {
        "createCluster" => rename(&mut members, "JobFlowId", "ClusterId", |id| id),
        "addStep" => rename(&mut members, "StepIds", "StepId", first),
        "cancelStep" => rename(
            &mut members,
            "CancelStepsInfoList",
            "CancelStepsInfo",
            first,
        ),
        _ => {}
    }
    Value::Object(members)
}

fn rename(members: &mut Map<String, Value>, from: &str, to: &str, change: fn(Value) -> Value) {
    if let Some(value) = members.shift_remove(from) {
        members.insert(to.to_owned(), change(value));
    }
}

fn first(list: Value) -> Value {
    match list {
        Value::Array(items) => items.into_iter().next().unwrap_or(Value::Null),
        other => other,
    }
}

/// A change of an instance fleet or group that is named and not given by its id.
pub(super) struct ByName {
    /// Lists all of the cluster.
    pub(super) list: &'static str,
    /// In that list.
    pub(super) listed: &'static str,
    /// Changes one.
    pub(super) change: &'static str,
    name: &'static str,
    id: &'static str,
    given: &'static str,
    is_list: bool,
}

/// The change that an action is, if it is one of those.
pub(super) fn by_name(action: &str) -> Option<ByName> {
    match action {
        "modifyInstanceFleetByName" => Some(ByName {
            list: "listInstanceFleets",
            listed: "/InstanceFleets",
            change: "modifyInstanceFleet",
            name: "InstanceFleetName",
            id: "InstanceFleetId",
            given: "InstanceFleet",
            is_list: false,
        }),
        "modifyInstanceGroupByName" => Some(ByName {
            list: "listInstanceGroups",
            listed: "/InstanceGroups",
            change: "modifyInstanceGroups",
            name: "InstanceGroupName",
            id: "InstanceGroupId",
            given: "InstanceGroup",
            is_list: true,
        }),
        _ => None,
    }
}

impl ByName {
    /// The parameters of the change, with the id that the list has for the name.
    pub(super) fn parameters(&self, given: &Value, list: &Value) -> Result<Value, String> {
        let name = given.get(self.name).and_then(Value::as_str);
        let name = name.unwrap_or_default();
        let listed = list.pointer(self.listed).and_then(Value::as_array);
        let mut listed = listed.into_iter().flatten();
        let found = listed.find(|one| one.get("Name").and_then(Value::as_str) == Some(name));
        let id = found.and_then(|one| one.get("Id")).cloned();
        let id =
            id.ok_or_else(|| format!("The cluster has no {} of the name '{name}'.", self.given))?;
        let mut change = given.get(self.given).cloned().unwrap_or_else(|| json!({}));
        if let Value::Object(members) = &mut change {
            members.insert(self.id.to_owned(), id);
        }
        let cluster = given.get("ClusterId").cloned().unwrap_or(Value::Null);
        Ok(match self.is_list {
            true => json!({"ClusterId": cluster, "InstanceGroups": [change]}),
            false => json!({"ClusterId": cluster, "InstanceFleet": change}),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_become_those_of_emr() {
        let given = json!({"ClusterId": "c", "Step": {"Name": "s"}});
        let asked = request("addStep", &given).unwrap();
        assert_eq!(asked.action, "addJobFlowSteps");
        assert_eq!(
            asked.parameters,
            json!({"JobFlowId": "c", "Steps": [{"Name": "s"}]})
        );
        let shown = result("addStep", json!({"StepIds": ["s-1"], "X": 1}));
        assert_eq!(shown, json!({"StepId": "s-1", "X": 1}));
        let shown = result("createCluster", json!({"JobFlowId": "j"}));
        assert_eq!(shown, json!({"ClusterId": "j"}));
    }

    #[test]
    fn a_fleet_is_found_by_its_name() {
        let fleets =
            json!({"InstanceFleets": [{"Id": "1", "Name": "a"}, {"Id": "2", "Name": "b"}]});
        let given = json!({
            "ClusterId": "c", "InstanceFleetName": "b", "InstanceFleet": {"TargetSpotCapacity": 5},
        });
        let change = by_name("modifyInstanceFleetByName").unwrap();
        let fleet = json!({"TargetSpotCapacity": 5, "InstanceFleetId": "2"});
        assert_eq!(
            change.parameters(&given, &fleets).unwrap(),
            json!({"ClusterId": "c", "InstanceFleet": fleet})
        );
        assert!(change.parameters(&json!({}), &fleets).is_err());
    }
}
