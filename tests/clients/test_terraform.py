"""What Terraform's AWS provider asks for, call by call.

The provider itself cannot be had from a package registry, so its sequences are played here with
boto3, as its source has them (internal/service/sfn of terraform-provider-aws).
"""

import json
import time
import unittest

import boto3
from botocore.config import Config

from towpath_server import REGION, ROLE, ServerTestCase, definition, unique

# The provider waits up to five minutes for a deletion and two for an update to show.
WAIT_SECONDS = 30


class Terraform(ServerTestCase):
    def until(self, look):
        """Asks until it says yes, as the provider's waiters do."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not look():
            self.assertLess(time.monotonic(), deadline, "it never came true")
            time.sleep(0.05)

    def gone(self, machine):
        """Whether a description says that there is no such state machine."""
        try:
            described = self.sfn.describe_state_machine(stateMachineArn=machine)
        except self.sfn.exceptions.StateMachineDoesNotExist:
            return True
        self.assertEqual(described["status"], "DELETING")
        return False

    def refresh(self, machine):
        """What `plan` reads of a state machine: description, versions, tags."""
        described = self.sfn.describe_state_machine(stateMachineArn=machine)
        for member in ("name", "definition", "roleArn", "type", "creationDate", "status",
                       "loggingConfiguration", "tracingConfiguration"):
            self.assertIn(member, described)
        listed = self.sfn.list_state_machine_versions(stateMachineArn=machine)
        tags = self.sfn.list_tags_for_resource(resourceArn=machine)["tags"]
        versions = [it["stateMachineVersionArn"] for it in listed["stateMachineVersions"]]
        return described, versions, {tag["key"]: tag["value"] for tag in tags}

    def validate(self, text):
        """What `plan` asks before it changes a definition."""
        found = self.sfn.validate_state_machine_definition(definition=text, type="STANDARD")
        return found["result"], found["diagnostics"]

    def test_the_provider_starts(self):
        sts = boto3.client(
            "sts", endpoint_url=self.server.endpoint, region_name=REGION,
            aws_access_key_id="test", aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )
        answer = sts.get_caller_identity()
        # The provider takes partition and account from the ARN.
        self.assertEqual(answer["Arn"].split(":")[:5], ["arn", "aws", "iam", "", answer["Account"]])

    def test_plan_refuses_a_wrong_definition(self):
        self.assertEqual(self.validate(definition({"Type": "Pass"})), ("OK", []))
        result, diagnostics = self.validate('{"StartAt": "A", "States": {}}')
        self.assertEqual(result, "FAIL")
        # Printed as `severity (code): message`.
        for member in ("severity", "code", "message"):
            self.assertTrue(diagnostics[0][member], diagnostics)

    def test_state_machine(self):
        text = json.dumps(json.loads(definition({"Type": "Pass"})), indent=2)
        name = unique("tf")
        made = self.sfn.create_state_machine(
            name=name, definition=text, roleArn=ROLE, type="STANDARD", publish=False,
            tags=[{"key": "Name", "value": "tf"}],
            loggingConfiguration={"level": "OFF", "includeExecutionData": False},
            tracingConfiguration={"enabled": False},
            encryptionConfiguration={"type": "AWS_OWNED_KEY"},
        )
        machine = made["stateMachineArn"]
        described, versions, tags = self.refresh(machine)
        self.assertEqual(described["definition"], text, "as it was given, blanks and all")
        self.assertEqual((versions, tags), ([], {"Name": "tf"}))
        self.assertEqual(described["status"], "ACTIVE")

        changed = definition({"Type": "Pass", "Result": 1})
        self.assertEqual(self.validate(changed)[0], "OK")
        updated = self.sfn.update_state_machine(
            stateMachineArn=machine, definition=changed, roleArn=ROLE, publish=True,
            versionDescription="second",
            loggingConfiguration={"level": "OFF", "includeExecutionData": False},
            tracingConfiguration={"enabled": True},
        )
        self.assertEqual(updated["stateMachineVersionArn"], f"{machine}:1")
        self.until(lambda: json.loads(self.refresh(machine)[0]["definition"]) == json.loads(changed))
        self.sfn.untag_resource(resourceArn=machine, tagKeys=["Name"])
        self.sfn.tag_resource(resourceArn=machine, tags=[{"key": "team", "value": "t"}])
        described, versions, tags = self.refresh(machine)
        self.assertEqual(described["tracingConfiguration"], {"enabled": True})
        self.assertTrue(described["revisionId"])
        self.assertEqual((versions, tags), ([f"{machine}:1"], {"team": "t"}))

        again = self.sfn.update_state_machine(
            stateMachineArn=machine, definition=text, roleArn=ROLE, publish=True
        )
        self.assertEqual(again["stateMachineVersionArn"], f"{machine}:2")
        self.assertEqual(self.refresh(machine)[1], [f"{machine}:2", f"{machine}:1"], "newest first")

        self.sfn.delete_state_machine(stateMachineArn=machine)
        self.until(lambda: self.gone(machine))
        # A second apply makes it anew under the same name.
        anew = self.sfn.create_state_machine(name=name, definition=text, roleArn=ROLE)
        self.assertEqual(anew["stateMachineArn"], machine)

    def test_activity(self):
        made = self.sfn.create_activity(name=unique("tf"), tags=[{"key": "a", "value": "b"}])
        activity = made["activityArn"]
        described = self.sfn.describe_activity(activityArn=activity)
        self.assertEqual(described["creationDate"], made["creationDate"])
        tags = self.sfn.list_tags_for_resource(resourceArn=activity)["tags"]
        self.assertEqual(tags, [{"key": "a", "value": "b"}])
        self.sfn.untag_resource(resourceArn=activity, tagKeys=["a"])
        self.assertEqual(self.sfn.list_tags_for_resource(resourceArn=activity)["tags"], [])
        self.sfn.delete_activity(activityArn=activity)
        self.refused("ActivityDoesNotExist", self.sfn.describe_activity, activityArn=activity)

    def test_alias(self):
        made = self.sfn.create_state_machine(
            name=unique("tf"), definition=definition({"Type": "Pass"}), roleArn=ROLE,
            publish=True, versionDescription="first",
        )
        machine, first = made["stateMachineArn"], made["stateMachineVersionArn"]
        alias = self.sfn.create_state_machine_alias(
            name="live", description="d",
            routingConfiguration=[{"stateMachineVersionArn": first, "weight": 100}],
        )["stateMachineAliasArn"]
        described = self.sfn.describe_state_machine_alias(stateMachineAliasArn=alias)
        self.assertEqual((described["name"], described["description"]), ("live", "d"))
        second = self.sfn.update_state_machine(
            stateMachineArn=machine, definition=definition({"Type": "Wait", "Seconds": 0}), publish=True
        )["stateMachineVersionArn"]
        routing = [
            {"stateMachineVersionArn": first, "weight": 60},
            {"stateMachineVersionArn": second, "weight": 40},
        ]
        self.sfn.update_state_machine_alias(
            stateMachineAliasArn=alias, routingConfiguration=routing
        )
        described = self.sfn.describe_state_machine_alias(stateMachineAliasArn=alias)
        self.assertEqual(described["routingConfiguration"], routing)
        self.sfn.delete_state_machine_alias(stateMachineAliasArn=alias)
        self.refused(
            "ResourceNotFound", self.sfn.describe_state_machine_alias, stateMachineAliasArn=alias
        )

    def test_data_sources(self):
        made = {self.machine(definition({"Type": "Pass"})) for _ in range(3)}
        pages = self.sfn.get_paginator("list_state_machines").paginate(
            PaginationConfig={"PageSize": 1}
        )
        listed = [it["stateMachineArn"] for page in pages for it in page["stateMachines"]]
        self.assertEqual(len(listed), len(set(listed)))
        self.assertLessEqual(made, set(listed))
        machine = made.pop()
        listed = self.sfn.list_state_machine_versions(stateMachineArn=machine)
        self.assertEqual(listed["stateMachineVersions"], [])
        # The action aws_sfn_start_execution.
        execution = self.start(machine, {"from": "terraform"}, name="tf")
        self.assertEqual(self.finished(execution)["status"], "SUCCEEDED")


if __name__ == "__main__":
    unittest.main()
