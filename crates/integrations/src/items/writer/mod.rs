//! Writes the results of a map run: a file for each kind of outcome, and a manifest that names them.
//!
//! Files have names that follow from the map run, and appear whole or not at all: whoever writes them
//! once more, after a crash, writes the same.

mod plan;
mod record;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use super::ItemsError;
use super::objects::{Objects, Upload};

pub use plan::WriterPlan;
pub use record::{ChildResult, ChildStatus};

use plan::OutputType;

/// Most bytes of a file. Source: AWS Developer Guide, `ResultWriter`, 5 GB.
const FILE_BYTES_MAX: u64 = 5 << 30;

/// Takes results as they come, in the order of their items.
pub struct ResultsWriter {
    objects: Objects,
    plan: WriterPlan,
    map_run_arn: String,
    /// Where all files of the map run lie, with a slash at the end.
    folder: String,
    files: [Files; 3],
    file_bytes_max: u64,
}

/// The files of one kind of outcome.
struct Files {
    name: &'static str,
    /// Those that are whole: key and size.
    done: Vec<(String, u64)>,
    open: Option<(String, Upload)>,
    /// Bytes of the open one.
    size: u64,
}

impl ResultsWriter {
    /// Begins. Nothing can be seen before a file is whole.
    pub fn new(objects: &Objects, plan: WriterPlan, map_run_arn: &str) -> ResultsWriter {
        let (_, id) = map_run_arn.rsplit_once(':').unwrap_or_default();
        let folder = match plan.prefix.trim_end_matches('/') {
            "" => format!("{id}/"),
            prefix => format!("{prefix}/{id}/"),
        };
        let files = ["FAILED", "PENDING", "SUCCEEDED"].map(|name| Files {
            name,
            done: Vec::new(),
            open: None,
            size: 0,
        });
        ResultsWriter {
            objects: objects.clone(),
            plan,
            map_run_arn: map_run_arn.to_owned(),
            folder,
            files,
            file_bytes_max: FILE_BYTES_MAX,
        }
    }

    /// Takes the next result.
    pub fn write(&mut self, result: &ChildResult) -> Result<(), ItemsError> {
        let files = match result.status {
            ChildStatus::Failed => 0,
            ChildStatus::Pending => 1,
            ChildStatus::Succeeded => 2,
        };
        for text in record::texts(result, self.plan.transformation) {
            self.line(files, &text)?;
        }
        Ok(())
    }

    /// Ends all files and writes the manifest. Gives the result of the Map state.
    pub fn finish(mut self) -> Result<Value, ItemsError> {
        let mut listed = serde_json::Map::new();
        for number in 0..self.files.len() {
            self.end_file(number)?;
            let files = &self.files[number];
            let entry = |(key, size): &(String, u64)| json!({"Key": key, "Size": size});
            let entries: Vec<Value> = files.done.iter().map(entry).collect();
            listed.insert(files.name.to_owned(), entries.into());
        }
        let manifest = json!({
            "DestinationBucket": self.plan.bucket,
            "MapRunArn": self.map_run_arn,
            "ResultFiles": listed,
        });
        let key = format!("{}manifest.json", self.folder);
        let mut upload = self.objects.create(&self.plan.bucket, &key)?;
        upload.write(manifest.to_string().as_bytes())?;
        upload.finish()?;
        Ok(json!({
            "MapRunArn": self.map_run_arn,
            "ResultWriterDetails": {"Bucket": self.plan.bucket, "Key": key},
        }))
    }

    fn line(&mut self, number: usize, text: &str) -> Result<(), ItemsError> {
        let files = &self.files[number];
        // A separator before, and what ends the file after it.
        let is_full = files.size + text.len() as u64 + 2 > self.file_bytes_max;
        if files.open.is_some() && is_full {
            self.end_file(number)?;
        }
        let (first, next) = match self.plan.output_type {
            OutputType::Json => ("[", ","),
            OutputType::JsonLines => ("", ""),
        };
        let before = match self.files[number].open.is_some() {
            true => next,
            false => first,
        };
        let after = match self.plan.output_type {
            OutputType::Json => "",
            OutputType::JsonLines => "\n",
        };
        for part in [before, text, after] {
            self.append(number, part)?;
        }
        Ok(())
    }

    fn append(&mut self, number: usize, text: &str) -> Result<(), ItemsError> {
        let files = &mut self.files[number];
        let (_, upload) = match &mut files.open {
            Some(open) => open,
            None => {
                let ending = match self.plan.output_type {
                    OutputType::Json => "json",
                    OutputType::JsonLines => "jsonl",
                };
                let (folder, name, count) = (&self.folder, files.name, files.done.len());
                let key = format!("{folder}{name}_{count}.{ending}");
                let upload = self.objects.create(&self.plan.bucket, &key)?;
                files.open.insert((key, upload))
            }
        };
        upload.write(text.as_bytes())?;
        files.size += text.len() as u64;
        Ok(())
    }

    fn end_file(&mut self, number: usize) -> Result<(), ItemsError> {
        if self.files[number].open.is_some() && self.plan.output_type == OutputType::Json {
            self.append(number, "]")?;
        }
        let files = &mut self.files[number];
        if let Some((key, upload)) = files.open.take() {
            upload.finish()?;
            files.done.push((key, files.size));
            files.size = 0;
        }
        Ok(())
    }
}
