"""The activity protocol: order, names, tokens, completions, and what each refuses."""

import base64
import concurrent.futures
import json
import time
import unittest

from towpath_server import ServerTestCase

CLOSED = "Task Timed Out: 'Provided task does not exist anymore'"
NO_TOKEN = "Invalid Token: 'Invalid token'"


class ActivityTasks(ServerTestCase):
    def poll(self, activity, **more):
        """A task that must be there."""
        task = self.sfn.get_activity_task(activityArn=activity, **more)
        self.assertIn("taskToken", task, "the poll came back empty")
        return task

    def test_one_task_from_start_to_end(self):
        activity = self.activity()
        execution = self.start(self.task_machine(activity), {"order": 7})
        name = "worker-é-1"
        task = self.poll(activity, workerName=name)
        self.assertEqual(json.loads(task["input"]), {"order": 7})
        self.sfn.send_task_heartbeat(taskToken=task["taskToken"])
        self.sfn.send_task_success(taskToken=task["taskToken"], output='{"done": true}')
        described = self.finished(execution)
        self.assertEqual(described["status"], "SUCCEEDED")
        self.assertEqual(json.loads(described["output"]), {"done": True})
        history = self.history(execution)
        expected = [
            ("ExecutionStarted", 0), ("TaskStateEntered", 0), ("ActivityScheduled", 2),
            ("ActivityStarted", 3), ("ActivitySucceeded", 4), ("TaskStateExited", 5),
            ("ExecutionSucceeded", 6),
        ]
        self.assertEqual([(e["type"], e["previousEventId"]) for e in history], expected)
        self.assertEqual(
            history[3]["activityStartedEventDetails"], {"workerName": name}
        )
        scheduled = history[2]["activityScheduledEventDetails"]
        self.assertEqual(scheduled["resource"], activity)
        self.assertNotIn("timeoutInSeconds", scheduled)

    def test_without_a_worker_name_there_is_none(self):
        activity = self.activity()
        execution = self.start(self.task_machine(activity))
        self.poll(activity)
        self.assertEqual(self.history(execution)[3]["activityStartedEventDetails"], {})

    def test_a_failure_is_kept_word_for_word(self):
        activity = self.activity()
        machine = self.task_machine(activity)
        for given in ({"error": "Out.Of.Stock", "cause": "näher\nnichts"}, {}):
            execution = self.start(machine)
            self.sfn.send_task_failure(taskToken=self.poll(activity)["taskToken"], **given)
            described = self.finished(execution)
            self.assertEqual(described["status"], "FAILED")
            found = {key: described[key] for key in ("error", "cause") if key in described}
            self.assertEqual(found, given)
            details = self.history(execution)[4]["activityFailedEventDetails"]
            self.assertEqual(details, given)

    def test_tasks_come_in_the_order_they_were_scheduled(self):
        activity = self.activity()
        machine = self.task_machine(activity)
        for number in range(30):
            self.start(machine, number)
        found = [json.loads(self.poll(activity)["input"]) for _ in range(30)]
        self.assertEqual(found, list(range(30)))

    def test_a_waiting_poll_gets_the_task_at_once(self):
        activity = self.activity()
        machine = self.task_machine(activity)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            poll = pool.submit(self.poll, activity, workerName="early")
            time.sleep(0.3)
            began = time.monotonic()
            self.start(machine)
            task = poll.result(timeout=10)
            self.assertLess(time.monotonic() - began, 1)
        self.sfn.send_task_success(taskToken=task["taskToken"], output="1")

    def test_any_json_value_is_an_output(self):
        activity = self.activity()
        machine = self.task_machine(activity)
        for text in ('"text"', "17", "null", "[1, 2]", "true", '{"a": 1.50, "b": 1e3}'):
            execution = self.start(machine)
            self.sfn.send_task_success(taskToken=self.poll(activity)["taskToken"], output=text)
            described = self.finished(execution)
            self.assertEqual(json.loads(described["output"]), json.loads(text))

    def test_retry_gives_a_new_token(self):
        activity = self.activity()
        retry = [{"ErrorEquals": ["Again"], "IntervalSeconds": 1, "MaxAttempts": 2}]
        execution = self.start(self.task_machine(activity, Retry=retry))
        tokens = set()
        for _ in range(3):
            token = self.poll(activity)["taskToken"]
            tokens.add(token)
            self.sfn.send_task_failure(taskToken=token, error="Again")
        self.assertEqual(len(tokens), 3)
        self.assertEqual(self.finished(execution)["error"], "Again")
        scheduled = [t for t in self.types(execution) if t == "ActivityScheduled"]
        self.assertEqual(len(scheduled), 3, "one attempt and two retries")
        for token in tokens:
            self.refused("TaskTimedOut", self.sfn.send_task_heartbeat, taskToken=token)

    def test_a_late_answer_does_not_touch_the_next_attempt(self):
        activity = self.activity()
        retry = [{"ErrorEquals": ["Again"], "IntervalSeconds": 1, "MaxAttempts": 1}]
        execution = self.start(self.task_machine(activity, Retry=retry))
        first = self.poll(activity)["taskToken"]
        self.sfn.send_task_failure(taskToken=first, error="Again")
        second = self.poll(activity)["taskToken"]
        self.refused("TaskTimedOut", self.sfn.send_task_success, taskToken=first, output="1")
        self.sfn.send_task_success(taskToken=second, output="2")
        self.assertEqual(self.finished(execution)["output"], "2")

    def test_catch_gets_the_error(self):
        activity = self.activity()
        text = json.dumps({"StartAt": "Work", "States": {
            "Work": {
                "Type": "Task", "Resource": activity, "End": True,
                "Catch": [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.why",
                           "Next": "Mend"}],
            },
            "Mend": {"Type": "Pass", "End": True},
        }})
        execution = self.start(self.machine(text), {"id": 1})
        token = self.poll(activity)["taskToken"]
        self.sfn.send_task_failure(taskToken=token, error="E", cause="C")
        output = json.loads(self.finished(execution)["output"])
        self.assertEqual(output, {"id": 1, "why": {"Error": "E", "Cause": "C"}})


class Tokens(ServerTestCase):
    """What a completion answers, by what the token is."""

    def every_completion(self, code, message, token):
        calls = (
            (self.sfn.send_task_success, {"output": "{}"}),
            (self.sfn.send_task_failure, {"error": "E"}),
            (self.sfn.send_task_heartbeat, {}),
        )
        for call, more in calls:
            self.assertEqual(self.refused(code, call, taskToken=token, **more), message)

    def open_task(self, **fields):
        activity = self.activity()
        execution = self.start(self.task_machine(activity, **fields))
        return execution, self.sfn.get_activity_task(activityArn=activity)["taskToken"]

    def test_finished(self):
        execution, token = self.open_task()
        self.sfn.send_task_success(taskToken=token, output="{}")
        self.every_completion("TaskTimedOut", CLOSED, token)
        self.finished(execution)
        self.every_completion("TaskTimedOut", CLOSED, token)

    def test_failed(self):
        _, token = self.open_task()
        self.sfn.send_task_failure(taskToken=token)
        self.every_completion("TaskTimedOut", CLOSED, token)

    def test_stopped(self):
        execution, token = self.open_task()
        self.sfn.stop_execution(executionArn=execution)
        self.every_completion("TaskTimedOut", CLOSED, token)
        self.assertEqual(self.types(execution)[-1], "ExecutionAborted")

    def test_timed_out(self):
        execution, token = self.open_task(TimeoutSeconds=1)
        self.finished(execution)
        self.every_completion("TaskTimedOut", CLOSED, token)

    def test_forged(self):
        execution, token = self.open_task()
        self.every_completion("InvalidToken", NO_TOKEN, "FakeTaskToken")
        forged = {token[: len(token) // 2], token + "A", token[::-1]}
        for at in range(0, len(token), max(1, len(token) // 40)):
            other = "B" if token[at] != "B" else "C"
            forged.add(token[:at] + other + token[at + 1:])
        forged.add(base64.b64encode(b"\0" * 64).decode())
        forged.discard(token)
        for candidate in forged:
            try:
                self.sfn.send_task_success(taskToken=candidate, output="{}")
            except self.sfn.exceptions.InvalidToken:
                continue
            # Letters whose lowest bits carry nothing may be read as the same token.
            same = base64.urlsafe_b64decode(candidate + "==") == base64.urlsafe_b64decode(token + "==")
            self.assertTrue(same, f"accepted: {candidate}")
            self.fail(f"a second spelling of the token was accepted: {candidate}")
        self.assertEqual(
            self.sfn.describe_execution(executionArn=execution)["status"], "RUNNING"
        )
        self.sfn.send_task_success(taskToken=token, output="{}")

    def test_refused_outputs_leave_the_task_open(self):
        execution, token = self.open_task()
        send = self.sfn.send_task_success
        for bad in ("{", "nonsense", "", "{} {}", "'x'"):
            self.refused("InvalidOutput", send, taskToken=token, output=bad)
        with self.assertRaises(self.sfn.exceptions.ClientError) as caught:
            send(taskToken=token, output=json.dumps("é" * 131_072))
        code = caught.exception.response["Error"]["Code"]
        self.assertIn(code, ("InvalidOutput", "ValidationException"), "bytes, not characters")
        largest = json.dumps("x" * 262_142)
        send(taskToken=token, output=largest)
        self.assertEqual(self.finished(execution)["output"], largest)

    def test_one_of_many_completions_wins(self):
        execution, token = self.open_task()

        def send(number):
            try:
                self.sfn.send_task_success(taskToken=token, output=str(number))
                return number
            except self.sfn.exceptions.TaskTimedOut:
                return None

        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            winners = [n for n in pool.map(send, range(100)) if n is not None]
        self.assertEqual(len(winners), 1)
        self.assertEqual(self.finished(execution)["output"], str(winners[0]))
        self.assertEqual(self.types(execution).count("ActivitySucceeded"), 1)


class DeletedActivities(ServerTestCase):
    def test_a_state_entered_afterwards_fails(self):
        activity = self.activity()
        machine = self.task_machine(activity)
        self.sfn.delete_activity(activityArn=activity)
        execution = self.start(machine)
        described = self.finished(execution)
        self.assertEqual(described["error"], "States.Runtime")
        self.assertEqual(
            described["cause"],
            "An error occurred while executing the state 'Only' (entered at the event id #2). "
            f"The activity {activity} does not exist.",
        )
        self.assertEqual(
            self.types(execution), ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]
        )


if __name__ == "__main__":
    unittest.main()
