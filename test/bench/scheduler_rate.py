#!/usr/bin/env python3
"""Pods per second of a real kube-scheduler with no extender, with the Go floor and with Headroom, and how long Headroom
needs to be ready again after its API server was killed.

  test/bench/scheduler_rate.py --binaries DIR --build DIR --floor PROGRAM [--nodes 1000,5000] [--pods 1000] [--relist]

Called by scripts/bench --scheduler. The pods wait before the scheduler starts; the rate is that between 10 % and 90 % of
its own count of scheduled pods, so that start-up and the last few do not count. Etcd does not fsync. Everything runs on
this machine and shares its cores.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "test", "e2e"))

from harness import objects  # noqa: E402
from harness.api import TOPOLOGIES  # noqa: E402
from harness.control_plane import ControlPlane  # noqa: E402
from harness.headroom import Extender  # noqa: E402
from harness.ports import free_port  # noqa: E402
from harness.processes import Process  # noqa: E402
from harness.scheduler import Scheduler, adapted_config  # noqa: E402
from harness.wait import eventually  # noqa: E402

NODES_PER_RACK = 25
NAMESPACE = "bench"


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid, field="VmRSS"):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field)) / 1024


def rack_of(number):
    return f"rack-{number // NODES_PER_RACK:03d}"


class Bench:
    def __init__(self, arguments, directory):
        self.arguments, self.directory = arguments, directory
        self.plane = ControlPlane(arguments.binaries, directory)

    def start(self):
        self.plane.start()
        self.api = self.plane.admin()
        self.plane.kubectl("apply", "--server-side", "-k", os.path.join(ROOT, "deploy"))
        for name in ("powercappingpolicies.powercapping.example.com", "powertopologies.powercapping.example.com"):
            self.plane.await_crd(name)
        self.api.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})

    def stop(self):
        self.plane.stop()

    def create_all(self, path, made):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda body: self.api.create(path, body), made))

    def add_nodes(self, first, last):
        self.create_all("/api/v1/nodes", (objects.node(f"node-{n:05d}", rack_of(n)) for n in range(first, last)))
        racks = {rack_of(n): 1_000_000 for n in range(0, last, NODES_PER_RACK)}
        topology = objects.topology("site", racks, feed_watts=1_000_000_000)
        self.api.apply(f"{TOPOLOGIES}/site", topology)

    def add_pods(self, count):
        pods = (objects.pod(f"pod-{n:05d}", cpu="10m") for n in range(count))
        self.create_all(f"/api/v1/namespaces/{NAMESPACE}/pods", pods)

    def remove_pods(self):
        self.api.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}/pods")
        eventually("pods gone", lambda: not self.api.items(f"/api/v1/namespaces/{NAMESPACE}/pods"), 300)

    # ---- extenders

    def configuration(self, mode, kubeconfig, ports):
        text = adapted_config(kubeconfig, ports).replace("qps: 500", "qps: 5000").replace("burst: 1000", "burst: 5000")
        if mode == "none":
            return text.split("extenders:")[0]
        if mode == "floor":
            # Filter and prioritize only: kube-scheduler binds by itself.
            head, first, _ = text.split("  - urlPrefix:")
            return head + "  - urlPrefix:" + first.replace("    preemptVerb: preempt\n", "")
        return text

    def start_floor(self, nodes):
        table = os.path.join(self.directory, "table")
        with open(table, "w", encoding="ascii") as out:
            out.write("percore 10\nminimum 2\n")
            for first in range(0, nodes, NODES_PER_RACK):
                out.write(f"rack {rack_of(first)} 1000000 {100 * NODES_PER_RACK}\n")
            for number in range(nodes):
                out.write(f"node node-{number:05d} {rack_of(number)}\n")
        child = subprocess.Popen([self.arguments.floor, table], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return child, int(child.stdout.readline())

    def start_extender(self):
        extender = Extender(os.path.join(self.arguments.build, "bin", "headroom-extender"), self.directory, self.plane.logs)
        extender.configure(self.plane.admin_kubeconfig(), {})
        return extender.start(wait=False)

    # ---- measurements

    def rate(self, mode, nodes):
        """Returns (pods/s, kube-scheduler's CPU milliseconds per pod, the extender's or None)."""
        pods = self.arguments.pods
        self.add_pods(pods)
        extender = floor = None
        ports, pid = (1, 2), None
        if mode == "floor":
            floor, port = self.start_floor(nodes)
            ports, pid = (port, port), floor.pid
        elif mode == "headroom":
            extender = self.start_extender()
            extender.await_ready(300)
            ports, pid = (extender.verbs_port, extender.bind_port), extender.process.pid
        kubeconfig = self.plane.admin_kubeconfig()
        scheduler = Scheduler(f"scheduler-{mode}-{nodes}", os.path.join(self.arguments.binaries, "kube-scheduler"),
                              self.configuration(mode, kubeconfig, ports), kubeconfig, self.directory, self.plane.logs)
        try:
            scheduler.start()
            return self.watch(scheduler, pods, pid)
        finally:
            scheduler.stop()
            if extender:
                extender.stop()
            if floor:
                floor.stdin.close()
                floor.wait(10)
            self.remove_pods()

    @staticmethod
    def watch(scheduler, pods, pid):
        points = []
        own = scheduler.process.pid
        before = (cpu_seconds(own), cpu_seconds(pid) if pid else None)
        deadline = time.monotonic() + 600
        while time.monotonic() < deadline:
            done = scheduler.metric("scheduler_schedule_attempts_total", result="scheduled")
            points.append((time.monotonic(), done))
            if done >= pods:
                break
            time.sleep(0.1)
        else:
            sys.exit(f"bench: only {points[-1][1]:.0f} of {pods} pods were scheduled in 600 s")
        inside = [(t, n) for t, n in points if 0.1 * pods <= n <= 0.9 * pods]
        if len(inside) < 2:
            inside = points
        rate = (inside[-1][1] - inside[0][1]) / (inside[-1][0] - inside[0][0])
        cpu = (cpu_seconds(pid) - before[1]) * 1000 / pods if pid else None
        return rate, (cpu_seconds(own) - before[0]) * 1000 / pods, cpu

    def relist(self, nodes, pods):
        """How long an extender that starts from nothing needs until it is ready with the whole cluster; and, twice, how
        long after a killed API server answers again a changed limit is in force. Resident memory after each."""
        bodies = (objects.pod(f"run-{n:06d}", cpu="10m", nodeName=f"node-{n % nodes:05d}") for n in range(pods))
        self.create_all(f"/api/v1/namespaces/{NAMESPACE}/pods", bodies)
        extender = self.start_extender()
        try:
            started = time.monotonic()
            extender.await_ready(600)
            print(f"| from nothing | {time.monotonic() - started:.1f} | {resident_megabytes(extender.process.pid):.0f} |", flush=True)
            for life in range(2):
                self.plane.servers[0].kill()
                time.sleep(3)
                self.plane.start_server(0)
                started = time.monotonic()
                limit = 1_000_001 + life
                self.api.apply(f"{TOPOLOGIES}/site", objects.topology("site", {rack_of(n): limit
                               for n in range(0, nodes, NODES_PER_RACK)}, feed_watts=1_000_000_000))
                eventually("a change after the kill in force",
                           lambda want=limit: extender.metric("headroom_element_limit_watts", element="rack-000") == want, 600)
                extender.await_ready(600)
                print(f"| API server killed, {life + 1} | {time.monotonic() - started:.1f} | "
                      f"{resident_megabytes(extender.process.pid):.0f} |", flush=True)
            self.steady("headroom-extender", extender.process.pid)
        finally:
            extender.stop()
        path = os.path.join(self.directory, "controller.yaml")
        with open(path, "w", encoding="utf-8") as out:
            json.dump({"kubeconfig": self.plane.admin_kubeconfig(), "listen": {"health": f"127.0.0.1:{free_port()}"}}, out)
        controller = Process("controller", [os.path.join(self.arguments.build, "bin", "headroom-controller"), "--config", path],
                             self.plane.logs).start()
        try:
            status = f"{TOPOLOGIES}/site"
            eventually("the topology's status", lambda: self.api.get(status).get("status", {}).get("conditions"), 120)
            self.steady("headroom-controller", controller.pid)
        finally:
            controller.stop()

    @staticmethod
    def steady(name, pid, seconds=60):
        """What a program uses with the whole cluster in memory and nothing changing: for requests and limits in deploy/."""
        before = cpu_seconds(pid)
        time.sleep(seconds)
        print(f"{name}: {(cpu_seconds(pid) - before) * 1000 / seconds:.0f} m CPU, {resident_megabytes(pid):.0f} MB "
              f"(at most {resident_megabytes(pid, 'VmHWM'):.0f} MB)", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binaries", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--floor", required=True)
    parser.add_argument("--nodes", default="1000,5000")
    parser.add_argument("--pods", type=int, default=1000)
    parser.add_argument("--relist", type=int, default=0, metavar="PODS", help="also measure a re-list with so many pods")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory(prefix="headroom-bench-") as directory:
        bench = Bench(arguments, directory)
        try:
            bench.start()
            have = 0
            print("| nodes | extender | pods/s | kube-scheduler CPU ms per pod | extender CPU ms per pod |\n|---|---|---|---|---|", flush=True)
            for nodes in [int(n) for n in arguments.nodes.split(",")]:
                bench.add_nodes(have, nodes)
                have = nodes
                for mode in ("none", "floor", "headroom"):
                    rate, scheduler, extender = bench.rate(mode, nodes)
                    own = "" if extender is None else f"{extender:.2f}"
                    print(f"| {nodes:,} | {mode} | {rate:.0f} | {scheduler:.2f} | {own} |", flush=True)
            if arguments.relist:
                print(f"\n| {have:,} nodes, {arguments.relist:,} pods | ready after s | RSS MB |\n|---|---|---|", flush=True)
                bench.relist(have, arguments.relist)
        finally:
            bench.stop()


if __name__ == "__main__":
    main()
