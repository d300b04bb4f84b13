//! The bundle is whole, small enough, and says what a client needs to know.
#![allow(clippy::unwrap_used)]

use service_models::{Folder, Kind, Service, bundled, names, sdk_name, source};

fn references(service: &Service) -> Vec<&service_models::Reference> {
    let mut references = Vec::new();
    for operation in service.operations.values() {
        references.extend(&operation.input);
        references.extend(&operation.output);
        references.extend(&operation.errors);
    }
    for shape in service.shapes.values() {
        references.extend(shape.members.values());
        let boxed = [&shape.member, &shape.key, &shape.value];
        references.extend(boxed.into_iter().flatten().map(|it| &**it));
    }
    references
}

#[test]
fn every_service_can_be_read_and_nothing_dangles() {
    assert!(source().starts_with("botocore "));
    let mut services = 0;
    for name in names() {
        let service = bundled(name).unwrap_or_else(|| panic!("{name} cannot be read"));
        services += 1;
        assert_eq!(sdk_name(&service.metadata.service_id), name);
        assert!(!service.operations.is_empty(), "{name}");
        for metadata in [
            &service.metadata.protocol,
            &service.metadata.endpoint_prefix,
        ] {
            assert!(!metadata.is_empty(), "{name}");
        }
        for reference in references(service) {
            assert!(service.shape(reference).is_some(), "{name} {reference:?}");
        }
        for (shape_name, shape) in &service.shapes {
            for required in &shape.required {
                assert!(
                    shape.members.contains_key(required),
                    "{name} {shape_name} {required}"
                );
            }
        }
    }
    assert!(services >= 50, "{services} services");
}

#[test]
fn the_bundle_keeps_to_its_size() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/models.bin");
    let bytes = std::fs::metadata(path).unwrap().len();
    assert!(
        bytes <= service_models::MODELS_BYTES_MAX as u64,
        "{bytes} bytes"
    );
}

#[test]
fn services_of_optimized_integrations_are_there() {
    for name in [
        "lambda",
        "dynamodb",
        "sqs",
        "sns",
        "eventbridge",
        "batch",
        "ecs",
        "glue",
        "codebuild",
        "sagemaker",
        "emr",
        "emrcontainers",
        "emrserverless",
        "athena",
        "eks",
        "bedrock",
        "bedrockruntime",
        "databrew",
        "mediaconvert",
        "sfn",
        "s3",
        "ec2",
    ] {
        assert!(bundled(name).is_some(), "{name}");
    }
    assert!(bundled("nonsense").is_none());
    assert!(bundled("").is_none());
}

#[test]
fn what_a_client_needs_is_kept() {
    let dynamodb = bundled("dynamodb").unwrap();
    assert_eq!(dynamodb.metadata.protocol, "json");
    assert_eq!(dynamodb.metadata.json_version.as_deref(), Some("1.0"));
    assert_eq!(
        dynamodb.metadata.target_prefix.as_deref(),
        Some("DynamoDB_20120810")
    );
    let put = dynamodb.operation("putItem").unwrap();
    assert_eq!(put.name, "PutItem");
    assert!(dynamodb.operation("nonsense").is_none() && dynamodb.operation("").is_none());

    let s3 = bundled("s3").unwrap();
    let get = s3.operation("getObject").unwrap();
    assert_eq!(get.http.method, "GET");
    assert_eq!(get.http.request_uri, "/{Bucket}/{Key+}");
    let output = s3.shape(get.output.as_ref().unwrap()).unwrap();
    assert_eq!(output.payload.as_deref(), Some("Body"));
    let class = &output.members["StorageClass"];
    assert_eq!(class.location.as_deref(), Some("header"));
    assert_eq!(class.location_name.as_deref(), Some("x-amz-storage-class"));
    assert!(
        s3.shape(class)
            .unwrap()
            .values
            .iter()
            .any(|it| it == "STANDARD")
    );

    let ec2 = bundled("ec2").unwrap();
    assert_eq!(ec2.metadata.protocol, "ec2");
    let run = ec2.shape(
        ec2.operation("runInstances")
            .unwrap()
            .input
            .as_ref()
            .unwrap(),
    );
    assert!(run.unwrap().members["ClientToken"].idempotency_token);

    let sfn = bundled("sfn").unwrap();
    let sync = sfn.operation("startSyncExecution").unwrap();
    assert_eq!(sync.endpoint.as_ref().unwrap().host_prefix, "sync-");

    let iam = bundled("iam").unwrap();
    assert_eq!(iam.metadata.protocol, "query");
    let output = iam.operation("getRole").unwrap().output.as_ref().unwrap();
    assert_eq!(output.result_wrapper.as_deref(), Some("GetRoleResult"));

    let memory = &bundled("lambda").unwrap().shapes["MemorySize"];
    assert_eq!((memory.kind, memory.min), (Kind::Integer, Some(128.0)));
}

#[test]
fn a_folder_serves_what_is_not_bundled() {
    let root = std::env::temp_dir().join(format!("service-models-{}", std::process::id()));
    let model = |version: &str| {
        format!(
            r#"{{"metadata":{{"apiVersion":"{version}","serviceId":"Odd Jobs v2","protocol":"json"}},
               "operations":{{"DoIt":{{"name":"DoIt"}}}},"shapes":{{}},"more":1}}"#
        )
    };
    for version in ["2020-01-01", "2024-05-06"] {
        let folder = root.join("odd-jobs").join(version);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("service-2.json"), model(version)).unwrap();
    }
    let models = Folder::new(root.clone());
    for name in ["odd-jobs", "oddjobsv2"] {
        let service = models.read(name).unwrap().unwrap();
        assert_eq!(service.metadata.api_version, "2024-05-06");
        assert!(service.operation("doIt").is_some());
    }
    for name in ["nonsense", "", "..", "odd-jobs/2020-01-01"] {
        assert!(models.read(name).unwrap().is_none(), "{name}");
    }
    assert!(Folder::new(root.join("gone")).read("x").is_err());
    std::fs::remove_dir_all(&root).unwrap();
    for bytes in [&b""[..], b"{", b"[]", b"\x1f\x8b", b"\x1f\x8bnonsense"] {
        assert!(Service::from_bytes(bytes).is_err(), "{bytes:?}");
    }
}
