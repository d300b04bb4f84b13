"""The real binary under SIGKILL once a second, with workers and starters at work.

    python -m soak.kill9 [--seconds 120] [--seed N]

Ends with `N passed, N failed`: one for each rule of `checker.py`, and one for the run
itself, which is worth nothing without kills and without work that got done.
"""

import argparse
import concurrent.futures
import json
import random
import sys
import tempfile
import time

from towpath_server import ROLE, Server

from .checker import check
from .evidence import ACKNOWLEDGED, UNKNOWN, Execution, Journal
from .load import Load, definitions

# After the last kill: the longest timeout of a state machine is 30 s, and a task whose
# hand-out got lost needs one to be tried again.
QUIET_SECONDS_MAX = 75
SHOWN_MAX = 5


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    given = parser.parse_args()
    print(f"seed {given.seed}")
    # The heartbeat task may need its timeout of 30 s; a poll must not outlive the run.
    server = Server("--poll-hold-seconds", "5").start()
    try:
        passed, failed = run(server, given.seconds, given.seed)
    finally:
        server.close()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def run(server, seconds, seed):
    """One soak; how many rules held and how many did not."""
    client = server.client(read_timeout=20, connect_timeout=5)
    activities = {
        name: client.create_activity(name=name)["activityArn"]
        for name in ("quick", "beating", "idle")
    }
    journal = Journal(client)
    machines = {}
    for kind, definition in definitions(**activities).items():
        made = client.create_state_machine(
            name=kind, definition=json.dumps(definition), roleArn=ROLE
        )
        machines[kind] = made["stateMachineArn"]
        journal.evidence.definitions[made["stateMachineArn"]] = definition
    load = Load(journal, machines, activities, seed)
    load.begin()
    kills = kill_again_and_again(server, seconds, random.Random(seed))
    load.end_starting()
    rest = wait_for_rest(client, machines)
    load.end()
    time.sleep(1)
    look_at_everything(journal, machines)
    return report(journal, load, kills, rest)


def kill_again_and_again(server, seconds, chance):
    """Kills the server about once a second; how often."""
    kills = 0
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        time.sleep(chance.uniform(0.3, 1.7))
        server.kill()
        kills += 1
        server.start()
    return kills


def wait_for_rest(client, machines):
    """Waits until nothing runs any more; how many seconds it took."""
    began = time.monotonic()
    while time.monotonic() - began < QUIET_SECONDS_MAX:
        running = sum(
            len(client.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"])
            for arn in machines.values()
        )
        if running == 0:
            break
        time.sleep(0.5)
    return time.monotonic() - began


def look_at_everything(journal, machines):
    """Reads every execution, as it is at the end."""
    evidence = journal.evidence
    for arn in machines.values():
        pages = journal.client.get_paginator("list_executions").paginate(stateMachineArn=arn)
        evidence.listed.update(e["executionArn"] for page in pages for e in page["executions"])
    wanted = set(evidence.listed)
    for call in evidence.calls:
        if call.operation == "start_execution" and call.outcome == ACKNOWLEDGED:
            wanted.add(call.answer["executionArn"])

    def look(arn):
        try:
            description = journal.client.describe_execution(executionArn=arn)
        except journal.client.exceptions.ExecutionDoesNotExist:
            return None
        description.pop("ResponseMetadata")
        return arn, Execution(description, journal.read_history(arn))

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        evidence.executions.update(found for found in pool.map(look, sorted(wanted)) if found)


def report(journal, load, kills, rest):
    """Says what happened; how many rules held and how many did not."""
    evidence = journal.evidence

    def count(operation, outcome=ACKNOWLEDGED):
        return sum(c.operation == operation and c.outcome == outcome for c in evidence.calls)

    starts = count("start_execution")
    done = count("send_task_success")
    unknown = sum(call.outcome == UNKNOWN for call in evidence.calls)
    print(
        f"{kills} kills, {starts} starts acknowledged, {done} tasks done, "
        f"{count('send_task_heartbeat')} heartbeats, {count('stop_execution')} stops, "
        f"{unknown} calls of unknown outcome, {len(evidence.executions)} executions, "
        f"{len(evidence.readings)} histories read, at rest after {rest:.0f} s"
    )
    passed = failed = 0
    broken = check(evidence)
    for rule, found in broken.items():
        passed += not found
        failed += bool(found)
        for line in found[:SHOWN_MAX]:
            print(f"{rule} broken: {line}")
        if len(found) > SHOWN_MAX:
            print(f"{rule} broken {len(found)} times")
    # A run without faults, or one in which all calls failed, shows nothing.
    worth = []
    if kills < 10:
        worth.append("too few kills")
    if starts < 2 * kills or done < kills:
        worth.append("too little work got done")
    if unknown == 0:
        worth.append("no call was cut off by a kill")
    worth += load.died + [f"answer differs from the model: {text}" for text in journal.broken]
    for line in worth[:SHOWN_MAX]:
        print(f"the run itself: {line}")
    passed += not worth
    failed += bool(worth)
    if failed:
        print(f"journal: {write_down(evidence)}")
    return passed, failed


def write_down(evidence):
    """Writes all evidence to a file for whoever looks for the cause; its name."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="towpath-soak-", suffix=".jsonl", delete=False
    ) as file:
        for call in evidence.calls:
            file.write(json.dumps(vars(call), default=str) + "\n")
        for arn, execution in evidence.executions.items():
            file.write(json.dumps({"execution": arn, **vars(execution)}, default=str) + "\n")
    return file.name


if __name__ == "__main__":
    sys.exit(main())
