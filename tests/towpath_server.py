"""A server under test: the real binary, on a free port, with a folder of its own.

Every answer that a test's client gets is also compared with the service model: no member
that the model does not know, none missing that it requires, none null.
"""

import itertools
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request

import boto3
from botocore.config import Config

REGION = "us-east-1"
ROLE = "arn:aws:iam::012345678901:role/any"
START_TIMEOUT_SECONDS = 20
ROOT = pathlib.Path(__file__).resolve().parent.parent

_names = itertools.count(1)


def binary():
    """The binary that `cargo xtask test` built, or the newest of this work tree."""
    given = os.environ.get("TOWPATH_BINARY")
    if given:
        return given
    built = [ROOT / "target" / kind / "towpath" for kind in ("release", "debug")]
    built = [path for path in built if path.exists()]
    if not built:
        raise RuntimeError("no binary to test: run cargo build --release")
    return str(max(built, key=lambda path: path.stat().st_mtime))


def free_port():
    """A port that was free a moment ago; the same one is needed again after a restart."""
    # Below the range from which the system takes the ports of clients: while a server is
    # away, a client must not get its port.
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def client_environment(endpoint):
    """What a client needs in its environment, and nothing of the caller's own account."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    return kept | {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL_SFN": endpoint,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


class Server:
    """One server. `flags` are added to `towpath serve`."""

    def __init__(self, *flags):
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.flags = flags
        self.folder = tempfile.TemporaryDirectory(prefix="towpath-test-")
        self.data = os.path.join(self.folder.name, "data")
        self.log = os.path.join(self.folder.name, "server.log")
        self.process = None

    def start(self):
        """Starts the process and returns when it answers."""
        command = [binary(), "serve", "--listen", f"127.0.0.1:{self.port}"]
        command += ["--data", self.data, *self.flags]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command} does not answer:\n{self.log_text()}")
            time.sleep(0.01)
        return self

    def kill(self):
        """SIGKILL: what a crash of the process leaves behind."""
        self.process.kill()
        self.process.wait()

    def terminate(self):
        """SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=15)

    def close(self):
        """Ends the process, if it still runs, and removes its folder."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self.folder.cleanup()

    def log_text(self):
        """All it has said so far."""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def client(self, **config):
        """A boto3 client whose answers are checked. Does not retry unless told to."""
        config.setdefault("retries", {"total_max_attempts": 1})
        config.setdefault("max_pool_connections", 200)
        client = boto3.client(
            "stepfunctions",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(**config),
        )
        client.meta.events.register("after-call.sfn", _check_answer)
        return client

    def post(self, operation, body, headers=None):
        """One raw call: (status, headers, body as bytes)."""
        request = urllib.request.Request(
            self.endpoint,
            data=body if isinstance(body, bytes) else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": f"AWSStepFunctions.{operation}",
                **(headers or {}),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def _answers(self):
        try:
            return self.post("ListActivities", {})[0] == 200
        except OSError:
            return False


class AnswerDiffersFromModel(AssertionError):
    """The server answered something that the service model does not describe."""


def _check_answer(http_response, parsed, model, **_):
    if not parsed["ResponseMetadata"].get("RequestId"):
        raise AnswerDiffersFromModel(f"{model.name}: no x-amzn-RequestId")
    if http_response.status_code != 200:
        body = json.loads(http_response.content)
        if "#" not in body.get("__type", ""):
            raise AnswerDiffersFromModel(f"{model.name}: error without a type: {body}")
        return
    if model.output_shape is not None:
        _check_value(model.name, model.output_shape, json.loads(http_response.content or "{}"))


def _check_value(path, shape, value):
    if value is None:
        raise AnswerDiffersFromModel(f"{path} is null")
    kinds = {
        "structure": dict, "map": dict, "list": list, "string": str, "boolean": bool,
        "integer": int, "long": int, "timestamp": (int, float), "float": (int, float),
    }
    if not isinstance(value, kinds.get(shape.type_name, object)):
        raise AnswerDiffersFromModel(f"{path} is no {shape.type_name}: {value!r}")
    if shape.type_name == "structure":
        unknown = set(value) - set(shape.members)
        missing = set(shape.required_members) - set(value)
        # Not marked in the model, yet an answer without them is of no use.
        if unknown or missing:
            raise AnswerDiffersFromModel(f"{path}: unknown {unknown}, missing {missing}")
        for key, member in value.items():
            _check_value(f"{path}.{key}", shape.members[key], member)
    elif shape.type_name == "list":
        for at, member in enumerate(value):
            _check_value(f"{path}[{at}]", shape.member, member)
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        raise AnswerDiffersFromModel(f"{path}: {value!r} is none of {shape.enum}")


def unique(prefix):
    """A name nobody else uses on this server."""
    return f"{prefix}-{next(_names)}"


def definition(state, **more):
    """A state machine of one state."""
    return json.dumps({"StartAt": "Only", "States": {"Only": {"End": True, **state}}, **more})


class ServerTestCase(unittest.TestCase):
    """Tests that share one server; each makes its own activities and state machines."""

    FLAGS = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.FLAGS).start()
        cls.addClassCleanup(cls.server.close)
        cls.sfn = cls.server.client(read_timeout=15)

    def activity(self):
        """The ARN of a new activity."""
        return self.sfn.create_activity(name=unique("activity"))["activityArn"]

    def machine(self, text):
        """The ARN of a new state machine."""
        made = self.sfn.create_state_machine(
            name=unique("machine"), definition=text, roleArn=ROLE
        )
        return made["stateMachineArn"]

    def task_machine(self, activity_arn, **fields):
        """The ARN of a state machine whose one state waits for the activity."""
        return self.machine(definition({"Type": "Task", "Resource": activity_arn, **fields}))

    def start(self, machine_arn, value=None, **more):
        """The ARN of a new execution."""
        text = json.dumps({} if value is None else value)
        started = self.sfn.start_execution(stateMachineArn=machine_arn, input=text, **more)
        return started["executionArn"]

    def history(self, execution_arn, client=None):
        """All events, oldest first."""
        pages = (client or self.sfn).get_paginator("get_execution_history")
        found = pages.paginate(executionArn=execution_arn)
        return [event for page in found for event in page["events"]]

    def types(self, execution_arn):
        """The types of all events, oldest first."""
        return [event["type"] for event in self.history(execution_arn)]

    def finished(self, execution_arn, timeout_seconds=10, client=None):
        """Its description, as soon as it runs no more."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            described = (client or self.sfn).describe_execution(executionArn=execution_arn)
            if described["status"] != "RUNNING":
                return described
            if time.monotonic() > deadline:
                self.fail(f"still running: {self.types(execution_arn)}")
            time.sleep(0.02)

    def refused(self, code, call, **parameters):
        """The message of the refusal, which must have this code."""
        client_error = self.sfn.exceptions.ClientError
        with self.assertRaises(client_error) as caught:
            call(**parameters)
        error = caught.exception.response["Error"]
        self.assertEqual(error["Code"], code, error)
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 400)
        return error.get("Message", "")
