//! What was measured, for people (a table, a chart) and for programs (CSV).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::Command;

use super::figures::{Figure, Figures, short};
use crate::Failure;
use crate::process::root;

/// The columns of the CSV.
const HEAD: &str = "figure,value,unit,limit,ratio,target,of target,least,greatest,rounds";

/// Where reports are kept.
fn folder() -> PathBuf {
    root().join("docs/performance")
}

/// On what, when and of which commit figures were measured.
pub struct Occasion {
    /// Cores, processor, memory, kernel.
    pub machine: String,
    date: String,
    commit: String,
}

/// Values of an earlier run by the names of the figures.
pub struct Before(BTreeMap<String, f64>);

impl Occasion {
    /// This machine, now.
    pub fn now() -> Occasion {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let line = |text: &str, begin: &str| {
            let line = text.lines().find(|line| line.starts_with(begin));
            line.and_then(|line| Some(line.split_once(':')?.1.trim().to_owned()))
        };
        let (cpu, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let kibibytes = line(&memory, "MemTotal").unwrap_or_default();
        let kibibytes = kibibytes
            .trim_end_matches(" kB")
            .parse::<u64>()
            .unwrap_or(0);
        let machine = format!(
            "{cores} cores of {}, {} GiB, Linux {}",
            line(&cpu, "model name").unwrap_or_else(|| "an unknown processor".to_owned()),
            kibibytes >> 20,
            read("/proc/sys/kernel/osrelease").trim(),
        );
        Occasion {
            machine,
            date: said(&["date", "-u", "+%Y-%m-%d"]),
            commit: said(&["git", "describe", "--always", "--dirty"]),
        }
    }

    fn line(&self) -> String {
        format!("{}; {}; commit {}", self.date, self.machine, self.commit)
    }
}

fn said(command: &[&str]) -> String {
    let output = Command::new(command[0])
        .args(&command[1..])
        .current_dir(root())
        .output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    said.unwrap_or_default()
}

impl Before {
    /// The run that was saved last; nothing, when none was.
    pub fn saved() -> Before {
        let text = std::fs::read_to_string(folder().join("latest.csv")).unwrap_or_default();
        Before::read(&text)
    }

    fn read(csv: &str) -> Before {
        let figure = |line: &str| {
            let (name, rest) = line.strip_prefix('"')?.split_once("\",")?;
            Some((name.to_owned(), rest.split(',').next()?.parse().ok()?))
        };
        Before(csv.lines().filter_map(figure).collect())
    }
}

/// A table, with what an earlier run had.
pub fn table(figures: &Figures, before: &Before) -> String {
    let mut table = format!(
        "\n{:<58} {:>10} {:<9} {:>10} {:>8} {:>10} {:>5} {:>10}\n",
        "figure", "value", "unit", "limit", "of limit", "target", "met", "before"
    );
    for figure in figures.all() {
        let number = |value: Option<f64>| value.map(short).unwrap_or_default();
        let target = figure.target.map(|it| it.text()).unwrap_or_default();
        let met = match figure.of_target() {
            None => "",
            Some(of) if of <= 1.0 => "yes",
            Some(_) => "no",
        };
        let line = format!(
            "{:<58} {:>10} {:<9} {:>10} {:>8} {target:>10} {met:>5} {:>10}",
            figure.name,
            short(figure.value),
            figure.unit,
            number(figure.limit),
            figure
                .ratio()
                .map(|it| format!("{it:.2}"))
                .unwrap_or_default(),
            number(before.0.get(&figure.name).copied()),
        );
        table += line.trim_end();
        table.push('\n');
    }
    table
}

/// Writes `latest.csv` and `latest.svg`.
pub fn save(figures: &Figures, occasion: &Occasion) -> Result<(), Failure> {
    let folder = folder();
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("latest.csv"), csv(figures, occasion))?;
    std::fs::write(folder.join("latest.svg"), svg(figures, occasion))?;
    println!("saved in {}", folder.display());
    Ok(())
}

fn csv(figures: &Figures, occasion: &Occasion) -> String {
    let mut csv = format!("# {}\n{HEAD}\n", occasion.line());
    for figure in figures.all() {
        let number = |value: Option<f64>| value.map_or_else(String::new, |it| it.to_string());
        let (least, greatest, rounds) = match figure.spread {
            Some((least, greatest, rounds)) => (Some(least), Some(greatest), rounds),
            None => (None, None, 1),
        };
        let target = figure.target.map(|it| it.text()).unwrap_or_default();
        writeln!(
            csv,
            "\"{}\",{},{},{},{},{target},{},{},{},{rounds}",
            figure.name,
            figure.value,
            figure.unit,
            number(figure.limit),
            number(figure.ratio()),
            number(figure.of_target()),
            number(least),
            number(greatest),
        )
        .expect("a String takes every write");
    }
    csv
}

/// Pixels of a row, and where the bars begin and what a target's length is.
const ROW: usize = 22;
const BARS_AT: usize = 430;
const TARGET_LENGTH: f64 = 260.0;
/// Bars are cut at so many times the target.
const LONGEST: f64 = 1.6;

/// Bars: how far each figure is from its target.
fn svg(figures: &Figures, occasion: &Occasion) -> String {
    let rows: Vec<&Figure> = figures
        .all()
        .iter()
        .filter(|figure| figure.of_target().is_some_and(f64::is_finite))
        .collect();
    let (top, width) = (66, BARS_AT + (TARGET_LENGTH * LONGEST) as usize + 150);
    let height = top + rows.len() * ROW + 16;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"10\" y=\"22\" font-size=\"15\">How far from the target; shorter is better</text>\n\
         <text x=\"10\" y=\"42\" fill=\"#555\">{}</text>\n",
        escaped(&occasion.line())
    );
    for (at, figure) in rows.iter().enumerate() {
        let of = figure.of_target().unwrap_or_default();
        let y = top + at * ROW;
        let (length, color) = (
            of.clamp(0.004, LONGEST) * TARGET_LENGTH,
            if of <= 1.0 { "#3b7d4f" } else { "#b5532d" },
        );
        let target = figure.target.map(|it| it.text()).unwrap_or_default();
        let ratio = figure.ratio().map(|it| format!(" = {} x", short(it)));
        let shown = format!(
            "{} {}{} ({target})",
            short(figure.value),
            figure.unit,
            ratio.unwrap_or_default()
        );
        write!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n\
             <rect x=\"{BARS_AT}\" y=\"{}\" width=\"{length:.1}\" height=\"{}\" fill=\"{color}\"/>\n\
             <text x=\"{:.1}\" y=\"{}\" fill=\"#333\">{}</text>\n",
            BARS_AT - 8,
            y + 14,
            escaped(&figure.name),
            y + 3,
            ROW - 8,
            BARS_AT as f64 + length + 6.0,
            y + 14,
            escaped(&shown),
        )
        .expect("a String takes every write");
    }
    let line = BARS_AT as f64 + TARGET_LENGTH;
    writeln!(
        svg,
        "<line x1=\"{line}\" x2=\"{line}\" y1=\"{}\" y2=\"{}\" stroke=\"black\" \
         stroke-dasharray=\"3 3\"/>\n</svg>",
        top - 4,
        height - 12
    )
    .expect("a String takes every write");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::{Before, Figures, HEAD, Occasion, csv, svg, table};

    fn occasion() -> Occasion {
        Occasion {
            machine: "2 cores".to_owned(),
            date: "2026-01-01".to_owned(),
            commit: "abc".to_owned(),
        }
    }

    fn figures() -> Figures {
        let mut figures = Figures::default();
        figures
            .note_beside("dispatch, p50", 0.6, "ms", 0.2)
            .at_most_times(2.0);
        figures.note("idle & cold", 12.0, "MiB").at_most(20.0);
        figures.note("limit: something", 1.0, "/s");
        figures
    }

    #[test]
    fn a_row_says_whether_its_target_is_met_and_what_it_was_before() {
        let before = Before::read(&csv(&figures(), &occasion()));
        let table = table(&figures(), &before);
        let rows: Vec<Vec<&str>> = table
            .lines()
            .skip(2)
            .map(|line| line.split_whitespace().collect())
            .collect();
        let dispatch = [
            "dispatch,",
            "p50",
            "0.6000",
            "ms",
            "0.2000",
            "3.00",
            "<=",
            "2.00",
            "x",
            "no",
            "0.6000",
        ];
        assert_eq!(rows[0], dispatch);
        assert_eq!(
            rows[1][3..],
            ["12.00", "MiB", "<=", "20.00", "yes", "12.00"]
        );
    }

    #[test]
    fn the_csv_says_where_and_when() {
        let csv = csv(&figures(), &occasion());
        let mut lines = csv.lines();
        assert_eq!(lines.next(), Some("# 2026-01-01; 2 cores; commit abc"));
        assert_eq!(lines.next(), Some(HEAD));
        let columns = HEAD.split(',').count();
        for line in lines {
            // One name holds a comma.
            let commas = line.matches(',').count() - line.matches(", p50").count();
            assert_eq!(commas + 1, columns, "{line}");
        }
    }

    #[test]
    fn the_chart_has_a_bar_for_each_target() {
        let svg = svg(&figures(), &occasion());
        assert_eq!(svg.matches("<rect").count(), 3, "the ground and two bars");
        assert!(svg.contains("idle &amp; cold"));
    }
}
