//! The inputs of the fuzz targets, played once: seeds, and every input that ever broke something.
//!
//! The targets are those of `fuzz/src`, without libFuzzer, so a fault that was mended stays mended
//! wherever the tests run.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../../../fuzz/src/definition.rs"]
mod definition;
#[path = "../../../fuzz/src/drive.rs"]
mod drive;
#[path = "../../../fuzz/src/intrinsic.rs"]
mod intrinsic;
#[path = "../../../fuzz/src/jsonata.rs"]
mod jsonata;
#[path = "../../../fuzz/src/jsonpath.rs"]
mod jsonpath;
#[path = "../../../fuzz/src/request.rs"]
mod request;
#[path = "../../../fuzz/src/scope.rs"]
mod scope;
#[path = "../../../fuzz/src/seams.rs"]
mod seams;
#[path = "../../../fuzz/src/token_store.rs"]
mod token_store;

use std::fs;
use std::path::Path;

fn play(target: &str, run: fn(&[u8])) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let mut played = 0;
    for kind in ["corpus", "regressions"] {
        let Ok(folder) = fs::read_dir(fuzz.join(kind).join(target)) else {
            continue;
        };
        for entry in folder {
            let file = entry.unwrap().path();
            // Shown when the test fails.
            println!("{}", file.display());
            run(&fs::read(&file).unwrap());
            played += 1;
        }
    }
    assert!(played > 0, "there are seeds for {target}");
}

#[test]
fn definitions() {
    play("definition", definition::run);
}

#[test]
fn paths() {
    play("jsonpath", jsonpath::run);
}

#[test]
fn intrinsic_functions() {
    play("intrinsic", intrinsic::run);
}

#[test]
fn jsonata_expressions() {
    play("jsonata", jsonata::run);
}

#[test]
fn requests() {
    play("request", request::run);
}

#[test]
fn tokens_and_stored_bytes() {
    play("token_store", token_store::run);
}
