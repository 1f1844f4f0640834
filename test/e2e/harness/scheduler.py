"""kube-scheduler, started from the very deploy/scheduler-config.yaml that sites use; only addresses are replaced."""

import os
import re
import ssl
import urllib.request

from .failures import require
from .ports import free_port
from .processes import Process

_DEPLOY = os.path.join(os.path.dirname(__file__), "..", "..", "..", "deploy")
SHIPPED = os.path.join(_DEPLOY, "scheduler-config.yaml")
# The opt-in by resource: one extender entry with every verb.
MANAGED_RESOURCES = os.path.join(_DEPLOY, "variants", "scheduler-config-managed-resources.yaml")


def adapted_config(kubeconfig, ports, nodes_form=False):
    """The shipped file with the kubeconfig's path and the extender's addresses put in: two ports, or one for the variant with
    managed resources. nodes_form also turns nodeCacheCapable off, for the checks of that form."""
    path = SHIPPED if len(ports) == 2 else MANAGED_RESOURCES
    with open(path, encoding="utf-8") as shipped:
        text = shipped.read()
    urls = len(re.findall(r"(?m)^\s*-?\s*urlPrefix:", text))
    require(urls == len(ports), f"{path} names {urls} extenders, {len(ports)} are documented")
    left = iter(ports)
    text = re.sub(r"(?m)^(\s*-?\s*urlPrefix:).*$", lambda m: f"{m.group(1)} http://127.0.0.1:{next(left)}", text)
    text, configs = re.subn(r"(?m)^(\s*kubeconfig:).*$", lambda m: f"{m.group(1)} {kubeconfig}", text)
    if not configs:
        # In the pod the file names none: client-go finds the ServiceAccount. Here there is no pod.
        require("clientConnection:" in text, f"{path} has no clientConnection")
        text = re.sub(r"(?m)^clientConnection:\s*$", f"clientConnection:\n  kubeconfig: {kubeconfig}", text)
    if nodes_form:
        text, forms = re.subn(r"(?m)^(\s*nodeCacheCapable:)\s*true", r"\1 false", text)
        require(forms >= 1, f"{path} does not say nodeCacheCapable: true")
    return text


class Scheduler:
    """One kube-scheduler of one version and form, running as the identity that deploy/ gives it."""

    def __init__(self, name, program, config_text, kubeconfig, directory, logs):
        self.port = free_port()
        path = os.path.join(directory, f"{name}.yaml")
        with open(path, "w", encoding="utf-8") as out:
            out.write(config_text)
        self.process = Process(name, [
            program, f"--config={path}", "--authentication-skip-lookup=true", "--bind-address=127.0.0.1",
            f"--secure-port={self.port}", f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}", "--authorization-always-allow-paths=/healthz,/readyz,/livez,/metrics",
            "-v=2"], logs)
        self._context = ssl._create_unverified_context()  # its certificate is self-signed

    def _get(self, path):
        return urllib.request.urlopen(f"https://127.0.0.1:{self.port}{path}", timeout=5, context=self._context).read().decode()

    def start(self):
        # /readyz is true once it is the leader of its lease and its informers are synced.
        self.process.start().await_ready(lambda: self._get("/readyz"))
        return self

    def stop(self):
        self.process.stop()

    def metric(self, name, **labels):
        """The sum of a counter's series whose labels match."""
        total = 0.0
        for line in self._get("/metrics").splitlines():
            match = re.match(r"^(\w+)(\{.*\})? (\S+)$", line)
            if match and match.group(1) == name and all(f'{k}="{v}"' in (match.group(2) or "") for k, v in labels.items()):
                total += float(match.group(3))
        return total
