"""Many polls, and polls that nobody waits for any more."""

import concurrent.futures
import json
import socket
import statistics
import threading
import time
import unittest

from botocore.exceptions import ReadTimeoutError

from towpath_server import Server, ServerTestCase

HOLD_SECONDS = 3
POLLS_MAX = 1000


class RawPoll:
    """A poll on a socket of its own, which the test can give up in its own way."""

    def __init__(self, server, activity):
        body = json.dumps({"activityArn": activity}).encode()
        self.socket = socket.create_connection(("127.0.0.1", server.port))
        head = (
            f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            "Content-Type: application/x-amz-json-1.0\r\n"
            "X-Amz-Target: AWSStepFunctions.GetActivityTask\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.socket.sendall(head.encode() + body)

    def hang_up(self):
        """Closes the connection as a client does that was stopped (FIN)."""
        self.socket.close()

    def reset(self):
        """Closes the connection as a client does that crashed (RST)."""
        linger = b"\x01\0\0\0\0\0\0\0"
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.socket.close()


class Polls(ServerTestCase):
    FLAGS = ("--poll-hold-seconds", str(HOLD_SECONDS))

    def finish_all(self, activity, count):
        """Polls and completes until `count` tasks came; the inputs that came."""
        found = []
        lock = threading.Lock()

        def work():
            while len(found) < count:
                task = self.sfn.get_activity_task(activityArn=activity)
                if "taskToken" not in task:
                    return
                with lock:
                    found.append(json.loads(task["input"]))
                self.sfn.send_task_success(taskToken=task["taskToken"], output="1")

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for one in [pool.submit(work) for _ in range(4)]:
                one.result()
        return found

    def test_an_empty_poll_ends_after_the_hold(self):
        activity = self.activity()
        began = time.monotonic()
        status, _, body = self.server.post("GetActivityTask", {"activityArn": activity})
        took = time.monotonic() - began
        self.assertEqual((status, body), (200, b"{}"))
        self.assertGreaterEqual(took, HOLD_SECONDS - 0.1)
        self.assertLess(took, HOLD_SECONDS + 1)

    def test_no_task_is_lost_to_a_poll_that_was_given_up(self):
        for give_up in (RawPoll.hang_up, RawPoll.reset):
            with self.subTest(how=give_up.__name__):
                activity = self.activity()
                machine = self.task_machine(activity)
                polls = [RawPoll(self.server, activity) for _ in range(100)]
                time.sleep(0.5)
                for poll in polls:
                    give_up(poll)
                time.sleep(0.2)
                executions = [self.start(machine, number) for number in range(100)]
                found = self.finish_all(activity, 100)
                self.assertEqual(sorted(found), list(range(100)), "each task came once")
                for execution in executions:
                    self.assertEqual(self.finished(execution)["status"], "SUCCEEDED")

    def test_no_task_is_lost_to_a_boto3_poll_that_timed_out(self):
        activity = self.activity()
        impatient = self.server.client(read_timeout=1)
        with self.assertRaises(ReadTimeoutError):
            impatient.get_activity_task(activityArn=activity)
        time.sleep(0.2)
        execution = self.start(self.task_machine(activity), "kept")
        self.assertEqual(self.finish_all(activity, 1), ["kept"])
        self.assertEqual(self.finished(execution)["status"], "SUCCEEDED")

    def test_polls_given_up_while_tasks_arrive(self):
        activity = self.activity()
        machine = self.task_machine(activity, TimeoutSeconds=600)
        stop = threading.Event()

        def give_up_again_and_again():
            while not stop.is_set():
                poll = RawPoll(self.server, activity)
                time.sleep(0.005)
                poll.reset()

        nuisance = threading.Thread(target=give_up_again_and_again)
        nuisance.start()
        try:
            executions = [self.start(machine, number) for number in range(50)]
        finally:
            stop.set()
            nuisance.join()
        time.sleep(0.2)
        # A poll that was given up in the instant of the hand-out may have been handed the
        # task: nobody can know. Every other task is still there.
        started = sum("ActivityStarted" in self.types(execution) for execution in executions)
        found = self.finish_all(activity, 50 - started)
        self.assertEqual(len(found), len(set(found)))
        self.assertEqual(len(found) + started, 50)

    def test_other_calls_keep_their_latency_beside_many_polls(self):
        activities = [self.activity() for _ in range(4)]
        quiet = self.describe_seconds(activities[0])
        polls = [RawPoll(self.server, activity) for activity in activities for _ in range(250)]
        time.sleep(0.5)
        busy = self.describe_seconds(activities[0])
        for poll in polls:
            poll.hang_up()
        # A busy machine may stretch both; polls that cost threads would stretch only one.
        self.assertLess(busy, quiet * 5 + 0.02)

    def describe_seconds(self, activity):
        seconds = []
        for _ in range(50):
            began = time.monotonic()
            self.sfn.describe_activity(activityArn=activity)
            seconds.append(time.monotonic() - began)
        return statistics.median(seconds)


class PollLimit(ServerTestCase):
    # None of these polls may end by itself before the last one is open.
    FLAGS = ("--poll-hold-seconds", "120", "--polls-per-activity", str(POLLS_MAX))

    def test_so_many_polls_on_one_activity_and_no_more(self):
        activity = self.activity()
        polls = [RawPoll(self.server, activity) for _ in range(POLLS_MAX)]
        time.sleep(1)
        message = self.refused(
            "ActivityWorkerLimitExceeded", self.sfn.get_activity_task, activityArn=activity
        )
        self.assertEqual(
            message,
            "The maximum number of workers concurrently polling for activity tasks has been "
            "reached.",
        )
        for poll in polls:
            poll.hang_up()
        time.sleep(0.5)
        self.start(self.task_machine(activity), "after")
        task = self.sfn.get_activity_task(activityArn=activity)
        self.assertEqual(json.loads(task["input"]), "after")


class Shutdown(unittest.TestCase):
    def test_open_polls_end_empty(self):
        server = Server().start()
        self.addCleanup(server.close)
        sfn = server.client(read_timeout=70)
        activity = sfn.create_activity(name="a")["activityArn"]
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            poll = pool.submit(sfn.get_activity_task, activityArn=activity)
            time.sleep(0.5)
            began = time.monotonic()
            self.assertEqual(server.terminate(), 0)
            self.assertLess(time.monotonic() - began, 10)
            self.assertNotIn("taskToken", poll.result(timeout=1))


if __name__ == "__main__":
    unittest.main()
