//! A definition: parsed as both types of machine, and what parses is run.

use asl::{MachineType, Severity};

use crate::drive;
use crate::seams::{RICH, two_texts};

/// Reads a definition, and maybe an execution's input behind a line `---`.
pub fn run(data: &[u8]) {
    let Some((text, input)) = two_texts(data) else {
        return;
    };
    for machine_type in [MachineType::Standard, MachineType::Express] {
        let parsed = asl::parse(text, machine_type);
        let refused = parsed
            .diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error);
        assert_eq!(
            parsed.machine.is_none(),
            refused,
            "there is a machine, or a word on why there is none"
        );
        for diagnostic in &parsed.diagnostics {
            assert!(!diagnostic.to_string().is_empty());
            let inside = diagnostic.offset.is_none_or(|offset| offset <= text.len());
            assert!(inside, "a diagnostic points into the text");
        }
        if machine_type == MachineType::Standard
            && let Some(machine) = &parsed.machine
        {
            drive::run(machine, input.unwrap_or(RICH));
        }
    }
    let _ = asl::parse_state(text);
}
