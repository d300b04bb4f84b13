"""A rule that has never been broken proves nothing: each is shown a run that breaks it."""

import copy
import datetime
import pathlib
import unittest

from soak.checker import RULES, check
from soak.evidence import ACKNOWLEDGED, REFUSED, Call, Evidence, Execution, Reading, canonical

EPOCH = 1_800_000_000
MACHINE = "arn:machine"
ARN = "arn:execution"
INPUT = '{"id": 1}'
OUTPUT = '{"id": 1, "mark": "w at 1"}'
DEFINITION = {
    "StartAt": "Work", "TimeoutSeconds": 60,
    "States": {
        "Work": {
            "Type": "Task", "Resource": "arn:activity", "TimeoutSeconds": 8,
            "HeartbeatSeconds": 3, "Next": "Rest",
            "Retry": [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 1}],
        },
        "Rest": {"Type": "Wait", "Seconds": 2, "End": True},
    },
}


def at(seconds):
    """A moment of the run."""
    return datetime.datetime.fromtimestamp(EPOCH + seconds, datetime.timezone.utc)


def events():
    """Two attempts, a wait, and the end."""
    rows = [
        (0, "ExecutionStarted", 0, {"input": INPUT}),
        (0, "TaskStateEntered", 0, {"name": "Work"}),
        (0, "ActivityScheduled", 2, {}),
        (1, "ActivityStarted", 3, {"workerName": "silent"}),
        (5, "ActivityTimedOut", 4, {"error": "States.Timeout"}),
        (6, "ActivityScheduled", 5, {}),
        (6, "ActivityStarted", 6, {"workerName": "w"}),
        (7, "ActivitySucceeded", 7, {"output": OUTPUT}),
        (7, "TaskStateExited", 8, {"name": "Work"}),
        (7, "WaitStateEntered", 9, {"name": "Rest"}),
        (9, "WaitStateExited", 10, {"name": "Rest"}),
        (9, "ExecutionSucceeded", 11, {}),
    ]
    return [
        {"id": number, "type": kind, "previousEventId": previous, "timestamp": at(seconds),
         "anyEventDetails": details}
        for number, (seconds, kind, previous, details) in enumerate(rows, 1)
    ]


def good():
    """A run in which all rules hold."""
    description = {
        "stateMachineArn": MACHINE, "status": "SUCCEEDED", "input": INPUT, "name": "start-1",
        "startDate": at(0), "stopDate": at(9),
    }
    start = {"stateMachineArn": MACHINE, "name": "start-1", "input": INPUT}
    started = {"executionArn": ARN, "startDate": at(0)}
    note = {"first": True, "id": 1, "worker": "w"}
    poll = {"activityArn": "arn:activity", "workerName": "w"}

    def call(operation, asked, when, answer=None, **more):
        return Call(
            operation, asked, EPOCH + when, EPOCH + when, more.pop("outcome", ACKNOWLEDGED),
            answer or {}, **more,
        )

    calls = [
        call("start_execution", start, 0, started),
        call("start_execution", start, 0, started),
        call("send_task_heartbeat", {"taskToken": "one"}, 2, note={"id": 1, "worker": "silent"}),
        call("get_activity_task", poll, 6, {"taskToken": "two", "input": INPUT}),
        call("send_task_success", {"taskToken": "two", "output": OUTPUT}, 7, note=note),
        call("send_task_success", {"taskToken": "two", "output": "again"}, 8,
             outcome=REFUSED, code="TaskTimedOut", note={**note, "first": False}),
    ]
    texts = [canonical(event) for event in events()]
    readings = [
        Reading(ARN, EPOCH + 1, EPOCH + 1, texts[:4]), Reading(ARN, EPOCH + 9, EPOCH + 9, texts),
    ]
    return Evidence(
        calls, readings, {ARN: Execution(description, events())}, {MACHINE: DEFINITION}, {ARN}
    )


class EachRuleCanBeBroken(unittest.TestCase):
    def assert_broken(self, rule, break_it):
        """`break_it` changes a good run, or returns another."""
        evidence = good()
        evidence = break_it(evidence) or evidence
        self.assertTrue(check(evidence)[rule], f"{rule} did not notice")

    def history(self, rule, change):
        """Breaks a rule by a change of the events, which nobody else has read."""
        def break_it(evidence):
            change(evidence.executions[ARN].events)
            evidence.readings.clear()
        self.assert_broken(rule, break_it)

    def test_a_good_run_breaks_none(self):
        self.assertEqual({rule: found for rule, found in check(good()).items() if found}, {})

    def test_every_rule_is_broken_here(self):
        source = pathlib.Path(__file__).read_text(encoding="utf-8")
        for rule in RULES:
            self.assertIn(f'"{rule}",', source)

    def test_r1(self):
        self.assert_broken("R1", lambda run: run.executions.clear())
        self.assert_broken("R1", lambda run: run.executions[ARN].description.update(startDate=at(1)))
        self.assert_broken("R1", lambda run: run.executions[ARN].description.update(input='{"id":1}'))

    def test_r2(self):
        self.history("R2", lambda e: e[7]["anyEventDetails"].update(output="{}"))
        self.history("R2", lambda e: e.append(e[7]))

        def refused_yet_there(run):
            run.calls[4].outcome = REFUSED
            run.calls[4].code = "TaskTimedOut"
        self.assert_broken("R2", refused_yet_there)

    def test_r4(self):
        def stopped_yet_it_went_on(run):
            asked = {"executionArn": ARN}
            answer = {"stopDate": at(9)}
            run.calls.append(Call("stop_execution", asked, EPOCH + 8, EPOCH + 9, ACKNOWLEDGED, answer))
        self.assert_broken("R4", stopped_yet_it_went_on)

        def another_date(run):
            stopped_yet_it_went_on(run)
            run.executions[ARN].description["stopDate"] = at(10)
        self.assert_broken("R4", another_date)

    def test_r5(self):
        def late_heartbeat(run):
            run.calls[2].began = EPOCH + 4
        self.assert_broken("R5", late_heartbeat)

    def test_r7(self):
        def two_executions(run):
            run.executions["arn:other"] = copy.deepcopy(run.executions[ARN])
        self.assert_broken("R7", two_executions)

        def another_answer(run):
            run.calls[1].answer = {"executionArn": ARN, "startDate": at(3)}
        self.assert_broken("R7", another_answer)

    def test_r8(self):
        def an_event_changed(run):
            run.executions[ARN].events[3]["timestamp"] = at(2)
        self.assert_broken("R8", an_event_changed)

        def fewer_events_later(run):
            run.readings.append(Reading(ARN, EPOCH + 20, EPOCH + 20, run.readings[0].events))
        self.assert_broken("R8", fewer_events_later)

        def a_hand_out_left_no_trace(run):
            run.calls[3].asked["workerName"] = "another"
        self.assert_broken("R8", a_hand_out_left_no_trace)

    def test_r10(self):
        self.history("R10", lambda e: e.append({**e[7], "id": 13}))

    def test_r11(self):
        def accepted_twice(run):
            run.calls[5].outcome = ACKNOWLEDGED
        self.assert_broken("R11", accepted_twice)

        def refused_otherwise(run):
            run.calls[5].code = "InvalidToken"
        self.assert_broken("R11", refused_otherwise)

    def test_r14(self):
        self.history("R14", lambda e: e.pop(4))

    def test_r16(self):
        self.history("R16", lambda e: e[6]["anyEventDetails"].update(workerName="silent"))

    def test_r19(self):
        self.history("R19", lambda e: e.pop(9))
        self.history("R19", lambda e: e.append(e[11]))

    def test_r20(self):
        self.history("R20", lambda e: e[1].update(previousEventId=1))
        self.history("R20", lambda e: e[5].update(previousEventId=7))
        self.history("R20", lambda e: e[5].update(previousEventId=0))

    def test_r21(self):
        self.history("R21", lambda e: e.pop(11))
        self.history("R21", lambda e: e.append({**e[10], "id": 13}))
        self.history("R21", lambda e: e[11].update(type="ExecutionFailed"))

    def test_r22(self):
        self.history("R22", lambda e: e[5].update(timestamp=at(4)))

    def test_r23(self):
        self.history("R23", lambda e: e[7].update(previousEventId=6))
        self.history("R23", lambda e: e[8]["anyEventDetails"].update(name="Rest"))
        self.history("R23", lambda e: e.append({**e[6], "id": 13}))

    def test_r27(self):
        self.history("R27", lambda e: e[10].update(timestamp=at(8)))
        self.history("R27", lambda e: e[4].update(timestamp=at(3)))
        self.history("R27", lambda e: e[5].update(timestamp=at(5)))

        def timed_out_early(events_):
            del events_[11:]
            events_[10].update(type="ExecutionTimedOut", previousEventId=0, timestamp=at(59))
        self.history("R27", timed_out_early)

    def test_r32(self):
        self.assert_broken("R32", lambda run: run.executions[ARN].description.update(status="RUNNING"))

    def test_r36(self):
        def one_attempt_only(run):
            definition = copy.deepcopy(DEFINITION)
            definition["States"]["Work"]["Retry"][0]["MaxAttempts"] = 0
            run.definitions[MACHINE] = definition
        self.assert_broken("R36", one_attempt_only)

    def test_r42(self):
        self.assert_broken("R42", lambda run: run.listed.clear())


if __name__ == "__main__":
    unittest.main()
