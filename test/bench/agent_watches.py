#!/usr/bin/env python3
"""What the watches of many node agents cost a real kube-apiserver: CPU and memory with the heartbeat alone, with every
agent's two watches, and with their statuses written too.

  test/bench/agent_watches.py --binaries DIR --agents-program PROGRAM [--agents 1000] [--seconds 60] [--status 30]

Called by scripts/bench --agents. The heartbeat is renewed every 5 s, as the controller does. The agents' program
(test/bench/go/agents) runs on this machine too and shares its cores; only the API server's own CPU and memory is shown.
"""

import argparse
import datetime
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", ".."))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(ROOT, "test", "e2e"))

from harness.api import GROUP, NODE_POWER_CAPS  # noqa: E402
from harness.control_plane import ControlPlane, SYSTEM  # noqa: E402
from scheduler_rate import cpu_seconds, resident_megabytes  # noqa: E402

LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
USER = "bench-agents"


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Bench:
    def __init__(self, arguments, directory):
        self.arguments = arguments
        self.plane = ControlPlane(arguments.binaries, directory)
        self.ended = threading.Event()
        self.beats = 0

    def start(self):
        self.plane.start()
        self.api = self.plane.admin()
        self.plane.kubectl("apply", "--server-side", "-k", os.path.join(ROOT, "deploy"))
        self.plane.await_crd(f"nodepowercaps.{GROUP.split('/', maxsplit=1)[0]}")
        # The rights of deploy's agents for a user whose certificate the agents' program holds.
        subject = {"kind": "User", "name": USER, "apiGroup": "rbac.authorization.k8s.io"}
        for kind, where in (("ClusterRole", f"{RBAC}/clusterrolebindings"), ("Role", f"{RBAC}/namespaces/{SYSTEM}/rolebindings")):
            self.api.create(where, {"metadata": {"name": USER}, "subjects": [subject],
                                    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": "headroom-agent"}})
        self.api.create(LEASE, {"metadata": {"name": "headroom-heartbeat"}, "spec": {"holderIdentity": "bench", "renewTime": now()}})
        orders = ({"apiVersion": GROUP, "kind": "NodePowerCap", "metadata": {"name": f"node-{n:05d}"},
                   "spec": {"epoch": 1, "sequence": 1, "budgetWatts": 400}} for n in range(self.arguments.agents))
        # Admission lets the controller alone order caps.
        controller = self.plane.with_token(self.plane.service_account_token(SYSTEM, "headroom-controller"))
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda order: controller.create(NODE_POWER_CAPS, order), orders))
        threading.Thread(target=self.beat, daemon=True).start()

    def beat(self):
        api = self.plane.admin()
        while not self.ended.wait(5):
            api.merge(f"{LEASE}/headroom-heartbeat", {"spec": {"renewTime": now()}})
            self.beats += 1

    def stop(self):
        self.ended.set()
        self.plane.stop()

    def measure(self):
        """Cores of the API server over the time asked for, and its resident memory afterwards."""
        pid = self.plane.servers[0].pid
        before, began = cpu_seconds(pid), time.monotonic()
        time.sleep(self.arguments.seconds)
        return (cpu_seconds(pid) - before) / (time.monotonic() - began), resident_megabytes(pid)

    def with_agents(self, status):
        certificate, key = self.plane.client_certificate(USER)
        child = subprocess.Popen([self.arguments.agents_program, "-server", self.plane.server_url(), "-ca",
                                  self.plane.authority.certificate, "-cert", certificate, "-key", key, "-agents",
                                  str(self.arguments.agents), "-status", f"{status}s"],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if child.stdout.readline() != "ready\n":
            sys.exit(f"bench: the agents did not start ({child.wait()})")
        time.sleep(10)  # pace: what was allocated for handshakes and lists is gone again
        cost = self.measure()
        told, _ = child.communicate()
        print(f"({told.strip()})", file=sys.stderr, flush=True)
        if child.returncode != 0:
            sys.exit(f"bench: the agents ended with {child.returncode}")
        return cost

    def run(self):
        agents = self.arguments.agents
        print(f"| kube-apiserver, {agents:,} NodePowerCaps | cores | CPU ms per agent and s | RSS MB | RSS kB per agent |")
        print("|---|---|---|---|---|", flush=True)
        alone = self.measure()
        print(f"| heartbeat alone | {alone[0]:.3f} | | {alone[1]:.0f} | |", flush=True)
        for status, name in ((0, "two watches an agent"), (self.arguments.status, f"and a status every {self.arguments.status} s")):
            cores, memory = self.with_agents(status)
            print(f"| {name} | {cores:.3f} | {(cores - alone[0]) * 1000 / agents:.3f} | {memory:.0f} | "
                  f"{(memory - alone[1]) * 1024 / agents:.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binaries", required=True)
    parser.add_argument("--agents-program", required=True)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60, help="of each measurement")
    parser.add_argument("--status", type=int, default=30, help="seconds between an agent's statuses")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory(prefix="headroom-bench-") as directory:
        bench = Bench(arguments, directory)
        try:
            bench.start()
            bench.run()
        finally:
            bench.stop()


if __name__ == "__main__":
    main()
