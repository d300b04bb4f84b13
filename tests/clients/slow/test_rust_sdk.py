"""The AWS SDK for Rust, unchanged. It is built first, which takes minutes on a small machine."""

import json
import pathlib
import subprocess
import tempfile
import unittest

from towpath_server import ROLE, ROOT, ServerTestCase, client_environment

MANIFEST = pathlib.Path(__file__).resolve().parent.parent / "rust" / "Cargo.toml"
TARGET = ROOT / "target" / "sdk-smoke"
BUILD_TIMEOUT_SECONDS = 1_100


class RustSdk(ServerTestCase):
    @classmethod
    def setUpClass(cls):
        # To a file, not a pipe: what it says may be longer than a pipe holds.
        with tempfile.TemporaryFile("w+") as said:
            built = subprocess.run(
                ["cargo", "build", "--quiet", "--locked", "--manifest-path", MANIFEST,
                 "--target-dir", TARGET],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                timeout=BUILD_TIMEOUT_SECONDS, check=False,
            )
            said.seek(0)
            if built.returncode:
                raise AssertionError(said.read())
        super().setUpClass()

    def test_an_activity_and_both_synchronous_calls(self):
        done = subprocess.run(
            [TARGET / "debug" / "sdk-smoke", self.server.endpoint, ROLE],
            env=client_environment(self.server.endpoint), text=True, capture_output=True,
            stdin=subprocess.DEVNULL, timeout=120, check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        seen = json.loads(done.stdout)
        self.assertEqual(json.loads(seen["input"]), {"from": "rust"})
        self.assertEqual((seen["status"], json.loads(seen["output"])),
                         ("SUCCEEDED", {"from": "rust"}))
        self.assertTrue(seen["dated"])
        self.assertEqual(seen["types"], [
            "ExecutionStarted", "TaskStateEntered", "ActivityScheduled", "ActivityStarted",
            "ActivitySucceeded", "TaskStateExited", "ExecutionSucceeded",
        ])
        self.assertTrue(seen["late"], "TaskTimedOut must be the SDK's own type of error")
        self.assertEqual(seen["synchronous"], ["SUCCEEDED", "7"])
        self.assertEqual(seen["tried"], ["SUCCEEDED", "8"])


if __name__ == "__main__":
    unittest.main()
