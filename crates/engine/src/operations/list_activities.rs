//! `ListActivities`.

use crate::shapes::ActivityListItem;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// At most so many; the door has made 0 and nothing into 100.
    pub limit: usize,
    /// Name of the last activity of the page before, out of an authenticated token.
    pub after: Option<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// In order of name.
    pub activities: Vec<ActivityListItem>,
    /// Name to go on after, when there is more.
    pub next: Option<String>,
}
