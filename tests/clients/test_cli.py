"""The AWS CLI, version 1, unchanged."""

import json
import pathlib
import subprocess
import sys
import unittest

from towpath_server import ROLE, ServerTestCase, client_environment, definition

AWS = pathlib.Path(sys.executable).parent / "aws"


class CommandLine(ServerTestCase):
    def aws(self, *words, endpoint_option=False):
        """What the command printed, as JSON."""
        command = [str(AWS), "stepfunctions", *words]
        if endpoint_option:
            command += ["--endpoint-url", self.server.endpoint]
        done = subprocess.run(
            command, env=client_environment(self.server.endpoint), text=True,
            capture_output=True, stdin=subprocess.DEVNULL, timeout=90,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def test_an_activity_from_start_to_end(self):
        activity = self.aws("create-activity", "--name", "cli", endpoint_option=True)
        text = definition({"Type": "Task", "Resource": activity["activityArn"]})
        machine = self.aws(
            "create-state-machine", "--name", "cli", "--definition", text, "--role-arn", ROLE
        )
        execution = self.aws(
            "start-execution", "--state-machine-arn", machine["stateMachineArn"],
            "--input", '{"from": "cli"}',
        )
        task = self.aws(
            "get-activity-task", "--activity-arn", activity["activityArn"],
            "--worker-name", "cli",
        )
        self.assertEqual(json.loads(task["input"]), {"from": "cli"})
        self.aws(
            "send-task-success", "--task-token", task["taskToken"], "--task-output", '{"ok": 1}'
        )
        arn = execution["executionArn"]
        described = self.aws("describe-execution", "--execution-arn", arn)
        self.assertEqual(described["status"], "SUCCEEDED")
        events = self.aws("get-execution-history", "--execution-arn", arn)["events"]
        self.assertEqual(events[3]["activityStartedEventDetails"], {"workerName": "cli"})
        listed = self.aws("list-executions", "--state-machine-arn", machine["stateMachineArn"])
        self.assertEqual([e["executionArn"] for e in listed["executions"]], [arn])
        listed = self.aws("list-state-machines", endpoint_option=True)["stateMachines"]
        self.assertIn(machine["stateMachineArn"], [m["stateMachineArn"] for m in listed])

    def test_a_synchronous_execution(self):
        machine = self.aws(
            "create-state-machine", "--name", "cli-express", "--type", "EXPRESS",
            "--definition", definition({"Type": "Pass", "Result": 7}), "--role-arn", ROLE,
        )
        done = self.aws(
            "start-sync-execution", "--state-machine-arn", machine["stateMachineArn"],
        )
        self.assertEqual((done["status"], done["output"]), ("SUCCEEDED", "7"))


if __name__ == "__main__":
    unittest.main()
