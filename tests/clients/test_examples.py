"""The examples say what they mean: names for both hosts, no root, flags that exist."""

import pathlib
import re
import subprocess
import unittest

import yaml

from towpath_server import binary

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"
CHART = EXAMPLES / "helm" / "towpath"


def known_flags():
    """The flags of `towpath serve`."""
    text = subprocess.run([str(binary()), "serve", "--help"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"--([a-z-]+)", text))


def rendered(template):
    """The chart uses nothing but values, so that this is all there is to rendering it."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    text = re.sub(r"\{\{ \.Values\.(\w+) \}\}", lambda found: str(values[found[1]]),
                  (CHART / "templates" / template).read_text())
    assert "{{" not in text, text
    return list(yaml.safe_load_all(text))


class Examples(unittest.TestCase):
    def check_variables(self, variables):
        for name in variables:
            if name.startswith("TOWPATH_"):
                self.assertIn(name.removeprefix("TOWPATH_").lower().replace("_", "-"), known_flags())

    def test_compose_gives_the_server_both_names_and_few_rights(self):
        compose = yaml.safe_load((EXAMPLES / "docker" / "compose.yaml").read_text())
        server = compose["services"]["towpath"]
        self.assertEqual(server["networks"]["default"]["aliases"], ["towpath", "sync-towpath"])
        self.assertTrue(server["read_only"])
        self.assertTrue(all(port.startswith("127.0.0.1:") for port in server["ports"]))
        self.assertTrue((EXAMPLES / "docker" / server["build"]["context"]
                         / server["build"]["dockerfile"]).exists())
        self.assertIn("towpath-data", compose["volumes"])
        self.check_variables(server["environment"])
        client = compose["services"]["client"]["environment"]
        self.assertIn("//towpath:", client["AWS_ENDPOINT_URL_SFN"])

    def test_the_image_runs_as_nobody_in_particular(self):
        lines = (EXAMPLES / "docker" / "Dockerfile").read_text().splitlines()
        users = [line.split()[1] for line in lines if line.startswith("USER")]
        self.assertEqual(users, ["65532:65532"])
        variables = next(line for line in lines if line.startswith("ENV")).split()[1:]
        self.check_variables(pair.split("=")[0] for pair in variables)

    def test_the_chart_has_two_services_for_one_server(self):
        (server,) = rendered("statefulset.yaml")
        plain, sync = rendered("services.yaml")
        self.assertEqual(sync["metadata"]["name"], "sync-" + plain["metadata"]["name"])
        labels = server["spec"]["template"]["metadata"]["labels"]
        (container,) = server["spec"]["template"]["spec"]["containers"]
        for service in (plain, sync):
            self.assertEqual(service["kind"], "Service")
            self.assertEqual(service["spec"]["selector"], labels)
            self.assertEqual(service["spec"]["ports"][0]["targetPort"], container["ports"][0]["name"])
        self.assertEqual(server["spec"]["replicas"], 1)
        self.assertTrue(server["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"])
        self.assertTrue(all(isinstance(pair["value"], str) for pair in container["env"]))
        self.check_variables(pair["name"] for pair in container["env"])
        for flag in container["args"]:
            if flag.startswith("--"):
                self.assertIn(flag[2:], known_flags())
        chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
        self.assertEqual((chart["apiVersion"], chart["name"]), ("v2", "towpath"))

    def test_the_unit_has_a_user_and_a_folder_of_its_own(self):
        lines = (EXAMPLES / "systemd" / "towpath.service").read_text().splitlines()
        self.assertIn("DynamicUser=yes", lines)
        self.assertIn("StateDirectory=towpath", lines)
        start = next(line for line in lines if line.startswith("ExecStart="))
        for flag in re.findall(r" --([a-z-]+)", start):
            self.assertIn(flag, known_flags())


if __name__ == "__main__":
    unittest.main()
