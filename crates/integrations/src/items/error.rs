//! Why a dataset could not be read, or results not be written.

/// Fails the map run, under an error name that a `Retry` or a `Catch` may name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}: {cause}")]
pub struct ItemsError {
    /// `States.ItemReaderFailed` or `States.ResultWriterFailed`.
    pub error: &'static str,
    /// In words.
    pub cause: String,
}

impl ItemsError {
    /// The dataset cannot be read.
    pub(crate) fn reader(cause: impl Into<String>) -> ItemsError {
        ItemsError {
            error: "States.ItemReaderFailed",
            cause: cause.into(),
        }
    }

    /// The results cannot be written.
    pub(crate) fn writer(cause: impl Into<String>) -> ItemsError {
        ItemsError::reader(cause).of_writer()
    }

    /// What went wrong while something was to be written.
    pub(crate) fn of_writer(self) -> ItemsError {
        ItemsError {
            error: "States.ResultWriterFailed",
            ..self
        }
    }
}
