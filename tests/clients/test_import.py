"""`towpath import`: templates of CDK, SAM and the Serverless Framework, twice, and then an execution."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from towpath_server import ServerTestCase, binary, client_environment

FIXTURES = pathlib.Path(__file__).resolve().parent / "fixtures"
CDK = FIXTURES / "cdk" / "shop.template.json"
SERVERLESS = FIXTURES / "serverless" / "template.json"
SAM = FIXTURES / "sam" / "template.yaml"
PUBLISHED = FIXTURES / "sam" / "published.yaml"


class Import(ServerTestCase):
    def run_import(self, template, *words, code=0):
        """What the command printed, on both streams."""
        done = subprocess.run(
            [binary(), "import", str(template), *words],
            env=client_environment(self.server.endpoint), text=True, capture_output=True,
            stdin=subprocess.DEVNULL, timeout=60,
        )
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def plan(self, template, *words, code=0):
        """What became of each resource, by logical id."""
        plan = json.loads(self.run_import(template, "--format", "json", *words, code=code))
        return {it["logicalId"]: it for it in plan["resources"]}

    def actions(self, *arguments, **more):
        """What was done to the resources of Step Functions."""
        plan = self.plan(*arguments, **more)
        return {key: it["action"] for key, it in plan.items() if "States" in it["type"]
                or "Step" in it["type"] or "StateMachine" in it["type"]}

    def tags(self, arn):
        """All tags of a resource."""
        listed = self.sfn.list_tags_for_resource(resourceArn=arn)["tags"]
        return {tag["key"]: tag["value"] for tag in listed}

    def test_cdk(self):
        first = self.actions(CDK, "--dry-run")
        self.assertEqual(set(first.values()), {"create"})
        names = {it["name"] for it in self.sfn.list_state_machines()["stateMachines"]}
        self.assertNotIn("priced", names, "a dry run makes nothing")
        plan = self.plan(CDK)
        order = plan["Order702A5B72"]["arn"]
        self.assertRegex(order, r":stateMachine:shop-Order702A5B72-[A-Z2-7]{12}$")
        self.assertEqual(plan["OrderRoleFBD9F1A1"]["action"], "skipped")
        self.assertIn("AWS::IAM::Role", plan["OrderRoleFBD9F1A1"]["reason"])
        again = self.actions(CDK)
        self.assertEqual(again.keys(), first.keys())
        self.assertEqual(set(again.values()), {"unchanged"})

        self.assertEqual(self.tags(order), {"team": "shop"})
        described = self.sfn.describe_state_machine(stateMachineArn=order)
        self.assertEqual(described["loggingConfiguration"]["level"], "ERROR")
        text = json.loads(described["definition"])
        self.assertRegex(text["States"]["Bulky"]["Parameters"]["carrier"], "^shop-Price89D349F1-")
        priced = self.sfn.describe_state_machine(stateMachineArn=plan["Priced21205B25"]["arn"])
        self.assertRegex(
            json.loads(priced["definition"])["States"]["Ask for the price"]["Parameters"][
                "FunctionName"],
            r"^arn:aws:lambda:us-east-1:000000000000:function:shop-Price89D349F1-",
        )
        execution = self.start(order, {"price": 7})
        task = self.sfn.get_activity_task(activityArn=plan["PackD3D51A0C"]["arn"])
        self.sfn.send_task_success(taskToken=task["taskToken"], output='"packed"')
        self.assertEqual(json.loads(self.finished(execution)["output"]), "packed")

    def test_what_somebody_changed_is_put_right(self):
        plan = self.plan(CDK, "--stack-name", "drift")
        order = plan["Order702A5B72"]["arn"]
        self.assertIn("drift-Order702A5B72-", order)
        changed = '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}'
        self.sfn.update_state_machine(
            stateMachineArn=order, definition=changed, loggingConfiguration={"level": "OFF"}
        )
        self.sfn.tag_resource(resourceArn=order, tags=[
            {"key": "team", "value": "other"}, {"key": "mine", "value": "x"}])
        looked = self.plan(CDK, "--stack-name", "drift", "--dry-run")["Order702A5B72"]
        described = self.sfn.describe_state_machine(stateMachineArn=order)
        self.assertEqual(described["definition"], changed, "a dry run changes nothing")
        updated = self.plan(CDK, "--stack-name", "drift")["Order702A5B72"]
        self.assertEqual(updated, looked)
        self.assertEqual(updated["action"], "update")
        self.assertEqual(
            updated["changes"],
            ["definition", "loggingConfiguration", "tag team", "no tag mine"],
        )
        self.assertEqual(self.tags(order), {"team": "shop"})
        again = self.plan(CDK, "--stack-name", "drift")["Order702A5B72"]
        self.assertEqual(again["action"], "unchanged")

    def test_serverless(self):
        plan = self.plan(
            SERVERLESS, "--resource", "HelloLambdaFunction=arn:aws:lambda:us-east-1:1:function:h")
        greet = plan["Greet"]["arn"]
        self.assertTrue(greet.endswith(":stateMachine:greet"), greet)
        described = self.sfn.describe_state_machine(stateMachineArn=greet)
        self.assertEqual(
            json.loads(described["definition"])["States"]["Hello"]["Resource"],
            "arn:aws:lambda:us-east-1:1:function:h",
        )
        execution = self.start(greet, {"name": "Ada"})
        self.assertEqual(
            json.loads(self.finished(execution)["output"]), {"greeting": "Hello, Ada!"})
        again = self.plan(SERVERLESS)["Greet"]
        self.assertEqual((again["action"], again["changes"]), ("update", ["definition"]))
        self.assertEqual(self.plan(SERVERLESS)["Greet"]["action"], "unchanged")

    def test_sam(self):
        plan = self.plan(SAM)
        refund = plan["Refund"]["arn"]
        self.assertTrue(refund.endswith(":stateMachine:refund-dev"), refund)
        self.assertIn("IsProd", plan["Audit"]["reason"])
        self.assertEqual(self.tags(refund), {"team": "crew"})
        self.assertEqual(self.tags(plan["Approve"]["arn"]), {"stack": "template"})
        tracing = self.sfn.describe_state_machine(stateMachineArn=refund)["tracingConfiguration"]
        self.assertEqual(tracing, {"enabled": True})
        execution = self.start(refund, {"euros": 40})
        task = self.sfn.get_activity_task(activityArn=plan["Approve"]["arn"])
        given = json.loads(task["input"])
        self.assertEqual((given["limit"], given["euros"]), ("100", 40))
        self.assertIn(":function:template-Pay-", given["pay"])
        self.sfn.send_task_success(taskToken=task["taskToken"], output="{}")
        self.assertEqual(self.finished(execution)["status"], "SUCCEEDED")
        self.assertEqual(
            set(self.actions(SAM).values()), {"unchanged", "skipped"})
        prod = self.plan(SAM, "--parameter", "Stage=prod", "-p", "LimitEuros=5")
        self.assertEqual(prod["Audit"]["action"], "create")
        self.assertEqual(self.tags(prod["Refund"]["arn"]), {"team": "desk", "stage": "live"})

    def test_versions_and_aliases(self):
        looked = self.plan(PUBLISHED, "--dry-run")
        self.assertTrue(looked["Version"]["arn"].endswith(":stateMachine:published:?"))
        plan = self.plan(PUBLISHED)
        self.assertEqual({it["action"] for it in plan.values()}, {"create"})
        live = plan["Live"]["arn"]
        self.assertTrue(live.endswith(":stateMachine:published:live"), live)
        self.assertTrue(plan["Version"]["arn"].endswith(":stateMachine:published:1"))
        self.assertTrue(plan["AutoAliasprod"]["arn"].endswith(":stateMachine:auto:prod"))
        self.assertEqual(
            json.loads(self.finished(self.start(plan["Caller"]["arn"]))["output"]), live)
        again = self.plan(PUBLISHED)
        self.assertEqual({it["action"] for it in again.values()}, {"unchanged"})
        self.assertEqual(json.loads(self.finished(self.start(live))["output"]), "hello")

        looked = self.plan(PUBLISHED, "-p", "Greeting=moin", "--dry-run")
        changed = self.plan(PUBLISHED, "-p", "Greeting=moin")
        self.assertEqual(
            {key: it["action"] for key, it in looked.items()},
            {key: it["action"] for key, it in changed.items()},
        )
        self.assertEqual(
            {key: it["action"] for key, it in changed.items()},
            {"Machine": "update", "Version": "create", "Live": "update", "Caller": "unchanged",
             "Auto": "unchanged", "AutoVersion": "unchanged", "AutoAliasprod": "unchanged"},
        )
        self.assertTrue(changed["Version"]["arn"].endswith(":stateMachine:published:2"))
        self.assertEqual(json.loads(self.finished(self.start(live))["output"]), "moin")

    def test_nothing_is_done_when_something_is_wrong(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            shutil.copytree(SAM.parent, folder / "sam")
            (folder / "sam" / "statemachine" / "refund.asl.yaml").write_text("StartAt: Nowhere\n")
            template = folder / "sam" / "template.yaml"
            said = self.run_import(template, "-p", "Stage=dev", "--stack-name", "w", code=1)
            self.assertIn(f"{template}: Resources.Refund.Properties.DefinitionUri: SCHEMA", said)
        said = self.run_import(SAM, "-p", "Stage=test", "-p", "LimitEuros=9", code=1)
        self.assertIn("""Parameters.Stage: 'test' is none of ["dev","prod"]""", said)
        said = self.run_import(SAM, "-p", "Colour=red", code=1)
        self.assertIn("declares only LimitEuros, Stage", said)
        said = self.run_import("no-such-template.yaml", code=2)
        self.assertIn("no-such-template.yaml: ", said)
        self.run_import(SAM, "-p", "nonsense", code=2)

    def test_a_server_of_another_account_is_not_mistaken(self):
        self.activity()
        said = self.run_import(CDK, "--account", "999999999999", "--stack-name", "else", code=1)
        self.assertIn("the server holds account 000000000000 in us-east-1", said)


if __name__ == "__main__":
    unittest.main()
