//! `HeartbeatSeconds` must be shorter than `TimeoutSeconds`.

use crate::definition::Seconds;
use crate::parse::fields::Fields;
use crate::parse::findings::Findings;

/// Checks the two where both are fixed; otherwise only the execution can tell.
pub(crate) fn check(
    fields: &Fields<'_>,
    timeout: Option<&Seconds>,
    heartbeat: Option<&Seconds>,
    findings: &mut Findings,
) {
    if let (Some(Seconds::Fixed(timeout)), Some(Seconds::Fixed(heartbeat))) = (timeout, heartbeat)
        && heartbeat >= timeout
    {
        let message = "'HeartbeatSeconds' must be smaller than 'TimeoutSeconds'";
        fields.report_field("HeartbeatSeconds", message, findings);
    }
}
