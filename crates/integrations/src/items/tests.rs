//! Readers over folders: restarts, packed files, lists, manifests, and what cannot be reached.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

const GET: &str = "arn:aws:states:::s3:getObject";
const LIST: &str = "arn:aws:states:::s3:listObjectsV2";

/// A folder that is the bucket `data`.
struct Bucket {
    folder: TempDir,
    objects: Objects,
}

impl Bucket {
    fn new(files: &[(&str, &[u8])]) -> Bucket {
        let folder = TempDir::new().unwrap();
        let text = format!("data=file://{}", folder.path().display());
        let buckets = Buckets::default().with(&text.parse().unwrap());
        let bucket = Bucket {
            folder,
            objects: Objects::in_folders(buckets),
        };
        for (key, content) in files {
            let path = bucket.path().join(key);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        bucket
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn reader(&self, source: &Source, position: &Position) -> Result<Reader, String> {
        let opened = Reader::open(&self.objects, source.clone(), position);
        opened.map_err(|error| error.cause)
    }

    /// All items in batches; a second reader that begins anew at each position must agree.
    fn all(&self, source: &Source) -> Result<Vec<Value>, String> {
        let cause = |error: ItemsError| error.cause;
        let mut reader = self.reader(source, &Position::default())?;
        let (mut items, mut position) = (Vec::new(), Position::default());
        loop {
            let batch = reader.next(2, usize::MAX).map_err(cause)?;
            let again = self
                .reader(source, &position)?
                .next(2, usize::MAX)
                .map_err(cause)?;
            let values = |batch: &Batch| -> Vec<Value> {
                batch
                    .items
                    .iter()
                    .map(|item| item.document.value().clone())
                    .collect()
            };
            assert_eq!(values(&batch), values(&again), "at {position:?}");
            assert_eq!((&batch.position, batch.end), (&again.position, again.end));
            items.extend(values(&batch));
            assert_eq!(batch.position.items(), items.len() as u64);
            position = Position::from_bytes(&batch.position.to_bytes()).unwrap();
            assert_eq!(position, batch.position);
            if batch.end {
                return Ok(items);
            }
        }
    }
}

fn get(key: &str, config: Value) -> Source {
    let arguments = json!({"Bucket": "data", "Key": key});
    Source::read(GET, &arguments, &config).unwrap()
}

fn list(prefix: &str, config: Value) -> Source {
    let arguments = json!({"Bucket": "data", "Prefix": prefix});
    Source::read(LIST, &arguments, &config).unwrap()
}

fn numbers(count: usize) -> Vec<Value> {
    (0..count)
        .map(|number| json!({"n": number.to_string()}))
        .collect()
}

/// `n` and so many rows.
fn csv(count: usize) -> Vec<u8> {
    let rows: Vec<String> = (0..count).map(|number| number.to_string()).collect();
    format!("n\n{}\n", rows.join("\n")).into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn a_reader_goes_on_where_another_stood() {
    let bucket = Bucket::new(&[("a/rows.csv", &csv(7))]);
    let source = get("a/rows.csv", json!({"InputType": "CSV"}));
    assert_eq!(bucket.all(&source).unwrap(), numbers(7));
    let source = get("a/rows.csv", json!({"InputType": "CSV", "MaxItems": 4}));
    assert_eq!(bucket.all(&source).unwrap(), numbers(4));
    let mut reader = bucket.reader(&source, &Position::default()).unwrap();
    let batch = reader.next(10, usize::MAX).unwrap();
    assert!(batch.end && batch.position.is_end());
    assert_eq!(&*batch.items[0].source, "S3://data/a/rows.csv");
    // Enough is enough by bytes too.
    let mut reader = bucket.reader(&source, &Position::default()).unwrap();
    assert_eq!(reader.next(10, 12).unwrap().items.len(), 2);
}

#[test]
fn packed_files_are_unpacked() {
    let rows = csv(500);
    let (head, tail) = rows.split_at(900);
    let twice = [gzip(head), gzip(tail)].concat();
    let bucket = Bucket::new(&[
        ("rows.csv.gz", &twice),
        ("rows.zst", &zstd::encode_all(&rows[..], 1).unwrap()),
        ("broken.gz", &gzip(&rows)[..100]),
        ("none.gz", b"n\n1\n"),
    ]);
    for key in ["rows.csv.gz", "rows.zst"] {
        let source = get(key, json!({"InputType": "CSV"}));
        assert_eq!(bucket.all(&source).unwrap(), numbers(500), "{key}");
    }
    for key in ["broken.gz", "none.gz"] {
        let source = get(key, json!({"InputType": "CSV"}));
        let cause = bucket.all(&source).unwrap_err();
        assert!(
            cause.starts_with("The dataset could not be read"),
            "{cause}"
        );
    }
}

#[test]
fn a_list_has_the_order_of_keys() {
    let keys = ["a-b", "a.b", "a/1", "a/b/2", "a/c", "a0", "b", "é"];
    let files: Vec<_> = keys.iter().map(|&key| (key, key.as_bytes())).collect();
    let bucket = Bucket::new(&files);
    fs::write(bucket.path().join(".towpath-unfinished"), "x").unwrap();
    symlink(bucket.path().join("b"), bucket.path().join("link")).unwrap();
    let keys_of = |prefix: &str| -> Vec<String> {
        let items = bucket.all(&list(prefix, json!({}))).unwrap();
        items
            .iter()
            .map(|item| item["Key"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(keys_of(""), keys);
    assert_eq!(keys_of("a/"), ["a/1", "a/b/2", "a/c"]);
    assert_eq!(keys_of("a/b"), ["a/b/2"]);
    assert_eq!(keys_of("a"), ["a-b", "a.b", "a/1", "a/b/2", "a/c", "a0"]);
    assert_eq!(keys_of("x"), Vec::<String>::new());
    let items = bucket.all(&list("é", json!({}))).unwrap();
    let names: Vec<&String> = items[0].as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        ["Etag", "Key", "LastModified", "Size", "StorageClass"]
    );
    assert_eq!(items[0]["Size"], 2);
    assert!(items[0]["LastModified"].is_i64());
}

#[test]
fn a_list_of_many_pages_is_whole() {
    let keys: Vec<String> = (0..2_500)
        .map(|number| format!("{}/{number}", number % 7))
        .collect();
    let files: Vec<_> = keys.iter().map(|key| (key.as_str(), &b"x"[..])).collect();
    let bucket = Bucket::new(&files);
    let mut reader = bucket
        .reader(&list("", json!({})), &Position::default())
        .unwrap();
    let batch = reader.next(10_000, usize::MAX).unwrap();
    let mut expected = keys.clone();
    expected.sort();
    let found: Vec<_> = batch
        .items
        .iter()
        .map(|item| item.document.value()["Key"].clone())
        .collect();
    assert_eq!(found, expected);
    assert!(batch.end);
}

#[test]
fn objects_of_a_list_are_read_one_after_another() {
    let bucket = Bucket::new(&[
        ("in/1.jsonl", b"1\n2\n3\n"),
        ("in/2.jsonl", b""),
        ("in/3.jsonl", b"\n"),
        ("in/4.jsonl", b"4"),
        ("in/5.jsonl.gz", &gzip(b"5\n6\n7\n8\n9")),
        ("out/6.jsonl", b"10"),
    ]);
    let config = json!({"InputType": "JSONL", "Transformation": "LOAD_AND_FLATTEN"});
    let expected: Vec<Value> = (1..10).map(Value::from).collect();
    assert_eq!(bucket.all(&list("in/", config.clone())).unwrap(), expected);
    let config = json!({"InputType": "JSONL", "Transformation": "LOAD_AND_FLATTEN", "MaxItems": 5});
    assert_eq!(bucket.all(&list("in/", config)).unwrap(), expected[..5]);
}

#[test]
fn manifests_name_objects() {
    let manifest = json!({
        "destinationBucket": "arn:aws:s3:::data", "fileFormat": "CSV", "fileSchema": "Bucket, Key",
        "files": [{"key": "inv/1.csv.gz"}, {"key": "inv/2.csv.gz"}],
    });
    let bucket = Bucket::new(&[
        ("athena", b"s3://data/1.jsonl\ns3://data/2.jsonl\n"),
        ("1.jsonl", b"1\n2\n3\n"),
        ("2.jsonl", b"4\n"),
        ("manifest.json", manifest.to_string().as_bytes()),
        (
            "inv/1.csv.gz",
            &gzip(b"\"b\",\"1\"\n\"b\",\"2\"\n\"b\",\"3\"\n"),
        ),
        ("inv/2.csv.gz", &gzip(b"\"b\",\"4\"\n")),
    ]);
    let athena = get(
        "athena",
        json!({"ManifestType": "ATHENA_DATA", "InputType": "JSONL"}),
    );
    let expected: Vec<Value> = (1..5).map(Value::from).collect();
    assert_eq!(bucket.all(&athena).unwrap(), expected);
    let expected: Vec<Value> = (1..5)
        .map(|key| json!({"Bucket": "b", "Key": key.to_string()}))
        .collect();
    for config in [
        json!({"ManifestType": "S3_INVENTORY"}),
        json!({"InputType": "MANIFEST"}),
    ] {
        assert_eq!(bucket.all(&get("manifest.json", config)).unwrap(), expected);
    }
}

#[test]
fn an_object_that_changes_is_not_read_on() {
    let bucket = Bucket::new(&[("rows.csv", &csv(5))]);
    let source = get("rows.csv", json!({"InputType": "CSV"}));
    let mut reader = bucket.reader(&source, &Position::default()).unwrap();
    let position = reader.next(2, usize::MAX).unwrap().position;
    fs::write(bucket.path().join("rows.csv"), csv(50)).unwrap();
    let cause = bucket.reader(&source, &position).err().unwrap();
    assert_eq!(
        cause,
        "data/rows.csv was changed while its items were being read."
    );
}

#[test]
fn nothing_outside_the_folder_is_reached() {
    let outside = TempDir::new().unwrap();
    fs::write(outside.path().join("secret"), "[1]").unwrap();
    let bucket = Bucket::new(&[("inner/file", b"[2]")]);
    symlink(outside.path(), bucket.path().join("folder")).unwrap();
    symlink(outside.path().join("secret"), bucket.path().join("file")).unwrap();
    symlink("inner", bucket.path().join("same")).unwrap();
    let secret = outside.path().join("secret").display().to_string();
    let name = outside.path().file_name().unwrap().to_str().unwrap();
    for key in [
        "folder/secret",
        "file",
        "same/file",
        &secret,
        &format!("../{name}/secret"),
        &format!("inner/../../{name}/secret"),
        "./inner/file",
        "inner//file",
        "inner/",
        "inner",
        "/inner/file",
        "inner/file\0",
        "missing",
        "inner/file/x",
    ] {
        let cause = bucket.all(&get(key, json!({}))).unwrap_err();
        let expected = format!("The specified key does not exist: data/{key}");
        assert_eq!(cause, expected);
    }
    assert_eq!(
        bucket.all(&get("inner/file", json!({}))).unwrap(),
        [json!(2)]
    );
    let items = bucket.all(&list("", json!({}))).unwrap();
    assert_eq!(items.len(), 1, "{items:?}");
    let arguments = json!({"Bucket": "other", "Key": "k"});
    let source = Source::read(GET, &arguments, &json!({})).unwrap();
    assert!(bucket.all(&source).unwrap_err().contains("bucket"));
}

#[test]
fn a_pipe_is_no_object() {
    let bucket = Bucket::new(&[]);
    let path = bucket.path().join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &path,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    let cause = bucket.all(&get("pipe", json!({}))).unwrap_err();
    assert!(cause.contains("does not exist"), "{cause}");
}

#[cfg(feature = "parquet")]
mod parquet_files {
    use std::sync::Arc;

    use parquet::basic::{Compression, ZstdLevel};
    use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;

    /// Row groups of three rows.
    fn file(groups: i64, compression: Compression) -> Vec<u8> {
        let schema = "message m { REQUIRED INT64 n; OPTIONAL BYTE_ARRAY s (UTF8); }";
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .build();
        let mut bytes = Vec::new();
        let mut writer =
            SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties)).unwrap();
        for group in 0..groups {
            let mut rows = writer.next_row_group().unwrap();
            let mut column = rows.next_column().unwrap().unwrap();
            let numbers = [0, 1, 2].map(|row| group * 3 + row);
            column
                .typed::<Int64Type>()
                .write_batch(&numbers, None, None)
                .unwrap();
            column.close().unwrap();
            let mut column = rows.next_column().unwrap().unwrap();
            let texts = [ByteArray::from("a"), ByteArray::from("é")];
            column
                .typed::<ByteArrayType>()
                .write_batch(&texts, Some(&[1, 0, 1]), None)
                .unwrap();
            column.close().unwrap();
            rows.close().unwrap();
        }
        writer.close().unwrap();
        bytes
    }

    #[test]
    fn rows_are_items() {
        let zstandard = Compression::ZSTD(ZstdLevel::default());
        for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY, zstandard] {
            let bucket = Bucket::new(&[("rows.parquet", &file(3, compression))]);
            let items = bucket
                .all(&get("rows.parquet", json!({"InputType": "PARQUET"})))
                .unwrap();
            let text = |row: i64| [json!("a"), json!(null), json!("é")][row as usize % 3].clone();
            let expected: Vec<Value> = (0..9).map(|n| json!({"n": n, "s": text(n)})).collect();
            assert_eq!(items, expected);
        }
    }

    #[test]
    fn damaged_files_are_refused_without_a_panic() {
        let whole = file(2, Compression::SNAPPY);
        let read = |bytes: &[u8]| {
            let bucket = Bucket::new(&[("f", bytes)]);
            bucket.all(&get("f", json!({"InputType": "PARQUET"})))
        };
        for length in (0..whole.len()).step_by(37) {
            assert!(read(&whole[..length]).is_err(), "{length}");
        }
        for at in (0..whole.len()).step_by(5) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0xff;
            // Some bytes mean nothing; that it ends in words is what counts.
            let _ = read(&damaged);
        }
        assert_eq!(
            read(b"n\n1\n2\n3\n4\n5\n").unwrap_err(),
            "The dataset is no Parquet file."
        );
    }
}
