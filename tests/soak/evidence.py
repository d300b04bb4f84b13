"""What the clients of a run have seen: their calls, what they read, and the end state."""

import dataclasses
import functools
import json
import threading
import time

import botocore.exceptions
import botocore.parsers

ACKNOWLEDGED = "acknowledged"
REFUSED = "refused"
UNKNOWN = "unknown"

TERMINAL = {"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"}


@dataclasses.dataclass
class Call:
    """One call: what was asked, when, and what became of it.

    `outcome` is REFUSED if the server said no, and UNKNOWN if nothing (or a 5xx) came back:
    then the server may have done it or not. `code` is the error code of a refusal.
    """

    operation: str
    asked: dict
    began: float
    ended: float
    outcome: str
    answer: dict = dataclasses.field(default_factory=dict)
    code: str = ""
    note: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Reading:
    """A history as somebody read it; `events` are canonical texts."""

    execution: str
    began: float
    ended: float
    events: list


@dataclasses.dataclass
class Execution:
    """An execution as it is at the end."""

    description: dict
    events: list


@dataclasses.dataclass
class Evidence:
    """All that the checker looks at."""

    calls: list = dataclasses.field(default_factory=list)
    readings: list = dataclasses.field(default_factory=list)
    executions: dict = dataclasses.field(default_factory=dict)
    definitions: dict = dataclasses.field(default_factory=dict)
    listed: set = dataclasses.field(default_factory=set)

    @functools.cached_property
    def arn_of_id(self):
        """{number of a start: its execution}; the number is part of the input."""
        return {
            json.loads(execution.description["input"])["id"]: arn
            for arn, execution in self.executions.items()
        }


def canonical(event):
    """The text of an event, by which two readings are compared."""
    return json.dumps(event, sort_keys=True, default=lambda moment: moment.timestamp())


class Journal:
    """Makes calls and writes each down. Shared by all threads of a run."""

    def __init__(self, client):
        self.client = client
        self.evidence = Evidence()
        self.broken = []
        self._lock = threading.Lock()

    def call(self, operation, note=None, **asked):
        """Makes one call; the Call that was written down."""
        began = time.time()
        answer, code = {}, ""
        try:
            answer = getattr(self.client, operation)(**asked)
            answer.pop("ResponseMetadata", None)
            outcome = ACKNOWLEDGED
        except botocore.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            outcome = UNKNOWN if status >= 500 else REFUSED
        except (botocore.exceptions.BotoCoreError, botocore.parsers.ResponseParserError) as error:
            code = type(error).__name__
            outcome = UNKNOWN
        except AssertionError as error:
            # An answer that does not fit the model. The run goes on; the checker is told.
            self.broken.append(str(error))
            outcome = UNKNOWN
        made = Call(operation, asked, began, time.time(), outcome, answer, code, note or {})
        with self._lock:
            self.evidence.calls.append(made)
        return made

    def read_history(self, execution):
        """All events of an execution, or None if the server went away meanwhile."""
        began = time.time()
        events, asked = [], {"executionArn": execution, "maxResults": 1000}
        while True:
            try:
                page = self.client.get_execution_history(**asked)
            except (botocore.exceptions.BotoCoreError, botocore.parsers.ResponseParserError):
                return None
            except botocore.exceptions.ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                    return None
                raise
            events += page["events"]
            if "nextToken" not in page:
                break
            asked["nextToken"] = page["nextToken"]
        reading = Reading(execution, began, time.time(), [canonical(event) for event in events])
        with self._lock:
            self.evidence.readings.append(reading)
        return events
