"""EXPRESS state machines with boto3: synchronous and asynchronous executions, and what AWS refuses."""

import json
import os
import unittest
import unittest.mock

import boto3

from towpath_server import ROLE, ServerTestCase, client_environment, definition, unique

PASS = definition({"Type": "Pass", "Result": {"a": 1}})
FAIL = json.dumps({
    "StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "E", "Cause": "c"}},
})
WAIT = definition({"Type": "Wait", "Seconds": 1})


class Express(ServerTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sfn = cls.server.client(inject_host_prefix=False)

    def machine_of(self, text, kind="EXPRESS"):
        made = self.sfn.create_state_machine(
            name=unique("m"), definition=text, roleArn=ROLE, type=kind
        )
        return made["stateMachineArn"]

    def test_a_synchronous_execution(self):
        machine = self.machine_of(PASS)
        done = self.sfn.start_sync_execution(
            stateMachineArn=machine, name="n", input='{"x": 1}'
        )
        self.assertEqual(done["status"], "SUCCEEDED")
        self.assertEqual(json.loads(done["output"]), {"a": 1})
        self.assertEqual(done["input"], '{"x": 1}')
        self.assertEqual(done["outputDetails"], {"included": True})
        self.assertIn(":express:", done["executionArn"])
        self.assertEqual(done["executionArn"].split(":")[7], "n")
        billed = {"billedDurationInMilliseconds": 100, "billedMemoryUsedInMB": 64}
        self.assertEqual(done["billingDetails"], billed)
        again = self.sfn.start_sync_execution(
            stateMachineArn=machine, name="n", includedData="METADATA_ONLY"
        )
        self.assertNotEqual(again["executionArn"], done["executionArn"])
        self.assertNotIn("output", again)

    def test_a_client_that_is_told_all_by_the_environment(self):
        machine = self.machine_of(PASS)
        environment = client_environment(self.server.endpoint)
        with unittest.mock.patch.dict(os.environ, environment, clear=True):
            done = boto3.Session().client("stepfunctions").start_sync_execution(
                stateMachineArn=machine
            )
        self.assertEqual(done["status"], "SUCCEEDED")

    def test_it_fails_and_waits(self):
        done = self.sfn.start_sync_execution(stateMachineArn=self.machine_of(FAIL))
        self.assertEqual((done["status"], done["error"], done["cause"]), ("FAILED", "E", "c"))
        done = self.sfn.start_sync_execution(stateMachineArn=self.machine_of(WAIT))
        lasted = done["stopDate"] - done["startDate"]
        self.assertGreaterEqual(lasted.total_seconds(), 1)

    def test_what_aws_refuses(self):
        machine = self.machine_of(WAIT)
        started = self.sfn.start_execution(stateMachineArn=machine, name="n")
        again = self.sfn.start_execution(stateMachineArn=machine, name="n")
        arn = started["executionArn"]
        self.assertNotEqual(arn, again["executionArn"], "names may repeat")
        for operation in (
            self.sfn.describe_execution, self.sfn.get_execution_history, self.sfn.stop_execution,
        ):
            message = self.refused("InvalidArn", operation, executionArn=arn)
            self.assertEqual(
                message, "Invalid Arn: 'Resource type not valid in this context: express'"
            )
        self.refused(
            "StateMachineTypeNotSupported", self.sfn.list_executions, stateMachineArn=machine
        )
        standard = self.machine_of(PASS, "STANDARD")
        self.refused(
            "StateMachineTypeNotSupported", self.sfn.start_sync_execution, stateMachineArn=standard
        )

    def test_updates_are_valid_for_the_type(self):
        machine = self.machine_of(PASS)
        task = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2"}
        message = self.refused(
            "InvalidDefinition", self.sfn.update_state_machine,
            stateMachineArn=machine, definition=definition(task),
        )
        self.assertIn("Express state machine does not support '.sync'", message)


if __name__ == "__main__":
    unittest.main()
