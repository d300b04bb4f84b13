"""Lambda functions that a URL or a command stands for, as the operator says."""

import http.server
import json
import os
import pathlib
import tempfile
import threading
import time
import unittest

from towpath_server import Server, ServerTestCase, definition, unique

ARN = "arn:aws:lambda:us-east-1:000000000000:function:"
INVOKE = "arn:aws:states:::lambda:invoke"

PROGRAM = """
import json, os, sys
event = json.load(sys.stdin)
what = event.get("do") if isinstance(event, dict) else None
if what == "fail":
    sys.exit("no such order")
if what == "raise":
    print(json.dumps({"errorType": "NoSuchOrder", "errorMessage": "7"}))
    sys.exit(1)
if what == "environment":
    print(json.dumps(dict(os.environ)))
elif what == "folder":
    print(json.dumps(os.getcwd()))
elif what == "large":
    print(json.dumps("x" * 7_000_000))
else:
    print(json.dumps({"got": event}))
"""

# Says that it began, by a file with its key; ends when another file is there.
HELD = """
import os, pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
with open(folder / "calls", "a") as calls:
    calls.write(os.environ["TOWPATH_IDEMPOTENCY_KEY"] + " " + str(os.getpid()) + "\\n")
while not (folder / "go").exists():
    time.sleep(0.01)
print('"gone"')
"""


class Plain(http.server.BaseHTTPRequestHandler):
    """A program that knows nothing of Lambda."""

    protocol_version = "HTTP/1.1"
    seen = []

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(({name.lower(): value for name, value in self.headers.items()}, body))
        answers = {
            "/echo": (200, body),
            "/nothing": (204, b""),
            "/busy": (429, b"later"),
            "/raises": (200, b'{"errorType":"NoSuchOrder","errorMessage":"7"}'),
        }
        status, answer = answers[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


class Functions(ServerTestCase):
    @classmethod
    def setUpClass(cls):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Plain)
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        folder = tempfile.TemporaryDirectory(prefix="towpath-functions-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / "program.py").write_text(PROGRAM)
        (cls.folder / "held.py").write_text(HELD)
        url = f"http://127.0.0.1:{server.server_address[1]}"
        config = cls.folder / "towpath.toml"
        config.write_text(f"""
[functions]
echo = "{url}/echo"
nothing = "{url}/nothing"
busy = "{url}/busy"
raises = "{url}/raises"
gone = "http://127.0.0.1:1/"

[functions.program]
command = ["python3", "program.py"]
folder = "{cls.folder}"
environment = {{ STAGE = "test" }}

[functions.held]
command = "python3 '{cls.folder}/held.py' '{cls.folder}'"
concurrency = 2

[functions."{ARN}by-arn:7"]
command = "echo 7"

[functions.slow]
command = "sleep 30"
timeout_seconds = 0.3
""")
        os.environ["SECRET_OF_THE_SERVER"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "secret"
        cls.addClassCleanup(os.environ.pop, "SECRET_OF_THE_SERVER")
        cls.addClassCleanup(os.environ.pop, "AWS_SECRET_ACCESS_KEY")
        cls.FLAGS = ("--config", str(config), "--function", f"flag={url}/echo")
        super().setUpClass()

    def run_task(self, state, given=None):
        machine = self.machine(definition({"Type": "Task", **state}))
        return self.finished(self.start(machine, given), timeout_seconds=20)

    def output(self, state, given=None):
        ended = self.run_task(state, given)
        self.assertEqual(ended["status"], "SUCCEEDED", ended)
        return json.loads(ended["output"])

    def test_a_url_is_a_function_by_arn_and_by_invoke(self):
        for name in ("echo", "flag", "echo:PROD"):
            self.assertEqual(self.output({"Resource": ARN + name}, {"a": 1}), {"a": 1})
        headers, _ = Plain.seen[-1]
        self.assertRegex(headers["idempotency-key"], "^[0-9a-f-]{36}$")
        self.assertNotIn("authorization", headers)
        parameters = {"FunctionName": "echo", "Payload": {"b.$": "$.a"}}
        output = self.output({"Resource": INVOKE, "Parameters": parameters}, {"a": 1})
        self.assertEqual(output["Payload"], {"b": 1})
        self.assertEqual((output["StatusCode"], output["ExecutedVersion"]), (200, "$LATEST"))
        self.assertIsNone(self.output({"Resource": ARN + "nothing"}))

    def test_errors_of_urls_have_names_that_definitions_catch(self):
        for name, error in (
            ("busy", "Lambda.TooManyRequestsException"),
            ("raises", "NoSuchOrder"),
            ("gone", "Lambda.SdkClientException"),
        ):
            ended = self.run_task({"Resource": ARN + name})
            self.assertEqual((ended["status"], ended["error"]), ("FAILED", error), ended)

    def test_a_command_is_a_function(self):
        self.assertEqual(self.output({"Resource": ARN + "program"}, [1.50]), {"got": [1.5]})
        self.assertEqual(self.output({"Resource": ARN + "by-arn:7"}), 7)
        place = self.output({"Resource": ARN + "program"}, {"do": "folder"})
        self.assertEqual(os.path.realpath(place), os.path.realpath(self.folder))
        parameters = {"FunctionName": ARN + "program", "Payload": {"do": "x"}, "Qualifier": "3"}
        output = self.output({"Resource": INVOKE, "Parameters": parameters})
        self.assertEqual(output["Payload"], {"got": {"do": "x"}})
        self.assertEqual((output["StatusCode"], output["ExecutedVersion"]), (200, "3"))

    def test_a_command_sees_nothing_of_the_servers_environment(self):
        seen = self.output({"Resource": ARN + "program"}, {"do": "environment"})
        self.assertEqual(seen["STAGE"], "test")
        self.assertEqual(seen["AWS_LAMBDA_FUNCTION_NAME"], "program")
        for name in ("AWS_SECRET_ACCESS_KEY", "SECRET_OF_THE_SERVER"):
            self.assertNotIn(name, seen)

    def test_a_command_that_fails_fails_the_task(self):
        ended = self.run_task({"Resource": ARN + "program"}, {"do": "fail"})
        self.assertEqual((ended["status"], ended["error"]), ("FAILED", "Runtime.ExitError"))
        self.assertIn("no such order", json.loads(ended["cause"])["errorMessage"])
        ended = self.run_task({"Resource": ARN + "program"}, {"do": "raise"})
        self.assertEqual(ended["error"], "NoSuchOrder")
        ended = self.run_task({"Resource": ARN + "program"}, {"do": "large"})
        self.assertEqual(ended["error"], "Function.ResponseSizeTooLarge")
        ended = self.run_task({"Resource": ARN + "slow"})
        self.assertEqual(ended["error"], "Sandbox.Timedout")

    def calls(self):
        """Keys and processes of the held function's runs, in order."""
        try:
            text = (self.folder / "calls").read_text()
        except FileNotFoundError:
            return []
        return [line.split() for line in text.splitlines()]

    def eventually(self, has_come, what=""):
        """Returns once it has."""
        deadline = time.monotonic() + 10
        while not has_come():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.01)

    @staticmethod
    def runs(pid):
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
        except OSError:
            return False

    def test_time_outs_stops_and_crashes(self):
        # A state that times out ends its command; so does a stop.
        machine = self.machine(
            definition({"Type": "Task", "Resource": ARN + "held", "TimeoutSeconds": 1}))
        ended = self.finished(self.start(machine))
        self.assertEqual(ended["error"], "States.Timeout")
        (_, pid), = self.calls()
        self.eventually(lambda: not self.runs(pid))
        machine = self.machine(definition({"Type": "Task", "Resource": ARN + "held"}))
        execution = self.start(machine)
        self.eventually(lambda: len(self.calls()) == 2)
        self.sfn.stop_execution(executionArn=execution)
        self.eventually(lambda: not self.runs(self.calls()[1][1]))
        # A server that is killed leaves the command alone and starts it again, with the same key.
        execution = self.start(machine)
        self.eventually(lambda: len(self.calls()) == 3)
        self.server.kill()
        self.server.start()
        self.eventually(lambda: len(self.calls()) == 4)
        keys = [key for key, _ in self.calls()]
        self.assertEqual(keys[2], keys[3])
        self.assertEqual(len(set(keys)), 3)
        # One that is told to stop ends it first.
        self.server.terminate()
        self.eventually(lambda: not self.runs(self.calls()[3][1]))
        self.server.start()
        self.eventually(lambda: len(self.calls()) == 5)
        (self.folder / "go").touch()
        self.assertEqual(self.finished(execution)["output"], '"gone"')
        self.assertEqual({key for key, _ in self.calls()[2:]}, {keys[2]})


class Mistakes(unittest.TestCase):
    def test_a_command_that_is_not_there_is_noticed_at_the_start(self):
        server = Server("--function", "f=no-such-program-anywhere")
        self.addCleanup(server.close)
        with self.assertRaisesRegex(RuntimeError, "no-such-program-anywhere: not found in PATH"):
            server.start()


if __name__ == "__main__":
    unittest.main()
