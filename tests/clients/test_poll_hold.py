"""The hold of a poll as it comes: a default boto3 client sees the empty answer."""

import time
import unittest

import boto3
from towpath_server import REGION, ServerTestCase


class PollHold(ServerTestCase):
    def test_a_default_client_sees_the_empty_answer(self):
        # A default client gives up after 60 s of silence and polls again by itself, so an
        # answer after exactly 60 s would never reach it.
        default = boto3.client(
            "stepfunctions", endpoint_url=self.server.endpoint, region_name=REGION,
            aws_access_key_id="test", aws_secret_access_key="test",
        )
        activity = self.activity()
        began = time.monotonic()
        answer = default.get_activity_task(activityArn=activity)
        took = time.monotonic() - began
        self.assertNotIn("taskToken", answer)
        self.assertEqual(answer["ResponseMetadata"]["RetryAttempts"], 0)
        self.assertGreater(took, 45, "a poll is worth waiting for")
        self.assertLess(took, 60)


if __name__ == "__main__":
    unittest.main()
