//! One suite that every store must pass.
//!
//! A store's crate says where its stores live by implementing [`Home`] and writes, in a test file,
//! `store::suite!(MyHome::new());`. Each case becomes one test in a home of its own.

// A case is a test: a panic is how it reports.
#![allow(clippy::unwrap_used)]

mod commits;
mod events;
mod listings;
mod model;
mod records;
mod recovery;
mod removals;
mod rows;
mod samples;

use crate::Store;

pub use samples::{Random, activity_steps};

/// Where the stores of one test live.
pub trait Home {
    /// Whether what is committed is there again when the store is opened again.
    fn is_durable(&self) -> bool;

    /// Opens the one store of this home, empty at first. Never called while an earlier one lives.
    fn open(&self) -> Box<dyn Store>;
}

/// A case: it takes a new home and panics where the store fails.
pub type Case = fn(&dyn Home);

/// Every case by name.
pub const CASES: &[(&str, Case)] = &[
    (
        "an_empty_store_holds_nothing",
        commits::an_empty_store_holds_nothing,
    ),
    (
        "commits_are_numbered_without_gaps",
        commits::commits_are_numbered_without_gaps,
    ),
    (
        "the_latest_time_is_remembered",
        commits::the_latest_time_is_remembered,
    ),
    ("revisions_grow_by_one", commits::revisions_grow_by_one),
    (
        "a_refused_commit_leaves_no_trace",
        commits::a_refused_commit_leaves_no_trace,
    ),
    (
        "an_older_epoch_is_fenced",
        commits::an_older_epoch_is_fenced,
    ),
    ("the_epoch_is_remembered", commits::the_epoch_is_remembered),
    (
        "malformed_runs_and_keys_are_refused",
        commits::malformed_runs_and_keys_are_refused,
    ),
    (
        "parts_stay_until_they_are_written_or_dropped",
        rows::parts_stay_until_they_are_written_or_dropped,
    ),
    (
        "an_execution_is_read_as_last_written",
        rows::an_execution_is_read_as_last_written,
    ),
    (
        "a_small_execution_is_one_row",
        rows::a_small_execution_is_one_row,
    ),
    (
        "several_commits_share_one_call",
        rows::several_commits_share_one_call,
    ),
    ("names_lead_to_executions", rows::names_lead_to_executions),
    ("any_bytes_are_kept", rows::any_bytes_are_kept),
    (
        "events_forward_begin_inside_runs",
        events::events_forward_begin_inside_runs,
    ),
    (
        "events_backward_begin_inside_runs",
        events::events_backward_begin_inside_runs,
    ),
    (
        "events_of_neighbours_stay_apart",
        events::events_of_neighbours_stay_apart,
    ),
    (
        "events_in_the_row_are_read_like_others_and_move_out",
        events::events_in_the_row_are_read_like_others_and_move_out,
    ),
    (
        "listings_are_newest_first",
        listings::listings_are_newest_first,
    ),
    (
        "listings_merge_statuses_and_page",
        listings::listings_merge_statuses_and_page,
    ),
    ("listings_follow_moves", listings::listings_follow_moves),
    (
        "listings_of_machines_stay_apart",
        listings::listings_of_machines_stay_apart,
    ),
    (
        "listings_are_read_from_the_oldest_on",
        listings::listings_are_read_from_the_oldest_on,
    ),
    (
        "a_removal_that_names_its_runs_takes_them",
        removals::a_removal_that_names_its_runs_takes_them,
    ),
    (
        "records_are_put_and_deleted",
        records::records_are_put_and_deleted,
    ),
    (
        "records_page_in_key_order",
        records::records_page_in_key_order,
    ),
    (
        "timers_come_in_order_of_due_time",
        recovery::timers_come_in_order_of_due_time,
    ),
    (
        "tasks_come_in_order_of_queue_and_position",
        recovery::tasks_come_in_order_of_queue_and_position,
    ),
    (
        "the_last_tally_that_was_said_stays",
        recovery::the_last_tally_that_was_said_stays,
    ),
    ("what_is_dropped_is_gone", recovery::what_is_dropped_is_gone),
    (
        "what_is_armed_again_stays",
        recovery::what_is_armed_again_stays,
    ),
    (
        "what_is_removed_is_gone_and_neighbours_stay",
        removals::what_is_removed_is_gone_and_neighbours_stay,
    ),
    (
        "parts_go_with_their_execution",
        removals::parts_go_with_their_execution,
    ),
    (
        "a_removal_may_be_repeated",
        removals::a_removal_may_be_repeated,
    ),
    (
        "a_name_claimed_since_is_left_alone",
        removals::a_name_claimed_since_is_left_alone,
    ),
    (
        "a_life_and_its_end_share_one_call",
        removals::a_life_and_its_end_share_one_call,
    ),
    (
        "what_is_removed_is_not_written_on",
        removals::what_is_removed_is_not_written_on,
    ),
    (
        "random_commits_read_back_as_the_model_says",
        model::random_commits_read_back_as_the_model_says,
    ),
];

/// Makes a test of each case of the suite; the argument makes a new [`Home`].
#[macro_export]
macro_rules! suite {
    ($home:expr) => {
        $crate::suite! { @tests $home;
            an_empty_store_holds_nothing commits_are_numbered_without_gaps
            the_latest_time_is_remembered revisions_grow_by_one
            a_refused_commit_leaves_no_trace an_older_epoch_is_fenced the_epoch_is_remembered
            malformed_runs_and_keys_are_refused parts_stay_until_they_are_written_or_dropped
            an_execution_is_read_as_last_written
            a_small_execution_is_one_row
            several_commits_share_one_call names_lead_to_executions any_bytes_are_kept
            events_forward_begin_inside_runs events_backward_begin_inside_runs
            events_of_neighbours_stay_apart
            events_in_the_row_are_read_like_others_and_move_out listings_are_newest_first listings_merge_statuses_and_page
            listings_follow_moves listings_of_machines_stay_apart
            listings_are_read_from_the_oldest_on a_removal_that_names_its_runs_takes_them
            records_are_put_and_deleted
            records_page_in_key_order timers_come_in_order_of_due_time
            tasks_come_in_order_of_queue_and_position the_last_tally_that_was_said_stays what_is_dropped_is_gone what_is_armed_again_stays
            what_is_removed_is_gone_and_neighbours_stay parts_go_with_their_execution
            a_removal_may_be_repeated
            a_name_claimed_since_is_left_alone a_life_and_its_end_share_one_call
            what_is_removed_is_not_written_on random_commits_read_back_as_the_model_says
        }
    };
    (@tests $home:expr; $($case:ident)*) => {
        $(
            #[test]
            fn $case() {
                $crate::suite::run(stringify!($case), &$home);
            }
        )*

        #[test]
        fn every_case_has_its_test() {
            let tested = [$(stringify!($case)),*];
            let cases: Vec<_> = $crate::suite::CASES.iter().map(|(name, _)| *name).collect();
            assert_eq!(tested.as_slice(), cases);
        }
    };
}

/// Runs the case of that name; what [`suite!`](crate::suite!) calls.
pub fn run(name: &str, home: &dyn Home) {
    let (_, case) = CASES
        .iter()
        .find(|(case, _)| *case == name)
        .expect("the case is in the list");
    case(home);
}

/// Checks the store, and once more after opening it again where it is durable.
fn now_and_after_reopening(home: &dyn Home, store: Box<dyn Store>, check: impl Fn(&dyn Store)) {
    check(&*store);
    if home.is_durable() {
        drop(store);
        check(&*home.open());
    }
}
