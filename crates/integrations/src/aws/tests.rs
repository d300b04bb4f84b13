//! What goes over the wire, by data: made as botocore makes it, and read as it reads it.

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};
use service_models::{Service, bundled};

use super::*;

struct Sent {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Sent {
    fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }
}

fn sent_by(service: &Service, action: &str, given: Value) -> Result<Sent, request::NoLabel> {
    let operation = service.operation(action).unwrap();
    let protocol = Protocol::of(service).unwrap();
    let mut input = parameters::read(service, operation.input.as_ref(), &given).unwrap();
    request::with_tokens(
        service,
        operation,
        &mut input,
        IdempotencyKey::of([7; 16], 5),
    );
    let ask = request::build(service, operation, protocol, &input)?;
    Ok(Sent {
        method: ask.method,
        path: ask.path,
        query: ask.query,
        headers: ask.headers,
        body: String::from_utf8(ask.body).unwrap(),
    })
}

fn sent(service: &str, action: &str, given: Value) -> Sent {
    sent_by(bundled(service).unwrap(), action, given).unwrap()
}

fn told(status: u16, headers: &[(&str, &str)], body: &str) -> Told {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        map.append(name, HeaderValue::from_str(value).unwrap());
    }
    Told {
        status,
        headers: map,
        body: Bytes::from(body.to_owned()),
    }
}

fn read(service: &str, action: &str, told: Told) -> Result<Result<Answer, Refusal>, Unreadable> {
    let service = bundled(service).unwrap();
    let operation = service.operation(action).unwrap();
    let protocol = Protocol::of(service).unwrap();
    let read = answer::read(service, operation, protocol, &told)?;
    Ok(read.map(|output| Answer {
        output,
        request_id: answer::request_id(&told),
        told,
    }))
}

fn output(service: &str, action: &str, told: Told) -> Value {
    let answer = read(service, action, told).unwrap().unwrap();
    answer.shown(Words::Sdk)
}

fn refusal(service: &str, action: &str, told: Told) -> Refusal {
    read(service, action, told).unwrap().unwrap_err()
}

fn body_of(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

#[test]
fn json_has_one_path_and_a_target() {
    let sent = sent(
        "dynamodb",
        "putItem",
        json!({"TableName": "t", "Item": {"a": {"B": "AAE="}}}),
    );
    assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", "/"));
    assert_eq!(sent.header("x-amz-target"), "DynamoDB_20120810.PutItem");
    assert_eq!(sent.header("content-type"), "application/x-amz-json-1.0");
    let expected = json!({"TableName": "t", "Item": {"a": {"B": "AAE="}}});
    assert_eq!(body_of(&sent.body), expected);
    let sent = self::sent("ecs", "listTasks", json!({"Cluster": "c", "MaxResults": 5}));
    assert_eq!(sent.header("content-type"), "application/x-amz-json-1.1");
    assert_eq!(
        body_of(&sent.body),
        json!({"cluster": "c", "maxResults": 5})
    );
}

#[test]
fn moments_in_json_are_seconds() {
    let given = json!({"StartTime": "1970-01-01T00:00:01.500Z", "EndTime": "1970-01-01T00:00:02Z"});
    let sent = sent("cloudtrail", "lookupEvents", given);
    assert_eq!(body_of(&sent.body), json!({"StartTime": 1.5, "EndTime": 2}));
}

#[test]
fn a_request_that_may_be_made_again_has_a_token() {
    let key = IdempotencyKey::of([7; 16], 5).to_string();
    let sent = sent("ecs", "runTask", json!({"TaskDefinition": "t"}));
    assert_eq!(body_of(&sent.body)["clientToken"], json!(key));
    let sent = self::sent(
        "ecs",
        "runTask",
        json!({"TaskDefinition": "t", "ClientToken": "mine"}),
    );
    assert_eq!(body_of(&sent.body)["clientToken"], json!("mine"));
}

#[test]
fn query_takes_parameters_apart() {
    let given = json!({
        "TopicArn": "t", "Message": {"a": 1},
        "MessageAttributes": {"n": {"DataType": "String", "StringValue": "a b&c"}},
    });
    let sent = sent("sns", "publish", given);
    assert_eq!(
        sent.body,
        "Action=Publish&Version=2010-03-31&TopicArn=t&Message=%7B%22a%22%3A1%7D\
         &MessageAttributes.entry.1.Name=n&MessageAttributes.entry.1.Value.DataType=String\
         &MessageAttributes.entry.1.Value.StringValue=a%20b%26c"
    );
    let given = json!({"AutoScalingGroupNames": ["a", "b"], "Filters": []});
    let sent = self::sent("autoscaling", "describeAutoScalingGroups", given);
    assert_eq!(
        sent.body,
        "Action=DescribeAutoScalingGroups&Version=2011-01-01\
         &AutoScalingGroupNames.member.1=a&AutoScalingGroupNames.member.2=b&Filters="
    );
    let given = json!({"DbInstanceIdentifier": "i", "VpcSecurityGroupIds": ["g"]});
    let sent = self::sent("rds", "modifyDBInstance", given);
    assert!(
        sent.body
            .ends_with("&VpcSecurityGroupIds.VpcSecurityGroupId.1=g"),
        "{}",
        sent.body
    );
}

#[test]
fn ec2_has_names_of_its_own() {
    let given = json!({
        "InstanceIds": ["i-1", "i-2"], "DryRun": true,
        "Filters": [{"Name": "n", "Values": ["v"]}],
    });
    let sent = sent("ec2", "describeInstances", given);
    assert_eq!(
        sent.body,
        "Action=DescribeInstances&Version=2016-11-15&InstanceId.1=i-1&InstanceId.2=i-2&DryRun=true\
         &Filter.1.Name=n&Filter.1.Value.1=v"
    );
}

#[test]
fn rest_puts_members_where_the_model_says() {
    let given = json!({
        "Bucket": "b", "Key": "a b/ü+c", "Metadata": {"Owner": "me"}, "Body": "text",
        "ContentType": "text/csv",
    });
    let put = sent("s3", "putObject", given);
    assert_eq!(
        (put.method.as_str(), put.path.as_str()),
        ("PUT", "/b/a%20b/%C3%BC%2Bc")
    );
    assert_eq!(put.header("x-amz-meta-owner"), "me");
    assert_eq!(put.header("content-type"), "text/csv");
    assert_eq!(
        put.header("x-amz-content-sha256"),
        "1e1d0f251d3a76fa2b1bfc81164078572623403887db02988b504b0492e9f076"
    );
    assert_eq!(put.body, "\"text\"");

    let given = json!({"Bucket": "b", "Prefix": "a/b", "MaxKeys": 5});
    let list = sent("s3", "listObjectsV2", given);
    assert_eq!((list.method.as_str(), list.path.as_str()), ("GET", "/b"));
    assert_eq!(list.query, "list-type=2&max-keys=5&prefix=a%2Fb");
    assert_eq!(list.body, "");

    let untag = sent(
        "lambda",
        "untagResource",
        json!({"Resource": "arn:a", "TagKeys": ["x", "y"]}),
    );
    assert_eq!(untag.path, "/2017-03-31/tags/arn%3Aa");
    assert_eq!(untag.query, "tagKeys=x&tagKeys=y");

    let get = sent(
        "s3",
        "getObject",
        json!({"Bucket": "b", "Key": "k", "IfModifiedSince": 0}),
    );
    assert_eq!(
        get.header("if-modified-since"),
        "Thu, 01 Jan 1970 00:00:00 GMT"
    );
}

#[test]
fn a_path_without_its_member_is_not_asked_for() {
    for given in [json!({"Bucket": "b"}), json!({"Bucket": "b", "Key": ""})] {
        let sent = sent_by(bundled("s3").unwrap(), "getObject", given);
        assert_eq!(sent.err(), Some(request::NoLabel("Key".to_owned())));
    }
}

#[test]
fn rest_json_has_members_without_a_place_in_its_body() {
    let given =
        json!({"JobName": "n", "JobQueue": "q", "JobDefinition": "d", "Parameters": {"k": "v"}});
    let sent = sent("batch", "submitJob", given);
    assert_eq!(sent.path, "/v1/submitjob");
    assert_eq!(
        body_of(&sent.body),
        json!({"jobName": "n", "jobQueue": "q", "jobDefinition": "d", "parameters": {"k": "v"}})
    );
    let sent = self::sent(
        "lambda",
        "invoke",
        json!({"FunctionName": "f", "Payload": {"a": 1}}),
    );
    assert_eq!(sent.body, r#"{"a":1}"#);
}

#[test]
fn rest_xml_has_names_and_namespaces() {
    let given = json!({"Bucket": "b", "Delete": {"Objects": [{"Key": "a<b"}, {"Key": "c"}], "Quiet": true}});
    let sent = sent("s3", "deleteObjects", given);
    assert_eq!(
        sent.body,
        "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Object><Key>a&lt;b</Key></Object>\
         <Object><Key>c</Key></Object><Quiet>true</Quiet></Delete>"
    );
    assert_eq!(sent.query, "delete=");
    assert!(!sent.header("content-md5").is_empty());
    let given = json!({
        "HostedZoneId": "Z", "ChangeBatch": {"Changes": [{"Action": "DELETE", "ResourceRecordSet": {
            "Name": "n", "Type": "A", "ResourceRecords": [{"Value": "1.2.3.4"}]}}]},
    });
    let sent = self::sent("route53", "changeResourceRecordSets", given);
    assert_eq!(
        sent.body,
        "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
         <ChangeBatch><Changes><Change><Action>DELETE</Action><ResourceRecordSet><Name>n</Name>\
         <Type>A</Type><ResourceRecords><ResourceRecord><Value>1.2.3.4</Value></ResourceRecord>\
         </ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch>\
         </ChangeResourceRecordSetsRequest>"
    );
}

#[test]
fn a_body_of_which_nothing_is_given_is_as_its_protocol_has_it() {
    let sent = sent(
        "lambda",
        "sendDurableExecutionCallbackFailure",
        json!({"CallbackId": "c"}),
    );
    assert_eq!(
        (sent.body.as_str(), sent.header("content-type")),
        ("{}", "application/json")
    );
    let sent = self::sent("cloudfront", "deleteRealtimeLogConfig", json!({}));
    assert_eq!((sent.body.as_str(), sent.header("content-type")), ("", ""));
}

#[test]
fn what_operators_call_a_service_by_is_known() {
    let service = bundled("cloudwatchlogs").unwrap();
    let operation = service.operation("putLogEvents").unwrap();
    let input = parameters::read(service, operation.input.as_ref(), &json!({})).unwrap();
    let ask = request::build(service, operation, Protocol::Json, &input).unwrap();
    assert_eq!(ask.whom.names, ["cloudwatchlogs", "logs"]);
    assert_eq!(ask.whom.signing_name.as_deref(), Some("logs"));
    let service = bundled("cognitoidentity").unwrap();
    let operation = service.operation("getId").unwrap();
    let input = parameters::read(service, operation.input.as_ref(), &json!({})).unwrap();
    let ask = request::build(service, operation, Protocol::Json, &input).unwrap();
    assert_eq!(ask.whom.signing_name, None);
}

#[test]
fn json_is_read_by_the_model() {
    let body = r#"{"Items": [{"a": {"S": "x"}, "b": {"B": "AAE="}}], "Count": 1, "Strange": 5}"#;
    assert_eq!(
        output("dynamodb", "query", told(200, &[], body)),
        json!({"Items": [{"a": {"S": "x"}, "b": {"B": "AAE="}}], "Count": 1})
    );
    let body = r#"{"tasks": [{"taskArn": "t", "createdAt": 1.5E9, "stoppedAt": null}]}"#;
    let answer = read("ecs", "describeTasks", told(200, &[], body));
    let answer = answer.unwrap().unwrap();
    let task = json!({"TaskArn": "t", "CreatedAt": "2017-07-14T02:40:00Z"});
    assert_eq!(answer.shown(Words::Sdk), json!({"Tasks": [task]}));
    let task = json!({"TaskArn": "t", "CreatedAt": 1_500_000_000_000_i64});
    assert_eq!(answer.shown(Words::Optimized), json!({"Tasks": [task]}));
    assert_eq!(output("dynamodb", "putItem", told(200, &[], "")), json!({}));
}

#[test]
fn a_wrapped_answer_is_unwrapped() {
    let body = "<PublishResponse xmlns=\"http://sns\"><PublishResult><MessageId>m&amp;&#65;</MessageId>\
                </PublishResult><ResponseMetadata><RequestId>R</RequestId></ResponseMetadata></PublishResponse>";
    let answer = read("sns", "publish", told(200, &[], body))
        .unwrap()
        .unwrap();
    assert_eq!(answer.shown(Words::Optimized), json!({"MessageId": "m&A"}));
    assert_eq!(answer.request_id, "R");
}

#[test]
fn lists_maps_and_scalars_are_read_from_xml() {
    let body = "<R><DescribeAutoScalingGroupsResult><AutoScalingGroups><member>\
                <AutoScalingGroupName>g</AutoScalingGroupName><MinSize>1</MinSize>\
                <CreatedTime>2024-01-31T12:00:00Z</CreatedTime><AvailabilityZones/>\
                <NewInstancesProtectedFromScaleIn>false</NewInstancesProtectedFromScaleIn>\
                </member></AutoScalingGroups></DescribeAutoScalingGroupsResult></R>";
    assert_eq!(
        output(
            "autoscaling",
            "describeAutoScalingGroups",
            told(200, &[], body)
        ),
        json!({"AutoScalingGroups": [{"AutoScalingGroupName": "g", "MinSize": 1, "AvailabilityZones": [],
            "CreatedTime": "2024-01-31T12:00:00Z", "NewInstancesProtectedFromScaleIn": false}]})
    );
    let body = "<R><GetTopicAttributesResult><Attributes><entry><key>k</key><value>v</value></entry>\
                </Attributes></GetTopicAttributesResult></R>";
    assert_eq!(
        output("sns", "getTopicAttributes", told(200, &[], body)),
        json!({"Attributes": {"k": "v"}})
    );
    let body = "<DescribeInstancesResponse><requestId>R</requestId><reservationSet><item>\
                <reservationId>r</reservationId><instancesSet><item><instanceId>i</instanceId></item>\
                </instancesSet></item></reservationSet></DescribeInstancesResponse>";
    let answer = read("ec2", "describeInstances", told(200, &[], body))
        .unwrap()
        .unwrap();
    assert_eq!(
        answer.shown(Words::Sdk),
        json!({"Reservations": [{"ReservationId": "r", "Instances": [{"InstanceId": "i"}]}]})
    );
    assert_eq!(answer.request_id, "R");
}

#[test]
fn an_object_of_s3_is_its_text_and_its_headers() {
    let headers = [
        ("content-length", "11"),
        ("etag", "\"e\""),
        ("last-modified", "Tue, 29 Apr 2014 18:30:38 GMT"),
        ("x-amz-meta-owner", "me"),
    ];
    assert_eq!(
        output("s3", "getObject", told(200, &headers, "binary data")),
        json!({"Body": "binary data", "ContentLength": 11, "ETag": "\"e\"",
            "LastModified": "2014-04-29T18:30:38Z", "Metadata": {"owner": "me"}})
    );
    // Without metadata there is an empty map, as was recorded from AWS.
    assert_eq!(
        output("s3", "getObject", told(200, &[], "")),
        json!({"Body": "", "Metadata": {}})
    );
}

#[test]
fn flat_lists_attributes_and_roots_that_are_members_are_read() {
    let body = "<ListBucketResult xmlns=\"x\"><Name>b</Name><Contents><Key>1</Key><Size>5</Size></Contents>\
                <Contents><Key>2</Key><Size>6</Size></Contents><IsTruncated>false</IsTruncated></ListBucketResult>";
    assert_eq!(
        output("s3", "listObjectsV2", told(200, &[], body)),
        json!({"Name": "b", "IsTruncated": false, "Contents": [{"Key": "1", "Size": 5}, {"Key": "2", "Size": 6}]})
    );
    let body = "<AccessControlPolicy><AccessControlList><Grant><Grantee \
                xmlns:xsi=\"x\" xsi:type=\"CanonicalUser\"><ID>i</ID></Grantee></Grant></AccessControlList>\
                </AccessControlPolicy>";
    assert_eq!(
        output("s3", "getBucketAcl", told(200, &[], body)),
        json!({"Grants": [{"Grantee": {"Type": "CanonicalUser", "Id": "i"}}]})
    );
    let body = "<LocationConstraint xmlns=\"x\">eu-west-1</LocationConstraint>";
    assert_eq!(
        output("s3", "getBucketLocation", told(200, &[], body)),
        json!({"LocationConstraint": "eu-west-1"})
    );
}

#[test]
fn a_list_may_bring_its_own_name() {
    let body = "<R><ModifyCacheClusterResult><CacheCluster><PendingModifiedValues>\
                <PendingLogDeliveryConfiguration><member><LogType>slow-log</LogType></member>\
                </PendingLogDeliveryConfiguration></PendingModifiedValues></CacheCluster>\
                </ModifyCacheClusterResult></R>";
    let output = output("elasticache", "modifyCacheCluster", told(200, &[], body));
    let pending = &output["CacheCluster"]["PendingModifiedValues"]["LogDeliveryConfigurations"];
    assert_eq!(pending, &json!([{"LogType": "slow-log"}]));
}

#[test]
fn what_cannot_be_read_is_told() {
    for (service, action, body) in [
        ("dynamodb", "query", "<html>"),
        ("sns", "publish", "<a><b></a>"),
        ("sns", "publish", "<a>&unknown;</a>"),
        ("sns", "publish", "<a><b>"),
        ("sns", "publish", "</a>"),
        ("sns", "publish", "<a/><b/>"),
    ] {
        let read = read(service, action, told(200, &[], body));
        assert!(read.is_err(), "{body}");
    }
    let deep = format!("{}{}", "<a>".repeat(5_000), "</a>".repeat(5_000));
    assert!(read("sns", "publish", told(200, &[], &deep)).is_err());
}

#[test]
fn refusals_are_named_in_both_words() {
    let body = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}"#;
    let headers = [("x-amzn-requestid", "ID")];
    let refused = refusal("dynamodb", "putItem", told(400, &headers, body));
    let name = refused.name(Words::Sdk, "DynamoDb", "DynamoDbException");
    assert_eq!(name, "DynamoDb.ResourceNotFoundException");
    assert_eq!(
        refused.cause(Words::Sdk, "DynamoDb"),
        "Requested resource not found (Service: DynamoDb, Status Code: 400, Request ID: ID) (SDK Attempt Count: 1)"
    );
    let body = r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"no"}"#;
    let refused = refusal("dynamodb", "putItem", told(400, &headers, body));
    let name = refused.name(Words::Sdk, "DynamoDb", "DynamoDbException");
    assert_eq!(name, "DynamoDb.DynamoDbException");
    let name = refused.name(Words::Optimized, "DynamoDB", "AmazonDynamoDBException");
    assert_eq!(name, "DynamoDB.AmazonDynamoDBException");
    assert_eq!(
        refused.cause(Words::Optimized, "AmazonDynamoDBv2"),
        "no (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ValidationException; Request ID: ID; Proxy: null)"
    );
}

#[test]
fn every_protocol_says_its_refusals_in_its_own_way() {
    let headers = [
        (
            "x-amzn-query-error",
            "AWS.SimpleQueueService.NonExistentQueue;Sender",
        ),
        ("x-amzn-requestid", "ID"),
    ];
    let body = r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}"#;
    let refused = refusal("sqs", "sendMessage", told(400, &headers, body));
    assert_eq!(refused.shape.as_deref(), Some("QueueDoesNotExist"));
    assert_eq!(refused.code, "AWS.SimpleQueueService.NonExistentQueue");
    assert_eq!(
        refused.name(Words::Sdk, "Sqs", ""),
        "Sqs.QueueDoesNotExistException"
    );

    let body = "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>no topic</Message>\
                </Error><RequestId>R</RequestId></ErrorResponse>";
    let refused = refusal("sns", "publish", told(404, &[], body));
    assert_eq!(
        refused.name(Words::Optimized, "SNS", ""),
        "SNS.NotFoundException"
    );
    assert_eq!(
        (refused.message.as_str(), refused.request_id.as_str()),
        ("no topic", "R")
    );

    let body = "<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>no</Message></Error>\
                </Errors><RequestID>R</RequestID></Response>";
    let refused = refusal("ec2", "describeInstances", told(400, &[], body));
    assert_eq!(refused.code, "InvalidInstanceID.NotFound");
    assert_eq!(refused.request_id, "R");

    let headers = [("x-amz-request-id", "R"), ("x-amz-id-2", "X")];
    let body =
        "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>";
    let refused = refusal("s3", "getObject", told(404, &headers, body));
    assert_eq!(refused.name(Words::Sdk, "S3", ""), "S3.NoSuchKeyException");
    assert_eq!(
        refused.cause(Words::Sdk, "S3"),
        "The specified key does not exist. (Service: S3, Status Code: 404, Request ID: R, Extended Request ID: X) \
         (SDK Attempt Count: 1)"
    );
    // S3 may fail after it has begun to answer.
    let body =
        "<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code><Message>m</Message></Error>";
    assert_eq!(
        refusal("s3", "copyObject", told(200, &[], body)).code,
        "InternalError"
    );

    let headers = [(
        "x-amzn-errortype",
        "ResourceConflictException:http://internal",
    )];
    let refused = refusal(
        "lambda",
        "createFunction",
        told(409, &headers, r#"{"Message":"m"}"#),
    );
    assert_eq!(
        refused.name(Words::Sdk, "Lambda", ""),
        "Lambda.ResourceConflictException"
    );

    let refused = refusal("s3", "headObject", told(404, &[], ""));
    assert_eq!(refused.code, "404");
    let refused = refusal("sqs", "sendMessage", told(502, &[], "<html>Bad Gateway"));
    assert_eq!(
        refused.name(Words::Sdk, "Sqs", "SqsException"),
        "Sqs.SqsException"
    );
}
