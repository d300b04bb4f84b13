//! Pages of long lists and long histories: the last is to cost what the first does.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use super::figures::{Figures, Times};
use super::service::Service;
use super::{Scale, Subject};
use crate::Failure;
use crate::server_under_test::ServerUnderTest;

/// Connections that start executions.
const STARTERS: usize = 32;

/// The longest page.
const PAGE: usize = 1_000;

/// What any page may take, in milliseconds.
const PAGE_MS_MAX: f64 = 30.0;

/// Looks at the first and the last pages, at least.
const LOOKS: usize = 40;

/// Items of a Map; each makes four events.
const ITEMS: usize = 6_200;

/// As many executions as are parked elsewhere, and one execution of 25,000 events.
pub fn pages(subject: &Subject, scale: &Scale, figures: &mut Figures) -> Result<(), Failure> {
    let server = subject.start()?;
    let mut service = Service::connect(server.address())?;
    let machine = service.state_machine("listed", &json!({"Type": "Succeed"}))?;
    start(&server, &machine, scale.parked)?;
    let asked = json!({"stateMachineArn": machine, "maxResults": PAGE});
    let name = format!("ListExecutions, {} of them", scale.parked);
    let seen = walk(
        &mut service,
        "ListExecutions",
        &asked,
        "executions",
        &name,
        figures,
    )?;
    if seen != scale.parked {
        return Err(format!("{seen} of {} executions were listed", scale.parked).into());
    }

    let item = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}});
    let map = json!({"Type": "Map", "ItemProcessor": item, "End": true, "ResultPath": null});
    let machine = service.state_machine("long", &map)?;
    let items: Vec<usize> = (0..ITEMS).collect();
    let execution = service.start(&machine, &json!(items))?;
    let described = json!({"executionArn": execution});
    while service.call("DescribeExecution", &described)?["status"] == "RUNNING" {
        thread::yield_now();
    }
    for reverse in [false, true] {
        let asked = json!({"executionArn": execution, "maxResults": PAGE, "reverseOrder": reverse});
        let order = if reverse { ", newest first" } else { "" };
        let name = format!("GetExecutionHistory of 25,000 events{order}");
        walk(
            &mut service,
            "GetExecutionHistory",
            &asked,
            "events",
            &name,
            figures,
        )?;
    }
    Ok(())
}

/// All pages; returns how many there were on them.
fn walk(
    service: &mut Service,
    operation: &str,
    asked: &Value,
    member: &str,
    name: &str,
    figures: &mut Figures,
) -> Result<usize, Failure> {
    let mut pages = vec![asked.clone()];
    let mut all = Times::default();
    let mut seen = 0;
    while let Some(asked) = pages.last() {
        let began = Instant::now();
        let page = service.call(operation, asked)?;
        all.add(began.elapsed());
        seen += page[member].as_array().map_or(0, Vec::len);
        let Some(token) = page.get("nextToken") else {
            break;
        };
        let mut next = asked.clone();
        next["nextToken"] = token.clone();
        pages.push(next);
    }
    figures
        .note(
            format!("{name}: page of 1,000, p50"),
            all.percentile_ms(0.5),
            "ms",
        )
        .at_most(PAGE_MS_MAX);
    // The very last page may hold less; a tenth of the pages stands for its end. First and last pages
    // come in turn: seconds lie between them in the walk, and machines change in less.
    let tenth = (pages.len() / 10).max(1);
    let ends = pages[..tenth].iter().zip(&pages[pages.len() - tenth..]);
    let (mut first, mut last) = (Times::default(), Times::default());
    for (one, other) in ends.cycle().take(tenth.max(LOOKS)) {
        for (asked, times) in [(one, &mut first), (other, &mut last)] {
            let began = Instant::now();
            service.call(operation, asked)?;
            times.add(began.elapsed());
        }
    }
    let (first, last) = (first.percentile_ms(0.5), last.percentile_ms(0.5));
    figures
        .note_beside(
            format!("{name}: last pages beside the first"),
            last,
            "ms",
            first,
        )
        .at_most_times(1.2);
    Ok(seen)
}

fn start(server: &ServerUnderTest, machine: &str, count: usize) -> Result<(), Failure> {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let starters: Vec<_> = (0..STARTERS)
            .map(|_| {
                scope.spawn(|| -> Result<(), String> {
                    let service = Service::connect(server.address());
                    let mut service = service.map_err(|e| e.to_string())?;
                    while next.fetch_add(1, Ordering::Relaxed) < count {
                        let started = service.start(machine, &json!({"order": 1}));
                        started.map_err(|e| e.to_string())?;
                    }
                    Ok(())
                })
            })
            .collect();
        for starter in starters {
            starter.join().expect("a starter does not panic")?;
        }
        Ok(())
    })
}
