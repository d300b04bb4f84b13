"""Jobs that `.sync` waits for, at a Batch, an ECS and an API that say what the test wants."""

import http.server
import json
import threading
import unittest

from towpath_server import ServerTestCase, definition, unique


class Services(http.server.BaseHTTPRequestHandler):
    """A job is RUNNING until the test ends it. What a request may be made of is noted."""

    protocol_version = "HTTP/1.1"
    submitted = {}
    looks = {}
    ended = {}
    refuse_looks = set()
    stopped = set()
    api = []
    lock = threading.Lock()

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/prod"):
            return self.called(body)
        given = json.loads(body)
        with self.lock:
            answer = self.batch(given) if self.path.startswith("/v1/") else self.ecs(given)
        return self.answer(*answer)

    def do_GET(self):
        self.called(b"")

    def called(self, body):
        self.api.append((self.command, self.path, dict(self.headers), body))
        status = 403 if "/secret" in self.path else 200
        self.answer(status, {"message": "hello"})

    def batch(self, given):
        if self.path == "/v1/submitjob":
            name = given["jobName"]
            self.submitted.setdefault(name, []).append(given)
            return 200, {"jobName": name, "jobId": name}
        if self.path == "/v1/terminatejob":
            self.stopped.add(given["jobId"])
            return 200, {}
        (job,) = given["jobs"]
        self.looks[job] = self.looks.get(job, 0) + 1
        if job in self.refuse_looks and self.looks[job] == 1:
            return 429, {"message": "Slow down"}
        status = self.ended.get(job, "RUNNING")
        return 200, {"jobs": [{"jobId": job, "status": status, "startedAt": 5}]}

    def ecs(self, given):
        if self.headers["X-Amz-Target"].endswith("RunTask"):
            if given["taskDefinition"] == "full":
                failures = [{"arn": "a", "reason": "RESOURCE:MEMORY"}]
                return 200, {"tasks": [], "failures": failures}
            return 200, {"tasks": [{"taskArn": given["taskDefinition"]}], "failures": []}
        (task,) = given["tasks"]
        exit_code = int(task.rsplit("-", 1)[1])
        containers = [{"name": "c", "exitCode": exit_code}]
        stopped = {"taskArn": task, "lastStatus": "STOPPED", "stoppedAt": 1.5, "containers": containers}
        return 200, {"tasks": [stopped], "failures": []}

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Jobs(ServerTestCase):
    @classmethod
    def setUpClass(cls):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Services)
        server.daemon_threads = True
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.FLAGS = ("--endpoint", f"default=http://127.0.0.1:{server.server_address[1]}")
        super().setUpClass()

    def begin(self, resource, parameters):
        task = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}"}
        return self.start(self.machine(definition({**task, "Parameters": parameters})))

    def submit(self):
        job = unique("job")
        parameters = {"JobName": job, "JobQueue": "q", "JobDefinition": "d"}
        return job, self.begin("batch:submitJob.sync", parameters)

    def until_looked_at(self, job, times=1):
        self.until(lambda: Services.looks.get(job, 0) >= times)

    def until(self, holds):
        waited = threading.Event()
        for _ in range(500):
            if holds():
                return
            waited.wait(0.02)
        self.fail("it did not come to it")

    def test_a_job_is_looked_at_until_it_has_ended(self):
        job, execution = self.submit()
        self.until_looked_at(job, 2)
        self.assertEqual(self.types(execution)[-1], "TaskSubmitted")
        Services.ended[job] = "SUCCEEDED"
        ended = self.finished(execution, timeout_seconds=30)
        self.assertEqual(
            json.loads(ended["output"]), {"JobId": job, "Status": "SUCCEEDED", "StartedAt": 5}
        )

    def test_a_job_that_fails_is_the_cause(self):
        job, execution = self.submit()
        Services.ended[job] = "FAILED"
        ended = self.finished(execution, timeout_seconds=30)
        self.assertEqual(ended["error"], "States.TaskFailed")
        self.assertEqual(json.loads(ended["cause"])["JobId"], job)

    def test_a_look_that_is_refused_for_now_ends_nothing(self):
        job = unique("job")
        Services.refuse_looks.add(job)
        Services.ended[job] = "SUCCEEDED"
        parameters = {"JobName": job, "JobQueue": "q", "JobDefinition": "d"}
        execution = self.begin("batch:submitJob.sync", parameters)
        self.assertEqual(self.finished(execution, timeout_seconds=30)["status"], "SUCCEEDED")
        self.assertEqual(Services.looks[job], 2)

    def test_a_job_is_submitted_once_over_a_crash(self):
        job, execution = self.submit()
        self.until_looked_at(job)
        self.server.kill()
        Services.ended[job] = "SUCCEEDED"
        self.server.start()
        self.assertEqual(self.finished(execution, timeout_seconds=30)["status"], "SUCCEEDED")
        self.assertEqual(len(Services.submitted[job]), 1)

    def test_a_job_is_stopped_with_its_execution(self):
        job, execution = self.submit()
        self.until_looked_at(job)
        self.sfn.stop_execution(executionArn=execution)
        self.until(lambda: job in Services.stopped)
        job = unique("job")
        given = {"JobName": job, "JobQueue": "q", "JobDefinition": "d"}
        task = {"Type": "Task", "Resource": "arn:aws:states:::batch:submitJob.sync"}
        machine = self.machine(definition({**task, "Parameters": given, "TimeoutSeconds": 1}))
        self.assertEqual(self.finished(self.start(machine))["error"], "States.Timeout")
        self.until(lambda: job in Services.stopped)

    def test_a_task_is_judged_by_its_containers(self):
        name = unique("task")
        execution = self.begin("ecs:runTask.sync", {"Cluster": "c", "TaskDefinition": f"{name}-0"})
        ended = self.finished(execution, timeout_seconds=30)
        # The optimized integrations tell moments in milliseconds.
        self.assertEqual(json.loads(ended["output"])["StoppedAt"], 1500)
        execution = self.begin("ecs:runTask.sync", {"Cluster": "c", "TaskDefinition": f"{name}-1"})
        ended = self.finished(execution, timeout_seconds=30)
        self.assertEqual(ended["error"], "States.TaskFailed")
        execution = self.begin("ecs:runTask.sync", {"Cluster": "c", "TaskDefinition": "full"})
        ended = self.finished(execution, timeout_seconds=30)
        self.assertEqual(ended["error"], "States.TaskFailed")
        self.assertIn("RESOURCE:MEMORY", ended["cause"])

    def test_an_api_is_called(self):
        call = {
            "ApiEndpoint": "abc.execute-api.us-east-1.amazonaws.com",
            "Method": "POST",
            "Stage": "prod",
            "Path": "/orders/a b",
            "QueryParameters": {"q": ["1"]},
            "Headers": {"Token": ["t"]},
            "RequestBody": {"n": 1},
        }
        execution = self.begin("apigateway:invoke", call)
        output = json.loads(self.finished(execution)["output"])
        self.assertEqual(output["ResponseBody"], {"message": "hello"})
        self.assertEqual((output["StatusCode"], output["StatusText"]), (200, "OK"))
        method, path, headers, body = Services.api[-1]
        headers = {name.lower(): value for name, value in headers.items()}
        self.assertEqual((method, path, body), ("POST", "/prod/orders/a%20b?q=1", b'{"n":1}'))
        self.assertEqual(headers["token"], "t")
        self.assertEqual(headers["x-forwarded-host"], call["ApiEndpoint"])
        self.assertNotIn("authorization", headers)
        secret = {**call, "Method": "GET", "Path": "secret", "AuthType": "IAM_ROLE"}
        secret.pop("RequestBody")
        ended = self.finished(self.begin("apigateway:invoke", secret))
        self.assertEqual(ended["error"], "ApiGateway.403")
        self.assertEqual(json.loads(ended["cause"]), {"message": "hello"})
        signed = {name.lower(): value for name, value in Services.api[-1][2].items()}
        self.assertIn("/execute-api/aws4_request", signed["authorization"])


if __name__ == "__main__":
    unittest.main()
