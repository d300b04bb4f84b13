//! Figures with their limits, as a table and as CSV.

use std::fmt::Write;
use std::time::Duration;

/// One figure.
struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    limit: Option<f64>,
}

/// All figures of a run, in the order they were measured.
#[derive(Default)]
pub struct Figures {
    figures: Vec<Figure>,
}

impl Figures {
    /// Notes a figure that has no limit, or is one.
    pub fn note(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.push(name.into(), value, unit, None);
    }

    /// Notes a figure beside what the machine could do at most.
    pub fn note_beside(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        limit: f64,
    ) {
        self.push(name.into(), value, unit, Some(limit));
    }

    fn push(&mut self, name: String, value: f64, unit: &'static str, limit: Option<f64>) {
        eprintln!("{name}: {} {unit}", short(value));
        self.figures.push(Figure {
            name,
            value,
            unit,
            limit,
        });
    }

    /// A table for people.
    pub fn table(&self) -> String {
        let mut table = format!(
            "\n{:<50} {:>12} {:<9} {:>12} {:>9}\n",
            "figure", "value", "unit", "limit", "of limit"
        );
        for figure in &self.figures {
            let (limit, ratio) = match figure.limit {
                Some(limit) => (short(limit), format!("{:.2}", figure.value / limit)),
                None => (String::new(), String::new()),
            };
            let value = short(figure.value);
            let line = format!(
                "{:<50} {value:>12} {:<9} {limit:>12} {ratio:>9}",
                figure.name, figure.unit
            );
            table += line.trim_end();
            table.push('\n');
        }
        table
    }

    /// The same for programs.
    pub fn csv(&self) -> String {
        let mut csv = String::from("figure,value,unit,limit\n");
        for figure in &self.figures {
            let limit = figure
                .limit
                .map_or_else(String::new, |limit| limit.to_string());
            let (name, value, unit) = (&figure.name, figure.value, figure.unit);
            writeln!(csv, "\"{name}\",{value},{unit},{limit}").expect("a String takes every write");
        }
        csv
    }
}

fn short(value: f64) -> String {
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
    fn a_figure_stands_beside_its_limit() {
        let mut figures = Figures::default();
        figures.note_beside("dispatch p50", 0.6, "ms", 0.2);
        assert!(figures.table().contains("3.00"));
        assert_eq!(
            figures.csv(),
            "figure,value,unit,limit\n\"dispatch p50\",0.6,ms,0.2\n"
        );
    }
}
