//! Why a store does not open, and what to do about it.

use std::path::PathBuf;

/// Why a store does not open. Each message is one line that says what is wrong and what helps.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the folder.
    #[error("{}: in use by another towpath{holder}; stop it first, or give this one a folder of its own", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
        /// Who holds it, as ` (process 123)`, where that could be read.
        holder: String,
    },
    /// The folder holds something that is not a store.
    #[error(
        "{}: not a Towpath store, but not empty either (it holds \"{example}\"); \
         give an empty folder, or one that was made by Towpath", path.display()
    )]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// One of the things found in it.
        example: String,
    },
    /// The store was written in a format this version does not know.
    #[error(
        "{}: the store has format {format} and this version of Towpath knows up to {known}; \
         start the version that wrote it, or a newer one", path.display()
    )]
    Newer {
        /// The folder.
        path: PathBuf,
        /// The format found.
        format: u64,
        /// The newest format known here.
        known: u64,
    },
    /// A part of the store is gone.
    #[error("{}: missing; restore the whole folder from a copy (nothing was changed)", file.display())]
    Missing {
        /// What should be there.
        file: PathBuf,
    },
    /// The store holds less than was acknowledged before.
    #[error(
        "{}: commits {} to {acknowledged} were acknowledged and are not in the store; restore the whole folder \
         from a copy, or start with --accept-loss to go on without them", path.display(), stored + 1
    )]
    Behind {
        /// The folder.
        path: PathBuf,
        /// The last commit in the store.
        stored: u64,
        /// The last commit known to have been acknowledged.
        acknowledged: u64,
    },
    /// Something in the store cannot be read.
    #[error("{}: damaged: {what}; restore the whole folder from a copy", path.display())]
    Damaged {
        /// The folder or the file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl OpenError {
    /// For `map_err` where the path is known.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io {
            path: path.into(),
            source,
        }
    }
}
