//! Objects that are packed as a whole: gzip and Zstandard.

use std::io::{self, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

/// How an object is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstandard,
}

impl Compression {
    /// As the object says in its `Content-Encoding`, or else its key at its end.
    pub(crate) fn of(key: &str, content_encoding: Option<&str>) -> Compression {
        let encoding = content_encoding.map(|text| text.trim().to_ascii_lowercase());
        match encoding.as_deref() {
            Some("gzip" | "x-gzip") => return Compression::Gzip,
            Some("zstd") => return Compression::Zstandard,
            _ => {}
        }
        let (_, ending) = key.rsplit_once('.').unwrap_or_default();
        match ending.to_ascii_lowercase().as_str() {
            "gz" | "gzip" => Compression::Gzip,
            "zst" | "zstd" => Compression::Zstandard,
            _ => Compression::None,
        }
    }

    /// The bytes unpacked as they come.
    pub(crate) fn unpacked(self, packed: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Compression::None => packed,
            // Files are put together from several by appending one to the other.
            Compression::Gzip => Box::new(MultiGzDecoder::new(BufReader::new(packed))),
            Compression::Zstandard => Box::new(zstd::Decoder::new(packed)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_comes_before_a_name() {
        for (key, encoding, expected) in [
            ("a.csv", None, Compression::None),
            ("a.csv.gz", None, Compression::Gzip),
            ("a.GZIP", None, Compression::Gzip),
            ("a.json.zst", None, Compression::Zstandard),
            ("gz", None, Compression::None),
            ("a.csv", Some("gzip"), Compression::Gzip),
            ("a.gz", Some("zstd"), Compression::Zstandard),
            ("a.csv", Some("identity"), Compression::None),
            ("a.csv.gz", Some("aws-chunked"), Compression::Gzip),
        ] {
            assert_eq!(
                Compression::of(key, encoding),
                expected,
                "{key} {encoding:?}"
            );
        }
    }
}
