"""Clients of a server that is killed all the time: starters, workers, readers, one stopper.

Each runs in a thread until it is told to stop. Each does what a careful client does: it
repeats a call whose outcome it does not know, and never one that was answered.
"""

import json
import random
import threading
import time

from .evidence import ACKNOWLEDGED, REFUSED, UNKNOWN

# Pauses keep the number of executions small enough to look at every one at the end.
START_PAUSE_SECONDS = 0.15
READ_PAUSE_SECONDS = 0.05


def task(resource, **more):
    """A Task state that tries again after a timeout or a passing failure."""
    retry = [{
        "ErrorEquals": ["States.Timeout", "Flaky"], "IntervalSeconds": 1,
        "MaxAttempts": 30, "BackoffRate": 1.0,
    }]
    return {"Type": "Task", "Resource": resource, "Retry": retry, **more}


def definitions(quick, beating, idle):
    """{kind: definition} of the state machines that the starters start.

    `quick`, `beating` and `idle` are activities: one whose workers answer at once, one whose
    workers send heartbeats or die in silence, and one that has no workers.
    """
    one_task = {
        "StartAt": "Work",
        "States": {"Work": task(quick, TimeoutSeconds=8, End=True)},
    }
    wait_then_work = {
        "StartAt": "Wait",
        "States": {
            "Wait": {"Type": "Wait", "Seconds": 2, "Next": "Work"},
            "Work": task(quick, TimeoutSeconds=8, Next="Done"),
            "Done": {"Type": "Pass", "End": True},
        },
    }
    side_by_side = {
        "StartAt": "Both",
        "States": {"Both": {"Type": "Parallel", "End": True, "Branches": [
            {"StartAt": "Left", "States": {"Left": task(quick, TimeoutSeconds=8, End=True)}},
            {"StartAt": "Right", "States": {"Right": {"Type": "Wait", "Seconds": 1, "End": True}}},
        ]}},
    }
    heartbeats = {
        "StartAt": "Beat",
        "States": {
            "Beat": task(beating, TimeoutSeconds=30, HeartbeatSeconds=3, End=True),
        },
    }
    times_out = {
        "StartAt": "Never", "TimeoutSeconds": 3,
        "States": {"Never": task(idle, End=True)},
    }
    stopped = {
        "StartAt": "Long",
        "States": {"Long": {"Type": "Wait", "Seconds": 100_000, "End": True}},
    }
    return {
        "one_task": one_task, "wait_then_work": wait_then_work, "side_by_side": side_by_side,
        "heartbeats": heartbeats, "times_out": times_out, "stopped": stopped,
    }


class Load:
    """The threads of one run and what they share."""

    def __init__(self, journal, machines, activities, seed):
        self.journal = journal
        self.machines = machines
        self.activities = activities
        self.seed = seed
        self.starting_ends = threading.Event()
        self.all_ends = threading.Event()
        self.known = []
        self.lock = threading.Lock()
        self.number = 0
        self.died = []
        self.starters = [self._thread(self.start, n) for n in range(4)]
        self.others = [self._thread(self.work_quickly, n) for n in range(6)]
        self.others += [self._thread(self.work_with_heartbeats, n) for n in range(6)]
        self.others += [self._thread(self.read, n) for n in range(2)]

    def _thread(self, role, index):
        chance = random.Random(f"{self.seed} {role.__name__} {index}")

        def run():
            try:
                role(index, chance)
            except Exception as error:  # noqa: BLE001 - a dead client is a failed run
                self.died.append(f"{role.__name__} {index}: {error!r}")

        return threading.Thread(target=run, name=f"{role.__name__}-{index}", daemon=True)

    def begin(self):
        """Starts all threads."""
        for thread in self.starters + self.others:
            thread.start()

    def end_starting(self):
        """Ends the starters: from now on there is only less to do."""
        self.starting_ends.set()
        for thread in self.starters:
            thread.join(30)

    def end(self):
        """Ends the rest. A poll may hang for its whole hold, so nobody waits for it."""
        self.all_ends.set()

    # ------------------------------------------------------------ roles

    def start(self, _, chance):
        """Starts executions, some with a name, some of those twice, and stops some."""
        kinds = sorted(self.machines)
        while not self.starting_ends.wait(START_PAUSE_SECONDS * chance.uniform(0.5, 1.5)):
            with self.lock:
                self.number += 1
                number = self.number
            kind = chance.choice(kinds)
            asked = {
                "stateMachineArn": self.machines[kind],
                "input": json.dumps({"id": number, "filling": "x" * chance.randrange(200)}),
            }
            # What is to be stopped has a name always: without one nobody could, if the server dies when
            # it has begun the execution and before it says so.
            named = chance.random() < 0.7 or kind == "stopped"
            if named:
                asked["name"] = f"start-{number}"
            call = self.journal.call("start_execution", **asked)
            while named and call.outcome == UNKNOWN and not self.all_ends.wait(0.1):
                call = self.journal.call("start_execution", **asked)
            if call.outcome == REFUSED and call.code == "ExecutionAlreadyExists":
                # The call before was applied, and the execution is at its end already.
                continue
            if call.outcome != ACKNOWLEDGED:
                continue
            execution = call.answer["executionArn"]
            self.known.append(execution)
            if named and chance.random() < 0.3:
                time.sleep(chance.uniform(0, 1))
                self.journal.call("start_execution", **asked)
            if kind == "stopped":
                time.sleep(chance.uniform(0, 0.5))
                self.stop(execution)

    def stop(self, execution):
        """Stops an execution, and again until that is acknowledged."""
        while True:
            call = self.journal.call(
                "stop_execution", executionArn=execution, error="Stopped", cause="by the soak"
            )
            if call.outcome != UNKNOWN:
                return
            time.sleep(0.1)

    def work_quickly(self, index, chance):
        """Answers each task at once; now and then with a failure, now and then twice."""
        worker = f"quick-{index}"
        while not self.all_ends.is_set():
            call = self.poll(self.activities["quick"], worker)
            if call is not None:
                self.complete(call, worker, chance, fails=chance.random() < 0.1)

    def work_with_heartbeats(self, index, chance):
        """Works for some seconds and shows that it lives; now and then it dies in silence."""
        worker = f"beating-{index}"
        while not self.all_ends.is_set():
            call = self.poll(self.activities["beating"], worker)
            if call is None or chance.random() < 0.15:
                continue
            note = {"id": json.loads(call.answer["input"])["id"], "worker": worker}
            alive = True
            for _ in range(chance.randrange(5)):
                time.sleep(0.8)
                beat = self.journal.call(
                    "send_task_heartbeat", note=note, taskToken=call.answer["taskToken"]
                )
                alive = beat.outcome != REFUSED
                if not alive:
                    break
            if alive:
                self.complete(call, worker, chance, fails=False)

    def poll(self, activity, worker):
        """The poll that brought a task, or None."""
        call = self.journal.call("get_activity_task", activityArn=activity, workerName=worker)
        if call.outcome == UNKNOWN:
            self.all_ends.wait(0.1)
        return call if "taskToken" in call.answer else None

    def complete(self, poll, worker, chance, fails):
        """Completes a task: again while the outcome is unknown, and sometimes once more."""
        token = poll.answer["taskToken"]
        number = json.loads(poll.answer["input"])["id"]
        mark = f"{worker} at {poll.ended:.6f} for {number}"
        if fails:
            operation = "send_task_failure"
            asked = {"taskToken": token, "error": "Flaky", "cause": mark}
        else:
            operation = "send_task_success"
            asked = {"taskToken": token, "output": json.dumps({"id": number, "mark": mark})}
        first = True
        while True:
            note = {"first": first, "id": number, "worker": worker}
            call = self.journal.call(operation, note=note, **asked)
            if call.outcome != UNKNOWN or self.all_ends.wait(0.1):
                break
            first = False
        if call.outcome == ACKNOWLEDGED and chance.random() < 0.1:
            second = {"taskToken": token, "output": json.dumps({"id": number, "mark": mark + "!"})}
            note = {"first": False, "id": number, "worker": worker}
            self.journal.call("send_task_success", note=note, **second)

    def read(self, _, chance):
        """Reads histories, again and again, of young executions most."""
        while not self.all_ends.wait(READ_PAUSE_SECONDS):
            if self.known:
                recent = self.known[-chance.choice((10, 10, 10, len(self.known))):]
                self.journal.read_history(chance.choice(recent))
