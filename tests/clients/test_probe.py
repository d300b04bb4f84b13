"""All operations of the service model with boto3, rightly and wrongly.

Whatever is sent: an answer has only members that the model knows, an error is one that the model
declares for that operation or one that all operations share, and it is never the server's fault.
"""

import copy
import json
import unittest

from botocore import xform_name

from towpath_server import ROLE, ServerTestCase, definition, unique

# Every operation may answer these. Source: AWS API reference, common errors.
COMMON = {"ValidationException", "SerializationException"}

PASS = definition({"Type": "Pass"})
WAIT = definition({"Type": "Wait", "Seconds": 600})
FAIL = json.dumps({"StartAt": "Only", "States": {"Only": {"Type": "Fail", "Error": "E"}}})
MAP_RUN = "arn:aws:states:us-east-1:000000000000:mapRun:m/Label:0b2f9aa5-4a4e-4a3c-9d4f-c7a1f6f2a111"

STRANGERS = [
    "arn:aws:states:us-east-1:000000000000:stateMachine:nobody",
    "arn:aws:states:us-east-1:000000000000:stateMachine:nobody:1",
    "arn:aws:states:us-east-1:000000000000:stateMachine:nobody:PROD",
    "arn:aws:states:us-east-1:000000000000:stateMachine:nobody/label",
    "arn:aws:states:us-east-1:000000000000:activity:nobody",
    "arn:aws:states:us-east-1:000000000000:execution:nobody:none",
    "arn:aws:states:us-east-1:000000000000:execution:nobody/label:none",
    "arn:aws:states:us-east-1:000000000000:express:nobody:none:none",
    "arn:aws:states:eu-west-1:000000000000:stateMachine:nobody",
    "arn:aws:states:us-east-1:999999999999:activity:nobody",
    "arn:aws:states:us-east-1:999999999999:execution:nobody:none",
    "arn:aws-cn:states:us-east-1:000000000000:stateMachine:nobody",
    "arn:aws:lambda:us-east-1:000000000000:function:nobody",
    "arn:aws:states:::", "arn:::::", ":::::::", MAP_RUN,
]
TEXTS = [
    "", "x", " ", "a b", "é", "\u0000", "\n", "😀", "{", "{}", "[]", "null", '"', "1e400", "\\", "a*",
    '{"a":1,"a":2}', "[" * 200 + "]" * 200, "$", "{% 1 %}", "aws:x", "../..", "%00", "<b>", "ALL", "-1",
]
WRONG_TYPES = [None, True, 1, -1, 1.5, 1e300, "x", [], [None], ["x"], {}, {"x": {}}]


def values_of(shape):
    """Values of the right type, good and bad."""
    meta = shape.metadata
    if shape.type_name == "string":
        yield from shape.enum
        yield from TEXTS
        yield from STRANGERS
        for bound in {meta.get("min"), meta.get("max")} - {None}:
            for length in (bound - 1, bound, bound + 1):
                if length > 0:
                    yield "x" * length
                    yield "é" * length
    elif shape.type_name in ("integer", "long"):
        bounds = {0, meta.get("min", 0), meta.get("max", 0), 2**31 - 1, 2**63 - 1}
        yield from sorted({bound + near for bound in bounds for near in (-1, 0, 1)})
    elif shape.type_name == "float":
        yield from (-1.0, -0.0, 0.5, 100.0, 100.5, 1e300)
    elif shape.type_name == "boolean":
        yield from (True, False)
    elif shape.type_name == "list":
        yield []
        if shape.member.type_name == "structure":
            yield [{}]
            yield [{}] * 60
    elif shape.type_name == "structure":
        yield {}


def members_of(shape, path=()):
    """(where, shape) of everything below a structure."""
    for name, member in shape.members.items():
        where = (*path, name)
        yield where, member
        while member.type_name == "list":
            where, member = (*where, 0), member.member
            yield where, member
        if member.type_name == "structure":
            yield from members_of(member, where)


def put(parameters, path, value):
    """A copy with the value at this place, and whatever must stand around it."""
    changed = copy.deepcopy(parameters)
    at = changed
    for part, following in zip(path, (*path[1:], None)):
        if isinstance(at, list) and not at:
            at.append(None)
        if following is None:
            at[part] = value
            break
        there = at[part] if isinstance(at, list) else at.get(part)
        if not isinstance(there, list if following == 0 else dict):
            at[part] = [] if following == 0 else {}
        at = at[part]
    return changed


class Probe(ServerTestCase):
    FLAGS = ("--poll-hold-seconds", "0.1")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.raw = cls.server.client(parameter_validation=False, inject_host_prefix=False)
        cls.model = cls.raw.meta.service_model

    def token(self):
        """Of a task in a worker's hands."""
        activity = self.activity()
        self.start(self.task_machine(activity))
        return self.sfn.get_activity_task(activityArn=activity)["taskToken"]

    def version(self):
        made = self.sfn.create_state_machine(
            name=unique("m"), definition=PASS, roleArn=ROLE, publish=True
        )
        return made["stateMachineVersionArn"]

    def alias(self):
        routing = [{"stateMachineVersionArn": self.version(), "weight": 100}]
        made = self.sfn.create_state_machine_alias(name=unique("a"), routingConfiguration=routing)
        return made["stateMachineAliasArn"]

    def failed(self):
        execution = self.start(self.machine(FAIL))
        self.finished(execution)
        return execution

    def express(self):
        made = self.sfn.create_state_machine(
            name=unique("m"), definition=PASS, roleArn=ROLE, type="EXPRESS"
        )
        return made["stateMachineArn"]

    def good(self, operation):
        """Parameters that the operation takes."""
        tags = [{"key": "k", "value": "v"}]
        encryption = {"type": "AWS_OWNED_KEY"}
        logging = {"level": "OFF", "includeExecutionData": False, "destinations": []}
        return {
            "CreateActivity": lambda: {
                "name": unique("a"), "tags": tags, "encryptionConfiguration": encryption,
            },
            "CreateStateMachine": lambda: {
                "name": unique("m"), "definition": PASS, "roleArn": ROLE, "type": "STANDARD",
                "loggingConfiguration": logging, "tags": tags, "publish": False,
                "tracingConfiguration": {"enabled": False}, "encryptionConfiguration": encryption,
            },
            "CreateStateMachineAlias": lambda: {
                "name": unique("a"), "description": "d",
                "routingConfiguration": [
                    {"stateMachineVersionArn": self.version(), "weight": 100}
                ],
            },
            "DeleteActivity": lambda: {"activityArn": self.activity()},
            "DeleteStateMachine": lambda: {"stateMachineArn": self.machine(PASS)},
            "DeleteStateMachineAlias": lambda: {"stateMachineAliasArn": self.alias()},
            "DeleteStateMachineVersion": lambda: {"stateMachineVersionArn": self.version()},
            "DescribeActivity": lambda: {"activityArn": self.activity()},
            "DescribeExecution": lambda: {
                "executionArn": self.failed(), "includedData": "ALL_DATA",
            },
            "DescribeMapRun": lambda: {"mapRunArn": MAP_RUN},
            "DescribeStateMachine": lambda: {
                "stateMachineArn": self.machine(PASS), "includedData": "METADATA_ONLY",
            },
            "DescribeStateMachineAlias": lambda: {"stateMachineAliasArn": self.alias()},
            "DescribeStateMachineForExecution": lambda: {"executionArn": self.failed()},
            "GetActivityTask": lambda: {"activityArn": self.activity(), "workerName": "w"},
            "GetExecutionHistory": lambda: {
                "executionArn": self.failed(), "maxResults": 2, "reverseOrder": True,
                "includeExecutionData": False,
            },
            "ListActivities": lambda: {"maxResults": 2},
            "ListExecutions": lambda: {
                "stateMachineArn": self.machine(PASS), "statusFilter": "RUNNING", "maxResults": 2,
            },
            "ListMapRuns": lambda: {"executionArn": self.failed(), "maxResults": 2},
            "ListStateMachineAliases": lambda: {
                "stateMachineArn": self.machine(PASS), "maxResults": 2,
            },
            "ListStateMachineVersions": lambda: {
                "stateMachineArn": self.machine(PASS), "maxResults": 2,
            },
            "ListStateMachines": lambda: {"maxResults": 2},
            "ListTagsForResource": lambda: {"resourceArn": self.activity()},
            "PublishStateMachineVersion": lambda: {
                "stateMachineArn": self.machine(PASS), "description": "d",
            },
            "RedriveExecution": lambda: {"executionArn": self.failed(), "clientToken": "t"},
            "SendTaskFailure": lambda: {"taskToken": self.token(), "error": "E", "cause": "c"},
            "SendTaskHeartbeat": lambda: {"taskToken": self.token()},
            "SendTaskSuccess": lambda: {"taskToken": self.token(), "output": "{}"},
            "StartExecution": lambda: {
                "stateMachineArn": self.machine(PASS), "name": "n", "input": "{}",
                "traceHeader": "Root=1",
            },
            "StartSyncExecution": lambda: {
                "stateMachineArn": self.express(), "name": "n", "input": "{}",
                "traceHeader": "Root=1", "includedData": "ALL_DATA",
            },
            "StopExecution": lambda: {
                "executionArn": self.start(self.machine(WAIT)), "error": "E", "cause": "c",
            },
            "TagResource": lambda: {"resourceArn": self.activity(), "tags": tags},
            "TestState": lambda: {
                "definition": json.dumps({"Type": "Pass", "End": True}), "roleArn": ROLE,
                "input": "{}", "inspectionLevel": "DEBUG",
            },
            "UntagResource": lambda: {"resourceArn": self.activity(), "tagKeys": ["k"]},
            "UpdateMapRun": lambda: {"mapRunArn": MAP_RUN, "maxConcurrency": 1},
            "UpdateStateMachine": lambda: {
                "stateMachineArn": self.machine(PASS), "definition": WAIT, "roleArn": ROLE,
                "loggingConfiguration": logging, "publish": False,
                "tracingConfiguration": {"enabled": False}, "encryptionConfiguration": encryption,
            },
            "UpdateStateMachineAlias": lambda: {
                "stateMachineAliasArn": self.alias(), "description": "d",
            },
            "ValidateStateMachineDefinition": lambda: {
                "definition": PASS, "type": "STANDARD", "severity": "WARNING", "maxResults": 5,
            },
        }[operation]()

    def check(self, operation, status, code, told):
        """What an error may be."""
        if code == "RequestEntityTooLargeException":
            # The longest definition is as long as the longest request.
            self.assertEqual(status, 413)
            return
        self.assertEqual(status, 400, told)
        declared = {shape.name for shape in self.model.operation_model(operation).error_shapes}
        self.assertIn(code, declared | COMMON, f"{operation} does not declare it: {told}")

    def call(self, operation, parameters):
        """The code of the refusal, or None. `after-call` compares answers with the model."""
        try:
            getattr(self.raw, xform_name(operation))(**parameters)
        except self.raw.exceptions.ClientError as error:
            answer = error.response
            code = answer["Error"]["Code"]
            status = answer["ResponseMetadata"]["HTTPStatusCode"]
            told = f"{operation}({str(parameters)[:1000]}): {str(answer)[:1000]}"
            self.check(operation, status, code, told)
            self.assertTrue(answer["Error"]["Message"], told)
            return code
        return None

    def post(self, operation, body):
        """The same without botocore, which does not send everything."""
        status, _, answer = self.server.post(operation, body)
        parsed = json.loads(answer)
        if status != 200:
            code = parsed["__type"].rpartition("#")[2]
            self.check(operation, status, code, f"{operation} {str(body)[:1000]}: {answer[:1000]}")

    def test_every_operation_is_served(self):
        self.assertEqual(len(self.model.operation_names), 37)
        for operation in self.model.operation_names:
            _, _, answer = self.server.post(operation, {})
            self.assertNotIn(b"UnknownOperationException", answer, operation)

    def test_what_is_right_is_answered(self):
        for operation in self.model.operation_names:
            with self.subTest(operation):
                code = self.call(operation, self.good(operation))
                # No map run of that name was ever made.
                expected = "ResourceNotFound" if "MapRun" in operation else None
                self.assertEqual(code, None if operation == "ListMapRuns" else expected)

    def test_members_of_the_right_type(self):
        calls = 0
        for operation in self.model.operation_names:
            good = self.good(operation)
            input_shape = self.model.operation_model(operation).input_shape
            for path, shape in members_of(input_shape):
                with self.subTest(operation, path=path):
                    for value in values_of(shape):
                        self.call(operation, put(good, path, value))
                        calls += 1
        self.assertGreater(calls, 2_000)

    def test_members_of_wrong_types(self):
        for operation in self.model.operation_names:
            good = self.good(operation)
            self.post(operation, {})
            input_shape = self.model.operation_model(operation).input_shape
            for path, _ in members_of(input_shape):
                with self.subTest(operation, path=path):
                    for value in WRONG_TYPES:
                        self.post(operation, put(good, path, value))

    def test_bodies_that_are_none(self):
        bodies = [b"", b"{", b"[]", b"null", b"\xff", b"\xef\xbb\xbf{}", b"{}{}", b'{"a":}', b"0" * 99]
        for operation in self.model.operation_names:
            for body in bodies:
                status, _, answer = self.server.post(operation, body)
                with self.subTest(operation, body=body):
                    self.assertEqual(status, 400)
                    self.assertIn(b"#SerializationException", answer)

    def test_the_server_lives(self):
        self.assertNotIn("panicked", self.server.log_text())


if __name__ == "__main__":
    unittest.main()
