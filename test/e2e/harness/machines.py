"""Real exporters on machines we make up: node_exporter on a tree of sysfs files, Prometheus on a configuration of ours."""

import base64
import json
import os
import shutil
import ssl
import threading
import time
import urllib.parse
import urllib.request

from .failures import PartMissing
from .ports import free_port
from .processes import Process
from .wait import eventually


def find_program(name):
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/bin")
    if not path:
        raise PartMissing(f"{name} is not installed (scripts/install-deps e2e)")
    return path


class Machine:
    """node_exporter for one node: RAPL counters and temperatures are plain files that a check moves.

    The tree has what the real collectors read: two packages with DRAM, a CPU sensor and an inlet sensor.
    """

    RANGE = 262143328850

    def __init__(self, name, directory, logs, address, port=9100):
        self.name = name
        self.tree = os.path.join(directory, f"sys-{name}")
        self.url = f"http://{address}:{port}/metrics"
        self._energy = {}
        for index in (0, 1):
            self._zone(f"intel-rapl:{index}", f"package-{index}")
            self._zone(f"intel-rapl:{index}:0", "dram")
        self._sensor(0, "coretemp", {1: "Package id 0", 2: "Core 0"})
        self._sensor(1, "inlet_sensor", {1: "Inlet Temp"})
        self.temperature(0, 55.0)
        self.temperature(1, 22.0)
        self.process = Process(f"node-exporter-{name}", [
            find_program("prometheus-node-exporter"), f"--path.sysfs={self.tree}", "--collector.disable-defaults",
            "--collector.hwmon", "--collector.rapl", f"--web.listen-address={address}:{port}"], logs)

    def start(self):
        self.process.start().await_ready(lambda: urllib.request.urlopen(self.url, timeout=5).status == 200)
        return self

    def _zone(self, zone, name):
        folder = os.path.join(self.tree, "class", "powercap", zone)
        os.makedirs(folder)
        self._write(os.path.join(folder, "name"), name)
        self._write(os.path.join(folder, "max_energy_range_uj"), self.RANGE)
        self._energy[zone] = 10_000_000
        self._write(os.path.join(folder, "energy_uj"), 10_000_000)

    def _sensor(self, index, chip, labels):
        folder = os.path.join(self.tree, "class", "hwmon", f"hwmon{index}")
        os.makedirs(folder)
        self._write(os.path.join(folder, "name"), chip)
        for sensor, label in labels.items():
            self._write(os.path.join(folder, f"temp{sensor}_label"), label)

    def temperature(self, chip, celsius):
        folder = os.path.join(self.tree, "class", "hwmon", f"hwmon{chip}")
        for sensor in (1, 2) if chip == 0 else (1,):
            self._write(os.path.join(folder, f"temp{sensor}_input"), round(celsius * 1000))

    def inlet(self, celsius):
        self.temperature(1, celsius)

    def burn(self, watts, seconds):
        """Advances the counters as if the machine had drawn so much for so long, half a socket each."""
        for zone, share in (("intel-rapl:0", 0.45), ("intel-rapl:1", 0.45), ("intel-rapl:0:0", 0.05), ("intel-rapl:1:0", 0.05)):
            self._energy[zone] = (self._energy[zone] + round(watts * share * seconds * 1e6)) % self.RANGE
            self._write(os.path.join(self.tree, "class", "powercap", zone, "energy_uj"), self._energy[zone])

    @staticmethod
    def _write(path, value):
        with open(path + ".new", "w", encoding="utf-8") as out:
            out.write(f"{value}\n")
        os.rename(path + ".new", path)


class Fire:
    """Burns watts in machines all the time, finely enough that a scrape sees a steady draw. Start and stop like a process."""

    STEP = 0.025

    def __init__(self, watts):
        self.watts = watts  # {Machine: watts}; may be changed while it burns
        self._ended = threading.Event()

    def start(self):
        threading.Thread(target=self._burn, daemon=True).start()

    def stop(self, deadline=None):
        self._ended.set()

    def _burn(self):
        last = time.monotonic()
        while not self._ended.wait(self.STEP):
            now = time.monotonic()
            for machine, watts in self.watts.items():
                machine.burn(watts, now - last)
            last = now


class Prometheus:
    """A real Prometheus. `jobs` are scrape_configs entries; https adds a private CA's certificate and a password."""

    USER, PASSWORD = "headroom", "correct horse"
    PASSWORD_HASH = "$2b$04$......................IBkH8pjfkDYmjZtzsiFYGYLacsaGHyW"  # bcrypt of PASSWORD, made once

    def __init__(self, name, directory, logs, jobs, authority=None, interval="1s", address="127.0.0.1", port=None):
        self.address, self.port = address, port or free_port()
        folder = os.path.join(directory, f"prometheus-{name}")
        os.makedirs(folder)
        config = os.path.join(folder, "prometheus.json")
        with open(config, "w", encoding="utf-8") as out:
            json.dump({"global": {"scrape_interval": interval, "scrape_timeout": interval}, "scrape_configs": jobs}, out)
        arguments = [find_program("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
                     f"--web.listen-address={self.address}:{self.port}", "--log.level=warn"]
        self.scheme = "http"
        self._context = None
        if authority:
            self.scheme = "https"
            self._context = ssl.create_default_context(cafile=authority.certificate)
            arguments.append(f"--web.config.file={self._web_config(folder, authority)}")
        self.process = Process(f"prometheus-{name}", arguments, logs)

    @property
    def url(self):
        return f"{self.scheme}://{self.address}:{self.port}"

    def _web_config(self, folder, authority):
        certificate, key = authority.issue("prometheus", "prometheus", addresses=[self.address])
        path = os.path.join(folder, "web.json")
        with open(path, "w", encoding="utf-8") as out:
            json.dump({"tls_server_config": {"cert_file": certificate, "key_file": key},
                       "basic_auth_users": {self.USER: self.PASSWORD_HASH}}, out)
        return path

    def _get(self, path):
        request = urllib.request.Request(self.url + path)
        if self.scheme == "https":
            login = base64.b64encode(f"{self.USER}:{self.PASSWORD}".encode()).decode()
            request.add_header("Authorization", "Basic " + login)
        return urllib.request.urlopen(request, timeout=5, context=self._context).read()

    def start(self):
        self.process.start().await_ready(lambda: self._get("/-/ready"))
        return self

    def query(self, expression):
        reply = json.loads(self._get("/api/v1/query?" + urllib.parse.urlencode({"query": expression})))
        return reply["data"]["result"]

    def await_series(self, expression, count):
        eventually(f"{count} series of {expression} in {self.url}", lambda: len(self.query(expression)) >= count)
