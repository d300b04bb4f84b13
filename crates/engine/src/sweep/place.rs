//! How far the sweep has come: of each list that it looks at, the entry that goes next.
//!
//! Every machine has a list for each way to end. Of each that has entries the oldest is known here, so
//! what ended first of all is known without a look at any other list. That takes a look at every
//! machine, which is taken once in a while: what it found stays true, since whatever ends later stands
//! behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use store::{ExecutionId, ListingCursor};

use crate::shapes::MachineType;

/// See the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The survey under way, if there is one.
    pub(super) survey: Option<Survey>,
    /// What ended before this is behind one of the fronts, milliseconds since 1970.
    pub(super) known_ms: i64,
    /// Whether this sweep has made its survey.
    pub(super) is_surveyed: bool,
    /// The oldest entries, of STANDARD machines.
    pub(super) standard: BTreeSet<Front>,
    /// And of EXPRESS ones.
    pub(super) express: BTreeSet<Front>,
    /// Of these lists, entries up to these are done. They are gone, but for a while the store would wade
    /// through what is left of them.
    pub(super) passed: BTreeMap<List, ListingCursor>,
    /// How many entries of these lists the last step took: the next is likely to take as many.
    pub(super) taken: BTreeMap<List, usize>,
    /// An execution whose children are going, and the key of the record of the last that was found.
    pub(super) begun: Option<(ExecutionId, Option<Vec<u8>>)>,
    /// Whether anything was left where it was.
    left: bool,
}

/// A list: number of the machine, and status.
pub(super) type List = (u64, u8);

/// The oldest entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Front {
    pub(super) time_ms: i64,
    pub(super) execution: ExecutionId,
    pub(super) list: List,
    pub(super) machine_name: Arc<str>,
}

/// A look at every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Survey {
    /// Machines up to this one have been looked at.
    pub(super) after_machine: u64,
    /// What [`Place::known_ms`] is when all have been.
    pub(super) settled_ms: i64,
}

impl Default for Place {
    fn default() -> Place {
        Place {
            survey: None,
            known_ms: i64::MIN,
            is_surveyed: false,
            standard: BTreeSet::new(),
            express: BTreeSet::new(),
            passed: BTreeMap::new(),
            taken: BTreeMap::new(),
            begun: None,
            left: false,
        }
    }
}

impl Place {
    /// The fronts of machines of a type.
    pub(super) fn fronts(&mut self, machine_type: MachineType) -> &mut BTreeSet<Front> {
        match machine_type {
            MachineType::Standard => &mut self.standard,
            MachineType::Express => &mut self.express,
        }
    }

    /// Something that was found stays where it is.
    pub(crate) fn leave_behind(&mut self) {
        self.left = true;
    }

    /// A sweep has come to its end. What it left behind is found by another that begins anew.
    pub(crate) fn end(&mut self) {
        self.is_surveyed = false;
        if std::mem::take(&mut self.left) {
            *self = Place::default();
        }
    }
}
