"""Quotas: as AWS publishes them, or as the operator sets them; none unless asked for."""

import urllib.request

from towpath_server import ROLE, ServerTestCase, definition, unique

PASS = definition({"Type": "Pass"})
WAIT = definition({"Type": "Wait", "Seconds": 600})


def throttled(call, times, **parameters):
    """How many of so many calls were refused, each for coming too often."""
    refused = 0
    for _ in range(times):
        try:
            call(**parameters)
        except call.__self__.exceptions.ClientError as error:
            answer = error.response
            assert answer["Error"] == {"Code": "ThrottlingException", "Message": "Rate exceeded"}
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
            refused += 1
    return refused


class AsPublished(ServerTestCase):
    # TagResource is refilled so slowly that the test cannot be too slow.
    FLAGS = ("--quotas-profile", "aws", "--quota", "TagResource=3/0.001")

    def metric(self, line):
        with urllib.request.urlopen(f"{self.server.endpoint}/metrics", timeout=10) as answer:
            found = [it for it in answer.read().decode().splitlines() if it.startswith(line + " ")]
        return float(found[0].rpartition(" ")[2])

    def test_a_burst_and_no_more(self):
        arn = self.activity()
        tags = [{"key": "k", "value": "v"}]
        refused = throttled(self.sfn.tag_resource, 5, resourceArn=arn, tags=tags)
        self.assertEqual(refused, 2)
        self.assertEqual(self.metric('api_throttled_total{op="TagResource"}'), 2)
        # Each operation has its own bucket; 200 of these come at once, and one per second after.
        self.assertEqual(throttled(self.sfn.describe_activity, 150, activityArn=arn), 0)
        self.assertGreater(throttled(self.sfn.describe_activity, 400, activityArn=arn), 200)

    def test_a_client_that_retries_gets_through(self):
        patient = self.server.client(retries={"mode": "standard", "max_attempts": 8})
        for _ in range(105):
            patient.list_state_machines()

    def test_what_the_door_refuses_costs_nothing(self):
        for _ in range(120):
            self.refused("ValidationException", self.sfn.create_activity, name="x" * 81)
        self.activity()


class Counts(ServerTestCase):
    FLAGS = (
        "--quota", "state_machines=2", "--quota", "activities=1,open_executions=2",
        "--quota", "StopExecution=1000/1000",
    )

    def test_counts(self):
        self.activity()
        message = self.refused("ActivityLimitExceeded", self.sfn.create_activity, name="more")
        self.assertIn("at most 1", message)
        machine = self.machine(WAIT)
        other = self.machine(WAIT)
        again = {"definition": WAIT, "roleArn": ROLE, "name": other.rpartition(":")[2]}
        self.assertEqual(self.sfn.create_state_machine(**again)["stateMachineArn"], other)
        self.refused(
            "StateMachineLimitExceeded", self.sfn.create_state_machine,
            name=unique("m"), definition=WAIT, roleArn=ROLE,
        )
        self.sfn.delete_state_machine(stateMachineArn=other)
        self.machine(WAIT)

        first = self.start(machine, name="first")
        second = self.start(machine)
        start = self.sfn.start_execution
        self.refused("ExecutionLimitExceeded", start, stateMachineArn=machine)
        self.assertEqual(self.start(machine, name="first"), first, "that one is there already")
        self.sfn.stop_execution(executionArn=second)
        third = self.start(machine)
        self.refused("ExecutionLimitExceeded", self.sfn.redrive_execution, executionArn=second)
        self.sfn.stop_execution(executionArn=third)
        self.sfn.redrive_execution(executionArn=second)

    def test_nothing_else_is_limited(self):
        self.assertEqual(throttled(self.sfn.list_activities, 300), 0)


class Starts(ServerTestCase):
    FLAGS = ("--quota", "StartExecution=2/0.001,StartExecutionExpress=3/0.001")

    def test_standard_and_express_have_their_own(self):
        standard = self.machine(PASS)
        express = self.sfn.create_state_machine(
            name=unique("m"), definition=PASS, roleArn=ROLE, type="EXPRESS"
        )["stateMachineArn"]
        start = self.sfn.start_execution
        self.assertEqual(throttled(start, 5, stateMachineArn=express), 2)
        self.assertEqual(throttled(start, 5, stateMachineArn=standard), 3)
        self.assertEqual(throttled(start, 1, stateMachineArn=express), 1)
