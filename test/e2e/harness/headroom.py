"""The programs under test: headroom-extender and headroom-controller, each with a configuration file and an identity."""

import json
import os
import re
import urllib.error
import urllib.request

from .ports import free_port
from .processes import Process


class Extender:
    """One extender. It keeps its ports over restarts, so that kube-scheduler finds it again."""

    def __init__(self, program, directory, logs, name="extender"):
        self.verbs_port, self.bind_port, self.health_port = free_port(), free_port(), free_port()
        self.program, self._directory, self._logs, self._name = program, directory, logs, name
        self.process = None

    def configure(self, kubeconfig, settings):
        """Writes the configuration file; `settings` are its top-level sections besides the addresses."""
        config = {"kubeconfig": kubeconfig,
                  "listen": {"verbs": f"127.0.0.1:{self.verbs_port}", "bind": f"127.0.0.1:{self.bind_port}",
                             "health": f"127.0.0.1:{self.health_port}"}, **settings}
        path = os.path.join(self._directory, f"{self._name}.yaml")
        with open(path, "w", encoding="utf-8") as out:
            json.dump(config, out, indent=1)  # JSON is YAML
        self.process = Process(self._name, [self.program, "--config", path], self._logs)

    def start(self, wait=True):
        self.process.start()
        if wait:
            self.await_ready()
        return self

    def await_ready(self, deadline=60.0):
        self.process.await_ready(self.ready, deadline)

    def stop(self):
        if self.process is not None:
            self.process.stop()

    def get(self, path, port=None):
        """(status, body) from the health listener, or another port."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port or self.health_port}{path}", timeout=5) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def ready(self):
        return self.get("/readyz")[0] == 200

    def verb(self, verb, body, port=None):
        """One call as kube-scheduler makes it; returns the decoded answer."""
        request = urllib.request.Request(f"http://127.0.0.1:{port or self.verbs_port}/{verb}", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as reply:
            return json.loads(reply.read())

    def metrics(self, name):
        """[(labels, value)] of one metric."""
        found = []
        for line in self.get("/metrics")[1].splitlines():
            match = re.match(r"^(\w+)(?:\{(.*)\})? (\S+)$", line)
            if match and match.group(1) == name:
                labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match.group(2) or ""))
                found.append((labels, float(match.group(3))))
        return found

    def metric(self, name, **labels):
        """The sum over the series whose labels match; None when there is none."""
        values = [value for have, value in self.metrics(name) if all(have.get(k) == v for k, v in labels.items())]
        return sum(values) if values else None


class Controller:
    """One of several controllers; they elect their leader among themselves. Ends with the check."""

    def __init__(self, world, name, **settings):
        self.health_port = free_port()
        config = {"kubeconfig": world.identity("headroom-controller"), "listen": {"health": f"127.0.0.1:{self.health_port}"},
                  "lease": {"identity": name}, "telemetry": {"discovery": {"enabled": False}}, **settings}
        path = os.path.join(world.scratch(), f"{name}.yaml")
        with open(path, "w", encoding="utf-8") as out:
            json.dump(config, out, indent=1)
        self.process = Process(f"controller-{name}", [world.program("headroom-controller"), "--config", path], world.logs)
        world.finally_do(self.process.stop)

    def start(self):
        self.process.start()
        return self

    def metric(self, name):
        """The value of a metric without labels; None where there is none."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}/metrics", timeout=5) as reply:
            for line in reply.read().decode().splitlines():
                if line.startswith(name + " "):
                    return float(line.split()[1])
        return None
