"""TestState with boto3: states on their own, mocked and real."""

import json
import socket
import threading
import time
import unittest
import urllib.request

from towpath_server import ROLE, Server, ServerTestCase


def state(**fields):
    return json.dumps(fields)


SDK = "arn:aws:states:::aws-sdk:sfn:"
ACTIVITY = "arn:aws:states:us-east-1:012345678901:activity:nobody-made-this"


class States(ServerTestCase):
    def tried(self, definition, **more):
        # boto3 would put `sync-` before the host.
        if not hasattr(self, "client"):
            self.client = self.server.client(read_timeout=15, inject_host_prefix=False)
        answer = self.client.test_state(definition=definition, **more)
        answer.pop("ResponseMetadata")
        return answer

    def test_a_pass_state(self):
        definition = state(Type="Pass", Parameters={"b.$": "$.a"}, Next="N")
        answer = self.tried(definition, input='{"a": 1}')
        self.assertEqual(
            answer, {"output": '{"b":1}', "nextState": "N", "status": "SUCCEEDED"}
        )
        shown = self.tried(definition, input='{"a": 1}', inspectionLevel="DEBUG")
        data = shown["inspectionData"]
        self.assertEqual(data["input"], '{"a": 1}')
        self.assertEqual(json.loads(data["afterParameters"]), {"b": 1})

    def test_a_call_is_made(self):
        arn = self.activity()
        definition = state(
            Type="Task",
            Resource=SDK + "describeActivity",
            Parameters={"ActivityArn.$": "$"},
            ResultSelector={"name.$": "$.Name"},
            End=True,
        )
        answer = self.tried(definition, input=json.dumps(arn), roleArn=ROLE)
        self.assertEqual(answer["status"], "SUCCEEDED")
        self.assertEqual(json.loads(answer["output"]), {"name": arn.rpartition(":")[2]})

    def test_a_call_that_is_refused(self):
        definition = state(
            Type="Task",
            Resource=SDK + "describeActivity",
            Parameters={"ActivityArn": ACTIVITY},
            Catch=[{"ErrorEquals": ["Sfn.ActivityDoesNotExistException"], "Next": "Gone"}],
            End=True,
        )
        answer = self.tried(definition, roleArn=ROLE, inspectionLevel="TRACE")
        self.assertEqual((answer["status"], answer["nextState"]), ("CAUGHT_ERROR", "Gone"))
        self.assertEqual(answer["error"], "Sfn.ActivityDoesNotExistException")
        self.assertEqual(answer["inspectionData"]["errorDetails"], {"catchIndex": 0})

    def test_a_service_without_an_endpoint(self):
        definition = state(
            Type="Task", Resource="arn:aws:states:::aws-sdk:ec2:describeVpcs", Parameters={}, End=True
        )
        answer = self.tried(definition, roleArn=ROLE)
        self.assertEqual((answer["status"], answer["error"]), ("FAILED", "States.TaskFailed"))
        self.assertIn("'ec2'", answer["cause"])

    def test_an_activity_is_mocked(self):
        definition = state(
            Type="Task",
            Resource=ACTIVITY,
            Retry=[{"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "MaxAttempts": 2}],
            End=True,
        )
        answer = self.tried(definition, mock={"result": '{"any": "thing"}'})
        self.assertEqual(answer, {"output": '{"any": "thing"}', "status": "SUCCEEDED"})
        busy = {"errorOutput": {"error": "Busy", "cause": "c"}}
        for retries, status in ((0, "RETRIABLE"), (1, "RETRIABLE"), (2, "FAILED")):
            configuration = {"retrierRetryCount": retries}
            answer = self.tried(
                definition, mock=busy, stateConfiguration=configuration, inspectionLevel="DEBUG"
            )
            self.assertEqual((answer["status"], answer["error"]), (status, "Busy"))
            details = answer["inspectionData"]["errorDetails"]
            self.assertEqual(details.get("retryBackoffIntervalSeconds"), (2, 4, None)[retries])

    def test_a_call_within_a_call(self):
        inner = state(Type="Succeed")
        for _ in range(3):
            inner = state(
                Type="Task", Resource=SDK + "testState", Parameters={"Definition": inner, "RoleArn": ROLE}, End=True
            )
        answer = self.tried(inner, roleArn=ROLE)
        for _ in range(3):
            self.assertEqual(answer.get("Status", answer.get("status")), "SUCCEEDED")
            answer = json.loads(answer.get("Output", answer.get("output")))
        self.assertEqual(answer["Status"], "SUCCEEDED")

    def test_a_wait_state_takes_its_time(self):
        began = time.monotonic()
        answer = self.tried(state(Type="Wait", Seconds=1, Next="N"), input="7")
        self.assertEqual(answer, {"output": "7", "nextState": "N", "status": "SUCCEEDED"})
        self.assertGreaterEqual(time.monotonic() - began, 0.99)

    def waiting(self, server=None):
        with urllib.request.urlopen((server or self.server).endpoint + "/metrics", timeout=5) as page:
            metrics = page.read().decode()
        lines = [line for line in metrics.splitlines() if "inflight" in line and "TestState" in line]
        return sum(float(line.rpartition(" ")[2]) for line in lines), bool(lines)

    def test_who_hangs_up_is_waited_for_no_more(self):
        body = json.dumps({"definition": state(Type="Wait", Seconds=250, End=True)}).encode()
        connection = socket.create_connection(("127.0.0.1", self.server.port))
        head = (
            f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\n"
            "Content-Type: application/x-amz-json-1.0\r\n"
            "X-Amz-Target: AWSStepFunctions.TestState\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.addCleanup(connection.close)
        connection.sendall(head.encode() + body)
        self.until(lambda: self.waiting() == (1.0, True))
        connection.close()
        self.until(lambda: self.waiting()[0] == 0.0)

    def test_a_server_that_stops_does_not_wait(self):
        server = Server()
        server.start()
        self.addCleanup(server.close)
        answers = []
        body = {"definition": state(Type="Wait", Seconds=250, End=True)}
        client = threading.Thread(target=lambda: answers.append(server.post("TestState", body)))
        client.start()
        self.until(lambda: self.waiting(server) == (1.0, True))
        began = time.monotonic()
        server.terminate()
        client.join()
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(answers[0][0], 503, answers)

    def until(self, holds):
        deadline = time.monotonic() + 10
        while not holds():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def test_hosts_with_a_prefix_are_served(self):
        body = {"definition": state(Type="Succeed")}
        status, _, answer = self.server.post(
            "TestState", body, {"Host": f"sync-127.0.0.1:{self.server.port}"}
        )
        self.assertEqual((status, json.loads(answer)["status"]), (200, "SUCCEEDED"), answer)


if __name__ == "__main__":
    unittest.main()
