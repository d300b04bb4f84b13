"""Workers that know nothing of us: libraries from PyPI and npm; and our own command."""

import contextlib
import io
import json
import os
import subprocess
import unittest

from stepfunctions_activity_worker import ActivityWorker
from towpath_server import ROOT, ServerTestCase, binary, client_environment

HERE = os.path.dirname(os.path.abspath(__file__))


class Workers(ServerTestCase):
    def spawn(self, *command):
        """A worker in a process of its own; ended with the test."""
        process = subprocess.Popen(
            command, env=client_environment(self.server.endpoint), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )

        def end():
            process.kill()
            process.communicate()

        self.addCleanup(end)
        return process

    def test_stepfunctions_activity_worker(self):
        activity = self.activity()
        execution = self.start(self.task_machine(activity, HeartbeatSeconds=30), {"a": 2, "b": 3})
        worker = ActivityWorker(activity, lambda a, b: {"sum": a + b}, client=self.sfn)
        with contextlib.redirect_stdout(io.StringIO()):
            worker.perform_task()
        self.assertEqual(json.loads(self.finished(execution)["output"]), {"sum": 5})

    def test_step_function_worker(self):
        activity = self.activity()
        machine = self.task_machine(activity)
        self.spawn(
            "node", os.path.join(HERE, "step-function-worker.js"),
            str(ROOT / ".tools" / "node"), activity, self.server.endpoint,
        )
        execution = self.start(machine, {"numbers": [1, 2, 3]})
        described = self.finished(execution, timeout_seconds=20)
        self.assertEqual(json.loads(described["output"]), {"sum": 6})
        started = self.history(execution)[3]["activityStartedEventDetails"]
        # The library numbers its polls.
        self.assertEqual(started, {"workerName": "npm-0"})
        failed = self.finished(self.start(machine, {"numbers": []}), timeout_seconds=20)
        self.assertEqual(failed["status"], "FAILED")

    def test_towpath_worker(self):
        activity = self.activity()
        machine = self.task_machine(activity, HeartbeatSeconds=30)
        self.spawn(
            binary(), "worker", "--activity", activity, "--endpoint-url", self.server.endpoint,
            "--", "python3", "-c",
            "import json, sys; print(json.dumps({'twice': 2 * json.load(sys.stdin)['n']}))",
        )
        execution = self.start(machine, {"n": 21})
        described = self.finished(execution, timeout_seconds=20)
        self.assertEqual(json.loads(described["output"]), {"twice": 42})


class Demo(unittest.TestCase):
    def test_the_demo_ends_well_by_itself(self):
        done = subprocess.run(
            [binary(), "demo", str(ROOT / "libs"), "--limit", "200"], capture_output=True,
            text=True, timeout=90, stdin=subprocess.DEVNULL,
            env=client_environment("http://127.0.0.1:1"),
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("Nothing was lost", done.stdout)


if __name__ == "__main__":
    unittest.main()
