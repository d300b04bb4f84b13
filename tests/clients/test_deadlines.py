"""Clocks of a task and of an execution: when they start, and what the end looks like."""

import concurrent.futures
import time
import unittest

from towpath_server import ServerTestCase, definition

LATE_SECONDS_MAX = 1.0


class Deadlines(ServerTestCase):
    def seconds_between(self, history, first, last):
        times = {event["type"]: event["timestamp"] for event in history}
        return (times[last] - times[first]).total_seconds()

    def assert_on_time(self, seconds, expected):
        self.assertGreaterEqual(seconds, expected, "nothing fires early")
        self.assertLess(seconds, expected + LATE_SECONDS_MAX)

    def test_the_timeout_counts_from_the_hand_out(self):
        activity = self.activity()
        execution = self.start(self.task_machine(activity, TimeoutSeconds=2))
        time.sleep(2.5)
        self.assertEqual(self.types(execution)[-1], "ActivityScheduled", "no poll, no clock")
        self.sfn.get_activity_task(activityArn=activity)
        described = self.finished(execution)
        self.assertEqual((described["status"], described["error"]), ("FAILED", "States.Timeout"))
        self.assertNotIn("cause", described)
        history = self.history(execution)
        self.assertEqual(history[2]["activityScheduledEventDetails"]["timeoutInSeconds"], 2)
        self.assertEqual(history[4]["type"], "ActivityTimedOut")
        self.assertEqual(history[4]["activityTimedOutEventDetails"], {"error": "States.Timeout"})
        self.assert_on_time(self.seconds_between(history, "ActivityStarted", "ActivityTimedOut"), 2)

    def test_heartbeats_keep_a_task_alive_and_silence_ends_it(self):
        activity = self.activity()
        machine = self.task_machine(activity, HeartbeatSeconds=2, TimeoutSeconds=60)
        execution = self.start(machine)
        token = self.sfn.get_activity_task(activityArn=activity)["taskToken"]
        for _ in range(4):
            time.sleep(1)
            self.sfn.send_task_heartbeat(taskToken=token)
        last_heartbeat = time.time()
        self.assertEqual(self.types(execution)[-1], "ActivityStarted", "heartbeats leave no event")
        described = self.finished(execution)
        self.assertEqual((described["status"], described["error"]), ("FAILED", "States.Timeout"))
        self.assert_on_time(described["stopDate"].timestamp() - last_heartbeat + 0.1, 2)

    def test_heartbeats_do_not_prolong_the_timeout(self):
        activity = self.activity()
        execution = self.start(self.task_machine(activity, HeartbeatSeconds=2, TimeoutSeconds=3))
        token = self.sfn.get_activity_task(activityArn=activity)["taskToken"]
        with self.assertRaises(self.sfn.exceptions.TaskTimedOut):
            for _ in range(20):
                time.sleep(0.5)
                self.sfn.send_task_heartbeat(taskToken=token)
        history = self.history(execution)
        self.assert_on_time(self.seconds_between(history, "ActivityStarted", "ActivityTimedOut"), 3)

    def test_a_heartbeat_timeout_is_caught_by_its_own_name(self):
        activity = self.activity()
        retry = [{"ErrorEquals": ["States.HeartbeatTimeout"], "IntervalSeconds": 1, "MaxAttempts": 1}]
        machine = self.task_machine(activity, HeartbeatSeconds=1, TimeoutSeconds=60, Retry=retry)
        execution = self.start(machine)
        self.sfn.get_activity_task(activityArn=activity)
        token = self.sfn.get_activity_task(activityArn=activity)["taskToken"]
        self.sfn.send_task_success(taskToken=token, output="{}")
        self.assertEqual(self.finished(execution)["status"], "SUCCEEDED")
        timed_out = [e for e in self.history(execution) if e["type"] == "ActivityTimedOut"]
        details = [e["activityTimedOutEventDetails"] for e in timed_out]
        self.assertEqual(details, [{"error": "States.Timeout"}])

    def test_the_execution_timeout(self):
        activity = self.activity()
        text = definition({"Type": "Task", "Resource": activity}, TimeoutSeconds=2)
        execution = self.start(self.machine(text))
        token = self.sfn.get_activity_task(activityArn=activity)["taskToken"]
        described = self.finished(execution)
        self.assertEqual(described["status"], "TIMED_OUT")
        self.assertNotIn("error", described)
        last = self.history(execution)[-1]
        self.assertEqual((last["type"], last["previousEventId"]), ("ExecutionTimedOut", 0))
        self.assertEqual(last["executionTimedOutEventDetails"], {"error": "States.Timeout"})
        self.refused("TaskTimedOut", self.sfn.send_task_success, taskToken=token, output="1")

    def test_waits_end_on_time(self):
        machine = self.machine(definition({"Type": "Wait", "SecondsPath": "$"}))
        executions = {self.start(machine, seconds): seconds for seconds in (0, 1, 2, 3) * 5}
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(self.finished, executions))
        for execution, seconds in executions.items():
            history = self.history(execution)
            waited = self.seconds_between(history, "WaitStateEntered", "WaitStateExited")
            self.assert_on_time(waited, seconds)


if __name__ == "__main__":
    unittest.main()
