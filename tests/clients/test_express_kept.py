"""EXPRESS executions that are kept: what is found of them, by whom, over a restart, and until when."""

import json
import socket
import time
import unittest

from towpath_server import ROLE, Server, ServerTestCase, definition, unique

PASS = definition({"Type": "Pass", "Result": {"a": 1}})
OTHER = definition({"Type": "Pass", "Result": {"a": 2}})
WAIT = definition({"Type": "Wait", "Seconds": 1})


def eventually(test, found, what, timeout_seconds=10):
    """Waits until `found` says yes."""
    deadline = time.monotonic() + timeout_seconds
    while not found():
        if time.monotonic() > deadline:
            test.fail(what)
        time.sleep(0.02)


def express_machine(sfn, text):
    """The ARN of a new EXPRESS machine."""
    made = sfn.create_state_machine(
        name=unique("m"), definition=text, roleArn=ROLE, type="EXPRESS"
    )
    return made["stateMachineArn"]


def listed(sfn, machine):
    """ARNs and statuses, newest first."""
    page = sfn.list_executions(stateMachineArn=machine)["executions"]
    return [(item["executionArn"], item["status"]) for item in page]


class KeptForAnHour(ServerTestCase):
    FLAGS = ("--express-retention", "1h")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sfn = cls.server.client(inject_host_prefix=False, read_timeout=15)

    def test_a_client_that_hangs_up_does_not_end_it(self):
        machine = express_machine(self.sfn, WAIT)
        body = json.dumps({"stateMachineArn": machine, "input": '{"x": 1}'})
        head = (
            "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            "Content-Type: application/x-amz-json-1.0\r\n"
            "X-Amz-Target: AWSStepFunctions.StartSyncExecution\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        address = ("127.0.0.1", self.server.port)
        with socket.create_connection(address) as connection:
            connection.sendall((head + body).encode())
            # Others are answered while it runs, and it is in no list before its end.
            self.assertEqual(listed(self.sfn, machine), [])
        eventually(self, lambda: listed(self.sfn, machine), "it did not end")
        [(arn, status)] = listed(self.sfn, machine)
        self.assertEqual(status, "SUCCEEDED")
        described = self.sfn.describe_execution(executionArn=arn)
        self.assertEqual(described["input"], '{"x": 1}')
        lasted = described["stopDate"] - described["startDate"]
        self.assertGreaterEqual(lasted.total_seconds(), 1)
        self.assertEqual(self.types(arn)[-1], "ExecutionSucceeded")

    def test_by_version_and_alias(self):
        machine = express_machine(self.sfn, PASS)
        version = self.sfn.publish_state_machine_version(stateMachineArn=machine)
        version = version["stateMachineVersionArn"]
        routing = [{"stateMachineVersionArn": version, "weight": 100}]
        alias = self.sfn.create_state_machine_alias(name="live", routingConfiguration=routing)
        alias = alias["stateMachineAliasArn"]
        self.sfn.update_state_machine(stateMachineArn=machine, definition=OTHER)
        for target, output in ((machine, {"a": 2}), (version, {"a": 1}), (alias, {"a": 1})):
            with self.subTest(target=target):
                done = self.sfn.start_sync_execution(stateMachineArn=target)
                self.assertEqual(json.loads(done["output"]), output)
                started = self.sfn.start_execution(stateMachineArn=target)["executionArn"]
                self.assertEqual(json.loads(self.finished(started)["output"]), output)
                for arn in (done["executionArn"], started):
                    described = self.sfn.describe_execution(executionArn=arn)
                    self.assertEqual(described["stateMachineArn"], machine)
                    versioned = described.get("stateMachineVersionArn")
                    self.assertEqual(versioned, None if target == machine else version)
                    aliased = described.get("stateMachineAliasArn")
                    self.assertEqual(aliased, alias if target == alias else None)
        self.assertEqual(len(listed(self.sfn, machine)), 6)
        self.assertEqual(len(listed(self.sfn, version)), 4)
        self.assertEqual(len(listed(self.sfn, alias)), 2)
        self.refused(
            "StateMachineDoesNotExist", self.sfn.start_sync_execution, stateMachineArn=f"{machine}:9"
        )


class Expiry(unittest.TestCase):
    def test_a_restart_takes_what_is_expired_and_nothing_else(self):
        server = Server("--express-retention", "1h")
        self.addCleanup(server.close)
        server.start()
        sfn = server.client(inject_host_prefix=False)
        made = sfn.create_state_machine(name=unique("s"), definition=PASS, roleArn=ROLE)
        standard = sfn.start_execution(stateMachineArn=made["stateMachineArn"])["executionArn"]
        machine = express_machine(sfn, PASS)
        version = sfn.publish_state_machine_version(stateMachineArn=machine)
        version = version["stateMachineVersionArn"]
        for target in (machine, version):
            sfn.start_sync_execution(stateMachineArn=target)
            sfn.start_execution(stateMachineArn=target)
        # What waited in memory alone does not come back, what was acknowledged goes on.
        slow = express_machine(sfn, WAIT)
        started = sfn.start_execution(stateMachineArn=slow)["executionArn"]
        server.kill()
        server.start()
        before = listed(sfn, machine)
        self.assertEqual(len(before), 4, "an hour is not over")
        eventually(
            self, lambda: listed(sfn, slow) == [(started, "SUCCEEDED")], "it did not go on"
        )
        server.kill()
        server.flags = ("--express-retention", "1s")
        # The first sweep is made at once, and finds all of them expired.
        time.sleep(1.1)
        server.start()
        for emptied in (machine, version, slow):
            eventually(self, lambda arn=emptied: listed(sfn, arn) == [], f"{emptied} is not empty")
        for arn, _ in before:
            with self.assertRaises(sfn.exceptions.ExecutionDoesNotExist):
                sfn.describe_execution(executionArn=arn)
            with self.assertRaises(sfn.exceptions.ExecutionDoesNotExist):
                sfn.get_execution_history(executionArn=arn)
        self.assertEqual(sfn.describe_execution(executionArn=standard)["status"], "SUCCEEDED")


if __name__ == "__main__":
    unittest.main()
