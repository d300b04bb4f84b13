//! How many there may be: counted again after a crash, and no hindrance to what is there.
#![allow(clippy::unwrap_used)]

mod support;

use engine::operations::*;
use engine::{CountsMax, ErrorName, Response, Shard};
use support::{Driver, options};

fn create(driver: &mut Driver, name: &str) -> Result<Response, ErrorName> {
    let ticket = driver.send(Request::CreateActivity(create_activity::Request {
        name: name.to_owned(),
        tags: Vec::new(),
        encryption: None,
    }));
    let answer = driver.answers.remove(&ticket).expect("it is answered");
    answer.map_err(|rejection| rejection.name)
}

fn limited(driver: &mut Driver) {
    let counts = CountsMax {
        activities: 2,
        ..CountsMax::NONE
    };
    let options = engine::ShardOptions {
        counts,
        ..options()
    };
    driver.shard = Shard::recover(options, &driver.store, driver.now).unwrap();
}

#[test]
fn activities_are_counted_over_crashes() {
    let mut driver = Driver::new();
    limited(&mut driver);
    assert!(create(&mut driver, "a").is_ok());
    assert!(create(&mut driver, "b").is_ok());
    for _ in 0..2 {
        assert_eq!(
            create(&mut driver, "c").unwrap_err(),
            ErrorName::ActivityLimitExceeded
        );
        assert!(create(&mut driver, "a").is_ok(), "it is there already");
        driver = driver.crash();
        limited(&mut driver);
    }
    let activity_arn = support::owner().activity_arn("a");
    driver.send(Request::DeleteActivity(delete_activity::Request {
        activity_arn,
    }));
    assert!(create(&mut driver, "c").is_ok());
}
