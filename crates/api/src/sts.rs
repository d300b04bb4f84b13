//! The one operation of AWS STS that clients of Step Functions ask before anything else:
//! `GetCallerIdentity`.
//!
//! Terraform, CDK and many scripts ask who they are and put the account into the ARNs they build.
//! STS speaks AWS's older query protocol: a form in, XML out.
//!
//! Source: AWS STS API reference, 2011-06-15.

use std::fmt::Write as _;

use engine::arn::Owner;

use crate::Answer;

/// `Content-Type` of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

const CONTENT_TYPE: &str = "text/xml";
const VERSION: &str = "2011-06-15";
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Whether a query string asks for an operation, rather than for a page.
pub fn asks(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "Action")
}

/// Answers a form, from a body or a query string.
///
/// Nobody is asked who they are, so everybody is the root user of the one account that is served;
/// AWS gives the account's number as the id of its root user, too.
pub(crate) fn answer(owner: &Owner, form: &[u8], request_id: &str) -> Answer {
    let (mut action, mut version) = (None, None);
    for (name, value) in form_urlencoded::parse(form) {
        match &*name {
            "Action" => action = action.or(Some(value)),
            "Version" => version = version.or(Some(value)),
            // What an operation does not know is passed over, as AWS does.
            _ => {}
        }
    }
    let version = version.as_deref().unwrap_or(VERSION);
    match action.as_deref() {
        Some("GetCallerIdentity") if version == VERSION => identity(owner, request_id),
        Some(action) => {
            let message = format!(
                "Could not find operation {action} for version {version}: of STS, only \
                 GetCallerIdentity ({VERSION}) is served here."
            );
            refusal("InvalidAction", &message, request_id)
        }
        None => refusal(
            "MissingAction",
            "The form has no parameter Action.",
            request_id,
        ),
    }
}

fn identity(owner: &Owner, request_id: &str) -> Answer {
    let account = escaped(&owner.account);
    let partition = escaped(&owner.partition);
    let request_id = escaped(request_id);
    let body = format!(
        "<GetCallerIdentityResponse xmlns=\"{NAMESPACE}\">\n  <GetCallerIdentityResult>\n    \
         <Arn>arn:{partition}:iam::{account}:root</Arn>\n    <UserId>{account}</UserId>\n    \
         <Account>{account}</Account>\n  </GetCallerIdentityResult>\n  <ResponseMetadata>\n    \
         <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n\
         </GetCallerIdentityResponse>\n"
    );
    xml(200, body)
}

fn refusal(code: &str, message: &str, request_id: &str) -> Answer {
    let (message, request_id) = (escaped(message), escaped(request_id));
    let body = format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\">\n  <Error>\n    <Type>Sender</Type>\n    \
         <Code>{code}</Code>\n    <Message>{message}</Message>\n  </Error>\n  \
         <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n"
    );
    xml(400, body)
}

fn xml(status: u16, body: String) -> Answer {
    Answer {
        status,
        content_type: CONTENT_TYPE,
        body: body.into_bytes(),
    }
}

/// Text as XML 1.0 takes it. Characters that it cannot hold, even escaped, become U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(form: &[u8]) -> (u16, String) {
        let owner = Owner {
            partition: "aws-cn".into(),
            region: "cn-north-1".into(),
            account: "123456789012".into(),
        };
        let answer = answer(&owner, form, "id-1");
        assert_eq!(answer.content_type, "text/xml");
        (answer.status, String::from_utf8(answer.body).unwrap())
    }

    #[test]
    fn the_caller_is_the_accounts_root() {
        for form in [
            "Action=GetCallerIdentity&Version=2011-06-15",
            "Version=2011-06-15&Action=Get%43allerIdentity&More=1",
            "Action=GetCallerIdentity",
        ] {
            let (status, body) = ask(form.as_bytes());
            assert_eq!(status, 200, "{body}");
            for element in [
                "<Arn>arn:aws-cn:iam::123456789012:root</Arn>",
                "<UserId>123456789012</UserId>",
                "<Account>123456789012</Account>",
                "<RequestId>id-1</RequestId>",
            ] {
                assert!(body.contains(element), "{body}");
            }
        }
    }

    #[test]
    fn all_else_is_an_error_in_xml() {
        for (form, code, said) in [
            (&b""[..], "MissingAction", "no parameter Action"),
            (b"action=GetCallerIdentity", "MissingAction", "no parameter"),
            (
                b"Action=AssumeRole&Version=2011-06-15",
                "InvalidAction",
                "AssumeRole for version",
            ),
            (
                b"Action=GetCallerIdentity&Version=2012-01-01",
                "InvalidAction",
                "version 2012-01-01",
            ),
            (
                b"Action=%3Cb%3E%26%00%0A",
                "InvalidAction",
                "&lt;b&gt;&amp;\u{fffd}&#10; for",
            ),
            (
                b"Action=%FF\xff",
                "InvalidAction",
                "operation \u{fffd}\u{fffd} for",
            ),
        ] {
            let (status, body) = ask(form);
            assert_eq!(status, 400);
            assert!(body.contains(&format!("<Code>{code}</Code>")), "{body}");
            assert!(
                body.contains("<Type>Sender</Type>") && body.contains(said),
                "{body}"
            );
        }
    }

    #[test]
    fn a_query_asks_when_it_names_an_action() {
        assert!(asks("Action=GetCallerIdentity&Version=2011-06-15"));
        assert!(asks("Version=x&Action="));
        assert!(!asks(""));
        assert!(!asks("Version=Action"));
    }
}
