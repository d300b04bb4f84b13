//! What a person sees when the server has started.

use std::net::SocketAddr;

use crate::config::Settings;
use crate::log::{self, Format, Level};

/// Says where the server listens and how to point clients at it. For programs that read the log, the
/// same is one line.
pub fn show(settings: &Settings, bound: &[SocketAddr]) {
    let urls: Vec<String> = bound
        .iter()
        .map(|address| format!("http://{address}"))
        .collect();
    let data = if settings.in_memory.value {
        "in memory: all is forgotten when the server stops".to_owned()
    } else {
        format!(
            "{}: every answer is on disk before it is given",
            settings.data.value.display()
        )
    };
    if settings.log_format.value == Format::Text {
        eprint!("{}", text(settings, &urls, &data));
    }
    for url in &urls {
        log::line(Level::Info, "listening", &[("url", url), ("data", &data)]);
    }
    if settings.insecure_no_auth.value && bound.iter().any(|address| !address.ip().is_loopback()) {
        log::line(
            Level::Warn,
            "anybody who reaches this address may do anything",
            &[],
        );
    }
}

fn text(settings: &Settings, urls: &[String], data: &str) -> String {
    let (account, region) = (&settings.account.value, &settings.region.value);
    let url = urls.first().map_or("", String::as_str);
    format!(
        "towpath {version}
  listens on  {listens}
  data        {data}
  account     {account}, region {region}

To point the AWS CLI and SDKs here:
  export AWS_ENDPOINT_URL_SFN={url}
  export AWS_REGION={region} AWS_DEFAULT_REGION={region}
  export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any
  export AWS_DISABLE_HOST_PREFIX_INJECTION=true
In boto3: boto3.client(\"stepfunctions\", endpoint_url=\"{url}\",
  region_name=\"{region}\", aws_access_key_id=\"any\", aws_secret_access_key=\"any\",
  config=botocore.config.Config(inject_host_prefix=False))
When something does not work: towpath doctor --endpoint {url}

",
        version = env!("CARGO_PKG_VERSION"),
        listens = urls.join(", "),
    )
}
