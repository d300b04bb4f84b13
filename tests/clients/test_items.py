"""What a Distributed Map reads and writes: in folders that stand for buckets, and in S3 with moto in its place."""

import csv
import gzip
import io
import json
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

from clients.test_aws import Moto
from towpath_server import ServerTestCase, binary, client_environment, definition, unique

GET = "arn:aws:states:::s3:getObject"
LIST = "arn:aws:states:::s3:listObjectsV2"
PUT = "arn:aws:states:::s3:putObject"
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


def reader(resource, config, **parameters):
    return {"Resource": resource, "ReaderConfig": config, "Parameters": parameters}


def map_state(item_reader, processor=PASS, kind="STANDARD", **more):
    config = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    item_processor = {"ProcessorConfig": config, **processor}
    return {"Type": "Map", "ItemReader": item_reader, "ItemProcessor": item_processor, **more}


class Items(ServerTestCase):
    """Runs Maps; where objects lie is for those below."""

    def run_map(self, item_reader, timeout_seconds=20, **more):
        machine = self.machine(definition(map_state(item_reader, **more)))
        return self.finished(self.start(machine), timeout_seconds)

    def items(self, resource, config, **parameters):
        ended = self.run_map(reader(resource, config, **parameters))
        self.assertEqual(ended["status"], "SUCCEEDED", ended.get("cause"))
        return json.loads(ended["output"])


class Folder(Items):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="towpath-bucket-")
        cls.addClassCleanup(folder.cleanup)
        cls.bucket = pathlib.Path(folder.name)
        cls.FLAGS = ("--bucket", f"bucket={cls.bucket.as_uri()}")
        super().setUpClass()

    def put(self, key, content):
        path = self.bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def rows(self, key, count):
        text = io.StringIO()
        table = csv.writer(text)
        table.writerow(["id", "text"])
        table.writerows((number, f'row "{number}",\nwith more') for number in range(count))
        self.put(key, text.getvalue())

    def test_every_format_is_read(self):
        self.put("a.csv", "id;x\n1;2\n\n3\n")
        self.put("a.jsonl", '{"id": 1}\n[2]\n')
        self.put("a.json", '{"deep": [{"rows": {"b": 1, "a": [2]}}]}')
        self.put("a.jsonl.gz", gzip.compress(b'1\n"two"\n'))
        found = self.items(GET, {"InputType": "CSV", "CSVDelimiter": "SEMICOLON",
                                 "CSVHeaderLocation": "FIRST_ROW"}, Bucket="bucket", Key="a.csv")
        self.assertEqual(found, [{"id": "1", "x": "2"}, {"id": "3", "x": ""}])
        found = self.items(GET, {"InputType": "JSONL"}, Bucket="bucket", Key="a.jsonl")
        self.assertEqual(found, [{"id": 1}, [2]])
        found = self.items(GET, {"InputType": "JSON", "ItemsPointer": "/deep/0/rows"},
                           Bucket="bucket", Key="a.json")
        self.assertEqual(found, [{"Key": "b", "Value": 1}, {"Key": "a", "Value": [2]}])
        found = self.items(GET, {"InputType": "JSONL", "MaxItems": 1}, Bucket="bucket",
                           Key="a.jsonl.gz")
        self.assertEqual(found, [1])

    def test_a_selector_sees_where_an_item_is_from(self):
        self.put("sel.jsonl", '"x"\n')
        item_reader = reader(GET, {"InputType": "JSONL"}, Bucket="bucket", Key="sel.jsonl")
        selector = {"source.$": "$$.Map.Item.Source", "index.$": "$$.Map.Item.Index",
                    "value.$": "$$.Map.Item.Value"}
        ended = self.run_map(item_reader, ItemSelector=selector)
        expected = [{"source": "S3://bucket/sel.jsonl", "index": 0, "value": "x"}]
        self.assertEqual(json.loads(ended["output"]), expected)

    def test_a_list_is_read_and_its_objects(self):
        for number in range(3):
            self.put(f"list/{number}.jsonl", f"{number}\n")
        found = self.items(LIST, {}, Bucket="bucket", Prefix="list/")
        self.assertEqual([item["Key"] for item in found], [f"list/{n}.jsonl" for n in range(3)])
        self.assertEqual(set(found[0]), {"Etag", "Key", "LastModified", "Size", "StorageClass"})
        found = self.items(LIST, {"InputType": "JSONL", "Transformation": "LOAD_AND_FLATTEN"},
                           Bucket="bucket", Prefix="list/")
        self.assertEqual(found, [0, 1, 2])

    def test_what_cannot_be_read_fails_the_map_run_and_can_be_caught(self):
        outside = pathlib.Path(self.server.folder.name) / "secret"
        outside.write_text("[1]")
        (self.bucket / "link").symlink_to(outside)
        self.put("twice.csv", "a,a\n1,2\n")
        for key, cause in [
            ("missing", "The specified key does not exist"),
            ("link", "The specified key does not exist"),
            (f"../{outside.parent.name}/secret", "The specified key does not exist"),
            ("twice.csv", "CSV headers cannot contain duplicates."),
        ]:
            kind = "CSV" if key.endswith("csv") else "JSON"
            ended = self.run_map(reader(GET, {"InputType": kind}, Bucket="bucket", Key=key))
            self.assertEqual(ended["error"], "States.ItemReaderFailed", key)
            self.assertIn(cause, ended["cause"])

    def test_results_are_written_and_a_result_names_them(self):
        self.put("three.jsonl", '{"n": 1}\n{"n": 2}\n{"n": 3}\n')
        choice = {"Variable": "$.n", "NumericEquals": 2, "Next": "Fail"}
        processor = {"StartAt": "C", "States": {
            "C": {"Type": "Choice", "Choices": [choice], "Default": "P"},
            "P": {"Type": "Pass", "End": True}, "Fail": {"Type": "Fail", "Error": "E"}}}
        item_reader = reader(GET, {"InputType": "JSONL"}, Bucket="bucket", Key="three.jsonl")
        writer = {"Resource": PUT, "Parameters": {"Bucket": "bucket", "Prefix": "out"}}
        ended = self.run_map(item_reader, processor=processor, ResultWriter=writer,
                             ToleratedFailureCount=1)
        result = json.loads(ended["output"])
        run = result["MapRunArn"]
        folder = f"out/{run.rsplit(':', 1)[1]}"
        details = {"Bucket": "bucket", "Key": f"{folder}/manifest.json"}
        self.assertEqual(result, {"MapRunArn": run, "ResultWriterDetails": details})
        manifest = json.loads((self.bucket / folder / "manifest.json").read_bytes())
        files = manifest.pop("ResultFiles")
        self.assertEqual(manifest, {"DestinationBucket": "bucket", "MapRunArn": run})
        self.assertEqual({kind: len(found) for kind, found in files.items()},
                         {"FAILED": 1, "PENDING": 0, "SUCCEEDED": 1})
        told = {}
        for kind in ("SUCCEEDED", "FAILED"):
            [file] = files[kind]
            text = (self.bucket / file["Key"]).read_bytes()
            self.assertEqual(len(text), file["Size"])
            told[kind] = json.loads(text)
        self.assertEqual([json.loads(child["Output"])["n"] for child in told["SUCCEEDED"]], [1, 3])
        [failed] = told["FAILED"]
        self.assertEqual((failed["Error"], failed["Status"], failed["Input"]),
                         ("E", "FAILED", '{"n":2}'))
        described = self.sfn.describe_execution(executionArn=failed["ExecutionArn"])
        self.assertEqual(described["mapRunArn"], run)
        counts = self.sfn.describe_map_run(mapRunArn=run)["itemCounts"]
        self.assertEqual((counts["total"], counts["succeeded"], counts["failed"]), (3, 2, 1))

    def test_every_item_is_done_once_over_crashes(self):
        count = 900
        self.rows("many.csv", count)
        item_reader = reader(GET, {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
                             Bucket="bucket", Key="many.csv")
        writer = {"Resource": PUT, "Parameters": {"Bucket": "bucket", "Prefix": "crashes"},
                  "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSONL"}}
        machine = self.machine(definition(map_state(
            item_reader, ResultWriter=writer, MaxConcurrency=40)))
        execution = self.start(machine)
        for part in (1, 2):
            deadline = time.monotonic() + 30
            while self.done(execution) < count * part // 3:
                self.assertLess(time.monotonic(), deadline)
            self.server.kill()
            self.server.start()
        ended = self.finished(execution, timeout_seconds=90)
        self.assertEqual(ended["status"], "SUCCEEDED", ended.get("cause"))
        key = json.loads(ended["output"])["ResultWriterDetails"]["Key"]
        manifest = json.loads((self.bucket / key).read_bytes())
        [file] = manifest["ResultFiles"]["SUCCEEDED"]
        lines = (self.bucket / file["Key"]).read_text().splitlines()
        expected = [{"id": str(n), "text": f'row "{n}",\nwith more'} for n in range(count)]
        self.assertEqual([json.loads(line) for line in lines], expected)

    def done(self, execution):
        runs = self.sfn.list_map_runs(executionArn=execution)["mapRuns"]
        if not runs:
            return 0
        run = self.sfn.describe_map_run(mapRunArn=runs[0]["mapRunArn"])
        return run["itemCounts"]["succeeded"]

    def test_a_map_run_is_watched(self):
        self.put("watched.jsonl", "1\n2\n3\n")
        item_reader = reader(GET, {"InputType": "JSONL"}, Bucket="bucket", Key="watched.jsonl")
        execution = self.start(self.machine(definition(map_state(item_reader))))
        watched = subprocess.run(
            [binary(), "watch", execution, "--interval", "0.05"], capture_output=True, text=True,
            timeout=30, env=client_environment(self.server.endpoint), check=False)
        self.assertEqual((watched.returncode, watched.stderr), (0, ""))
        self.assertIn("SUCCEEDED 3 of 3 items", watched.stdout)
        gone = execution + "-gone"
        watched = subprocess.run(
            [binary(), "watch", gone], capture_output=True, text=True, timeout=30,
            env=client_environment(self.server.endpoint), check=False)
        self.assertEqual(watched.returncode, 2)
        self.assertIn("ExecutionDoesNotExist", watched.stderr)


class S3(Items):
    @classmethod
    def setUpClass(cls):
        cls.moto = Moto()
        cls.addClassCleanup(cls.moto.close)
        cls.FLAGS = ("--endpoint", f"default={cls.moto.url}")
        super().setUpClass()
        cls.s3 = cls.moto.client("s3")
        cls.s3.create_bucket(Bucket="bucket")

    def put(self, key, body, **more):
        self.s3.put_object(Bucket="bucket", Key=key, Body=body, **more)

    def test_a_large_packed_object_is_read(self):
        # Random enough to be more than one request when packed.
        lines = [json.dumps({"n": n, "text": os.urandom(1500).hex()}) for n in range(4000)]
        packed = gzip.compress("\n".join(lines).encode(), 1)
        self.assertGreater(len(packed), 5 << 20)
        self.put("large", packed, ContentEncoding="gzip")
        item_reader = reader(GET, {"InputType": "JSONL"}, Bucket="bucket", Key="large")
        ended = self.run_map(
            item_reader, 60, kind="EXPRESS", processor={"StartAt": "P", "States": {"P": {
                "Type": "Pass", "Parameters": {"n.$": "$.n"}, "End": True}}},
            ResultWriter={"Resource": PUT, "Parameters": {"Bucket": "bucket", "Prefix": "large-out"},
                          "WriterConfig": {"Transformation": "COMPACT"}})
        self.assertEqual(ended["status"], "SUCCEEDED", ended.get("cause"))
        self.assertEqual(self.written(ended, "SUCCEEDED"), [{"n": n} for n in range(4000)])

    def written(self, ended, kind):
        details = json.loads(ended["output"])["ResultWriterDetails"]
        body = self.s3.get_object(Bucket="bucket", Key=details["Key"])["Body"].read()
        values = []
        for file in json.loads(body)["ResultFiles"][kind]:
            body = self.s3.get_object(Bucket="bucket", Key=file["Key"])["Body"].read()
            self.assertEqual(len(body), file["Size"])
            values += json.loads(body)
        return values

    def test_lists_are_read_and_their_objects(self):
        for number in range(40):
            self.put(f"list/{number:04} & é.jsonl", str(number))
        found = self.items(LIST, {"MaxItems": 35}, Bucket="bucket", Prefix="list/")
        self.assertEqual([item["Key"] for item in found],
                         [f"list/{n:04} & é.jsonl" for n in range(35)])
        head = self.s3.head_object(Bucket="bucket", Key=found[7]["Key"])
        self.assertEqual(found[7]["Etag"], head["ETag"])
        self.assertEqual(found[7]["LastModified"], int(head["LastModified"].timestamp()))
        found = self.items(LIST, {"InputType": "JSONL", "Transformation": "LOAD_AND_FLATTEN",
                                  "MaxItems": 30}, Bucket="bucket", Prefix="list/")
        self.assertEqual(found, list(range(30)))

    def test_a_version_and_an_empty_object_are_read(self):
        self.s3.put_bucket_versioning(Bucket="bucket",
                                      VersioningConfiguration={"Status": "Enabled"})
        first = self.s3.put_object(Bucket="bucket", Key="versions", Body=b"[1]")["VersionId"]
        self.put("versions", b"[2]")
        found = self.items(GET, {"InputType": "JSON"}, Bucket="bucket", Key="versions",
                           VersionId=first)
        self.assertEqual(found, [1])
        self.put("empty", b"")
        self.assertEqual(self.items(GET, {"InputType": "CSV"}, Bucket="bucket", Key="empty"), [])

    def test_what_s3_refuses_is_told(self):
        item_reader = reader(GET, {"InputType": "JSON"}, Bucket="bucket", Key="missing")
        ended = self.run_map(item_reader)
        self.assertEqual(ended["error"], "States.ItemReaderFailed")
        self.assertIn("The specified key does not exist.", ended["cause"])
        self.put("one", b"[1]")
        item_reader = reader(GET, {"InputType": "JSON"}, Bucket="bucket", Key="one")
        writer = {"Resource": PUT, "Parameters": {"Bucket": unique("missing"), "Prefix": "x"}}
        ended = self.run_map(item_reader, ResultWriter=writer)
        self.assertEqual(ended["error"], "States.ResultWriterFailed")
        self.assertIn("bucket", ended["cause"])


del Items  # it has no tests of its own

if __name__ == "__main__":
    unittest.main()
