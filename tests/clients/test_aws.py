"""Tasks that call AWS services, with moto in their place."""

import json
import os
import pathlib
import subprocess
import sys
import time
import unittest
import urllib.request

import boto3
import botocore

from towpath_server import REGION, ROLE, ServerTestCase, definition, free_port, unique

START_TIMEOUT_SECONDS = 60
# The server's own account, unless it is told another.
ACCOUNT = "000000000000"


class Moto:
    """AWS's services in a process of their own."""

    def __init__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        program = pathlib.Path(sys.executable).with_name("moto_server")
        self.process = subprocess.Popen(
            [program, "--host", "127.0.0.1", "--port", str(self.port)],
            env=os.environ | {"MOTO_ACCOUNT_ID": ACCOUNT},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("moto does not answer")
            time.sleep(0.05)

    def _answers(self):
        try:
            with urllib.request.urlopen(self.url + "/moto-api/", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def close(self):
        self.process.kill()
        self.process.wait()

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


class Aws(ServerTestCase):
    @classmethod
    def setUpClass(cls):
        cls.moto = Moto()
        cls.addClassCleanup(cls.moto.close)
        models = pathlib.Path(botocore.__file__).with_name("data")
        cls.FLAGS = (
            "--endpoint", f"default={cls.moto.url}",
            "--execution-logs", "cloudwatch",
            "--status-events-bus", "default",
            "--aws-models", str(models),
        )  # fmt: skip
        super().setUpClass()

    def run_task(self, resource, parameters, **state):
        task = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", **state}
        machine = self.machine(definition({**task, "Parameters": parameters}))
        return self.finished(self.start(machine))

    def output(self, resource, parameters, **state):
        ended = self.run_task(resource, parameters, **state)
        self.assertEqual(ended["status"], "SUCCEEDED", ended.get("cause"))
        return json.loads(ended["output"])

    def test_a_message_is_sent_by_both_integrations(self):
        sqs = self.moto.client("sqs")
        queue = sqs.create_queue(QueueName=unique("queue"))["QueueUrl"]
        given = {"QueueUrl": queue, "MessageBody": {"a": 1}}
        optimized = self.output("sqs:sendMessage", given)
        self.assertEqual(optimized["SdkHttpMetadata"]["HttpStatusCode"], 200)
        self.assertIn("MD5OfMessageBody", optimized)
        sdk = self.output("aws-sdk:sqs:sendMessage", given)
        self.assertEqual(set(sdk), {"MessageId", "Md5OfMessageBody"})
        received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
        self.assertEqual([message["Body"] for message in received], ['{"a":1}'] * 2)

    def test_errors_are_named_as_each_integration_names_them(self):
        for resource, error in [
            ("dynamodb:getItem", "DynamoDB.ResourceNotFoundException"),
            ("aws-sdk:dynamodb:getItem", "DynamoDb.ResourceNotFoundException"),
        ]:
            given = {"TableName": unique("none"), "Key": {"id": {"S": "1"}}}
            ended = self.run_task(resource, given)
            self.assertEqual((ended["status"], ended["error"]), ("FAILED", error))
        given = {"Bucket": unique("none").lower(), "Key": "k"}
        ended = self.run_task("aws-sdk:s3:getObject", given)
        self.assertEqual(ended["error"], "S3.NoSuchBucketException")
        self.assertIn("(Service: S3, Status Code: 404, Request ID: ", ended["cause"])

    def test_an_error_of_a_service_can_be_caught(self):
        given = {"QueueUrl": f"{self.moto.url}/{ACCOUNT}/none", "MessageBody": "m"}
        catch = [{"ErrorEquals": ["Sqs.QueueDoesNotExistException"], "Next": "Caught"}]
        states = {
            "Send": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:sqs:sendMessage",
                "Parameters": given,
                "Catch": catch,
                "End": True,
            },
            "Caught": {"Type": "Succeed"},
        }
        machine = self.machine(json.dumps({"StartAt": "Send", "States": states}))
        self.assertEqual(self.finished(self.start(machine))["status"], "SUCCEEDED")

    def test_parameters_that_do_not_fit_are_told(self):
        given = {"TableName": 5, "Item": {"id": {"N": 1}}, "Tabel": "t"}
        ended = self.run_task("aws-sdk:dynamodb:putItem", given)
        self.assertEqual(ended["error"], "States.Runtime")
        for told in ["'TableName' must be a STRING", "'N' must be a STRING", "'Tabel' is not"]:
            self.assertIn(told, ended["cause"])

    def test_every_protocol_is_spoken(self):
        # json and rest-xml are spoken above.
        ec2 = self.output("aws-sdk:ec2:describeAvailabilityZones", {"ZoneNames": ["us-east-1a"]})
        self.assertEqual([zone["ZoneName"] for zone in ec2["AvailabilityZones"]], ["us-east-1a"])
        name = unique("role")
        trust = {"Version": "2012-10-17", "Statement": []}
        iam = self.output(
            "aws-sdk:iam:createRole", {"RoleName": name, "AssumeRolePolicyDocument": trust}
        )
        self.assertEqual(iam["Role"]["RoleName"], name)
        self.assertRegex(iam["Role"]["CreateDate"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        rest_json = self.output("aws-sdk:lambda:listFunctions", {"MaxItems": 1})
        self.assertEqual(rest_json["Functions"], [])

    def test_a_service_that_only_the_folder_knows_is_called(self):
        found = self.output("aws-sdk:athena:listWorkGroups", {})
        self.assertEqual(found["WorkGroups"][0]["Name"], "primary")
        none = self.output("aws-sdk:elasticbeanstalk:describeApplications", {})
        self.assertEqual(none["Applications"], [])

    def test_objects_are_listed_with_moments_as_texts(self):
        s3 = self.moto.client("s3")
        bucket = unique("bucket").lower()
        s3.create_bucket(Bucket=bucket)
        key = "a b/ü+&<.txt"
        self.output("aws-sdk:s3:putObject", {"Bucket": bucket, "Key": key, "Body": {"x": [1]}})
        self.assertEqual(s3.get_object(Bucket=bucket, Key=key)["Body"].read(), b'{"x":[1]}')
        listed = self.output("aws-sdk:s3:listObjectsV2", {"Bucket": bucket, "Prefix": "a b/"})
        self.assertEqual([found["Key"] for found in listed["Contents"]], [key])
        self.assertEqual(listed["Contents"][0]["Size"], 9)
        self.assertRegex(listed["Contents"][0]["LastModified"], r"Z$")
        objects = {"Objects": [{"Key": key}]}
        self.output("aws-sdk:s3:deleteObjects", {"Bucket": bucket, "Delete": objects})
        self.assertNotIn("Contents", s3.list_objects_v2(Bucket=bucket))

    def test_events_are_put_and_a_rule_hears_of_executions(self):
        sqs, events = self.moto.client("sqs"), self.moto.client("events")
        queue = sqs.create_queue(QueueName=unique("queue"))["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue.rsplit('/', 1)[1]}"
        rule = unique("rule")
        events.put_rule(Name=rule, EventPattern=json.dumps({"source": ["mine", "aws.states"]}))
        events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": arn}])
        self.addCleanup(events.remove_targets, Rule=rule, Ids=["1"])
        entry = {"Source": "mine", "DetailType": "t", "Detail": {"a": 1}}
        put = self.output("events:putEvents", {"Entries": [entry]})
        self.assertEqual(put["FailedEntryCount"], 0)
        seen = {}
        deadline = time.monotonic() + 20
        while not {"mine", "SUCCEEDED"} <= set(seen) and time.monotonic() < deadline:
            received = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)
            for message in received.get("Messages", []):
                event = json.loads(message["Body"])
                seen[event["detail"].get("status", event["source"])] = event["detail"]
        self.assertEqual(seen["mine"], {"a": 1})
        self.assertEqual(json.loads(seen["SUCCEEDED"]["input"]), {})

    def test_jobs_are_waited_for(self):
        glue = self.moto.client("glue")
        job = unique("job")
        glue.create_job(Name=job, Role="r", Command={"Name": "glueetl", "ScriptLocation": "s3://b/s"})
        run = self.output("glue:startJobRun.sync", {"JobName": job})
        self.assertEqual((run["JobName"], run["JobRunState"]), (job, "SUCCEEDED"))
        query = {
            "QueryString": "SELECT 1",
            "ResultConfiguration": {"OutputLocation": "s3://bucket/out"},
        }
        found = self.output("athena:startQueryExecution.sync", query)
        self.assertEqual(found["QueryExecution"]["Status"]["State"], "SUCCEEDED")
        self.moto.client("codebuild").create_project(
            name="project",
            source={"type": "S3", "location": "b/k"},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "i",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole=f"arn:aws:iam::{ACCOUNT}:role/service-role/build",
        )
        built = self.output("codebuild:startBuild.sync", {"ProjectName": "project"})
        self.assertEqual(built["Build"]["BuildStatus"], "SUCCEEDED")

    def test_a_cluster_is_created_and_a_step_is_added(self):
        cluster = {
            "Name": "c",
            "ReleaseLabel": "emr-6.0.0",
            "Instances": {
                "MasterInstanceType": "m4.large",
                "InstanceCount": 1,
                "KeepJobFlowAliveWhenNoSteps": True,
            },
            "JobFlowRole": "EMR_EC2_DefaultRole",
            "ServiceRole": "EMR_DefaultRole",
        }
        made = self.output("elasticmapreduce:createCluster.sync", cluster)
        self.assertEqual(made["ClusterId"], made["Cluster"]["Id"])
        step = {"Name": "s", "HadoopJarStep": {"Jar": "j"}}
        given = {"ClusterId": made["ClusterId"], "Step": step}
        added = self.output("elasticmapreduce:addStep", given)
        self.assertTrue(added["StepId"].startswith("s-"))

    def test_a_job_that_is_missing_fails_when_it_is_submitted(self):
        ended = self.run_task("glue:startJobRun.sync", {"JobName": unique("none")})
        self.assertEqual(ended["error"], "Glue.EntityNotFoundException")
        ended = self.run_task("ecs:runTask.sync", {"TaskDefinition": unique("none")})
        self.assertEqual((ended["status"], ended["error"][:4]), ("FAILED", "ECS."))

    def test_logs_go_to_the_group_that_the_machine_names(self):
        logs = self.moto.client("logs")
        group = f"/aws/vendedlogs/{unique('group')}"
        logs.create_log_group(logGroupName=group)
        arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:*"
        logging = {
            "level": "ALL",
            "includeExecutionData": True,
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}],
        }
        made = self.sfn.create_state_machine(
            name=unique("machine"),
            definition=definition({"Type": "Pass"}),
            roleArn=ROLE,
            loggingConfiguration=logging,
        )
        self.finished(self.start(made["stateMachineArn"], {"n": 1}))
        deadline = time.monotonic() + 20
        messages = []
        while len(messages) < 4 and time.monotonic() < deadline:
            found = logs.filter_log_events(logGroupName=group)["events"]
            messages = [json.loads(event["message"]) for event in found]
        types = [message["type"] for message in messages]
        self.assertEqual(types[0], "ExecutionStarted")
        self.assertEqual(types[-1], "ExecutionSucceeded")
        self.assertEqual(json.loads(messages[0]["details"]["input"]), {"n": 1})


class NoEndpoint(ServerTestCase):
    def test_the_cause_says_what_to_set(self):
        task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sqs:listQueues"}
        ended = self.finished(self.start(self.machine(definition({**task, "Parameters": {}}))))
        self.assertEqual(ended["error"], "States.TaskFailed")
        self.assertIn("--endpoint sqs=URL", ended["cause"])

    def test_a_service_that_is_not_known_is_named(self):
        task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:braket:getDevice"}
        ended = self.finished(self.start(self.machine(definition({**task, "Parameters": {}}))))
        self.assertIn("'braket' is not known", ended["cause"])
        self.assertIn("--aws-models", ended["cause"])


if __name__ == "__main__":
    unittest.main()
