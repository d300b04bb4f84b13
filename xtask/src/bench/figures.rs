//! Figures with their limits and targets.

use std::time::Duration;

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
    /// What the machine could do at most, or what this is to be compared with, of the same minutes.
    pub limit: Option<f64>,
    /// What it should be.
    pub target: Option<Target>,
    /// Least and greatest value, of how many measurements.
    pub spread: Option<(f64, f64, usize)>,
    /// [`Figure::ratio`] of several measurements.
    ratio: Option<f64>,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// The value is not to be more.
    Most(f64),
    /// The value is not to be more times the limit.
    MostTimes(f64),
    /// The value is not to be less times the limit.
    LeastTimes(f64),
}

/// All figures of a run, in the order they were measured.
#[derive(Clone, Default)]
pub struct Figures {
    all: Vec<Figure>,
    /// What every name begins with.
    prefix: String,
}

impl Figure {
    /// The value in terms of the limit.
    pub fn ratio(&self) -> Option<f64> {
        self.ratio.or_else(|| Some(self.value / self.limit?))
    }

    /// How far it is from its target: 1 is just met, less is better.
    pub fn of_target(&self) -> Option<f64> {
        Some(match self.target? {
            Target::Most(most) => self.value / most,
            Target::MostTimes(most) => self.ratio()? / most,
            Target::LeastTimes(least) => least / self.ratio()?,
        })
    }

    /// The value is not to be more.
    pub fn at_most(&mut self, most: f64) {
        self.target = Some(Target::Most(most));
    }

    /// The value is not to be more times the limit.
    pub fn at_most_times(&mut self, most: f64) {
        self.target = Some(Target::MostTimes(most));
    }

    /// The value is not to be less times the limit.
    pub fn at_least_times(&mut self, least: f64) {
        self.target = Some(Target::LeastTimes(least));
    }
}

impl Target {
    /// As a person reads it.
    pub fn text(self) -> String {
        match self {
            Target::Most(most) => format!("<= {}", short(most)),
            Target::MostTimes(most) => format!("<= {} x", short(most)),
            Target::LeastTimes(least) => format!(">= {} x", short(least)),
        }
    }
}

impl Figures {
    /// None yet, of something whose name stands before that of every figure.
    pub fn of(subject: &str) -> Figures {
        Figures {
            all: Vec::new(),
            prefix: match subject {
                "" => String::new(),
                subject => format!("{subject}: "),
            },
        }
    }

    /// Notes a figure that has no limit, or is one.
    pub fn note(&mut self, name: impl Into<String>, value: f64, unit: &'static str) -> &mut Figure {
        self.push(name.into(), value, unit, None)
    }

    /// Notes a figure beside what the machine could do at most.
    pub fn note_beside(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        limit: f64,
    ) -> &mut Figure {
        self.push(name.into(), value, unit, Some(limit))
    }

    fn push(
        &mut self,
        name: String,
        value: f64,
        unit: &'static str,
        limit: Option<f64>,
    ) -> &mut Figure {
        let name = format!("{}{name}", self.prefix);
        eprintln!("{name}: {} {unit}", short(value));
        let at = self.all.len();
        self.all.push(Figure {
            name,
            value,
            unit,
            limit,
            target: None,
            spread: None,
            ratio: None,
        });
        &mut self.all[at]
    }

    /// Every figure, in order.
    pub fn all(&self) -> &[Figure] {
        &self.all
    }

    /// The value of a figure, if it was measured.
    pub fn value(&self, name: &str) -> Option<f64> {
        let figure = self.all.iter().find(|figure| figure.name == name)?;
        Some(figure.value)
    }

    /// Adds those of another.
    pub fn append(&mut self, other: Figures) {
        self.all.extend(other.all);
    }

    /// The median of each figure of several measurements of the same things.
    pub fn medians(rounds: &[Figures]) -> Figures {
        let first = rounds.first().map(Figures::all).unwrap_or_default();
        let medians = first.iter().map(|figure| {
            let same: Vec<&Figure> = rounds
                .iter()
                .flat_map(|round| round.all.iter().find(|other| other.name == figure.name))
                .collect();
            let of = |pick: &dyn Fn(&Figure) -> Option<f64>| {
                median(same.iter().filter_map(|figure| pick(figure)).collect())
            };
            let values = same.iter().map(|figure| figure.value);
            let least = values.clone().fold(f64::INFINITY, f64::min);
            let greatest = values.fold(f64::NEG_INFINITY, f64::max);
            Figure {
                value: of(&|it| Some(it.value)).unwrap_or(figure.value),
                limit: of(&|it| it.limit),
                ratio: of(&Figure::ratio),
                spread: (same.len() > 1).then_some((least, greatest, same.len())),
                ..figure.clone()
            }
        });
        Figures {
            all: medians.collect(),
            prefix: String::new(),
        }
    }
}

/// The value that as many are above as below; `None` of nothing.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[odd / 2]),
        even => Some((values[even / 2 - 1] + values[even / 2]) / 2.0),
    }
}

/// A number with as many digits as it is worth.
pub fn short(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 1.0 => format!("{v:.2}"),
        v => format!("{v:.4}"),
    }
}

/// Lengths of time, for their percentiles.
#[derive(Default)]
pub struct Times {
    times: Vec<Duration>,
}

impl Times {
    /// Adds one.
    pub fn add(&mut self, time: Duration) {
        self.times.push(time);
    }

    /// Adds all of another.
    pub fn append(&mut self, mut other: Self) {
        self.times.append(&mut other.times);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// The time that this share of all does not exceed, in milliseconds.
    pub fn percentile_ms(&mut self, share: f64) -> f64 {
        if self.times.is_empty() {
            return f64::NAN;
        }
        self.times.sort_unstable();
        let rank = (self.times.len() as f64 * share).ceil() as usize;
        self.times[rank.clamp(1, self.times.len()) - 1].as_secs_f64() * 1e3
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Figures, Times};

    #[test]
    fn percentiles_by_nearest_rank() {
        let mut times = Times::default();
        (1..=200)
            .rev()
            .for_each(|n| times.add(Duration::from_millis(n)));
        assert_eq!(times.percentile_ms(0.5), 100.0);
        assert_eq!(times.percentile_ms(0.99), 198.0);
        assert!(Times::default().percentile_ms(0.5).is_nan());
    }

    #[test]
    fn a_target_is_of_the_value_or_of_its_ratio_to_the_limit() {
        let mut figures = Figures::of("peer");
        figures.note_beside("a", 3.0, "ms", 2.0).at_most_times(3.0);
        figures
            .note_beside("b", 50.0, "/s", 200.0)
            .at_least_times(0.5);
        let [a, b] = figures.all() else { panic!() };
        assert_eq!((a.name.as_str(), a.of_target()), ("peer: a", Some(0.5)));
        assert_eq!(b.of_target(), Some(2.0));
    }

    #[test]
    fn of_several_rounds_the_median_counts_of_the_ratios_too() {
        // Each round had a machine of another speed.
        let rounds = [(1.0, 1.0), (6.0, 2.0), (20.0, 10.0)].map(|(value, limit)| {
            let mut figures = Figures::default();
            figures.note_beside("a", value, "ms", limit);
            figures
        });
        let medians = Figures::medians(&rounds);
        let [a] = medians.all() else { panic!() };
        assert_eq!((a.value, a.limit, a.ratio()), (6.0, Some(2.0), Some(2.0)));
        assert_eq!(a.spread, Some((1.0, 20.0, 3)));
    }
}
