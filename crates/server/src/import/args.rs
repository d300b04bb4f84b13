//! The command line of `towpath import`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::client::ClientArgs;

/// Create and update what a CloudFormation template declares for Step Functions
///
/// Reads the template that CDK (cdk.out/STACK.template.json), SAM (template.yaml) or the Serverless
/// Framework (.serverless/cloudformation-template-update-stack.json) ends in, resolves what its state
/// machines, activities, versions and aliases refer to, prints what it does to each, and does it. What
/// the server already holds is left alone; what differs is updated; nothing is deleted.
///
/// A resource without a name is called STACK-LOGICALID-HASH. CloudFormation would draw the last part at
/// random; here it is made of the stack's name and the logical id, so that the next import finds it.
///
/// Another resource that is referred to, for example a Lambda function or a role, is not imported. Its
/// ARN is what its type, name, region and account make it, unless --resource says another.
///
/// Exits with 0 when the server holds what the template wants, 1 when something failed, 2 when the
/// template cannot be read or the command line is wrong.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The template, in JSON or YAML
    #[arg(value_name = "TEMPLATE")]
    pub template: PathBuf,
    /// A parameter of the template; may be repeated
    #[arg(long, short, value_name = "KEY=VALUE", value_parser = pair)]
    pub parameter: Vec<(String, String)>,
    /// The ARN of a resource that is not imported, or LOGICALID.ATTRIBUTE=VALUE; may be repeated
    #[arg(long, value_name = "LOGICALID=ARN", value_parser = pair)]
    pub resource: Vec<(String, String)>,
    /// Print what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// AWS::StackName, and the first part of generated names [default: the template's file name]
    #[arg(long, value_name = "NAME")]
    pub stack_name: Option<String>,
    /// The account of the server [default: that of what it holds, else 000000000000]
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    pub account: Option<String>,
    /// How to print: for people or for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    #[command(flatten)]
    pub client: ClientArgs,
}

/// How the plan is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

impl ImportArgs {
    /// The name given, else the file's name up to its first dot, with what a name cannot hold replaced.
    pub(super) fn stack_name(&self) -> String {
        if let Some(name) = &self.stack_name {
            return name.clone();
        }
        let file = self.template.file_name().unwrap_or_default();
        let file = file.to_string_lossy();
        let stem = file.split('.').next().unwrap_or_default();
        let allowed = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let name: String = stem.chars().map(allowed).collect();
        if name.is_empty() {
            "stack".to_owned()
        } else {
            name
        }
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("must be NAME=VALUE".to_owned()),
    }
}

fn account(text: &str) -> Result<String, String> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("an account is twelve digits".to_owned())
    }
}
