"""What stays after SIGKILL: all that was acknowledged, and all that was to happen."""

import json
import time
import unittest

from towpath_server import Server, ServerTestCase, definition, unique


class Restart(ServerTestCase):
    def crash(self):
        """SIGKILL, and a new process on the same folder."""
        self.server.kill()
        self.server.start()

    def test_starts_histories_and_resources_stay(self):
        activity = self.activity()
        self.sfn.tag_resource(resourceArn=activity, tags=[{"key": "k", "value": "v"}])
        machine = self.task_machine(activity)
        executions = [self.start(machine, number) for number in range(50)]
        before = {e: (self.sfn.describe_execution(executionArn=e), self.history(e))
                  for e in executions}
        self.crash()
        for execution, (description, history) in before.items():
            now = self.sfn.describe_execution(executionArn=execution)
            for answer in (now, description):
                answer.pop("ResponseMetadata")
            self.assertEqual(now, description)
            self.assertEqual(self.history(execution), history)
        tags = self.sfn.list_tags_for_resource(resourceArn=activity)["tags"]
        self.assertEqual(tags, [{"key": "k", "value": "v"}])
        found = [self.sfn.get_activity_task(activityArn=activity) for _ in range(50)]
        numbers = [json.loads(task["input"]) for task in found]
        self.assertEqual(numbers, list(range(50)), "still in order")

    def test_a_task_handed_out_before_is_completed_after(self):
        activity = self.activity()
        execution = self.start(self.task_machine(activity))
        token = self.sfn.get_activity_task(activityArn=activity, workerName="w")["taskToken"]
        self.crash()
        self.sfn.send_task_heartbeat(taskToken=token)
        self.sfn.send_task_success(taskToken=token, output='"kept"')
        self.assertEqual(self.finished(execution)["output"], '"kept"')
        self.refused("TaskTimedOut", self.sfn.send_task_success, taskToken=token, output="1")
        self.crash()
        self.refused("TaskTimedOut", self.sfn.send_task_success, taskToken=token, output="1")
        self.assertEqual(self.finished(execution)["output"], '"kept"')

    def test_names_stay_taken(self):
        machine = self.machine(definition({"Type": "Wait", "Seconds": 600}))
        name = unique("e")
        first = self.sfn.start_execution(stateMachineArn=machine, name=name, input="{}")
        self.crash()
        again = self.sfn.start_execution(stateMachineArn=machine, name=name, input="{}")
        self.assertEqual(first["executionArn"], again["executionArn"])
        self.assertEqual(first["startDate"], again["startDate"])
        self.refused(
            "ExecutionAlreadyExists", self.sfn.start_execution,
            stateMachineArn=machine, name=name, input="[]",
        )

    def test_timers_go_on(self):
        activity = self.activity()
        waiting = self.start(self.machine(definition({"Type": "Wait", "Seconds": 3})))
        overdue = self.start(self.machine(definition({"Type": "Wait", "Seconds": 1})))
        timing_out = self.start(self.task_machine(activity, TimeoutSeconds=3))
        silent = self.start(self.task_machine(activity, HeartbeatSeconds=2))
        for _ in range(2):
            self.sfn.get_activity_task(activityArn=activity)
        limited = self.start(
            self.machine(definition({"Type": "Wait", "Seconds": 600}, TimeoutSeconds=3))
        )
        self.server.kill()
        time.sleep(1.5)
        self.server.start()
        waited = self.finished(waiting)
        self.assertEqual(waited["status"], "SUCCEEDED")
        seconds = (waited["stopDate"] - waited["startDate"]).total_seconds()
        self.assertGreaterEqual(seconds, 3)
        self.assertLess(seconds, 5)
        self.assertEqual(self.finished(overdue)["status"], "SUCCEEDED")
        self.assertEqual(self.finished(timing_out)["error"], "States.Timeout")
        self.assertEqual(self.finished(silent)["error"], "States.Timeout")
        self.assertEqual(self.finished(limited)["status"], "TIMED_OUT")

    def test_stopped_stays_stopped(self):
        execution = self.start(self.machine(definition({"Type": "Wait", "Seconds": 2})))
        self.sfn.stop_execution(executionArn=execution)
        history = self.history(execution)
        self.crash()
        time.sleep(2.5)
        described = self.sfn.describe_execution(executionArn=execution)
        self.assertEqual(described["status"], "ABORTED")
        self.assertEqual(self.history(execution), history)

    def test_a_polite_end_loses_nothing_either(self):
        activity = self.activity()
        execution = self.start(self.task_machine(activity))
        self.assertEqual(self.server.terminate(), 0)
        self.server.start()
        token = self.sfn.get_activity_task(activityArn=activity)["taskToken"]
        self.sfn.send_task_success(taskToken=token, output="1")
        self.assertEqual(self.finished(execution)["status"], "SUCCEEDED")


class OneFolderOneProcess(unittest.TestCase):
    def test_a_second_process_refuses_the_folder(self):
        first = Server().start()
        self.addCleanup(first.close)
        second = Server()
        self.addCleanup(second.close)
        second.data = first.data
        with self.assertRaises(RuntimeError):
            second.start()
        self.assertNotEqual(second.process.poll(), 0)
        self.assertIsNotNone(second.process.poll())
        first.client().list_activities()
        first.kill()
        second.start()
        second.client().list_activities()


if __name__ == "__main__":
    unittest.main()
