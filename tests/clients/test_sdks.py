"""AWS's own clients beside boto3, unchanged: the SDKs for JavaScript and Go, and the CLI, version 2."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from towpath_server import ROLE, ROOT, ServerTestCase, client_environment, definition

HERE = pathlib.Path(__file__).resolve().parent
SDK = ROOT / ".tools" / "sdk"
AWS_V2 = ROOT / ".tools" / "awscli-v2" / "aws"
TYPES = [
    "ExecutionStarted", "TaskStateEntered", "ActivityScheduled", "ActivityStarted",
    "ActivitySucceeded", "TaskStateExited", "ExecutionSucceeded",
]


class Sdks(ServerTestCase):
    def run_client(self, *command, code=0):
        """What it printed on stdout, or, when it must fail, on stderr."""
        done = subprocess.run(
            [str(word) for word in command], env=client_environment(self.server.endpoint),
            text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=120, check=False,
        )
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_javascript(self):
        seen = json.loads(self.run_client("node", HERE / "sdk-smoke.mjs", SDK, ROLE))
        self.assertEqual(json.loads(seen["input"]), {"from": "js"})
        self.assertEqual((seen["status"], json.loads(seen["output"])), ("SUCCEEDED", {"from": "js"}))
        self.assertTrue(seen["started"])
        self.assertEqual(seen["types"], TYPES)
        self.assertEqual(seen["worker"], "js")
        self.assertEqual([a for a in seen["activities"] if a.startswith("js-")],
                         ["js-0", "js-1", "js-2"])
        self.assertEqual(seen["tried"]["status"], "SUCCEEDED")
        self.assertEqual(json.loads(seen["tried"]["output"]), {"a": 1, "b": 7})
        synchronous = seen["synchronous"]
        self.assertEqual(json.loads(synchronous.pop("output")), {"a": 1, "b": 7})
        self.assertEqual(synchronous, {
            "status": "SUCCEEDED", "name": "at-once", "included": True, "ended": True,
        })
        self.assertEqual(seen["refused"], {
            "name": "StateMachineDoesNotExist", "typed": True, "status": 400, "requestId": True,
        })

    def test_go(self):
        # Debian's sources of the SDK: no modules, and no network.
        environment = os.environ | {
            "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "",
            "GOCACHE": str(ROOT / ".tools" / "go-cache"),
        }
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder) / "smoke"
            built = subprocess.run(
                ["go", "build", "-o", program, HERE / "sdk-smoke.go"], env=environment,
                text=True, capture_output=True, timeout=180, check=False,
            )
            self.assertEqual(built.returncode, 0, built.stderr)
            seen = json.loads(self.run_client(program, self.server.endpoint, ROLE))
        self.assertEqual(json.loads(seen["input"]), {"from": "go"})
        self.assertEqual((seen["status"], json.loads(seen["output"])), ("SUCCEEDED", {"from": "go"}))
        self.assertEqual(seen["types"], TYPES)
        self.assertEqual(seen["synchronous"], ["SUCCEEDED", "7"])
        self.assertTrue(seen["refused"], "it must be the SDK's own type of error")

    def aws(self, *words, code=0):
        """A command of the CLI, version 2."""
        said = self.run_client(AWS_V2, "stepfunctions", *words, "--output", "json", code=code)
        return said if code else json.loads(said or "null")

    def test_command_line_version_2(self):
        activity = self.aws("create-activity", "--name", "cli2")["activityArn"]
        text = definition({"Type": "Task", "Resource": activity})
        machine = self.aws(
            "create-state-machine", "--name", "cli2", "--definition", text, "--role-arn", ROLE,
        )["stateMachineArn"]
        execution = self.aws(
            "start-execution", "--state-machine-arn", machine, "--input", '{"from": "cli2"}',
        )["executionArn"]
        task = self.aws(
            "get-activity-task", "--activity-arn", activity, "--worker-name", "cli2",
        )
        self.assertEqual(json.loads(task["input"]), {"from": "cli2"})
        self.aws(
            "send-task-success", "--task-token", task["taskToken"], "--task-output", '{"ok": 1}',
        )
        described = self.aws("describe-execution", "--execution-arn", execution)
        self.assertEqual(described["status"], "SUCCEEDED")
        events = self.aws(
            "get-execution-history", "--execution-arn", execution, "--page-size", "2",
        )["events"]
        self.assertEqual([event["type"] for event in events], TYPES)
        tried = self.aws(
            "test-state", "--role-arn", ROLE, "--input", "{}",
            "--definition", '{"Type": "Pass", "Result": 7, "End": true}',
        )
        self.assertEqual((tried["status"], tried["output"]), ("SUCCEEDED", "7"))
        express = self.aws(
            "create-state-machine", "--name", "cli2-express", "--type", "EXPRESS",
            "--definition", definition({"Type": "Pass", "Result": 7}), "--role-arn", ROLE,
        )["stateMachineArn"]
        done = self.aws("start-sync-execution", "--state-machine-arn", express, "--input", "{}")
        self.assertEqual((done["status"], done["output"]), ("SUCCEEDED", "7"))
        self.assertIn(":express:", done["executionArn"])
        said = self.aws("describe-activity", "--activity-arn", f"{activity}-not", code=254)
        self.assertIn("(ActivityDoesNotExist) when calling the DescribeActivity operation", said)


if __name__ == "__main__":
    unittest.main()
