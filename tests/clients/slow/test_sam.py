"""`sam remote invoke`, which starts an execution and waits for its end."""

import json
import subprocess
import unittest

from towpath_server import REGION, ROOT, ServerTestCase, client_environment, definition

SAM = ROOT / ".tools" / "sam" / "bin" / "sam"
FAIL = json.dumps({
    "StartAt": "Refuse", 
    "States": {"Refuse": {"Type": "Fail", "Error": "Empty", "Cause": "no cart"}},
})


class Sam(ServerTestCase):
    def invoke(self, machine_arn, *options):
        environment = client_environment(self.server.endpoint) | {"SAM_CLI_TELEMETRY": "0"}
        return subprocess.run(
            [SAM, "remote", "invoke", machine_arn, "--region", REGION, *options],
            env=environment, text=True, capture_output=True, stdin=subprocess.DEVNULL,
            timeout=200, check=False,
        )

    def test_an_execution_that_succeeds(self):
        machine = self.machine(definition({"Type": "Pass", "ResultPath": "$.b", "Result": 7}))
        done = self.invoke(machine, "--event", '{"a": 1}')
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(json.loads(done.stdout), {"a": 1, "b": 7})

    def test_all_that_was_described(self):
        machine = self.machine(definition({"Type": "Pass"}))
        done = self.invoke(machine, "--event", "{}", "--parameter", "name=mine", "--output", "json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        described = json.loads(done.stdout)
        self.assertEqual((described["name"], described["status"]), ("mine", "SUCCEEDED"))

    def test_an_execution_that_fails(self):
        done = self.invoke(self.machine(FAIL), "--event", "{}")
        said = done.stdout + done.stderr
        self.assertIn("Empty", said)
        self.assertIn("no cart", said)


if __name__ == "__main__":
    unittest.main()
