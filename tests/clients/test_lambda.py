"""Tasks that are Lambda functions, at the endpoint that the operator names."""

import contextlib
import http.server
import json
import threading
import time
import unittest
import uuid

from towpath_server import ServerTestCase, definition, unique

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:"


class Lambda(http.server.BaseHTTPRequestHandler):
    """As much of Lambda's Invoke as a test needs; what a function does is told by its name."""

    protocol_version = "HTTP/1.1"
    seen = []
    released = threading.Event()

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen.append((self.path, headers, body))
        name = self.path.split("/")[3].rsplit("%3A", 1)[-1]
        if name.startswith("missing"):
            headers = {"x-amzn-ErrorType": "ResourceNotFoundException:http://internal"}
            return self.answer(404, b'{"Message": "Function not found: f"}', headers)
        if name.startswith("raises"):
            failure = {"errorMessage": "no", "errorType": "Refused"}
            return self.answer(200, json.dumps(failure).encode(), {"X-Amz-Function-Error": "Unhandled"})
        if name.startswith("hangs"):
            threading.Event().wait(20)
        if name.startswith("held"):
            self.released.wait(20)
        with contextlib.suppress(ConnectionError):  # of a server that was killed meanwhile
            self.answer(200, body, {"X-Amz-Executed-Version": "$LATEST"})

    def answer(self, status, body, headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", "REQUEST")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Functions(ServerTestCase):
    @classmethod
    def setUpClass(cls):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lambda)
        server.daemon_threads = True
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.FLAGS = ("--endpoint", f"lambda=http://127.0.0.1:{server.server_address[1]}")
        super().setUpClass()

    def run_task(self, state, given=None):
        machine = self.machine(definition({"Type": "Task", **state}))
        return self.finished(self.start(machine, given))

    def test_a_function_is_given_the_input_and_gives_the_output(self):
        ended = self.run_task({"Resource": FUNCTION + unique("echo")}, {"number": 1.50})
        self.assertEqual(ended["status"], "SUCCEEDED")
        self.assertEqual(json.loads(ended["output"]), {"number": 1.5})
        path, headers, _ = Lambda.seen[-1]
        self.assertTrue(path.startswith("/2015-03-31/functions/arn%3Aaws%3Alambda"), path)
        self.assertIn("/us-east-1/lambda/aws4_request", headers["authorization"])

    def test_invoke_tells_of_the_call(self):
        invoke = "arn:aws:states:::lambda:invoke"
        parameters = {"FunctionName": unique("echo"), "Payload": {"a": 1}, "Qualifier": "1"}
        ended = self.run_task({"Resource": invoke, "Parameters": parameters})
        output = json.loads(ended["output"])
        self.assertEqual(output["Payload"], {"a": 1})
        self.assertEqual(output["StatusCode"], 200)
        self.assertEqual(output["ExecutedVersion"], "$LATEST")
        self.assertEqual(output["SdkResponseMetadata"], {"RequestId": "REQUEST"})
        self.assertIn("Qualifier=1", Lambda.seen[-1][0])

    def test_errors_have_the_names_that_definitions_catch(self):
        ended = self.run_task({"Resource": FUNCTION + unique("raises")})
        self.assertEqual((ended["status"], ended["error"]), ("FAILED", "Refused"))
        self.assertEqual(json.loads(ended["cause"])["errorMessage"], "no")
        ended = self.run_task({"Resource": FUNCTION + unique("missing")})
        self.assertEqual(ended["error"], "Lambda.ResourceNotFoundException")

    def test_a_function_that_hangs_is_timed_out_and_holds_up_nobody(self):
        state = {"Resource": FUNCTION + unique("hangs"), "TimeoutSeconds": 1}
        machine = self.machine(definition({"Type": "Task", **state}))
        slow = [self.start(machine) for _ in range(8)]
        ended = self.run_task({"Resource": FUNCTION + unique("echo")}, {"quick": True})
        self.assertEqual(ended["status"], "SUCCEEDED")
        for execution in slow:
            ended = self.finished(execution)
            self.assertEqual((ended["status"], ended["error"]), ("FAILED", "States.Timeout"))


    def keys_of(self, function):
        """The idempotency keys of all calls that a function got so far."""
        return [headers["idempotency-key"] for path, headers, _ in list(Lambda.seen)
                if path.endswith(f"%3A{function}/invocations")]

    def eventually(self, has_come):
        """Returns once it has."""
        deadline = time.monotonic() + 10
        while not has_come():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def test_after_a_crash_the_same_call_has_the_same_key_and_none_comes_after_its_result(self):
        function = unique("held")
        machine = self.machine(definition({"Type": "Task", "Resource": FUNCTION + function}))
        execution = self.start(machine)
        for calls in (1, 2):
            self.eventually(lambda: len(self.keys_of(function)) == calls)
            self.server.kill()
            self.server.start()
        self.eventually(lambda: len(self.keys_of(function)) == 3)
        Lambda.released.set()
        self.assertEqual(self.finished(execution)["status"], "SUCCEEDED")
        other = self.start(machine)
        self.assertEqual(self.finished(other)["status"], "SUCCEEDED")
        self.server.kill()
        self.server.start()
        # What would be called again has been by the time that a later call is answered.
        self.assertEqual(self.run_task({"Resource": FUNCTION + unique("echo")})["status"], "SUCCEEDED")
        keys = self.keys_of(function)
        self.assertEqual([len(keys), len(set(keys[:3])), len(set(keys))], [4, 1, 2], keys)
        self.assertEqual(str(uuid.UUID(keys[0])), keys[0])

    def test_a_retry_is_a_call_of_its_own(self):
        function = unique("raises")
        retry = [{"ErrorEquals": ["Refused"], "IntervalSeconds": 1, "MaxAttempts": 1}]
        self.run_task({"Resource": FUNCTION + function, "Retry": retry})
        self.assertEqual(len(set(self.keys_of(function))), 2)


class NoEndpoint(ServerTestCase):
    def test_the_cause_says_what_to_set(self):
        machine = self.machine(definition({"Type": "Task", "Resource": FUNCTION + "f"}))
        ended = self.finished(self.start(machine))
        self.assertEqual(ended["error"], "States.TaskFailed")
        for way in ("--endpoint lambda=URL", "--function f=URL", "[functions]", "[endpoints]"):
            self.assertIn(way, ended["cause"])


if __name__ == "__main__":
    unittest.main()
