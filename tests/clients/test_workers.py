"""Workers that know nothing of us: libraries from PyPI and npm; and our own command."""

import contextlib
import io
import json
import os
import subprocess
import threading
import unittest
import unittest.mock

import boto3
import heaviside
import sfini
from heaviside.activities import Activity, ActivityError
from stepfunctions_activity_worker import ActivityWorker
from towpath_server import ROLE, ROOT, ServerTestCase, binary, client_environment, unique

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


class SessionWorkers(ServerTestCase):
    """Libraries that make their own clients, out of the environment alone."""

    def environment(self, **more):
        """Nothing but this in the environment, until the test ends."""
        environment = client_environment(self.server.endpoint) | more
        patched = unittest.mock.patch.dict(os.environ, environment, clear=True)
        patched.start()
        self.addCleanup(patched.stop)

    def sfini_machine(self, function):
        """The library's session, its activity and its state machine, both registered."""
        # STS is asked as well, so it has to be the address for all services.
        self.environment(AWS_ENDPOINT_URL=self.server.endpoint)
        del os.environ["AWS_ENDPOINT_URL_SFN"]
        session = sfini.AWSSession(boto3.Session())
        activities = sfini.ActivityRegistration(unique("sfini"), session=session)
        activity = activities.smart_activity(heartbeat=1)(function)
        activities.register()
        machine = sfini.construct_state_machine(
            unique("sfini"), sfini.Task("Only", activity), session=session,
        )
        # It knows the account by GetCallerIdentity, and compares the ARN it makes of it.
        machine.register()
        self.assertTrue(machine.is_registered())
        return session, activity, machine

    def test_sfini(self):
        def add(a, b):
            worker.end()
            return {"sum": a + b}

        session, activity, machine = self.sfini_machine(add)
        worker = sfini.Worker(activity, name="sfini", session=session)
        execution = machine.start_execution({"a": 2, "b": 3})
        worker.run()
        execution.wait(timeout=10)
        self.assertEqual(execution.output, {"sum": 5})
        self.assertEqual([e.arn for e in machine.list_executions()], [execution.arn])
        described = self.sfn.describe_state_machine(stateMachineArn=machine.arn)
        self.assertEqual(described["roleArn"], "arn:aws:iam::000000000000:role/sfiniGenerated")

    def test_sfini_s_late_heartbeat(self):
        """A heartbeat after the end is TaskTimedOut, as on AWS.

        The library beats in a thread of its own and may do so once more after it has sent the
        result. It takes TaskTimedOut for the end of the task, and any other error for a bug.
        """
        def work():
            return "done"

        # The heartbeat waits for the success: what is a race otherwise happens every time.
        def wait_for_success(**_):
            succeeded.wait(10)

        succeeded, answers = threading.Event(), []
        session, activity, machine = self.sfini_machine(work)
        events = session.sfn.meta.events
        events.register("after-call.sfn.SendTaskSuccess", lambda **_: succeeded.set())
        events.register("before-call.sfn.SendTaskHeartbeat", wait_for_success)
        events.register(
            "after-call.sfn.SendTaskHeartbeat", lambda parsed, **_: answers.append(parsed)
        )
        execution = machine.start_execution({})
        task = session.sfn.get_activity_task(activityArn=activity.arn, workerName="sfini")
        threads = set(threading.enumerate())
        with self.assertLogs("sfini.worker", "ERROR") as logged:
            running = sfini.worker.TaskExecution(
                activity, task["taskToken"], json.loads(task["input"]), session=session,
            )
            running.run()
            for thread in set(threading.enumerate()) - threads:
                thread.join(20)
        self.assertTrue(logged.output[0].endswith("timed-out"), logged.output)
        self.assertEqual([a["Error"]["Code"] for a in answers], ["TaskTimedOut"])
        execution.wait(timeout=10)
        self.assertEqual(execution.output, "done")

    def heaviside_task(self, process):
        """An execution whose one task was given to the library; its state machine and ARN."""
        self.environment()
        # Without the account it would ask IAM for a list of users.
        account = {"session": boto3.Session(), "account_id": "000000000000"}
        activity = Activity(unique("heaviside"), **account)
        self.assertFalse(activity.exists)
        activity.create_activity()
        # The activity is found by its name, as the library does in its own workers.
        found = Activity(activity.name, **account)
        self.assertEqual(found.arn, activity.arn)
        found.process = process
        machine = heaviside.StateMachine(unique("heaviside"), **account)
        machine.create(f"Activity('{activity.name}')\n    heartbeat: 30\n", ROLE)
        execution = machine.start({"a": 2, "b": 3})
        token, value = found.poll_task("heaviside")
        found.handle_task(token, value)
        found.delete_activity()
        self.assertFalse(Activity(activity.name, **account).exists)
        return machine, execution

    def test_heaviside(self):
        def process(value):
            # Each yield is a heartbeat.
            yield
            yield
            return {"sum": value["a"] + value["b"]}

        machine, execution = self.heaviside_task(process)
        self.assertEqual(machine.wait(execution, period=0.02), {"sum": 5})
        self.assertEqual(machine.running_arns(), [])
        types = self.types(execution)
        self.assertEqual(types.count("ActivitySucceeded"), 1, types)
        started = next(e for e in self.history(execution) if e["type"] == "ActivityStarted")
        self.assertEqual(started["activityStartedEventDetails"], {"workerName": "heaviside"})

    def test_heaviside_fails_a_task(self):
        def process(_):
            raise ActivityError("Empty", "nothing to do")

        with self.assertLogs("heaviside.activities", "ERROR"):
            machine, execution = self.heaviside_task(process)
        failed = machine.wait(execution, period=0.02)
        self.assertEqual(failed, {"error": "Empty", "cause": "nothing to do"})
        self.assertEqual(machine.status(execution), "FAILED")
        machine.delete(exception=True)


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
