"""Expressions that mean harm: each fails its own execution, soon, and nothing else."""

import concurrent.futures
import json
import time
import unittest

from towpath_server import ROLE, ServerTestCase, definition, unique

# Generous: what must not happen is a hang, an abort or memory without an end.
SECONDS_MAX = 8
MEMORY_MIB_MAX = 512
# What stands before another execution, with room for a busy machine.
OTHERS_SECONDS_MAX = 2

JSONATA = {
    "recursion": "($f := function($n) { 1 + $f($n + 1) }; $f(0))",
    "tail recursion": "($f := function($n) { $f($n + 1) }; $f(0))",
    "a long range": "[1..9999999]",
    "ranges of ranges": "[1..10000].[1..10000]",
    "backtracking": '$match("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", /(a+)+$/)',
    "backtracking in a split": '$split("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", /(a|aa)+$/)',
    "padding": '$pad("x", 1000000000)',
    "doubling a text": (
        "($f := function($s, $n) { $n = 0 ? $s : $f($s & $s, $n - 1) }; $f('xxxxxxxx', 40))"
    ),
    "doubling a list": (
        "($f := function($a, $n) { $n = 0 ? $a : $f($append($a, $a), $n - 1) }; $f([1, 2], 40))"
    ),
}

JSONPATH = {
    "deep scans": "$..*..*..*..*",
    "an array of a thousand": "States.ArrayRange(0, 1000000000, 1)",
}


def nested(levels):
    """A document that is `levels` deep, twice as wide at each of the last."""
    value = 1
    for level in range(levels):
        value = {"a": value, "b": [value] if level < 8 else 1}
    return value


class HostileExpressions(ServerTestCase):
    def ends_soon(self, title, machine, input_text, errors):
        arn = self.sfn.create_state_machine(
            name=unique("hostile"), definition=machine, roleArn=ROLE
        )["stateMachineArn"]
        started = time.monotonic()
        execution = self.sfn.start_execution(stateMachineArn=arn, input=input_text)["executionArn"]
        while True:
            found = self.sfn.describe_execution(executionArn=execution)
            if found["status"] != "RUNNING":
                break
            self.assertLess(time.monotonic() - started, SECONDS_MAX, title)
        self.assertLess(time.monotonic() - started, SECONDS_MAX, title)
        self.assertEqual(found["status"], "FAILED", title)
        self.assertIn(found["error"], errors, title)

    def memory_mib(self):
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
        raise AssertionError("no VmHWM")

    def test_jsonata(self):
        for title, expression in JSONATA.items():
            with self.subTest(title):
                machine = definition(
                    {"Type": "Pass", "Output": "{% " + expression + " %}"}, QueryLanguage="JSONata"
                )
                self.ends_soon(title, machine, "{}", {"States.QueryEvaluationError"})
        self.assertLess(self.memory_mib(), MEMORY_MIB_MAX)

    def test_jsonpath(self):
        for title, expression in JSONPATH.items():
            with self.subTest(title):
                machine = definition({"Type": "Pass", "Parameters": {"x.$": expression}})
                errors = {
                    "States.Runtime",
                    "States.IntrinsicFailure",
                    "States.DataLimitExceeded",
                }
                self.ends_soon(title, machine, json.dumps(nested(40)), errors)
        self.assertLess(self.memory_mib(), MEMORY_MIB_MAX)

    def test_others_go_on_meanwhile(self):
        hostile = self.sfn.create_state_machine(
            name=unique("hostile"),
            definition=definition(
                {"Type": "Pass", "Output": "{% " + JSONATA["backtracking"] + " %}"},
                QueryLanguage="JSONata",
            ),
            roleArn=ROLE,
        )["stateMachineArn"]
        harmless = self.sfn.create_state_machine(
            name=unique("harmless"), definition=definition({"Type": "Pass"}), roleArn=ROLE
        )["stateMachineArn"]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            hostiles = [
                pool.submit(self.sfn.start_execution, stateMachineArn=hostile) for _ in range(4)
            ]
            slowest = 0
            while not all(start.done() for start in hostiles):
                started = time.monotonic()
                execution = self.sfn.start_execution(stateMachineArn=harmless)["executionArn"]
                found = self.sfn.describe_execution(executionArn=execution)
                self.assertEqual(found["status"], "SUCCEEDED")
                slowest = max(slowest, time.monotonic() - started)
        # Two may stand before it, a quarter of a second each.
        self.assertLess(slowest, OTHERS_SECONDS_MAX)

    def tearDown(self):
        # It is still there for everybody else.
        self.sfn.list_activities()


if __name__ == "__main__":
    unittest.main()
