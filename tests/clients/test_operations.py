"""Every operation once with boto3: shapes, refusals, paging, idempotency."""

import datetime
import json
import unittest

from towpath_server import ROLE, ServerTestCase, definition, unique

PASS = definition({"Type": "Pass"})
WAIT = definition({"Type": "Wait", "Seconds": 600})


def arn_like(arn, resource):
    """Another ARN of the same account."""
    return ":".join(arn.split(":")[:5]) + ":" + resource


class Activities(ServerTestCase):
    def test_create_is_idempotent_by_name(self):
        name = unique("a")
        first = self.sfn.create_activity(name=name)
        tagged = [{"key": "k", "value": "v"}]
        again = self.sfn.create_activity(name=name, tags=tagged)
        self.assertTrue(first["activityArn"].endswith(f":activity:{name}"))
        self.assertEqual(first["activityArn"], again["activityArn"])
        self.assertEqual(first["creationDate"], again["creationDate"])
        now = datetime.datetime.now(datetime.timezone.utc)
        self.assertLess(abs((now - first["creationDate"]).total_seconds()), 60)
        found = self.sfn.list_tags_for_resource(resourceArn=first["activityArn"])
        self.assertEqual(found["tags"], [], "tags of the second call are ignored")

    def test_describe(self):
        arn = self.activity()
        described = self.sfn.describe_activity(activityArn=arn)
        self.assertEqual(described["activityArn"], arn)
        self.assertEqual(described["name"], arn.rpartition(":")[2])
        self.assertEqual(described["encryptionConfiguration"], {"type": "AWS_OWNED_KEY"})

    def test_unknown_and_invalid_arns(self):
        unknown = arn_like(self.activity(), "activity:nobody-made-this")
        message = self.refused(
            "ActivityDoesNotExist", self.sfn.describe_activity, activityArn=unknown
        )
        self.assertEqual(message, f"Activity Does Not Exist: '{unknown}'")
        self.refused("ActivityDoesNotExist", self.sfn.get_activity_task, activityArn=unknown)
        for operation in (
            self.sfn.describe_activity, self.sfn.delete_activity, self.sfn.get_activity_task,
        ):
            message = self.refused("InvalidArn", operation, activityArn="not-an-arn")
            self.assertEqual(message, "Invalid Arn: 'Invalid ARN prefix: not-an-arn'")

    def test_names(self):
        for bad in ("with space", "a*", "a?b", "<a>", "a:b", "a/b", "a\u0007b", 'a"b', "a{b"):
            with self.subTest(name=bad):
                message = self.refused("InvalidName", self.sfn.create_activity, name=bad)
                self.assertEqual(message, f"Invalid Name: '{bad}'")
        self.refused("ValidationException", self.sfn.create_activity, name="x" * 81)
        for good in ("a.b-c_d", "x" * 80, "größe-東京"):
            with self.subTest(name=good):
                arn = self.sfn.create_activity(name=good)["activityArn"]
                described = self.sfn.describe_activity(activityArn=arn)
                self.assertEqual(described["name"], good)

    def test_delete_is_idempotent(self):
        arn = self.activity()
        self.sfn.delete_activity(activityArn=arn)
        self.sfn.delete_activity(activityArn=arn)
        self.refused("ActivityDoesNotExist", self.sfn.describe_activity, activityArn=arn)

    def test_list_to_the_last_page(self):
        made = {self.activity() for _ in range(7)}
        for size in (1, 2, 3, 1000):
            pages = self.sfn.get_paginator("list_activities")
            found = [
                activity["activityArn"]
                for page in pages.paginate(PaginationConfig={"PageSize": size})
                for activity in page["activities"]
            ]
            self.assertEqual(len(found), len(set(found)), "no activity twice")
            self.assertLessEqual(made, set(found))
        self.refused("InvalidToken", self.sfn.list_activities, nextToken="forged")
        message = self.refused("ValidationException", self.sfn.list_activities, maxResults=1001)
        self.assertEqual(
            message,
            "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy "
            "constraint: Member must have value less than or equal to 1000",
        )


class StateMachines(ServerTestCase):
    def test_create_is_idempotent_by_definition(self):
        name = unique("m")
        create = self.sfn.create_state_machine
        first = create(name=name, definition=PASS, roleArn=ROLE)
        again = create(name=name, definition=PASS, roleArn=ROLE + "-other")
        self.assertEqual(first["stateMachineArn"], again["stateMachineArn"])
        self.assertEqual(first["creationDate"], again["creationDate"])
        message = self.refused(
            "StateMachineAlreadyExists", create, name=name, definition=PASS + " ", roleArn=ROLE
        )
        arn = first["stateMachineArn"]
        self.assertEqual(message, f"State Machine Already Exists: '{arn}'")

    def test_refused_definitions(self):
        create = self.sfn.create_state_machine
        nowhere = json.dumps(
            {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Nowhere"}}}
        )
        for bad in ("not json", "{}", nowhere):
            with self.subTest(definition=bad):
                message = self.refused(
                    "InvalidDefinition", create, name=unique("m"), definition=bad, roleArn=ROLE
                )
                self.assertTrue(
                    message.startswith("Invalid State Machine Definition: '"), message
                )
        self.refused("InvalidName", create, name="a b", definition=PASS, roleArn=ROLE)

    def test_describe(self):
        text = '{ "StartAt":"A",\n "States":{"A":{"Type":"Pass","End":true}} }'
        arn = self.machine(text)
        described = self.sfn.describe_state_machine(stateMachineArn=arn)
        self.assertEqual(described["definition"], text, "byte by byte as it was given")
        self.assertEqual(described["status"], "ACTIVE")
        self.assertEqual(described["type"], "STANDARD")
        self.assertEqual(described["roleArn"], ROLE)
        self.assertEqual(described["tracingConfiguration"], {"enabled": False})
        self.assertEqual(
            described["loggingConfiguration"], {"level": "OFF", "includeExecutionData": False}
        )
        self.assertEqual(described["encryptionConfiguration"], {"type": "AWS_OWNED_KEY"})
        unknown = arn_like(arn, "stateMachine:nobody-made-this")
        message = self.refused(
            "StateMachineDoesNotExist", self.sfn.describe_state_machine, stateMachineArn=unknown
        )
        self.assertEqual(message, f"State Machine Does Not Exist: '{unknown}'")

    def test_update_and_what_runs_already(self):
        arn = self.machine(WAIT)
        running = self.start(arn)
        before = self.sfn.describe_state_machine_for_execution(executionArn=running)
        updated = self.sfn.update_state_machine(stateMachineArn=arn, definition=PASS)
        self.assertIn("revisionId", updated)
        self.assertIn("updateDate", updated)
        described = self.sfn.describe_state_machine(stateMachineArn=arn)
        self.assertEqual(described["definition"], PASS)
        self.assertEqual(described["revisionId"], updated["revisionId"])
        self.assertEqual(described["roleArn"], ROLE, "what is not given stays")
        after = self.sfn.describe_state_machine_for_execution(executionArn=running)
        self.assertEqual(before["definition"], WAIT)
        self.assertEqual(after["definition"], WAIT, "a running execution keeps its definition")
        self.assertEqual(self.finished(self.start(arn))["status"], "SUCCEEDED")
        self.sfn.stop_execution(executionArn=running)
        update = self.sfn.update_state_machine
        self.refused("MissingRequiredParameter", update, stateMachineArn=arn)
        self.refused(
            "InvalidDefinition", update, stateMachineArn=arn, definition='{"StartAt":"A"}'
        )
        unknown = arn_like(arn, "stateMachine:nobody-made-this")
        self.refused("StateMachineDoesNotExist", update, stateMachineArn=unknown, roleArn=ROLE)

    def test_delete(self):
        arn = self.machine(PASS)
        self.sfn.delete_state_machine(stateMachineArn=arn)
        self.sfn.delete_state_machine(stateMachineArn=arn)
        self.sfn.delete_state_machine(stateMachineArn=arn_like(arn, "stateMachine:never"))
        self.refused(
            "StateMachineDoesNotExist", self.sfn.describe_state_machine, stateMachineArn=arn
        )
        self.refused("StateMachineDoesNotExist", self.sfn.start_execution, stateMachineArn=arn)

    def test_list_to_the_last_page_in_order_of_names(self):
        made = {self.machine(PASS) for _ in range(12)}
        pages = self.sfn.get_paginator("list_state_machines")
        for size in (1, 5, 1000):
            found = [
                machine
                for page in pages.paginate(PaginationConfig={"PageSize": size})
                for machine in page["stateMachines"]
            ]
            arns = [machine["stateMachineArn"] for machine in found]
            self.assertEqual(len(arns), len(set(arns)))
            self.assertLessEqual(made, set(arns))
            names = [machine["name"].encode() for machine in found]
            self.assertEqual(names, sorted(names))
        self.refused("InvalidToken", self.sfn.list_state_machines, nextToken="forged")


class Executions(ServerTestCase):
    def test_start_is_idempotent_by_name_while_it_runs(self):
        arn, name = self.machine(WAIT), unique("e")
        start = self.sfn.start_execution
        first = start(stateMachineArn=arn, name=name, input='{"a": 1}')
        again = start(stateMachineArn=arn, name=name, input='{"a": 1}')
        self.assertEqual(first["executionArn"], again["executionArn"])
        self.assertEqual(first["startDate"], again["startDate"])
        message = self.refused(
            "ExecutionAlreadyExists", start, stateMachineArn=arn, name=name, input='{"a": 2}'
        )
        execution = first["executionArn"]
        self.assertEqual(message, f"Execution Already Exists: '{execution}'")
        self.sfn.stop_execution(executionArn=execution)
        self.refused(
            "ExecutionAlreadyExists", start, stateMachineArn=arn, name=name, input='{"a": 1}'
        )

    def test_start_refuses(self):
        arn, start = self.machine(PASS), self.sfn.start_execution
        message = self.refused("InvalidExecutionInput", start, stateMachineArn=arn, input="{")
        self.assertTrue(message.startswith("Invalid State Machine Execution Input: '"), message)
        self.refused("InvalidName", start, stateMachineArn=arn, name="a b")
        self.refused("InvalidArn", start, stateMachineArn="nonsense")
        too_large = json.dumps("x" * 262_143)
        with self.assertRaises(self.sfn.exceptions.ClientError) as caught:
            start(stateMachineArn=arn, input=too_large)
        code = caught.exception.response["Error"]["Code"]
        self.assertIn(code, ("InvalidExecutionInput", "ValidationException"))
        largest = json.dumps("x" * 262_142)
        described = self.finished(start(stateMachineArn=arn, input=largest)["executionArn"])
        self.assertEqual(described["output"], largest)

    def test_describe_each_status(self):
        ok = self.finished(self.start(self.machine(PASS), {"a": [1.0, "é", None]}))
        self.assertEqual(ok["status"], "SUCCEEDED")
        self.assertEqual(json.loads(ok["output"]), {"a": [1.0, "é", None]})
        self.assertEqual(ok["inputDetails"], {"included": True})
        self.assertEqual(ok["outputDetails"], {"included": True})
        self.assertGreaterEqual(ok["stopDate"], ok["startDate"])
        self.assertEqual(ok["redriveCount"], 0)
        self.assertEqual(ok["redriveStatus"], "NOT_REDRIVABLE")

        text = json.dumps({
            "StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "C"}},
        })
        failed = self.finished(self.start(self.machine(text)))
        self.assertEqual((failed["status"], failed["error"], failed["cause"]), ("FAILED", "E", "C"))
        self.assertNotIn("output", failed)

        text = definition({"Type": "Wait", "Seconds": 600}, TimeoutSeconds=1)
        timed_out = self.finished(self.start(self.machine(text)))
        self.assertEqual(timed_out["status"], "TIMED_OUT")
        self.assertNotIn("error", timed_out)
        self.assertEqual((timed_out["stopDate"] - timed_out["startDate"]).total_seconds(), 1)

        running = self.start(self.machine(WAIT))
        described = self.sfn.describe_execution(executionArn=running)
        self.assertEqual(described["status"], "RUNNING")
        self.assertEqual(described["input"], "{}")
        self.assertNotIn("stopDate", described)
        unknown = running + "x"
        message = self.refused(
            "ExecutionDoesNotExist", self.sfn.describe_execution, executionArn=unknown
        )
        self.assertEqual(message, f"Execution Does Not Exist: '{unknown}'")

    def test_stop(self):
        execution = self.start(self.machine(WAIT))
        stopped = self.sfn.stop_execution(executionArn=execution, error="E", cause="C")
        described = self.sfn.describe_execution(executionArn=execution)
        self.assertEqual(described["status"], "ABORTED")
        self.assertEqual((described["error"], described["cause"]), ("E", "C"))
        self.assertEqual(described["stopDate"], stopped["stopDate"])
        last = self.history(execution)[-1]
        self.assertEqual((last["type"], last["previousEventId"]), ("ExecutionAborted", 0))
        self.assertEqual(last["executionAbortedEventDetails"], {"error": "E", "cause": "C"})
        self.refused("ExecutionDoesNotExist", self.sfn.stop_execution, executionArn=execution + "x")

    def test_list_to_the_last_page(self):
        arn = self.machine(WAIT)
        started = [self.start(arn) for _ in range(9)]
        for execution in started[:4]:
            self.sfn.stop_execution(executionArn=execution)
        pages = self.sfn.get_paginator("list_executions")

        def found(size, **more):
            parts = pages.paginate(
                stateMachineArn=arn, PaginationConfig={"PageSize": size}, **more
            )
            return [e["executionArn"] for part in parts for e in part["executions"]]

        for size in (1, 2, 4, 100):
            everything = found(size)
            self.assertEqual(sorted(everything), sorted(started), f"page size {size}")
            self.assertEqual(set(found(size, statusFilter="RUNNING")), set(started[4:]))
            self.assertEqual(set(found(size, statusFilter="ABORTED")), set(started[:4]))
        running = [e for e in found(100) if e in started[4:]]
        self.assertEqual(running, started[:3:-1], "newest first, those of one millisecond too")
        self.refused("InvalidToken", self.sfn.list_executions, stateMachineArn=arn, nextToken="x")
        self.refused("ValidationException", self.sfn.list_executions)
        self.refused(
            "StateMachineDoesNotExist", self.sfn.list_executions,
            stateMachineArn=arn_like(arn, "stateMachine:nobody-made-this"),
        )

    def test_history_pages_and_reverse(self):
        states = {
            f"P{n}": {"Type": "Pass", "Next": f"P{n + 1}"} if n < 9 else {"Type": "Pass", "End": True}
            for n in range(10)
        }
        execution = self.start(self.machine(json.dumps({"StartAt": "P0", "States": states})))
        self.finished(execution)
        whole = self.history(execution)
        self.assertEqual([event["id"] for event in whole], list(range(1, 23)))
        pages = self.sfn.get_paginator("get_execution_history")
        for size in (1, 2, 5, 21, 22, 1000):
            for reverse in (False, True):
                found = [
                    event
                    for page in pages.paginate(
                        executionArn=execution, reverseOrder=reverse,
                        PaginationConfig={"PageSize": size},
                    )
                    for event in page["events"]
                ]
                self.assertEqual(found, whole[::-1] if reverse else whole)
        bare = self.sfn.get_execution_history(executionArn=execution, includeExecutionData=False)
        self.assertEqual(bare["events"][1]["stateEnteredEventDetails"], {"name": "P0"})
        self.refused(
            "InvalidToken", self.sfn.get_execution_history, executionArn=execution, nextToken="x"
        )
        self.refused(
            "ExecutionDoesNotExist", self.sfn.get_execution_history, executionArn=execution + "x"
        )


class Tags(ServerTestCase):
    def test_activities_and_state_machines(self):
        for arn in (self.activity(), self.machine(PASS)):
            with self.subTest(arn=arn):
                def tags():
                    found = self.sfn.list_tags_for_resource(resourceArn=arn)["tags"]
                    return {tag["key"]: tag["value"] for tag in found}

                self.assertEqual(tags(), {})
                pairs = [{"key": "a", "value": "1"}, {"key": "b", "value": ""}]
                self.sfn.tag_resource(resourceArn=arn, tags=pairs)
                self.sfn.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "2"}])
                self.assertEqual(tags(), {"a": "2", "b": ""})
                self.sfn.untag_resource(resourceArn=arn, tagKeys=["b", "never-there"])
                self.assertEqual(tags(), {"a": "2"})
                many = [{"key": f"k{n}", "value": "v"} for n in range(50)]
                self.refused("TooManyTags", self.sfn.tag_resource, resourceArn=arn, tags=many)
                self.assertEqual(tags(), {"a": "2"}, "a refused call changes nothing")

    def test_tags_given_at_creation(self):
        tags = [{"key": "team", "value": "blue"}]
        made = self.sfn.create_activity(name=unique("a"), tags=tags)
        found = self.sfn.list_tags_for_resource(resourceArn=made["activityArn"])
        self.assertEqual(found["tags"], tags)

    def test_unknown_resources(self):
        unknown = arn_like(self.activity(), "activity:nobody-made-this")
        message = self.refused(
            "ResourceNotFound", self.sfn.list_tags_for_resource, resourceArn=unknown
        )
        self.assertEqual(message, f"Resource not found: '{unknown}'")
        tags = [{"key": "a", "value": "1"}]
        self.refused("ResourceNotFound", self.sfn.tag_resource, resourceArn=unknown, tags=tags)
        self.refused(
            "ResourceNotFound", self.sfn.untag_resource, resourceArn=unknown, tagKeys=["a"]
        )


class Validation(ServerTestCase):
    def validate(self, text, **more):
        answer = self.sfn.validate_state_machine_definition(definition=text, **more)
        answer.pop("ResponseMetadata")
        return answer

    def test_valid(self):
        good = {"result": "OK", "diagnostics": [], "truncated": False}
        for kind in ("STANDARD", "EXPRESS"):
            self.assertEqual(self.validate(PASS, type=kind), good)
        self.assertEqual(self.validate(PASS, severity="WARNING", maxResults=0), good)

    def test_rubbish_is_answered_not_refused(self):
        answer = self.validate("not a definition")
        self.assertEqual(answer["result"], "FAIL")
        [diagnostic] = answer["diagnostics"]
        self.assertEqual(diagnostic["code"], "INVALID_JSON_DESCRIPTION")
        self.assertIn("line: 1, column: 4", diagnostic["location"])
        # The SDK would not send an empty text.
        status, _, body = self.server.post("ValidateStateMachineDefinition", {"definition": ""})
        [diagnostic] = json.loads(body)["diagnostics"]
        self.assertEqual((status, diagnostic["message"]), (200, "Definition must be a valid JSON object"))

    def test_severity_and_number(self):
        text = definition({"Type": "Pass", "Parameters": {"a": "$.x", "b": "$.y"}})
        self.assertEqual(self.validate(text)["diagnostics"], [])
        both = self.validate(text, severity="WARNING")
        self.assertEqual(both["result"], "OK")
        self.assertEqual([it["severity"] for it in both["diagnostics"]], ["WARNING", "WARNING"])
        one = self.validate(text, severity="WARNING", maxResults=1)
        self.assertEqual(one["diagnostics"], both["diagnostics"][:1])
        self.assertTrue(one["truncated"])


class Wire(ServerTestCase):
    def test_unknown_operation(self):
        status, headers, body = self.server.post("NoSuchOperation", {})
        self.assertEqual(status, 400)
        self.assertEqual(
            json.loads(body), {"__type": "com.amazon.coral.service#UnknownOperationException"}
        )
        self.assertEqual(headers["Content-Type"], "application/x-amz-json-1.0")
        self.assertRegex(headers["x-amzn-RequestId"], "^[0-9a-f-]{36}$")

    def test_bodies_that_are_no_request(self):
        for body in (b"", b"{", b"[]", b'"x"', b"\xff", b'{"maxResults": "ten"}'):
            with self.subTest(body=body):
                status, _, answer = self.server.post("ListActivities", body)
                if body == b"":
                    # Without a body nothing is wrong: all members are optional.
                    self.assertIn(status, (200, 400))
                    continue
                self.assertEqual(status, 400)
                self.assertIn("SerializationException", json.loads(answer)["__type"])

    def test_missing_members(self):
        status, _, body = self.server.post("SendTaskSuccess", {})
        self.assertEqual(status, 400)
        error = json.loads(body)
        self.assertEqual(error["__type"], "com.amazon.coral.validate#ValidationException")
        self.assertTrue(
            error["message"].startswith("2 validation errors detected: "), error["message"]
        )

    def test_times_are_seconds(self):
        _, _, body = self.server.post("CreateActivity", {"name": unique("a")})
        self.assertLess(abs(json.loads(body)["creationDate"] - datetime.datetime.now().timestamp()), 60)


if __name__ == "__main__":
    unittest.main()
