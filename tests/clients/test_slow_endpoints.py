"""One endpoint that does not answer holds up nobody but those who call it."""

import http.server
import json
import socket
import threading
import time
import unittest

from towpath_server import ServerTestCase, definition

ARN = "arn:aws:lambda:us-east-1:000000000000:function:"


class Quick(http.server.BaseHTTPRequestHandler):
    """A function that returns what it was given."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class SlowEndpoints(ServerTestCase):
    @classmethod
    def setUpClass(cls):
        quick = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quick)
        cls.addClassCleanup(quick.server_close)
        cls.addClassCleanup(quick.shutdown)
        threading.Thread(target=quick.serve_forever, daemon=True).start()
        # Takes no connection once its queue is full, as an address behind a broken firewall.
        hole = socket.socket()
        hole.bind(("127.0.0.1", 0))
        hole.listen(0)
        cls.addClassCleanup(hole.close)
        cls.held = []
        for _ in range(4):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(hole.getsockname())
            cls.held.append(caller)
            cls.addClassCleanup(caller.close)
        # Takes connections and says nothing.
        silent = socket.socket()
        silent.bind(("127.0.0.1", 0))
        silent.listen(1000)
        cls.addClassCleanup(silent.close)
        cls.FLAGS = (
            "--function", f"quick=http://127.0.0.1:{quick.server_address[1]}/",
            "--function", f"hole=http://127.0.0.1:{hole.getsockname()[1]}/",
            "--function", f"silent=http://127.0.0.1:{silent.getsockname()[1]}/",
            "--http-concurrency", "20", "--http-queue", "50",
            "--http-connect-timeout-seconds", "1",
        )
        super().setUpClass()

    def call(self, name, count, **fields):
        machine = self.machine(definition({"Type": "Task", "Resource": ARN + name, **fields}))
        return [self.start(machine, number) for number in range(count)]

    def nobody_else_waits(self):
        activity = self.activity()
        began = time.monotonic()
        quick, = self.call("quick", 1)
        self.assertEqual(self.finished(quick)["status"], "SUCCEEDED")
        task = self.start(self.task_machine(activity))
        token = self.sfn.get_activity_task(activityArn=activity)["taskToken"]
        self.sfn.send_task_success(taskToken=token, output="1")
        self.assertEqual(self.finished(task)["status"], "SUCCEEDED")
        self.assertLess(time.monotonic() - began, 2)

    def test_one_that_takes_no_connection_is_left_alone(self):
        executions = self.call("hole", 60)
        self.nobody_else_waits()
        ended = [self.finished(execution, timeout_seconds=15) for execution in executions]
        self.assertEqual({it["error"] for it in ended}, {"Lambda.SdkClientException"})
        self.assertTrue(any("paused" in it["cause"] for it in ended))
        # Those that come now need not find out again.
        began = time.monotonic()
        execution, = self.call("hole", 1)
        cause = self.finished(execution)["cause"]
        self.assertTrue("paused" in cause or time.monotonic() - began < 3, cause)
        # And a definition may do something about it.
        state = {"Type": "Task", "Resource": ARN + "hole", "End": True,
                 "Catch": [{"ErrorEquals": ["Lambda.SdkClientException"], "Next": "Otherwise"}]}
        states = {"Only": state, "Otherwise": {"Type": "Pass", "End": True, "Result": "otherwise"}}
        execution = self.start(self.machine(json.dumps({"StartAt": "Only", "States": states})))
        self.assertEqual(self.finished(execution)["output"], '"otherwise"')

    def test_one_that_says_nothing_has_places_and_a_queue(self):
        executions = self.call("silent", 80, TimeoutSeconds=4)
        self.nobody_else_waits()
        ended = [self.finished(execution, timeout_seconds=15) for execution in executions]
        errors = [it["error"] for it in ended]
        self.assertEqual(errors.count("Lambda.SdkClientException"), 10, errors)
        self.assertEqual(errors.count("States.Timeout"), 70, errors)
        full = next(it["cause"] for it in ended if it["error"] == "Lambda.SdkClientException")
        self.assertIn("20 calls of 127.0.0.1", full)


if __name__ == "__main__":
    unittest.main()
