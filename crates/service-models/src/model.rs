//! A service's model, in botocore's words.

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::Error as _;

use crate::ModelError;

/// One service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Service {
    /// What holds for all operations.
    pub metadata: Metadata,
    /// By name, in the model's order.
    pub operations: IndexMap<String, Operation>,
    /// By name.
    pub shapes: IndexMap<String, Shape>,
}

/// What holds for all operations of a service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Metadata {
    pub api_version: String,
    pub endpoint_prefix: String,
    /// Of a service that has one endpoint for a partition.
    pub global_endpoint: Option<String>,
    /// `1.0` or `1.1`, of the json protocol.
    pub json_version: Option<String>,
    /// `json`, `query`, `ec2`, `rest-json`, `rest-xml`, or newer ones.
    pub protocol: String,
    /// All it speaks, the most wanted first; empty in older models.
    pub protocols: Vec<String>,
    pub service_id: String,
    pub signature_version: String,
    /// Where it differs from the endpoint's prefix.
    pub signing_name: Option<String>,
    /// Of `X-Amz-Target`.
    pub target_prefix: Option<String>,
    pub xml_namespace: Option<String>,
    pub auth: Vec<String>,
    /// Present when errors carry the names they had under the query protocol.
    pub aws_query_compatible: Option<serde_json::Value>,
}

/// One operation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Operation {
    pub name: String,
    pub http: Http,
    pub input: Option<Reference>,
    pub output: Option<Reference>,
    pub errors: Vec<Reference>,
    pub endpoint: Option<Endpoint>,
    /// `none`, or a signature of its own.
    pub authtype: Option<String>,
    pub auth: Vec<String>,
    pub unsigned_payload: bool,
    pub http_checksum_required: bool,
    pub http_checksum: Option<HttpChecksum>,
}

/// Where an operation is sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Http {
    pub method: String,
    /// With `{Member}` and `{Member+}` for members whose location is `uri`.
    pub request_uri: String,
    pub response_code: Option<u16>,
}

/// What stands before the host.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Endpoint {
    /// With `{Member}` for members that are host labels.
    pub host_prefix: String,
}

/// `httpChecksum`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct HttpChecksum {
    pub request_algorithm_member: Option<String>,
    pub request_checksum_required: bool,
    pub request_validation_mode_member: Option<String>,
    pub response_algorithms: Vec<String>,
}

/// Where a shape is used, and what is particular to it there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Reference {
    /// Name of the shape.
    pub shape: String,
    /// `uri`, `querystring`, `header`, `headers` or `statusCode`; otherwise it is in the body.
    pub location: Option<String>,
    pub location_name: Option<String>,
    pub query_name: Option<String>,
    pub flattened: bool,
    pub xml_namespace: Option<XmlNamespace>,
    pub xml_attribute: bool,
    pub streaming: bool,
    pub idempotency_token: bool,
    pub jsonvalue: bool,
    pub timestamp_format: Option<String>,
    pub host_label: bool,
    pub eventpayload: bool,
    pub eventheader: bool,
    /// Of an output: what surrounds it in XML.
    pub result_wrapper: Option<String>,
}

/// `xmlNamespace`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct XmlNamespace {
    pub uri: String,
    pub prefix: Option<String>,
}

/// The kind of a shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Kind {
    #[default]
    Structure,
    List,
    Map,
    String,
    Character,
    Blob,
    Boolean,
    Integer,
    Long,
    BigInteger,
    Float,
    Double,
    BigDecimal,
    Timestamp,
}

/// One shape.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Shape {
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Of a structure, in the model's order.
    pub members: IndexMap<String, Reference>,
    pub required: Vec<String>,
    /// Of a list.
    pub member: Option<Box<Reference>>,
    /// Of a map.
    pub key: Option<Box<Reference>>,
    /// Of a map.
    pub value: Option<Box<Reference>>,
    /// Empty: any value.
    #[serde(rename = "enum")]
    pub values: Vec<String>,
    /// Of a number its value, otherwise its length.
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// The member that is the body.
    pub payload: Option<String>,
    pub location_name: Option<String>,
    pub flattened: bool,
    pub xml_namespace: Option<XmlNamespace>,
    pub timestamp_format: Option<String>,
    pub exception: bool,
    pub error: Option<ErrorTraits>,
    /// Of a structure: one member at a time.
    pub union: bool,
    /// Any JSON value.
    pub document: bool,
    pub eventstream: bool,
    pub event: bool,
    pub streaming: bool,
    pub sensitive: bool,
    /// Of an output in XML.
    pub wrapper: bool,
    /// Of a list or map: it may hold nulls.
    pub sparse: bool,
}

/// What an exception is on the wire, where that is not its name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct ErrorTraits {
    pub code: Option<String>,
    pub http_status_code: Option<u16>,
    pub sender_fault: bool,
}

impl Service {
    /// Reads a model: the text of a `service-2.json`.
    pub fn from_json(text: &[u8]) -> Result<Service, ModelError> {
        let service: Service = serde_json::from_slice(text)?;
        // Nothing else has to be there, so that an empty array would do.
        if service.metadata.service_id.is_empty() {
            return Err(serde_json::Error::custom("it has no serviceId").into());
        }
        Ok(service)
    }

    /// Reads a model, packed by gzip or not.
    pub fn from_bytes(bytes: &[u8]) -> Result<Service, ModelError> {
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let text = crate::bundle::unpacked(flate2::read::GzDecoder::new(bytes))?;
            return Service::from_json(&text);
        }
        Service::from_json(bytes)
    }

    /// An operation, as `PutItem` or as resources of state machines spell it: `putItem`.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        if let Some(operation) = self.operations.get(name) {
            return Some(operation);
        }
        let mut letters = name.chars();
        let first = letters.next()?.to_ascii_uppercase();
        self.operations.get(&format!("{first}{}", letters.as_str()))
    }

    /// The shape that is referred to; a model without it is broken, and nothing is known.
    pub fn shape(&self, reference: &Reference) -> Option<&Shape> {
        self.shapes.get(&reference.shape)
    }
}
