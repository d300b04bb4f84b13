//! What `Ref` and `Fn::GetAtt` say of parameters and resources.
//!
//! Only resources of Step Functions are imported. Another one that a definition refers to, a Lambda
//! function or a role, is taken to be where it would be: its ARN follows from its type, its name and
//! the stack, or `--resource` says another.

use serde_json::Value;

use super::place::{Place, Problem};
use super::resolve::{Resolved, Resolver};
use super::template::Resource;

/// Most characters of a generated name of a resource that is not ours. Source: Lambda and IAM, 64.
const FOREIGN_NAME_CHARS_MAX: usize = 64;
/// Most characters of a name. Source: service model, `Name`, 1 to 80.
pub(super) const NAME_CHARS_MAX: usize = 80;

/// The types that are imported.
pub(super) const STATE_MACHINE: &str = "AWS::StepFunctions::StateMachine";
pub(super) const SAM_STATE_MACHINE: &str = "AWS::Serverless::StateMachine";
pub(super) const ACTIVITY: &str = "AWS::StepFunctions::Activity";
pub(super) const VERSION: &str = "AWS::StepFunctions::StateMachineVersion";
pub(super) const ALIAS: &str = "AWS::StepFunctions::StateMachineAlias";

/// What `Ref` gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RefIs {
    Name,
    Arn,
    /// `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`.
    QueueUrl,
}

/// Type, property that names it, what its ARN is after `arn:PARTITION:`, what `Ref` gives.
///
/// Source: CloudFormation, "Return values" of each type; Service Authorization Reference, ARNs.
const FOREIGN: &[(&str, &str, &str, RefIs)] = &[
    (
        "AWS::Lambda::Function",
        "FunctionName",
        "lambda:{R}:{A}:function:{N}",
        RefIs::Name,
    ),
    (
        "AWS::Serverless::Function",
        "FunctionName",
        "lambda:{R}:{A}:function:{N}",
        RefIs::Name,
    ),
    (
        "AWS::IAM::Role",
        "RoleName",
        "iam::{A}:role/{N}",
        RefIs::Name,
    ),
    (
        "AWS::SQS::Queue",
        "QueueName",
        "sqs:{R}:{A}:{N}",
        RefIs::QueueUrl,
    ),
    (
        "AWS::SNS::Topic",
        "TopicName",
        "sns:{R}:{A}:{N}",
        RefIs::Arn,
    ),
    (
        "AWS::DynamoDB::Table",
        "TableName",
        "dynamodb:{R}:{A}:table/{N}",
        RefIs::Name,
    ),
    (
        "AWS::Serverless::SimpleTable",
        "TableName",
        "dynamodb:{R}:{A}:table/{N}",
        RefIs::Name,
    ),
    ("AWS::S3::Bucket", "BucketName", "s3:::{N}", RefIs::Name),
    (
        "AWS::Events::EventBus",
        "Name",
        "events:{R}:{A}:event-bus/{N}",
        RefIs::Name,
    ),
    (
        "AWS::Logs::LogGroup",
        "LogGroupName",
        "logs:{R}:{A}:log-group:{N}:*",
        RefIs::Name,
    ),
    (
        "AWS::ECS::Cluster",
        "ClusterName",
        "ecs:{R}:{A}:cluster/{N}",
        RefIs::Name,
    ),
    (
        "AWS::ECS::TaskDefinition",
        "Family",
        "ecs:{R}:{A}:task-definition/{N}:1",
        RefIs::Arn,
    ),
    (
        "AWS::Batch::JobQueue",
        "JobQueueName",
        "batch:{R}:{A}:job-queue/{N}",
        RefIs::Arn,
    ),
    (
        "AWS::Batch::JobDefinition",
        "JobDefinitionName",
        "batch:{R}:{A}:job-definition/{N}:1",
        RefIs::Arn,
    ),
    (
        "AWS::Glue::Job",
        "Name",
        "glue:{R}:{A}:job/{N}",
        RefIs::Name,
    ),
    (
        "AWS::Kinesis::Stream",
        "Name",
        "kinesis:{R}:{A}:stream/{N}",
        RefIs::Name,
    ),
    ("AWS::KMS::Key", "", "kms:{R}:{A}:key/{N}", RefIs::Name),
];

impl Resolver<'_> {
    /// What `Ref` gives for a name.
    pub(super) fn reference(&mut self, target: &str, place: &Place) -> Resolved {
        let stack = self.stack;
        let text = |text: &str| Ok(Some(Value::String(text.to_owned())));
        match target {
            "AWS::Region" => return text(&stack.region),
            "AWS::AccountId" => return text(&stack.account),
            "AWS::Partition" => return text(stack.partition()),
            "AWS::StackName" => return text(&stack.name),
            "AWS::StackId" => return text(&stack.id()),
            "AWS::URLSuffix" => return text(stack.url_suffix()),
            "AWS::NotificationARNs" => return Ok(Some(Value::Array(Vec::new()))),
            "AWS::NoValue" => return Ok(None),
            _ => {}
        }
        if let Some(value) = self.parameters.get(target) {
            return value.map(Some);
        }
        self.of_resource(target, "Ref", place).map(Some)
    }

    /// What `Fn::GetAtt` gives.
    pub(super) fn attribute(
        &mut self,
        logical: &str,
        attribute: &str,
        place: &Place,
    ) -> Result<Value, Problem> {
        self.of_resource(logical, attribute, place)
    }

    fn of_resource(
        &mut self,
        logical: &str,
        attribute: &str,
        place: &Place,
    ) -> Result<Value, Problem> {
        let template = self.template;
        if let Some(value) = self.overrides.get(&format!("{logical}.{attribute}")) {
            return Ok(Value::String(value.clone()));
        }
        let Some(resource) = template.resource(logical) else {
            // A role that SAM makes has no entry in the template.
            if let Some(value) = self.overrides.get(logical) {
                return Ok(Value::String(value.clone()));
            }
            let why = format!("nothing named '{logical}' is declared in Parameters or Resources");
            return Err(Problem::new(place.clone(), why));
        };
        if let Some(condition) = &resource.condition
            && !self.condition(condition, place)?
        {
            let why = format!("'{logical}' is left out: its condition {condition} does not hold");
            return Err(Problem::new(place.clone(), why));
        }
        let given = self.deeper(place, |this| match resource.kind.as_str() {
            STATE_MACHINE | SAM_STATE_MACHINE | ACTIVITY => this.own(resource, attribute),
            VERSION => this.version(resource, attribute),
            ALIAS => this.alias(resource, attribute),
            _ => this.foreign(resource, attribute),
        })?;
        given.map(Value::String).ok_or_else(|| {
            let why = format!(
                "{attribute} of {logical} ({}) is not known here: say --resource \
                 {logical}.{attribute}=VALUE",
                resource.kind
            );
            Problem::new(place.clone(), why)
        })
    }

    /// The name of a state machine or an activity.
    pub(super) fn own_name(&mut self, resource: &Resource) -> Result<String, Problem> {
        let property = match resource.kind.as_str() {
            STATE_MACHINE => "StateMachineName",
            _ => "Name",
        };
        self.name(resource, property, NAME_CHARS_MAX)
    }

    /// The ARN of a state machine or an activity.
    pub(super) fn own_arn(&mut self, resource: &Resource) -> Result<String, Problem> {
        let kind = match resource.kind.as_str() {
            ACTIVITY => "activity",
            _ => "stateMachine",
        };
        let name = self.own_name(resource)?;
        Ok(self.stack.states_arn(kind, &name))
    }

    fn own(&mut self, resource: &Resource, attribute: &str) -> Result<Option<String>, Problem> {
        match attribute {
            "Ref" | "Arn" => self.own_arn(resource).map(Some),
            "Name" => self.own_name(resource).map(Some),
            _ => Ok(None),
        }
    }

    /// Its ARN; until it is published, with `?` for the number that only the server knows.
    fn version(&mut self, resource: &Resource, attribute: &str) -> Result<Option<String>, Problem> {
        if !matches!(attribute, "Ref" | "Arn") {
            return Ok(None);
        }
        if let Some(arn) = self.versions.get(&resource.logical) {
            return Ok(Some(arn.clone()));
        }
        let machine = self.required(resource, "StateMachineArn")?;
        Ok(Some(format!("{machine}:?")))
    }

    fn alias(&mut self, resource: &Resource, attribute: &str) -> Result<Option<String>, Problem> {
        if !matches!(attribute, "Ref" | "Arn") {
            return Ok(None);
        }
        let name = self.name(resource, "Name", NAME_CHARS_MAX)?;
        let machine = self.machine_of_alias(resource)?;
        Ok(Some(format!("{machine}:{name}")))
    }

    /// The name of an alias, which may be generated as any other.
    pub(super) fn alias_name(&mut self, resource: &Resource) -> Result<String, Problem> {
        self.name(resource, "Name", NAME_CHARS_MAX)
    }

    /// The state machine that an alias belongs to: that of the versions it routes to.
    pub(super) fn machine_of_alias(&mut self, resource: &Resource) -> Result<String, Problem> {
        let place = resource.place();
        let properties = &resource.properties;
        let routed = properties
            .get("RoutingConfiguration")
            .and_then(|it| it.get(0));
        let routed = routed.or_else(|| properties.get("DeploymentPreference"));
        let version = routed.and_then(|it| it.get("StateMachineVersionArn"));
        let Some(version) = version else {
            let why =
                "an alias routes to a version, by RoutingConfiguration or DeploymentPreference";
            return Err(Problem::new(place, why));
        };
        let arn = self.text(version, &place)?;
        match arn.rsplit_once(':') {
            Some((machine, _)) => Ok(machine.to_owned()),
            None => Err(Problem::new(place, format!("'{arn}' is no version's ARN"))),
        }
    }

    /// A property that must be there, as text.
    pub(super) fn required(
        &mut self,
        resource: &Resource,
        property: &str,
    ) -> Result<String, Problem> {
        let place = resource.place().member(property);
        match resource.properties.get(property) {
            Some(value) => self.text(value, &place),
            None => Err(Problem::new(place, "is required")),
        }
    }

    fn name(
        &mut self,
        resource: &Resource,
        property: &str,
        chars_max: usize,
    ) -> Result<String, Problem> {
        let place = resource.place().member(property);
        let given = match resource.properties.get(property) {
            Some(value) => self.resolve(value, &place)?,
            None => None,
        };
        match given {
            Some(Value::String(name)) => Ok(name),
            None => Ok(self.stack.generated_name(&resource.logical, chars_max)),
            Some(_) => Err(Problem::new(place, "must be text")),
        }
    }

    fn foreign(&mut self, resource: &Resource, attribute: &str) -> Result<Option<String>, Problem> {
        let known = FOREIGN.iter().find(|known| known.0 == resource.kind);
        let generic = generic_arn(&resource.kind);
        let (_, property, pattern, ref_is) =
            known
                .copied()
                .unwrap_or(("", "Name", generic.as_str(), RefIs::Name));
        let stack = self.stack;
        let (name, arn) = match self.overrides.get(&resource.logical) {
            Some(arn) => (last_part(arn).to_owned(), arn.clone()),
            None => {
                let mut name = self.name(resource, property, FOREIGN_NAME_CHARS_MAX)?;
                if resource.kind == "AWS::S3::Bucket" {
                    name = name.to_lowercase();
                }
                let rest = pattern
                    .replace("{R}", &stack.region)
                    .replace("{A}", &stack.account)
                    .replace("{N}", &name);
                let arn = format!("arn:{}:{rest}", stack.partition());
                (name, arn)
            }
        };
        let (region, suffix, account) = (&stack.region, stack.url_suffix(), &stack.account);
        let url = || format!("https://sqs.{region}.{suffix}/{account}/{name}");
        Ok(match attribute {
            "Ref" => Some(match ref_is {
                RefIs::Name => name,
                RefIs::Arn => arn,
                RefIs::QueueUrl => url(),
            }),
            "QueueUrl" if ref_is == RefIs::QueueUrl => Some(url()),
            "Arn" | "TopicArn" => Some(arn),
            _ if attribute == property || attribute == "Name" => Some(name),
            _ => None,
        })
    }
}

/// The ARN of a type we know nothing of: most services write `SERVICE:REGION:ACCOUNT:TYPE/NAME`.
fn generic_arn(kind: &str) -> String {
    let mut parts = kind.split("::").skip(1).map(str::to_lowercase);
    let service = parts.next().unwrap_or_else(|| "custom".to_owned());
    let kind = parts.next().unwrap_or_else(|| "resource".to_owned());
    format!("{service}:{{R}}:{{A}}:{kind}/{{N}}")
}

fn last_part(arn: &str) -> &str {
    let arn = arn.strip_suffix(":*").unwrap_or(arn);
    arn.rsplit([':', '/']).next().unwrap_or(arn)
}
