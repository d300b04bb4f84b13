"""Distributed Map: children that are executions of their own, over restarts and redrives."""

import json
import unittest

from towpath_server import Server, ServerTestCase, definition


def distributed(state, execution_type="STANDARD", **fields):
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": execution_type},
        "StartAt": "P",
        "States": {"P": {"End": True, **state}},
    }
    return definition({"Type": "Map", "Label": "L", "ItemProcessor": processor, **fields})


class DistributedMap(ServerTestCase):
    def map_run(self, execution):
        [run] = self.sfn.list_map_runs(executionArn=execution)["mapRuns"]
        return self.sfn.describe_map_run(mapRunArn=run["mapRunArn"])

    def children(self, run, **wanted):
        pages = self.sfn.get_paginator("list_executions").paginate(
            mapRunArn=run["mapRunArn"], maxResults=7, **wanted
        )
        return [child for page in pages for child in page["executions"]]

    def start_over(self, machine, items):
        started = self.sfn.start_execution(stateMachineArn=machine, input=json.dumps(items))
        return started["executionArn"]

    def test_results_come_in_the_order_of_the_items(self):
        for execution_type in ("STANDARD", "EXPRESS"):
            machine = self.machine(distributed({"Type": "Pass"}, execution_type))
            execution = self.start_over(machine, list(range(300)))
            self.assertEqual(json.loads(self.finished(execution)["output"]), list(range(300)))
            run = self.map_run(execution)
            self.assertEqual(run["status"], "SUCCEEDED")
            self.assertEqual(run["itemCounts"]["succeeded"], 300)
            children = self.children(run)
            self.assertEqual(len({child["executionArn"] for child in children}), 300)
            child = self.sfn.describe_execution(executionArn=children[0]["executionArn"])
            self.assertEqual(child["mapRunArn"], run["mapRunArn"])
            of_child = self.sfn.describe_state_machine_for_execution(
                executionArn=children[0]["executionArn"]
            )
            self.assertEqual(of_child["label"], "L")

    def test_every_item_is_done_once_over_sigkill(self):
        activity = self.activity()
        task = {"Type": "Task", "Resource": activity}
        machine = self.machine(distributed(task, MaxConcurrency=5))
        execution = self.start_over(machine, list(range(60)))
        done = []
        while len(done) < 60:
            polled = self.sfn.get_activity_task(activityArn=activity)
            if polled.get("taskToken"):
                self.sfn.send_task_success(taskToken=polled["taskToken"], output=polled["input"])
                done.append(int(polled["input"]))
            if len(done) in (7, 31):
                self.server.kill()
                self.server.start()
        self.assertEqual(sorted(done), list(range(60)))
        self.assertEqual(json.loads(self.finished(execution)["output"]), list(range(60)))
        self.assertEqual(self.map_run(execution)["itemCounts"]["succeeded"], 60)

    def test_a_redrive_goes_on_with_what_did_not_succeed(self):
        activity = self.activity()
        machine = self.machine(distributed({"Type": "Task", "Resource": activity}))
        execution = self.start_over(machine, [0, 1, 2, 3])
        for number in range(4):
            task = self.sfn.get_activity_task(activityArn=activity)
            if number == 2:
                self.sfn.send_task_failure(taskToken=task["taskToken"], error="E")
                break
            self.sfn.send_task_success(taskToken=task["taskToken"], output=task["input"])
        failed = self.finished(execution)
        self.assertEqual(failed["error"], "States.ExceedToleratedFailureThreshold")
        counts = self.map_run(execution)["itemCounts"]
        self.assertEqual((counts["succeeded"], counts["failed"], counts["aborted"]), (2, 1, 1))
        self.sfn.redrive_execution(executionArn=execution)
        for _ in range(2):
            task = self.sfn.get_activity_task(activityArn=activity)
            self.sfn.send_task_success(taskToken=task["taskToken"], output=task["input"])
        self.assertEqual(json.loads(self.finished(execution)["output"]), [0, 1, 2, 3])
        run = self.map_run(execution)
        self.assertEqual((run["redriveCount"], run["itemCounts"]["total"]), (1, 4))
        self.refused(
            "ValidationException", self.sfn.update_map_run,
            mapRunArn=run["mapRunArn"], maxConcurrency=1,
        )


if __name__ == "__main__":
    unittest.main()
