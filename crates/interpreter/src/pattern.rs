//! How a call of a service ends: by the last word of the resource.

/// What a call waits for. Source: AWS Developer Guide, "Service integration patterns".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// For the service's answer, which is the result.
    RequestResponse,
    /// `.sync`, `.sync:2`: for the end of what the service began; somebody watches it.
    Sync,
    /// `.waitForTaskToken`: for whoever is given the task's token.
    WaitForTaskToken,
}

impl Pattern {
    /// The pattern of a resource that is no activity.
    pub fn of(resource: &str) -> Pattern {
        let sync = [".sync", ".sync:2"];
        if resource.ends_with(".waitForTaskToken") {
            Pattern::WaitForTaskToken
        } else if sync.iter().any(|word| resource.ends_with(word)) {
            Pattern::Sync
        } else {
            Pattern::RequestResponse
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn the_last_word_tells() {
        for (resource, pattern) in [
            (
                "arn:aws:states:::states:startExecution",
                Pattern::RequestResponse,
            ),
            ("arn:aws:states:::states:startExecution.sync", Pattern::Sync),
            (
                "arn:aws:states:::states:startExecution.sync:2",
                Pattern::Sync,
            ),
            (
                "arn:aws:states:::lambda:invoke.waitForTaskToken",
                Pattern::WaitForTaskToken,
            ),
            (
                "arn:aws:lambda:us-east-1:000000000000:function:f.sync:3",
                Pattern::RequestResponse,
            ),
        ] {
            assert_eq!(Pattern::of(resource), pattern, "{resource}");
        }
    }
}
