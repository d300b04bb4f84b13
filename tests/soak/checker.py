"""What must hold of all that a run has seen. Each rule yields what breaks it.

The rules carry the numbers under which the simulator checks them too. A rule reads only
evidence, never the server, so that `test_checker.py` can show each of them a run in which it
is broken.
"""

import collections
import json

from .evidence import ACKNOWLEDGED, REFUSED, TERMINAL, canonical

COMPLETIONS = {"send_task_success", "send_task_failure"}
# A time stamp has whole milliseconds.
CLOCK_STEP_SECONDS = 0.001

CLOSING = {"ActivitySucceeded", "ActivityFailed", "ActivityTimedOut"}

# Which event may follow which, by previousEventId, in the state machines of the soak.
FOLLOWS = {
    "ActivityScheduled": {"TaskStateEntered", "ActivityFailed", "ActivityTimedOut"},
    "ActivityStarted": {"ActivityScheduled"},
    "ActivitySucceeded": {"ActivityStarted"},
    "ActivityFailed": {"ActivityStarted"},
    "ActivityTimedOut": {"ActivityStarted"},
    "TaskStateExited": {"ActivitySucceeded"},
    "WaitStateExited": {"WaitStateEntered"},
    "PassStateExited": {"PassStateEntered"},
    "ParallelStateStarted": {"ParallelStateEntered"},
}


def check(evidence):
    """{rule: [what breaks it]}, with every rule as a key."""
    return {rule: list(function(evidence)) for rule, function in RULES.items()}


def acknowledged(evidence, operation):
    """The calls of one operation that were acknowledged."""
    for call in evidence.calls:
        if call.operation == operation and call.outcome == ACKNOWLEDGED:
            yield call


def details(event):
    """The details of an event, whatever its type; empty if it has none."""
    return next((v for k, v in event.items() if k.endswith("EventDetails")), {})


def by_id(events):
    """{id: event}."""
    return {event["id"]: event for event in events}


def closed_execution(execution):
    """Whether it has come to its end."""
    return execution.description["status"] != "RUNNING"


def states_of(definition):
    """{name: state} with those inside Parallel states."""
    found = {}
    for name, state in definition["States"].items():
        found[name] = state
        for branch in state.get("Branches", []):
            found |= states_of(branch)
    return found


def way_back(event, events):
    """The event and those it follows. Ends where an event points at itself or ahead."""
    while event is not None:
        yield event
        previous = events.get(event["previousEventId"])
        event = previous if previous is not None and previous["id"] < event["id"] else None


def entered(event, events):
    """The event by which its state was entered, if there is one."""
    return next((e for e in way_back(event, events) if e["type"].endswith("StateEntered")), None)


def state_of(event, events, states):
    """The state that an event belongs to; empty if it belongs to none."""
    begin = entered(event, events)
    return states.get(details(begin)["name"], {}) if begin is not None else {}


def definition_of(evidence, execution):
    """What the execution runs."""
    return evidence.definitions[execution.description["stateMachineArn"]]


# ---------------------------------------------------------------- acknowledged means durable


def acknowledged_starts(evidence):
    """R1: an acknowledged start is there, with its input, name and date."""
    for call in acknowledged(evidence, "start_execution"):
        arn = call.answer["executionArn"]
        execution = evidence.executions.get(arn)
        if execution is None or not execution.events:
            yield f"{arn}: acknowledged, not there"
            continue
        found = execution.description
        if found["startDate"] != call.answer["startDate"]:
            yield f"{arn}: startDate {found['startDate']} is not {call.answer['startDate']}"
        first = execution.events[0]
        inputs = {call.asked["input"], found["input"], details(first).get("input")}
        if first["type"] != "ExecutionStarted" or len(inputs) != 1:
            yield f"{arn}: its first event is {canonical(first)}, its input {found['input']}"
        if "name" in call.asked and found["name"] != call.asked["name"]:
            yield f"{arn}: its name is not {call.asked['name']}"


def acknowledged_completions(evidence):
    """R2: an acknowledged completion is one event, with the bytes that were sent."""
    events = collections.Counter()
    for execution in evidence.executions.values():
        for event in execution.events:
            events[completion_mark(event)] += 1
    refused_at_once = {}
    for call in evidence.calls:
        if call.operation not in COMPLETIONS:
            continue
        mark = call.asked.get("output") or call.asked.get("cause")
        if call.outcome == ACKNOWLEDGED:
            refused_at_once.pop(mark, None)
            if events[mark] != 1:
                yield f"{mark}: acknowledged, {events[mark]} events"
        elif call.outcome == REFUSED and call.note.get("first"):
            refused_at_once[mark] = call.code
    for mark, code in refused_at_once.items():
        if events[mark]:
            yield f"{mark}: refused with {code}, {events[mark]} events (R6)"


def completion_mark(event):
    """The text by which a worker knows its own completion again; each is sent once."""
    if event["type"] in ("ActivitySucceeded", "ActivityFailed"):
        found = details(event)
        return found.get("output") or found.get("cause")
    return None


def acknowledged_stops(evidence):
    """R4: what was stopped stays stopped."""
    for call in acknowledged(evidence, "stop_execution"):
        arn, stopped = call.asked["executionArn"], call.answer["stopDate"]
        execution = evidence.executions[arn]
        if execution.description.get("stopDate") != stopped:
            yield f"{arn}: stopped at {stopped}, now {execution.description.get('stopDate')}"
        # A date before the call is that of an execution which had come to its end already.
        by_this_call = stopped.timestamp() >= call.began - CLOCK_STEP_SECONDS
        if by_this_call and (
            execution.description["status"] != "ABORTED"
            or execution.events[-1]["type"] != "ExecutionAborted"
        ):
            yield f"{arn}: stopped, yet it ends with {execution.events[-1]['type']}"


def heartbeats_count(evidence):
    """R5: after an acknowledged heartbeat a whole interval passes before silence ends the task."""
    for call in acknowledged(evidence, "send_task_heartbeat"):
        arn = evidence.arn_of_id.get(call.note.get("id"))
        if arn is None:
            continue
        execution = evidence.executions[arn]
        events = by_id(execution.events)
        states = states_of(definition_of(evidence, execution))
        for event in execution.events:
            if event["type"] != "ActivityTimedOut":
                continue
            started = events.get(event["previousEventId"], event)
            state = state_of(event, events, states)
            at = event["timestamp"].timestamp()
            began = started["timestamp"].timestamp()
            by_timeout = at - began >= state.get("TimeoutSeconds", 99_999_999)
            ours = details(started).get("workerName") == call.note["worker"]
            interval = state.get("HeartbeatSeconds", 0) - CLOCK_STEP_SECONDS
            early = call.began < at < call.began + interval
            if ours and began <= call.began and early and not by_timeout:
                yield f"{arn}: event {event['id']} comes {at - call.began:.3f} s after a heartbeat"


def one_execution_per_name(evidence):
    """R7, R40: the same start again is the same execution."""
    seen = collections.defaultdict(list)
    for arn, execution in evidence.executions.items():
        seen[json.loads(execution.description["input"])["id"]].append(arn)
    for number, arns in seen.items():
        if len(arns) > 1:
            yield f"start {number} made {arns}"
    answers = collections.defaultdict(set)
    for call in acknowledged(evidence, "start_execution"):
        if "name" in call.asked:
            key = call.asked["stateMachineArn"], call.asked["name"]
            answers[key].add((call.answer["executionArn"], call.answer["startDate"]))
    for (_, name), different in answers.items():
        if len(different) > 1:
            yield f"start {name} was answered with {different}"


def nothing_unhappens(evidence):
    """R8: what a history has shown once, it shows for ever."""
    longest = collections.defaultdict(list)
    for reading in sorted(evidence.readings, key=lambda reading: reading.ended):
        execution = evidence.executions.get(reading.execution)
        final = [canonical(event) for event in execution.events] if execution else []
        if final[: len(reading.events)] != reading.events:
            at = next(
                (n for n, text in enumerate(reading.events) if final[n:n + 1] != [text]), 0
            )
            yield f"{reading.execution}: event {at + 1} was {reading.events[at]}"
        earlier = longest[reading.execution]
        if any(end < reading.began and n > len(reading.events) for end, n in earlier):
            yield f"{reading.execution}: a later reading has only {len(reading.events)} events"
        earlier.append((reading.ended, len(reading.events)))
    for call in evidence.calls:
        if call.operation == "get_activity_task" and "taskToken" in call.answer:
            number = json.loads(call.answer["input"])["id"]
            execution = evidence.executions.get(evidence.arn_of_id.get(number))
            worker = call.asked["workerName"]
            if execution is None or worker not in workers_of(execution):
                yield f"start {number}: its task was handed to {worker}, of which nothing is left"


def workers_of(execution):
    """Who got a task of it."""
    started = (e for e in execution.events if e["type"] == "ActivityStarted")
    return [details(event).get("workerName") for event in started]


# ---------------------------------------------------------------- tokens and hand-out


def one_end_per_attempt(evidence):
    """R10: an attempt ends once."""
    for arn, execution in evidence.executions.items():
        ends = collections.Counter(
            event["previousEventId"] for event in execution.events if event["type"] in CLOSING
        )
        for event, count in ends.items():
            if count > 1:
                yield f"{arn}: the attempt started by event {event} ended {count} times"


def second_completions(evidence):
    """R11: a closed attempt refuses every completion, with TaskTimedOut."""
    closed = set()
    for call in evidence.calls:
        if call.operation not in COMPLETIONS:
            continue
        token = call.asked["taskToken"]
        if token in closed and call.outcome == ACKNOWLEDGED:
            yield f"a second completion was acknowledged: {call.asked}"
        if call.outcome == REFUSED and call.code != "TaskTimedOut":
            yield f"a token that was handed out was refused with {call.code}: {call.asked}"
        # Calls of one token come from one thread, in order.
        if call.outcome == ACKNOWLEDGED:
            closed.add(token)


def every_attempt_is_somewhere(evidence):
    """R14: a scheduled attempt is closed, or still open; never forgotten."""
    for arn, execution in evidence.executions.items():
        if execution.description["status"] != "SUCCEEDED":
            continue
        after = collections.defaultdict(set)
        for event in execution.events:
            after[event["previousEventId"]].add(event["type"])
        for event in execution.events:
            open_end = {
                "ActivityScheduled": {"ActivityStarted"}, "ActivityStarted": CLOSING,
            }.get(event["type"])
            if open_end and not after[event["id"]] & open_end:
                yield f"{arn}: event {event['id']}, {event['type']}, leads nowhere"


def worker_names(evidence):
    """R16: the history names the worker that got the token."""
    for call in evidence.calls:
        if call.operation not in COMPLETIONS or call.outcome != ACKNOWLEDGED:
            continue
        mark = call.asked.get("output") or call.asked.get("cause")
        arn = evidence.arn_of_id.get(call.note["id"])
        if arn is None:
            continue
        events = by_id(evidence.executions[arn].events)
        for event in events.values():
            if completion_mark(event) == mark:
                started = events.get(event["previousEventId"], {})
                if details(started).get("workerName") != call.note["worker"]:
                    yield f"{arn}: event {event['id']} is the work of {call.note['worker']}"


# ---------------------------------------------------------------- history


def dense_ids(evidence):
    """R19: ids are 1 to n."""
    for arn, execution in evidence.executions.items():
        ids = [event["id"] for event in execution.events]
        if ids != list(range(1, len(ids) + 1)):
            yield f"{arn}: {ids}"


def previous_events(evidence):
    """R20: an event points back, at the event it follows."""
    for arn, execution in evidence.executions.items():
        for position, event in enumerate(execution.events):
            previous = event["previousEventId"]
            bare = event["type"] in ("ExecutionStarted", "ExecutionAborted", "ExecutionTimedOut")
            if bare or position == 1:
                if previous != 0:
                    yield f"{arn}: event {event['id']}, {event['type']}, points at {previous}"
            elif not 0 < previous < event["id"]:
                yield f"{arn}: event {event['id']} points at {previous}"


def one_terminal_event(evidence):
    """R21: one terminal event, the last, and it is what the description says."""
    for arn, execution in evidence.executions.items():
        types = [event["type"] for event in execution.events]
        ends = [place for place, name in enumerate(types) if name in TERMINAL]
        expected = [len(types) - 1] if closed_execution(execution) else []
        if ends != expected:
            yield f"{arn}: {execution.description['status']}, terminal events at {ends}"
        elif ends:
            status = types[-1].removeprefix("Execution").upper().replace("TIMEDOUT", "TIMED_OUT")
            if status != execution.description["status"]:
                yield f"{arn}: ends with {types[-1]}, is {execution.description['status']}"


def times_do_not_go_back(evidence):
    """R22: time stamps never go back."""
    for arn, execution in evidence.executions.items():
        events = execution.events
        for one, next_one in zip(events, events[1:]):
            if next_one["timestamp"] < one["timestamp"]:
                yield f"{arn}: event {next_one['id']} is older than event {one['id']}"


def states_are_brackets(evidence):
    """R23: within a state, events follow one another as its type demands."""
    for arn, execution in evidence.executions.items():
        events = by_id(execution.events)
        followers = collections.Counter()
        for event in execution.events:
            previous = events.get(event["previousEventId"])
            allowed = FOLLOWS.get(event["type"])
            if allowed is None:
                continue
            if previous is None or previous["type"] not in allowed:
                yield f"{arn}: event {event['id']}, {event['type']}, follows {previous}"
                continue
            followers[previous["id"]] += 1
            if followers[previous["id"]] > 1:
                yield f"{arn}: event {previous['id']} has two followers"
            if event["type"].endswith("StateExited"):
                name = details(event)["name"]
                begin = entered(event, events)
                if begin is None or details(begin)["name"] != name:
                    yield f"{arn}: event {event['id']} leaves {name}, which was not entered"


def every_start_is_listed(evidence):
    """R42: an acknowledged start is in the list of its state machine."""
    for call in acknowledged(evidence, "start_execution"):
        if call.answer["executionArn"] not in evidence.listed:
            yield f"{call.answer['executionArn']}: acknowledged, not listed"


# ---------------------------------------------------------------- time and progress


def nothing_fires_early(evidence):
    """R27: no wait, timeout or retry comes before its time."""
    for arn, execution in evidence.executions.items():
        definition = definition_of(evidence, execution)
        states = states_of(definition)
        events = by_id(execution.events)
        for event in execution.events:
            previous = events.get(event["previousEventId"])
            state = state_of(event, events, states)
            least = 0
            if event["type"] == "WaitStateExited":
                least = state.get("Seconds", 0)
            elif event["type"] == "ActivityTimedOut":
                least = min(
                    state.get("TimeoutSeconds", 99_999_999),
                    state.get("HeartbeatSeconds", 99_999_999),
                )
            elif event["type"] == "ActivityScheduled" and (previous or event)["type"] in CLOSING:
                least = state.get("Retry", [{"IntervalSeconds": 0}])[0]["IntervalSeconds"]
            elif event["type"] == "ExecutionTimedOut":
                previous, least = execution.events[0], definition["TimeoutSeconds"]
            if least and previous is not None:
                took = (event["timestamp"] - previous["timestamp"]).total_seconds()
                if took < least:
                    yield f"{arn}: event {event['id']} after {took} s, not {least} s"


def nothing_is_stuck(evidence):
    """R32: when the faults end, everything comes to its end."""
    for arn, execution in evidence.executions.items():
        if not closed_execution(execution):
            yield f"{arn}: running, its last event is {execution.events[-1]['type']}"


def attempts_are_bounded(evidence):
    """R36: no more attempts than the retriers allow."""
    for arn, execution in evidence.executions.items():
        states = states_of(definition_of(evidence, execution))
        events = by_id(execution.events)
        attempts = collections.Counter()
        for event in execution.events:
            if event["type"] == "ActivityScheduled":
                begin = entered(event, events)
                if begin is not None:
                    attempts[begin["id"]] += 1
        for begin, count in attempts.items():
            state = states[details(events[begin])["name"]]
            most = 1 + sum(retrier["MaxAttempts"] for retrier in state.get("Retry", []))
            if count > most:
                yield f"{arn}: {count} attempts of the state entered by event {begin}"


RULES = {
    "R1": acknowledged_starts,
    "R2": acknowledged_completions,
    "R4": acknowledged_stops,
    "R5": heartbeats_count,
    "R7": one_execution_per_name,
    "R8": nothing_unhappens,
    "R10": one_end_per_attempt,
    "R11": second_completions,
    "R14": every_attempt_is_somewhere,
    "R16": worker_names,
    "R19": dense_ids,
    "R20": previous_events,
    "R21": one_terminal_event,
    "R22": times_do_not_go_back,
    "R23": states_are_brackets,
    "R27": nothing_fires_early,
    "R32": nothing_is_stuck,
    "R36": attempts_are_bounded,
    "R42": every_start_is_listed,
}
