//! What probes and the curious get.

use serde_json::json;

use crate::process::Server;

#[test]
fn probes_and_metrics_answer() {
    let server = Server::start(&["--in-memory"]);
    assert_eq!(server.get("/livez").status, 200);
    let ready = server.get("/readyz");
    assert_eq!(
        (ready.status, ready.body.as_str()),
        (200, "serving: ok\ndisk: ok\nstore: ok\n")
    );
    assert_eq!(server.get("/").status, 200);
    assert_eq!(server.get("/nothing").status, 404);

    server.create_activity("a");
    server.call("DescribeActivity", json!({"activityArn": "x"}));
    let page = server.get("/metrics").body;
    for line in [
        "api_requests_total{op=\"CreateActivity\",code=\"200\"} 1",
        "api_requests_total{op=\"Unknown\",code=\"InvalidArn\"} 1",
        "activity_pollers 0",
        "executions_open 0",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} in\n{page}");
    }
    assert!(server.metric("store_commit_group_size_count") >= 1.0);
}

#[test]
fn every_answer_carries_an_id_of_its_own() {
    let server = Server::start(&["--in-memory"]);
    let mut ids = std::collections::HashSet::new();
    for answer in [
        server.get("/livez"),
        server.get("/nothing"),
        server.call("ListActivities", json!({})),
        server.call("DescribeActivity", json!({"activityArn": "x"})),
        server.call("Nonsense", json!({})),
    ] {
        assert!(
            ids.insert(answer.header("x-amzn-requestid").unwrap().to_owned()),
            "{answer:?}"
        );
    }
}
