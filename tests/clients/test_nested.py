"""Executions that start others on the same server, and wait for them."""

import json
import time
import unittest

from towpath_server import ROLE, ServerTestCase, definition, unique

START = "arn:aws:states:::states:startExecution"
STARTED = {"ExecutionArn", "StartDate", "SdkHttpMetadata", "SdkResponseMetadata"}


class Nested(ServerTestCase):
    def nested(self, inner, suffix, name=None):
        """A machine whose executions start one of the machine `inner`, with their input."""
        parameters = {"StateMachineArn": inner, "Input.$": "$"}
        if name:
            parameters["Name"] = name
        state = {"Type": "Task", "Resource": START + suffix, "Parameters": parameters}
        return self.machine(definition(state))

    def executions_of(self, machine):
        return self.sfn.list_executions(stateMachineArn=machine)["executions"]

    def waiting_for(self, machine):
        """The one execution of a machine, once there is one."""
        deadline = time.monotonic() + 10
        while not (found := self.executions_of(machine)):
            self.assertLess(time.monotonic(), deadline, "nothing was started")
        self.assertEqual(len(found), 1)
        return found[0]["executionArn"]

    def until_submitted(self, execution):
        deadline = time.monotonic() + 10
        while "TaskSubmitted" not in [event["type"] for event in self.history(execution)]:
            self.assertLess(time.monotonic(), deadline, "nothing was submitted")

    def test_a_start_is_answered_at_once(self):
        inner = self.machine(definition({"Type": "Wait", "Seconds": 600}))
        name = unique("e")
        ended = self.finished(self.start(self.nested(inner, "", name), {"a": 1}))
        self.assertEqual(ended["status"], "SUCCEEDED")
        output = json.loads(ended["output"])
        self.assertEqual(set(output), STARTED)
        self.assertTrue(output["ExecutionArn"].endswith(f":{name}"))
        started = self.sfn.describe_execution(executionArn=output["ExecutionArn"])
        self.assertEqual(json.loads(started["input"]), {"a": 1})

    def test_a_name_that_is_taken_is_an_error(self):
        inner = self.machine(definition({"Type": "Wait", "Seconds": 600}))
        outer = self.nested(inner, "", unique("e"))
        self.assertEqual(self.finished(self.start(outer, 1))["status"], "SUCCEEDED")
        ended = self.finished(self.start(outer, 2))
        self.assertEqual(ended["error"], "StepFunctions.ExecutionAlreadyExistsException")
        self.assertIn("Error Code: ExecutionAlreadyExists;", ended["cause"])

    def test_sync_gives_texts_and_sync_2_gives_json(self):
        inner = self.machine(definition({"Type": "Pass", "Result": {"done": [1.50]}}))
        for suffix, read in ((".sync", json.loads), (".sync:2", lambda value: value)):
            ended = self.finished(self.start(self.nested(inner, suffix), {"a": 1}))
            self.assertEqual(ended["status"], "SUCCEEDED", ended)
            output = json.loads(ended["output"])
            self.assertEqual(output["Status"], "SUCCEEDED")
            self.assertEqual(read(output["Output"]), {"done": [1.5]})
            self.assertEqual(read(output["Input"]), {"a": 1})
            self.assertNotIn("RedriveCount", output)

    def test_a_failure_is_told_as_the_cause(self):
        inner = self.machine(
            '{"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Mine", "Cause": "why"}}}'
        )
        ended = self.finished(self.start(self.nested(inner, ".sync:2"), {}))
        self.assertEqual(ended["error"], "States.TaskFailed")
        cause = json.loads(ended["cause"])
        told = cause["Status"], cause["Error"], cause["Cause"]
        self.assertEqual(told, ("FAILED", "Mine", "why"))

    def test_what_is_waited_for_ends_with_whoever_waits(self):
        inner = self.machine(definition({"Type": "Wait", "Seconds": 600}))
        outer = self.start(self.nested(inner, ".sync"), {})
        execution = self.waiting_for(inner)
        self.until_submitted(outer)
        self.sfn.stop_execution(executionArn=outer)
        self.assertEqual(self.finished(execution)["status"], "ABORTED")

    def test_waiting_goes_on_after_a_crash_and_nothing_is_started_twice(self):
        activity = self.activity()
        inner = self.task_machine(activity)
        outer = self.start(self.nested(inner, ".sync:2"), {"a": 1})
        self.until_submitted(outer)
        for _ in range(2):
            self.server.kill()
            self.server.start()
        task = self.sfn.get_activity_task(activityArn=activity)
        self.sfn.send_task_success(taskToken=task["taskToken"], output='"kept"')
        ended = self.finished(outer)
        self.assertEqual(json.loads(ended["output"])["Output"], "kept")
        self.assertEqual(len(self.executions_of(inner)), 1)

    def test_a_crash_at_any_moment_starts_one(self):
        inner = self.machine(definition({"Type": "Pass", "Result": 1}))
        outer = self.nested(inner, ".sync:2")
        started = []
        for _ in range(12):
            started += [self.start(outer, number) for number in range(5)]
            self.server.kill()
            self.server.start()
        for execution in started:
            self.assertEqual(self.finished(execution)["status"], "SUCCEEDED")
        self.assertEqual(len(self.executions_of(inner)), len(started))

    def test_an_express_machine_cannot_be_waited_for(self):
        created = self.sfn.create_state_machine(
            name=unique("x"), roleArn=ROLE, type="EXPRESS",
            definition=definition({"Type": "Pass"}),
        )
        ended = self.finished(self.start(self.nested(created["stateMachineArn"], ".sync"), {}))
        self.assertEqual(ended["error"], "StepFunctions.StateMachineTypeNotSupportedException")
        self.assertIn("startSyncExecution", ended["cause"])
        ended = self.finished(self.start(self.nested(created["stateMachineArn"], ""), {}))
        self.assertEqual(ended["status"], "SUCCEEDED")


if __name__ == "__main__":
    unittest.main()
