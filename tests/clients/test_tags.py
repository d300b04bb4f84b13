"""Tags: on what AWS tags, as many and of such characters as AWS takes."""

import unittest

from towpath_server import ROLE, ServerTestCase, definition, unique

PASS = definition({"Type": "Pass"})


def tags(count, first=0):
    return [{"key": f"k{at:03}", "value": "v"} for at in range(first, first + count)]


class Tags(ServerTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.unchecked = cls.server.client(parameter_validation=False)

    def tagged(self, arn):
        found = self.sfn.list_tags_for_resource(resourceArn=arn)["tags"]
        return {tag["key"]: tag["value"] for tag in found}

    def resources(self):
        return [self.activity(), self.machine(PASS)]

    def test_a_key_has_one_value(self):
        for arn in self.resources():
            self.sfn.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "1"}])
            self.sfn.tag_resource(
                resourceArn=arn, tags=[{"key": "a", "value": "2"}, {"key": "b", "value": ""}]
            )
            self.assertEqual(self.tagged(arn), {"a": "2", "b": ""})
            self.sfn.untag_resource(resourceArn=arn, tagKeys=["a", "never-there"])
            self.assertEqual(self.tagged(arn), {"b": ""})
            self.sfn.untag_resource(resourceArn=arn, tagKeys=[])
            self.sfn.tag_resource(resourceArn=arn, tags=[])
            self.assertEqual(self.tagged(arn), {"b": ""})

    def test_fifty_and_no_more(self):
        for arn in self.resources():
            self.sfn.tag_resource(resourceArn=arn, tags=tags(49))
            self.refused("TooManyTags", self.sfn.tag_resource, resourceArn=arn, tags=tags(2, 49))
            self.assertEqual(len(self.tagged(arn)), 49, "none or all")
            self.sfn.tag_resource(resourceArn=arn, tags=tags(1, 49))
            # Values of keys that are there may change.
            self.sfn.tag_resource(resourceArn=arn, tags=tags(50))
            self.refused("TooManyTags", self.sfn.tag_resource, resourceArn=arn, tags=tags(51))
            self.sfn.untag_resource(resourceArn=arn, tagKeys=["k000"])
            self.sfn.tag_resource(resourceArn=arn, tags=tags(1, 99))
        name = unique("a")
        self.refused("TooManyTags", self.sfn.create_activity, name=name, tags=tags(51))
        self.sfn.create_activity(name=name, tags=tags(50))
        machine = {"name": unique("m"), "definition": PASS, "roleArn": ROLE}
        self.refused("TooManyTags", self.sfn.create_state_machine, **machine, tags=tags(51))
        self.sfn.create_state_machine(**machine, tags=tags(50))

    def test_characters_and_lengths(self):
        arn = self.activity()
        for key, value in (
            ("x" * 128, "y" * 256), ("é" * 128, "文" * 256), ("_.:/=+-@ 9", ""), ("AWS:x", "aws:x"),
        ):
            self.sfn.tag_resource(resourceArn=arn, tags=[{"key": key, "value": value}])
            self.assertEqual(self.tagged(arn)[key], value)
        for key, value, at in (
            ("aws:x", "v", "tags.1.member.key"), ("", "v", "tags.1.member.key"),
            ("x" * 129, "v", "tags.1.member.key"), ("k", "y" * 257, "tags.1.member.value"),
            ("a*", "v", "tags.1.member.key"), ("k", "<b>", "tags.1.member.value"),
            ("a\n", "v", "tags.1.member.key"), (None, "v", "tags.1.member.key"),
        ):
            with self.subTest(key=key, value=value):
                message = self.refused(
                    "ValidationException", self.unchecked.tag_resource,
                    resourceArn=arn, tags=[{"key": key, "value": value}],
                )
                self.assertIn(f"at '{at}' failed", message)
        # What cannot be set is not there: it may be asked to be taken away.
        self.sfn.untag_resource(resourceArn=arn, tagKeys=["aws:x", "a*"])

    def test_only_state_machines_and_activities(self):
        machine = self.machine(PASS)
        execution = self.start(machine)
        map_run = machine.replace(":stateMachine:", ":mapRun:")
        map_run += "/Label:0b2f9aa5-4a4e-4a3c-9d4f-c7a1f6f2a111"
        nobody = machine + "-nobody"
        cases = {
            "InvalidArn": [execution, map_run, "x", machine.replace(":states:", ":lambda:")],
            "ResourceNotFound": [
                nobody, f"{machine}:1", f"{machine}:PROD",
                machine.replace(":us-east-1:", ":eu-west-1:"),
            ],
        }
        for code, arns in cases.items():
            for arn in arns:
                with self.subTest(arn):
                    self.refused(code, self.sfn.tag_resource, resourceArn=arn, tags=tags(1))
                    self.refused(code, self.sfn.untag_resource, resourceArn=arn, tagKeys=["k"])
                    self.refused(code, self.sfn.list_tags_for_resource, resourceArn=arn)


if __name__ == "__main__":
    unittest.main()
