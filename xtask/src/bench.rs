use crate::{Failure, arguments::Arguments};
pub fn run(_: Arguments) -> Result<(), Failure> {
    Err("not yet".into())
}
