//! What an operator says of quotas: a profile, and single ones on top of it.

use std::collections::BTreeMap;
use std::str::FromStr;

use engine::Operation;

use super::{Counts, Quotas, Rate, START_EXPRESS, published};

/// Where the figures come from that nobody gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Nothing is limited.
    #[default]
    None,
    /// As AWS publishes them.
    Aws,
}

impl Profile {
    pub fn name(self) -> &'static str {
        match self {
            Profile::None => "none",
            Profile::Aws => "aws",
        }
    }
}

/// One quota, as a flag or a variable gives it: `StopExecution=1000/200`, a burst and how many per
/// second, or `state_machines=100`.
#[derive(Clone, Debug, PartialEq)]
pub struct Quota {
    name: String,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Rate(Rate),
    Count(u64),
}

/// What one source says, as the file's `[quotas]` does.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct QuotasLayer {
    pub profile: Option<Profile>,
    pub state_machines: Option<u64>,
    pub activities: Option<u64>,
    pub open_executions: Option<u64>,
    /// `[quotas.StartExecution]`
    #[serde(flatten)]
    pub rates: BTreeMap<String, Rate>,
}

impl FromStr for Quota {
    type Err = String;

    fn from_str(text: &str) -> Result<Quota, String> {
        let shape = "say OPERATION=BURST/PER_SECOND, or state_machines=COUNT";
        let (name, value) = text.split_once('=').ok_or(shape)?;
        let what = match value.split_once('/') {
            Some((burst, per_second)) => What::Rate(Rate {
                burst: burst.parse().map_err(|_| shape)?,
                per_second: per_second.parse().map_err(|_| shape)?,
            }),
            None => What::Count(value.parse().map_err(|_| shape)?),
        };
        let quota = Quota {
            name: name.to_owned(),
            what,
        };
        quota.check()?;
        Ok(quota)
    }
}

impl Quota {
    fn check(&self) -> Result<(), String> {
        let name = &self.name;
        let is_count = COUNTS.contains(&name.as_str());
        match self.what {
            What::Rate(_) if is_count => Err(format!("{name} is a count: say {name}=COUNT")),
            What::Rate(rate) => check(name, &rate),
            What::Count(_) if is_count => Ok(()),
            What::Count(_) => Err(format!("{name} is a rate: say {name}=BURST/PER_SECOND")),
        }
    }
}

/// The names of what is counted.
const COUNTS: [&str; 3] = ["state_machines", "activities", "open_executions"];

/// Whether the name is known and the rate makes sense.
fn check(name: &str, rate: &Rate) -> Result<(), String> {
    if name != START_EXPRESS && !Operation::ALL.iter().any(|it| it.name() == name) {
        return Err(format!("{name} is no operation"));
    }
    if !rate.is_sound() {
        return Err(format!(
            "{name}: burst must be 1 or more, per_second 0 or more"
        ));
    }
    Ok(())
}

impl QuotasLayer {
    /// Sets one quota.
    pub fn with(mut self, quota: &Quota) -> QuotasLayer {
        match (quota.what, quota.name.as_str()) {
            (What::Count(count), "state_machines") => self.state_machines = Some(count),
            (What::Count(count), "activities") => self.activities = Some(count),
            (What::Count(count), "open_executions") => self.open_executions = Some(count),
            (What::Count(_), name) => unreachable!("{name} was no count when it was read"),
            (What::Rate(rate), name) => drop(self.rates.insert(name.to_owned(), rate)),
        }
        self
    }

    /// Puts what this says over what the other does.
    pub fn over(self, other: QuotasLayer) -> QuotasLayer {
        let mut rates = other.rates;
        rates.extend(self.rates);
        QuotasLayer {
            profile: self.profile.or(other.profile),
            state_machines: self.state_machines.or(other.state_machines),
            activities: self.activities.or(other.activities),
            open_executions: self.open_executions.or(other.open_executions),
            rates,
        }
    }

    /// Whether every name is known and every rate makes sense.
    pub fn check(&self) -> Result<(), String> {
        self.rates
            .iter()
            .try_for_each(|(name, rate)| check(name, rate))
    }

    /// The buckets that this asks for.
    pub fn buckets(&self) -> Quotas {
        let of_profile = |name: &str| match self.profile.unwrap_or_default() {
            Profile::None => None,
            Profile::Aws => published::rate(name),
        };
        Quotas::new(|name| self.rates.get(name).copied().or_else(|| of_profile(name)))
    }

    /// The counts that this asks for.
    pub fn counts(&self) -> Counts {
        let of_profile = match self.profile.unwrap_or_default() {
            Profile::None => Counts::default(),
            Profile::Aws => published::COUNTS,
        };
        Counts {
            state_machines: self.state_machines.or(of_profile.state_machines),
            activities: self.activities.or(of_profile.activities),
            open_executions: self.open_executions.or(of_profile.open_executions),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(text: &str) -> QuotasLayer {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_profile_and_single_quotas_over_it() {
        let quotas = layer(
            "profile = \"aws\"\nactivities = 7\n[StopExecution]\nburst = 3\nper_second = 0.5\n",
        );
        assert_eq!(quotas.check(), Ok(()));
        let counts = quotas.counts();
        assert_eq!(
            (counts.activities, counts.state_machines),
            (Some(7), Some(100_000))
        );
        let buckets = quotas.buckets();
        let through = |operation| {
            (0..9_999)
                .filter(|_| buckets.admit(operation, false, 0))
                .count()
        };
        assert_eq!(through(Operation::StopExecution), 3);
        assert_eq!(through(Operation::ListActivities), 100);
    }

    #[test]
    fn a_quota_needs_no_profile() {
        let mut quotas = QuotasLayer::default();
        for text in [
            "ListActivities=2/1",
            "StartExecutionExpress=9/9",
            "open_executions=4",
        ] {
            quotas = quotas.with(&text.parse().unwrap());
        }
        assert_eq!(quotas.counts().open_executions, Some(4));
        assert_eq!(quotas.counts().activities, None);
        let buckets = quotas.buckets();
        let through = |operation| {
            (0..99)
                .filter(|_| buckets.admit(operation, false, 0))
                .count()
        };
        assert_eq!(through(Operation::ListActivities), 2);
        assert_eq!(through(Operation::StartExecution), 99);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in [
            "",
            "x",
            "ListActivities",
            "ListActivities=",
            "ListActivities=1",
            "ListActivities=1/",
            "ListActivities=0/1",
            "ListActivities=1/-1",
            "ListActivities=1/NaN",
            "activities=1/2",
            "listActivities=1/1",
            "activities=-1",
            "Nonsense=1/1",
        ] {
            assert!(text.parse::<Quota>().is_err(), "{text}");
        }
        assert!(
            layer("[Nonsense]\nburst = 1\nper_second = 1\n")
                .check()
                .is_err()
        );
        assert!(toml::from_str::<QuotasLayer>("machines = 3").is_err());
        assert!(toml::from_str::<QuotasLayer>("[StopExecution]\nburst = 1").is_err());
    }

    #[test]
    fn the_nearer_source_wins() {
        let near = layer("activities = 1\n[StopExecution]\nburst = 1\nper_second = 1\n");
        let far = layer(
            "profile = \"aws\"\nactivities = 2\nstate_machines = 3\n\
             [StopExecution]\nburst = 9\nper_second = 9\n[TagResource]\nburst = 4\nper_second = 4\n",
        );
        let both = near.over(far);
        assert_eq!(both.profile, Some(Profile::Aws));
        assert_eq!((both.activities, both.state_machines), (Some(1), Some(3)));
        assert_eq!(both.rates["StopExecution"].burst, 1);
        assert_eq!(both.rates["TagResource"].burst, 4);
    }
}
