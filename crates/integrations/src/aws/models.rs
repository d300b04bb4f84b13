//! Models of services by the names that resources have for them.

use std::collections::HashMap;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use service_models::{Folder, ModelError, Service, bundled};

/// Names in resources that are not those which `service_models::sdk_name` makes of a `serviceId`. The
/// first are of `aws-sdk`, the last of optimized integrations.
const ALSO: &[(&str, &str)] = &[
    ("cognitoidp", "cognitoidentityprovider"),
    ("config", "configservice"),
    ("dynamodbstreams", "dynamodbstreams"),
    ("elasticsearch", "elasticsearchservice"),
    ("iotdata", "iotdataplane"),
    ("dms", "databasemigrationservice"),
    ("elasticmapreduce", "emr"),
    ("events", "eventbridge"),
    ("logs", "cloudwatchlogs"),
    ("states", "sfn"),
];

/// The models at hand: those built in, and those of a folder, which win.
#[derive(Debug, Default)]
pub(crate) struct Models {
    folder: Option<Folder>,
    /// What the folder gave.
    read: Mutex<HashMap<String, Arc<Service>>>,
}

/// A model that was found.
pub(crate) enum Model {
    BuiltIn(&'static Service),
    Read(Arc<Service>),
}

impl Deref for Model {
    type Target = Service;

    fn deref(&self) -> &Service {
        match self {
            Model::BuiltIn(service) => service,
            Model::Read(service) => service,
        }
    }
}

impl Models {
    /// With a folder laid out as botocore's `data`.
    pub(crate) fn in_folder(folder: Option<PathBuf>) -> Models {
        Models {
            folder: folder.map(Folder::new),
            read: Mutex::default(),
        }
    }

    /// The model of a service. May read many files the first time.
    pub(crate) fn find(&self, name: &str) -> Result<Option<Model>, ModelError> {
        let name = canonical(name);
        if let Some(service) = self.of_folder(&name)? {
            return Ok(Some(Model::Read(service)));
        }
        Ok(bundled(&name).map(Model::BuiltIn))
    }

    fn of_folder(&self, name: &str) -> Result<Option<Arc<Service>>, ModelError> {
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read.get(name) {
            return Ok(Some(Arc::clone(known)));
        }
        let service = folder.read(name)?.map(Arc::new);
        // What is not there is not noted: anybody may name anything.
        let Some(service) = service else {
            return Ok(None);
        };
        read.insert(name.to_owned(), Arc::clone(&service));
        Ok(Some(service))
    }
}

/// `emrserverless` of `emr-serverless`, `eventbridge` of `events`.
fn canonical(name: &str) -> String {
    let name: String = name.chars().filter(|letter| *letter != '-').collect();
    match ALSO.iter().find(|(also, _)| *also == name) {
        Some((_, name)) => (*name).to_owned(),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn services_are_found_by_every_name_that_resources_use() {
        let models = Models::default();
        for (name, id) in [
            ("sqs", "SQS"),
            ("emr-serverless", "EMR Serverless"),
            ("elasticmapreduce", "EMR"),
            ("events", "EventBridge"),
            ("cloudwatchlogs", "CloudWatch Logs"),
        ] {
            let model = models.find(name).unwrap().unwrap();
            assert_eq!(model.metadata.service_id, id);
        }
        assert!(models.find("nosuch").unwrap().is_none());
    }

    #[test]
    fn a_folder_adds_services_and_replaces_those_built_in() {
        let folder = tempfile::tempdir().unwrap();
        for (name, id) in [
            ("braket", "Braket"),
            ("sqs", "SQS"),
            ("logs", "CloudWatch Logs"),
        ] {
            let version = folder.path().join(name).join("2020-01-01");
            fs::create_dir_all(&version).unwrap();
            let model = format!(r#"{{"metadata": {{"serviceId": "{id}"}}}}"#);
            fs::write(version.join("service-2.json"), model).unwrap();
        }
        let models = Models::in_folder(Some(folder.path().to_owned()));
        for _ in 0..2 {
            assert!(models.find("braket").unwrap().is_some());
            assert!(models.find("sqs").unwrap().unwrap().operations.is_empty());
            assert!(
                models
                    .find("cloudwatchlogs")
                    .unwrap()
                    .unwrap()
                    .operations
                    .is_empty()
            );
            assert!(!models.find("sns").unwrap().unwrap().operations.is_empty());
        }
    }
}
