//! What a state costs in the interpreter alone, without server, store and sockets.
//!
//! The measuring is the interpreter's own: its example `steps_per_second`, which is of this tree
//! whatever binary `TOWPATH_BINARY` names.

use std::time::Duration;

use super::figures::Figures;
use crate::Failure;
use crate::process::{cargo, run};

/// To build the example and to run it.
const TIME: Duration = Duration::from_secs(1200);

/// One machine of the example.
#[derive(Debug, PartialEq)]
struct Machine<'a> {
    name: &'a str,
    states_per_second: f64,
    first_tenth_ns: f64,
    last_tenth_ns: f64,
}

/// States entered per second; and what one costs in the last tenth of a run, beside the first: their
/// ratio tells whether a state costs more because many came before it.
pub fn states(quick: bool, figures: &mut Figures) -> Result<(), Failure> {
    let mut command = cargo(&["run", "--quiet", "--release", "--package", "interpreter"]);
    command.args(["--example", "steps_per_second", "--", "--csv"]);
    if quick {
        command.arg("--quick");
    }
    let finished = run("bench-interpreter", &mut command, TIME)?;
    let machines: Vec<Machine<'_>> = finished.output.lines().filter_map(machine).collect();
    if machines.is_empty() {
        return Err(format!("the interpreter was not measured:\n{}", finished.output).into());
    }
    for it in &machines {
        let name = format!("interpreter: {}", it.name);
        figures.note(name, it.states_per_second, "states/s");
        let name = format!("last tenth of {}", it.name);
        figures.note_beside(name, it.last_tenth_ns, "ns", it.first_tenth_ns);
    }
    if !finished.success {
        // The ratios are in the table; what is said about them is the last line.
        let said = finished.output.lines().last().unwrap_or_default();
        eprintln!("{said}");
    }
    Ok(())
}

/// A line as the example writes it: the name in quotes, then three numbers.
fn machine(line: &str) -> Option<Machine<'_>> {
    let (name, numbers) = line.strip_prefix('"')?.split_once("\",")?;
    let mut numbers = numbers.split(',').map(str::parse);
    let mut number = || numbers.next()?.ok();
    Some(Machine {
        name,
        states_per_second: number()?,
        first_tenth_ns: number()?,
        last_tenth_ns: number()?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Machine, machine};

    #[test]
    fn a_line_is_a_machine_and_three_figures() {
        let read = Machine {
            name: "Map, 10 items",
            states_per_second: 2_000.0,
            first_tenth_ns: 500.0,
            last_tenth_ns: 510.0,
        };
        assert_eq!(machine("\"Map, 10 items\",2000,500,510"), Some(read));
        assert_eq!(machine("machine,states_per_second,first_tenth_ns"), None);
        assert_eq!(machine("\"Map, 10 items\",2000,500"), None);
        assert_eq!(machine("\"Map, 10 items\",2000,500,fast"), None);
    }
}
