"""HTTP tasks, with connections from the server's configuration."""

import base64
import http.server
import json
import os
import pathlib
import tempfile
import threading
import time
import unittest
import urllib.parse

from towpath_server import ServerTestCase, definition, unique

RESOURCE = "arn:aws:states:::http:invoke"
PASSWORD = "hidden-password"
KEY = "hidden-key"
SECRET = "hidden-secret"


def connection(name):
    """A connection's ARN, as a definition has it."""
    return f"arn:aws:events:us-east-1:000000000000:connection/{name}/8b1b2c4e-0000-0000"


class Api(http.server.BaseHTTPRequestHandler):
    """An API that tells what it was asked; the path says how it behaves."""

    protocol_version = "HTTP/1.1"
    seen = []
    tokens = []
    released = threading.Event()

    def log_message(self, *_):
        pass

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        path, _, query = self.path.partition("?")
        self.seen.append((self.command, self.path, headers, body))
        if path == "/token":
            self.tokens.append(f"token-{len(self.tokens)}")
            answer = {"access_token": self.tokens[-1], "expires_in": 3600, "token_type": "Bearer"}
            return self.answer(200, json.dumps(answer).encode())
        if path.startswith("/held"):
            self.released.wait(20)
        if path == "/missing":
            return self.answer(404, b'{"reason": "no such thing"}')
        if path == "/elsewhere":
            return self.answer(302, b"", {"Location": "/echo"})
        if path == "/large":
            return self.answer(200, b"x" * 300_000, {"Content-Type": "text/plain"})
        told = {"method": self.command, "path": path, "query": query, "body": body.decode()}
        return self.answer(200, json.dumps(told).encode(), {"X-Two": "2"})

    do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET

    def answer(self, status, body, headers=None):
        try:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            pass  # of a server that was killed meanwhile


class HttpTasks(ServerTestCase):
    @classmethod
    def setUpClass(cls):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
        server.daemon_threads = True
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        folder = tempfile.TemporaryDirectory(prefix="towpath-http-")
        cls.addClassCleanup(folder.cleanup)
        cls.host = f"127.0.0.1:{server.server_address[1]}"
        cls.url = f"http://{cls.host}"
        (pathlib.Path(folder.name) / "secret").write_text(SECRET + "\n")
        os.environ["API_PASSWORD"] = PASSWORD
        cls.addClassCleanup(os.environ.pop, "API_PASSWORD")
        cls.config = pathlib.Path(folder.name) / "towpath.toml"
        cls.config.write_text(f"""
[http]
allow = ["{cls.host}"]

[connections.open]
hosts = ["{cls.host}", "169.254.169.254:80", "169.254.169.254:443"]

[connections.basic]
hosts = ["{cls.host}"]
basic = {{ username = "user", password = {{ env = "API_PASSWORD" }} }}
query = {{ version = "2" }}

[connections.key]
hosts = ["{cls.host}"]
api_key = {{ name = "X-Api-Key", value = "{KEY}" }}

[connections.oauth.oauth]
token_url = "{cls.url}/token"
client_id = "me"
client_secret = {{ file = "{folder.name}/secret" }}
[connections.oauth]
hosts = ["{cls.host}"]

[connections.elsewhere]
hosts = ["api.example.com"]
api_key = {{ name = "X-Api-Key", value = "{KEY}" }}
""")
        cls.FLAGS = ("--config", str(cls.config))
        super().setUpClass()

    def run_task(self, path, name="open", retry=None, **fields):
        parameters = {"ApiEndpoint": self.url + path if path.startswith("/") else path,
                      "Method": "GET", "Authentication": {"ConnectionArn": connection(name)}}
        state = {"Type": "Task", "Resource": RESOURCE, "Parameters": {**parameters, **fields}}
        if retry:
            state["Retry"] = retry
        self.execution = self.start(self.machine(definition(state)))
        return self.finished(self.execution, timeout_seconds=20)

    def output(self, path, name="open", **fields):
        ended = self.run_task(path, name, **fields)
        self.assertEqual(ended["status"], "SUCCEEDED", ended)
        return json.loads(ended["output"])

    def test_a_call_and_its_result(self):
        result = self.output(
            "/echo", Method="PUT", RequestBody={"a": [1, 2]}, QueryParameters={"q": "a b"},
            Headers={"X-A": "b"})
        self.assertEqual((result["StatusCode"], result["StatusText"]), (200, "OK"))
        self.assertEqual(result["Headers"]["x-two"], ["2"])
        self.assertEqual(result["ResponseBody"], {
            "method": "PUT", "path": "/echo", "query": "q=a%20b", "body": '{"a":[1,2]}'})
        self.assertEqual(Api.seen[-1][2]["x-a"], "b")
        transform = {"RequestBodyEncoding": "URL_ENCODED",
                     "RequestEncodingOptions": {"ArrayFormat": "REPEAT"}}
        result = self.output(
            "/echo", Method="POST", RequestBody={"a": [1, 2], "b": "c d"}, Transform=transform)
        body = urllib.parse.parse_qs(result["ResponseBody"]["body"])
        self.assertEqual(body, {"a": ["1", "2"], "b": ["c d"]})

    def test_failures_have_names(self):
        for path, error, cause in (
            ("/missing", "States.Http.StatusCode.404", "Not Found"),
            ("/elsewhere", "States.Http.StatusCode.302", "Found"),
            ("/large", "States.DataLimitExceeded", "262144"),
        ):
            ended = self.run_task(path)
            self.assertEqual((ended["status"], ended["error"]), ("FAILED", error))
            self.assertIn(cause, ended["cause"])

    def test_connections(self):
        result = self.output("/echo", "basic", QueryParameters={"version": "1", "other": "x"})
        self.assertEqual(result["ResponseBody"]["query"], "other=x&version=2")
        expected = base64.b64encode(f"user:{PASSWORD}".encode()).decode()
        self.assertEqual(Api.seen[-1][2]["authorization"], f"Basic {expected}")
        self.output("/echo", "key", Headers={"X-Api-Key": "of the task"})
        self.assertEqual(Api.seen[-1][2]["x-api-key"], KEY)
        for _ in range(3):
            self.output("/echo", "oauth")
        self.assertEqual(len(Api.tokens), 1)
        self.assertEqual(Api.seen[-1][2]["authorization"], f"Bearer {Api.tokens[0]}")
        asked = [body for _, path, _, body in Api.seen if path == "/token"]
        self.assertIn(f"client_secret={SECRET}".encode(), asked[0])

    def test_whom_nobody_allowed_is_not_asked(self):
        for path, name, says in (
            ("/echo", "unknown", "[connections.unknown]"),
            ("/echo", "elsewhere", "hosts of [connections.elsewhere]"),
            ("http://169.254.169.254/latest/meta-data/", "open", "[http]"),
            ("https://169.254.169.254/latest/meta-data/", "open", "not one of the public internet"),
        ):
            before = len(Api.seen)
            ended = self.run_task(path, name)
            self.assertEqual(ended["error"], "States.Http.InvocationFailed", ended)
            self.assertIn(says, ended["cause"])
            self.assertEqual(len(Api.seen), before)
        ended = self.run_task("/echo", Headers={"X-A": "b\r\nX-C: d"})
        self.assertEqual(ended["error"], "States.Runtime")

    def test_a_state_that_is_tried_shows_what_was_sent(self):
        parameters = {"ApiEndpoint": self.url + "/echo", "Method": "POST", "RequestBody": {"a": 1},
                      "Authentication": {"ConnectionArn": connection("basic")}}
        state = json.dumps(
            {"Type": "Task", "Resource": RESOURCE, "Parameters": parameters, "End": True})
        client = self.server.client(inject_host_prefix=False)
        for level, reveals in (("INFO", False), ("DEBUG", False), ("TRACE", False), ("TRACE", True)):
            tried = client.test_state(
                definition=state, roleArn="arn:aws:iam::012345678901:role/any", input="{}",
                inspectionLevel=level, revealSecrets=reveals)
            self.assertEqual(tried["status"], "SUCCEEDED", tried)
            inspected = tried.get("inspectionData", {})
            self.assertEqual("request" in inspected, level == "TRACE")
            if level != "TRACE":
                continue
            request, response = inspected["request"], inspected["response"]
            self.assertEqual((request["method"], request["body"]), ("POST", '{"a":1}'))
            self.assertEqual((response["statusCode"], response["statusMessage"]), ("200", "OK"))
            self.assertEqual("authorization: Basic" in request["headers"], reveals)
            self.assertEqual("version=2" in request["url"], reveals)

    def test_secrets_are_nowhere_to_be_read(self):
        for name in ("basic", "key", "oauth"):
            self.output("/echo", name)
            text = str(self.history(self.execution)) + self.server.log_text()
            for secret in (PASSWORD, KEY, SECRET):
                self.assertNotIn(secret, text)
        self.run_task("/missing", "key")
        self.assertNotIn(KEY, str(self.history(self.execution)))

    def test_a_crash_in_the_middle_repeats_the_call_with_its_key(self):
        path = "/" + unique("held")
        parameters = {"ApiEndpoint": self.url + path, "Method": "POST",
                      "Authentication": {"ConnectionArn": connection("open")}}
        state = {"Type": "Task", "Resource": RESOURCE, "Parameters": parameters}
        execution = self.start(self.machine(definition(state)))

        def keys():
            return [headers["idempotency-key"] for _, it, headers, _ in list(Api.seen) if it == path]

        def eventually(count):
            deadline = time.monotonic() + 10
            while len(keys()) < count:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)

        eventually(1)
        self.server.kill()
        self.server.start()
        eventually(2)
        Api.released.set()
        self.assertEqual(self.finished(execution)["status"], "SUCCEEDED")
        self.server.kill()
        self.server.start()
        self.output("/echo")
        self.assertEqual(len(keys()), 2)
        self.assertEqual(len(set(keys())), 1)


if __name__ == "__main__":
    unittest.main()
