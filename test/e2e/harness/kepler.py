"""Kepler without the hardware: the recorded output of a real one with its values animated, in three dialects.

One HTTP server answers for every node: which node is asked for is told by the address the request came in on, as if each
node ran an exporter of its own. The data is watts per node and the energy they add up to; nothing is decided here.

  current  recorded from Kepler 0.11 (test/data/kepler): names, labels and order are the real ones, values are ours
  legacy   written after Kepler 0.9's documentation: joule counters with `mode`
  seed     the names of the third-party metric list that users' dashboards are built on: kepler_node_power_watts
"""

import http.server
import math
import os
import re
import threading
import time

PORT = 28282
DATA = os.path.join(os.path.dirname(__file__), "..", "..", "data", "kepler", "kepler-0.11-with-pods.prom")
# What the recorded machine showed: the parts of one package reading.
CORE, DRAM = 0.7, 0.12


class Load:
    """Watts of one node (package and DRAM together) and the joules they have added up to."""

    def __init__(self, watts=0.0):
        self.watts = float(watts)
        self.gpu_watts = {}
        self.pods = {}  # (namespace, name, uid) -> watts
        self.joules = 5000.0
        self._since = time.monotonic()

    def set(self, watts):
        self.advance()
        self.watts = watts

    def advance(self):
        now = time.monotonic()
        if math.isfinite(self.watts):
            self.joules += max(0.0, self.watts) * (now - self._since)
        self._since = now


class Exporter:
    """All nodes' exporters in one server. Thread-safe enough: one check sets, the server's threads read."""

    def __init__(self, dialect="current", address="0.0.0.0", port=PORT):
        self.dialect = dialect
        self.loads = {}      # node -> Load
        self.addresses = {}  # local address -> node
        self.scrapes = {}    # node -> how often it was asked
        self.dead = set()    # nodes whose exporter closes the connection without a word
        self.hanging = set()  # nodes whose exporter accepts and then says nothing
        self.verbatim = {}   # node -> text to send instead
        self._release = threading.Event()
        self._server = _Server((address, port), _handler_for(self))
        self._recorded = _read_recording()
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self._release.set()
        self._server.shutdown()
        self._server.server_close()

    def set(self, node, watts, address=None):
        if node not in self.loads:
            self.loads[node] = Load()
        self.loads[node].set(watts)
        if address:
            self.addresses[address] = node

    def text(self, node):
        if node in self.verbatim:
            return self.verbatim[node]
        load = self.loads[node]
        load.advance()
        return {"current": self._current, "legacy": self._legacy, "seed": self._seed}[self.dialect](node, load)

    def _current(self, node, load):
        """The recording, line by line, with node name and values replaced. psys is left out as on most servers: its
        presence changes which zone is the truth, and a check that wants it says so."""
        shares = {"package": 1 / (1 + DRAM), "core": CORE / (1 + DRAM), "dram": DRAM / (1 + DRAM)}
        lines = []
        for line in self._recorded:
            series = re.match(r"^(kepler_node_cpu_\w*?(?:watts|joules_total))\{(.*)\} \S+$", line)
            if not series:
                lines.append(line.replace("gpu-node-01", node))
                continue
            name, labels = series.groups()
            zone = re.search(r'zone="(\w+)"', labels).group(1)
            if zone not in shares:
                continue
            total = load.watts if name.endswith("watts") else load.joules
            value = 0.0 if "_idle_" in name else total * shares[zone]
            lines.append(f'{name}{{{labels.replace("gpu-node-01", node)}}} {value!r}')
        for (namespace, pod, uid), watts in list(load.pods.items()):
            lines.append(f'kepler_pod_cpu_watts{{node_name="{node}",pod_id="{uid}",pod_name="{pod}",pod_namespace="{namespace}",'
                         f'state="running",zone="package"}} {watts!r}')
        for index, watts in load.gpu_watts.items():
            lines.append(f'kepler_node_gpu_watts{{gpu="{index}",gpu_uuid="GPU-{node}-{index}",gpu_name="H100",vendor="nvidia",'
                         f'node_name="{node}"}} {watts!r}')
        return "\n".join(lines) + "\n"

    @staticmethod
    def _legacy(node, load):
        package = load.joules / (1 + DRAM)
        lines = ["# TYPE kepler_node_package_joules_total counter"]
        for part, joules in (("package", package), ("core", package * CORE), ("dram", package * DRAM), ("other", 0.0)):
            for mode, share in (("dynamic", 0.6), ("idle", 0.4)):
                lines.append(f'kepler_node_{part}_joules_total{{instance="{node}",mode="{mode}",package="0",source="rapl-sysfs"}} {joules * share!r}')
        lines.append('kepler_exporter_build_info{branch="",goversion="go1.20",revision="",version="v0.7.12"} 1')
        return "\n".join(lines) + "\n"

    @staticmethod
    def _seed(node, load):
        return ("# TYPE kepler_node_power_watts gauge\n"
                f'kepler_node_power_watts{{instance="{node}"}} {load.watts!r}\n'
                "# TYPE kepler_node_energy_joules_total counter\n"
                f'kepler_node_energy_joules_total{{instance="{node}"}} {load.joules!r}\n')

    def wait_while_hanging(self, node):
        while node in self.hanging and not self._release.wait(0.05):
            pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_):
        pass  # a scraper that gave up waiting is no news


def _read_recording():
    with open(DATA, encoding="utf-8") as recording:
        # Pods and processes of the recorded machine are nobody here.
        return [line.rstrip("\n") for line in recording
                if not re.match(r"(# \w+ )?kepler_(pod|container|process|vm)_", line)]


def _handler_for(exporter):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_GET(self):
            node = exporter.addresses.get(self.connection.getsockname()[0])
            exporter.scrapes[node] = exporter.scrapes.get(node, 0) + 1
            exporter.wait_while_hanging(node)
            if node is None or node in exporter.dead:
                self.close_connection = True
                return
            body = exporter.text(node).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler
