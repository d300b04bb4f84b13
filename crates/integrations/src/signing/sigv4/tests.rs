//! The vectors that AWS published (`aws-sig-v4-test-suite`, and the key of its general reference),
//! and requests signed by botocore 1.43.11 for the same moment.

use std::time::Duration;

use super::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const DATE: &str = "20150830T123600Z";

fn sign(request: &Request<'_>, region: &str, service: &str) -> String {
    let credentials = Credentials::new("AKIDEXAMPLE", SECRET, None);
    authorization(
        request,
        &Scope {
            date: DATE,
            region,
            service,
        },
        &credentials,
    )
}

/// A request of the published suite, and the two ends of the header it must get.
fn assert_published(
    method: &str,
    query: &str,
    more: &[(&str, &str)],
    body: &str,
    signed: &str,
    signature: &str,
) {
    let mut headers = vec![("host", "example.amazonaws.com"), ("x-amz-date", DATE)];
    headers.extend(more);
    let request = Request {
        method,
        path: "/",
        path_as_sent: false,
        query,
        headers: &headers,
        body: body.as_bytes(),
    };
    let expected = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
         SignedHeaders={signed}, Signature={signature}"
    );
    assert_eq!(sign(&request, "us-east-1", "service"), expected);
}

#[test]
fn get_vanilla() {
    let signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    assert_published("GET", "", &[], "", "host;x-amz-date", signature);
}

#[test]
fn get_vanilla_query_order_key_case() {
    let signature = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500";
    assert_published(
        "GET",
        "Param1=value1&Param2=value2",
        &[],
        "",
        "host;x-amz-date",
        signature,
    );
}

#[test]
fn get_header_value_trim() {
    let more = [("my-header1", " value1"), ("my-header2", " \"a   b   c\"")];
    let signature = "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736";
    assert_published(
        "GET",
        "",
        &more,
        "",
        "host;my-header1;my-header2;x-amz-date",
        signature,
    );
}

#[test]
fn post_vanilla() {
    let signature = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b";
    assert_published("POST", "", &[], "", "host;x-amz-date", signature);
}

#[test]
fn post_header_key_sort() {
    let signature = "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c";
    let more = [("my-header1", "value1")];
    assert_published(
        "POST",
        "",
        &more,
        "",
        "host;my-header1;x-amz-date",
        signature,
    );
}

#[test]
fn post_x_www_form_urlencoded() {
    let signature = "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a";
    let more = [("content-type", "application/x-www-form-urlencoded")];
    let signed = "content-type;host;x-amz-date";
    assert_published("POST", "", &more, "Param1=value1", signed, signature);
}

#[test]
fn the_key_of_the_general_reference() {
    let scope = Scope {
        date: DATE,
        region: "us-east-1",
        service: "iam",
    };
    let key = hex(&signing_key(SECRET, &scope));
    assert_eq!(
        key,
        "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
    );
}

#[test]
fn a_poll_is_signed_as_botocore_signs_it() {
    let request = Request {
        method: "POST",
        path: "/",
        path_as_sent: false,
        query: "",
        headers: &[
            ("x-amz-target", "AWSStepFunctions.GetActivityTask"),
            ("content-type", "application/x-amz-json-1.0"),
            ("host", "127.0.0.1:4599"),
            ("x-amz-date", DATE),
        ],
        body: br#"{"activityArn":"arn:aws:states:eu-west-1:123456789012:activity:a"}"#,
    };
    assert_eq!(
        sign(&request, "eu-west-1", "states"),
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-1/states/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-target, \
         Signature=578e14145ee3a49a351b490aa91b79b1587ce6d80aff076c5b0a50ff959ddcd4"
    );
}

#[test]
fn a_session_token_and_a_body_beyond_ascii_are_signed_as_botocore_signs_them() {
    let token = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqw\
                 AeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGd";
    let request = Request {
        method: "POST",
        path: "/",
        path_as_sent: false,
        query: "",
        headers: &[
            ("content-type", "application/x-amz-json-1.0"),
            ("host", "states.eu-west-1.amazonaws.com"),
            ("x-amz-date", DATE),
            ("x-amz-security-token", token),
            ("x-amz-target", "AWSStepFunctions.SendTaskSuccess"),
        ],
        body: r#"{"taskToken":"t","output":"\"ä\""}"#.as_bytes(),
    };
    let signed = sign(&request, "eu-west-1", "states");
    assert!(
        signed.ends_with("e4f4225d186de6eb784fa2062039ce003bd94b6c2bac60053d8d02c46c8da2cd"),
        "{signed}"
    );
}

#[test]
fn a_path_is_encoded_once_more_than_it_is_sent() {
    let request = Request {
        method: "POST",
        path: "/a%20b/c+d/",
        path_as_sent: false,
        query: "",
        headers: &[
            ("content-type", "application/x-amz-json-1.0"),
            ("host", "gateway.example"),
            ("x-amz-date", DATE),
            ("x-amz-target", "AWSStepFunctions.ListActivities"),
        ],
        body: b"{}",
    };
    let signed = sign(&request, "us-east-1", "states");
    assert!(
        signed.ends_with("45cb254e1de32cb8470e37cd52baa2e8130d55c54318d489541260948709c4a4"),
        "{signed}"
    );
}

#[test]
fn a_moment_is_written_in_the_basic_form() {
    assert_eq!(
        amz_date(UNIX_EPOCH + Duration::from_millis(1_440_938_160_999)),
        DATE
    );
}

#[test]
fn s3_signs_a_path_as_it_is_sent() {
    let request = Request {
        method: "PUT",
        path: "/bucket/a%20b/c%2Bd",
        path_as_sent: true,
        query: "",
        headers: &[
            ("host", "127.0.0.1:4599"),
            (
                "x-amz-content-sha256",
                "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1",
            ),
            ("x-amz-date", DATE),
        ],
        body: b"text",
    };
    let signed = sign(&request, "us-east-1", "s3");
    assert!(
        signed.ends_with("dd1085abee6bb50c12c027f3482304b36a81cf02f1ecd55eb2a8a7f280f6b044"),
        "{signed}"
    );
}
