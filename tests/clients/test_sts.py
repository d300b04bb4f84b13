"""Who am I? Asked of the same port with boto3, the AWS CLI and by hand."""

import json
import pathlib
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

import boto3
from botocore.config import Config

from towpath_server import REGION, ServerTestCase, client_environment

AWS = pathlib.Path(sys.executable).parent / "aws"
ACCOUNT = "123456789012"


class CallerIdentity(ServerTestCase):
    FLAGS = ("--account", ACCOUNT)

    def sts(self):
        return boto3.client(
            "sts", endpoint_url=self.server.endpoint, region_name=REGION,
            aws_access_key_id="test", aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def test_boto3(self):
        answer = self.sts().get_caller_identity()
        metadata = answer.pop("ResponseMetadata")
        self.assertEqual(
            answer,
            {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root", "UserId": ACCOUNT},
        )
        self.assertEqual(metadata["RequestId"], metadata["HTTPHeaders"]["x-amzn-requestid"])

    def test_other_operations_are_refused_in_xml(self):
        sts = self.sts()
        with self.assertRaises(sts.exceptions.ClientError) as caught:
            sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/role", RoleSessionName="me")
        error = caught.exception.response
        self.assertEqual(error["Error"]["Code"], "InvalidAction")
        self.assertIn("AssumeRole", error["Error"]["Message"])
        self.assertEqual(error["ResponseMetadata"]["HTTPStatusCode"], 400)

    def test_command_line(self):
        done = subprocess.run(
            [str(AWS), "sts", "get-caller-identity", "--endpoint-url", self.server.endpoint],
            env=client_environment(self.server.endpoint), text=True, capture_output=True,
            stdin=subprocess.DEVNULL, timeout=60,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["Account"], ACCOUNT)

    def test_query_string(self):
        query = "Action=GetCallerIdentity&Version=2011-06-15"
        with urllib.request.urlopen(f"{self.server.endpoint}/?{query}", timeout=10) as answer:
            self.assertEqual(answer.headers["Content-Type"], "text/xml")
            self.assertIn(f"<Account>{ACCOUNT}</Account>", answer.read().decode())
        with urllib.request.urlopen(f"{self.server.endpoint}/?other=1", timeout=10) as answer:
            self.assertTrue(answer.read().startswith(b"Towpath"))

    def test_a_form_reaches_no_operation(self):
        status, _, body = self.server.post(
            "ListActivities", b"{}", {"Content-Type": "application/x-www-form-urlencoded"}
        )
        self.assertEqual(status, 400)
        self.assertIn(b"UnknownOperationException", body)
        request = urllib.request.Request(
            self.server.endpoint, data=b"Action=GetCallerIdentity",
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": "http://elsewhere.example",
            },
        )
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=10)
        with caught.exception as error:
            self.assertEqual(error.code, 403)


if __name__ == "__main__":
    unittest.main()
