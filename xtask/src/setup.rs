//! `cargo xtask setup`: installs what the tests need, pinned, and only what is missing.
//!
//! Everything that is not a system package lands in `.tools`, which is not tracked:
//! a Python environment with the AWS clients and worker libraries, one with a worker library from
//! npm, and AWS's own SDK and command line. Go's SDK is a Debian package. The slow tests need SAM CLI
//! too, which is large and has an environment of its own. The product itself needs none of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Failure;
use crate::arguments::Arguments;
use crate::process::{self, check, found, root};

const LIMIT: Duration = Duration::from_secs(600);

/// Debian packages by what shows that they are there.
const PACKAGES: &[Package] = &[
    // AWS evaluates JSONPath with Jayway's library; `libs/asl` is compared with it.
    Package::File("libjsonpath-java", "/usr/share/java/json-path.jar"),
    Package::File("libjson-smart-java", "/usr/share/java/json-smart.jar"),
    Package::File("libslf4j-java", "/usr/share/java/slf4j-api.jar"),
    Package::Program("default-jdk-headless", "javac"),
    Package::Program("python3", "python3"),
    Package::PythonModule("python3-venv", "ensurepip"),
    Package::Program("nodejs", "node"),
    Package::Program("npm", "npm"),
    Package::Program("unzip", "unzip"),
    Package::Program("golang-go", "go"),
    Package::File(
        "golang-github-aws-aws-sdk-go-v2-dev",
        "/usr/share/gocode/src/github.com/aws/aws-sdk-go-v2/service/sfn",
    ),
];

enum Package {
    File(&'static str, &'static str),
    Program(&'static str, &'static str),
    PythonModule(&'static str, &'static str),
}

impl Package {
    fn name(&self) -> &'static str {
        match self {
            Self::File(name, _) | Self::Program(name, _) | Self::PythonModule(name, _) => name,
        }
    }

    fn is_there(&self) -> bool {
        match self {
            Self::File(_, path) => Path::new(path).exists(),
            Self::Program(_, program) => found(program),
            Self::PythonModule(_, module) => Command::new("python3")
                .args(["-c", &format!("import {module}")])
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success()),
        }
    }
}

/// The Python of `.tools/venv`.
pub fn python() -> PathBuf {
    root().join(".tools/venv/bin/python")
}

/// The command line's door.
pub fn run(mut arguments: Arguments) -> Result<(), Failure> {
    let slow = arguments.flag("--slow");
    arguments.finish()?;
    for_tests()?;
    if slow { for_slow_tests() } else { Ok(()) }
}

/// Installs what is missing; says nothing when nothing is.
pub fn for_tests() -> Result<(), Failure> {
    system_packages()?;
    python_environment("tests/clients/requirements.txt", "venv")?;
    node_packages("tests/clients", "node")?;
    if node_packages("tests/clients/sdk", "sdk")? || !command_line_version_2().exists() {
        unpack_command_line_version_2()?;
    }
    Ok(())
}

/// Installs what only the slow tests need, if it is missing.
pub fn for_slow_tests() -> Result<(), Failure> {
    python_environment("tests/clients/slow/requirements-sam.txt", "sam")
}

fn system_packages() -> Result<(), Failure> {
    let missing: Vec<&str> = PACKAGES
        .iter()
        .filter(|package| !package.is_there())
        .map(Package::name)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !found("apt-get") {
        return Err(format!(
            "the tests need these programs and libraries, named here as in Debian: {}",
            missing.join(" ")
        )
        .into());
    }
    println!("setup: {}", missing.join(" "));
    let install = || {
        let mut command = as_root("apt-get");
        command.args(["install", "-y", "-qq", "--no-install-recommends"]);
        command.args(&missing);
        command
    };
    if !process::run("setup-apt", &mut install(), LIMIT)?.success {
        // A package list that is old or absent is the usual reason.
        check(
            "setup-apt-update",
            as_root("apt-get").args(["update", "-qq"]),
            LIMIT,
        )?;
        check("setup-apt", &mut install(), LIMIT)?;
    }
    Ok(())
}

fn as_root(program: &str) -> Command {
    let we_are_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout == b"0\n");
    let mut command = if we_are_root {
        Command::new(program)
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "DEBIAN_FRONTEND=noninteractive", program]);
        sudo
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Installs what `pins` names into the Python environment `.tools/NAME`.
fn python_environment(pins: &str, name: &str) -> Result<(), Failure> {
    let pins = root().join(pins);
    let folder = root().join(".tools").join(name);
    let python = folder.join("bin/python");
    let installed = folder.join("installed.txt");
    if is_installed(&pins, &installed)? && python.exists() {
        return Ok(());
    }
    println!("setup: Python packages ({name})");
    if !python.exists() {
        let mut venv = Command::new("python3");
        let log = format!("setup-python-{name}");
        check(&log, venv.args(["-m", "venv"]).arg(&folder), LIMIT)?;
    }
    let mut pip = Command::new(&python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    let log = format!("setup-pip-{name}");
    check(&log, pip.arg("--requirement").arg(&pins), LIMIT)?;
    fs::copy(&pins, &installed)?;
    Ok(())
}

/// Installs what the lock file in `pins` names into `.tools/NAME`; whether there was need to.
pub fn node_packages(pins: &str, name: &str) -> Result<bool, Failure> {
    let pins = root().join(pins);
    let lock = pins.join("package-lock.json");
    let folder = root().join(".tools").join(name);
    let installed = folder.join("installed.json");
    if is_installed(&lock, &installed)? {
        return Ok(false);
    }
    println!("setup: npm packages ({name})");
    fs::create_dir_all(&folder)?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(pins.join(file), folder.join(file))?;
    }
    let mut npm = Command::new("npm");
    npm.args([
        "ci",
        "--ignore-scripts",
        // The AWS CLI's package would bring all of CDK, to which it is an asset.
        "--omit=peer",
        "--no-audit",
        "--no-fund",
        "--silent",
    ]);
    let log = format!("setup-npm-{name}");
    // Behind a link npm takes the folder for a package of the one above.
    let prefix = fs::canonicalize(&folder)?;
    check(&log, npm.arg("--prefix").arg(prefix), LIMIT)?;
    fs::copy(&lock, &installed)?;
    Ok(true)
}

fn command_line_version_2() -> PathBuf {
    root().join(".tools/awscli-v2/aws")
}

/// The AWS CLI, version 2, lies in a package of npm as a zip file made for AWS Lambda.
///
/// It is unpacked beside its place and moved there whole, so that a setup that was interrupted is
/// seen as one that did not happen.
fn unpack_command_line_version_2() -> Result<(), Failure> {
    let zip = root().join(".tools/sdk/node_modules/@aws-cdk/asset-awscli-v2/lib/layer.zip");
    let folder = root().join(".tools/awscli-v2");
    let unpacked = root().join(".tools/awscli-v2.unpacked");
    for old in [&folder, &unpacked] {
        if old.exists() {
            fs::remove_dir_all(old)?;
        }
    }
    let mut unzip = Command::new("unzip");
    unzip.arg("-q").arg(&zip).args(["awscli/v2/*/dist/*", "-d"]);
    check("setup-unzip", unzip.arg(&unpacked), LIMIT)?;
    let versions = fs::read_dir(unpacked.join("awscli/v2"))?;
    let mut dist = None;
    for version in versions {
        dist = Some(version?.path().join("dist"));
    }
    let dist = dist.ok_or("the AWS CLI's zip file holds no version")?;
    // The zip file lost the bit that says that this is a program.
    let mut chmod = Command::new("chmod");
    check("setup-chmod", chmod.arg("+x").arg(dist.join("aws")), LIMIT)?;
    fs::rename(dist, &folder)?;
    Ok(fs::remove_dir_all(unpacked)?)
}

/// A copy of the pins is put beside what was installed from them, when all went well.
fn is_installed(pins: &Path, copy: &Path) -> Result<bool, Failure> {
    Ok(copy.exists() && fs::read(pins)? == fs::read(copy)?)
}
