#!/usr/bin/env python3
"""How soon a lowered cap is in force, on a real etcd and kube-apiserver, with real agents on simulated machines (raplfs).

  test/bench/caps_latency.py --binaries DIR --build DIR [--lowers 120] [--sizes 1,8,24] [--repeats 3]

Called by scripts/bench --caps. Everything runs at the product's own intervals and shares this machine's cores; etcd does not
fsync. Two measurements:

  a lowered cap      three agents, no controller: a writer of our own lowers one NodePowerCap at a time and keeps the heartbeat.
                     Clocks start when the write is sent, so the API server's own time is in every number.
  an element's limit a real controller and an agent on every node: a rack's ratedWatts fall so far that its load is 1.25 times
                     the new limit. The clock stops when the sum of all packages' caps and the nodes' overhead is inside.
"""

import argparse
import os
import random
import sys
import tempfile
import threading
import time
from datetime import datetime, timezone

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "test", "e2e"))

from harness import network, objects  # noqa: E402
from harness.api import NODE_POWER_CAPS, ApiError  # noqa: E402
from harness.control_plane import SYSTEM  # noqa: E402
from harness.hall import NODE_CLASS, OVERHEAD, Hall, Pace, acknowledged  # noqa: E402
from harness.raplfs import parse  # noqa: E402
from harness.wait import eventually  # noqa: E402
from harness.world import CONTROLLER_ACCOUNT, World  # noqa: E402

LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases"
LIMIT_FILE = "constraint_0_power_limit_uw"
OVERLOAD = 1.25
BUDGET = 270  # watts of a node before its rack's limit falls


def now_text():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def show(name, values):
    p50, p99 = percentile(values, 0.50), percentile(values, 0.99)
    print(f"| {name} | {p50 * 1000:.0f} ms | {p99 * 1000:.0f} ms | {max(values) * 1000:.0f} ms | {len(values)} |", flush=True)


class Heartbeat:
    """The controller's sign of life, every 5 s. Start and stop like a process."""

    def __init__(self, api):
        self._api, self._ended = api, threading.Event()

    def start(self):
        self._api.create(LEASES, {"metadata": {"name": "headroom-heartbeat"},
                                  "spec": {"holderIdentity": "bench", "leaseDurationSeconds": 20, "renewTime": now_text()}})
        threading.Thread(target=self._beat, daemon=True).start()

    def _beat(self):
        while not self._ended.wait(5):
            self._api.merge(f"{LEASES}/headroom-heartbeat", {"spec": {"renewTime": now_text()}})

    def stop(self, deadline=None):
        self._ended.set()


class Watch:
    """An independent client's view: when each order and each acknowledgement of a node could first be seen."""

    def __init__(self, api):
        self._api = api
        self._changed = threading.Condition()
        self._seen = {}  # (node, "order" or "ack", sequence) -> monotonic seconds

    def start(self):
        threading.Thread(target=self._follow, daemon=True).start()

    def stop(self, deadline=None):
        pass  # ends with its API server

    def _follow(self):
        # A kind that was just installed answers its first watches with 429; before the first object nothing is missed.
        while True:
            try:
                return self._take(self._api.watch(NODE_POWER_CAPS))
            except ApiError as error:
                if error.status != 429:
                    raise
            time.sleep(0.2)

    def _take(self, caps):
        for cap in caps:
            at, node = time.monotonic(), cap["metadata"]["name"]
            observed = cap.get("status", {}).get("observed") or {}
            with self._changed:
                self._seen.setdefault((node, "order", cap["spec"]["sequence"]), at)
                if observed.get("uid") == cap["metadata"]["uid"]:
                    self._seen.setdefault((node, "ack", observed["sequence"]), at)
                self._changed.notify_all()

    def await_event(self, node, what, sequence, deadline=60.0):
        with self._changed:
            if not self._changed.wait_for(lambda: (node, what, sequence) in self._seen, deadline):
                sys.exit(f"bench: no {what} of order {sequence} of {node} in {deadline:.0f} s")
            return self._seen[(node, what, sequence)]


class Lowers:
    """Lowers of one node, one watt on each package at a time, each acknowledged before the next."""

    def __init__(self, hall, watch, node, count):
        self._hall, self._watch, self.node, self._count = hall, watch, node, count
        world = hall.world
        self._api = world.plane.user(f"system:serviceaccount:{SYSTEM}:{CONTROLLER_ACCOUNT}", "system:masters")
        self._random = random.Random(node)
        self.orders = []  # (watts, sent, replied, seen by the watch, acknowledged)

    def begin(self):
        self._api.create(NODE_POWER_CAPS, {"apiVersion": objects.GROUP + "/v1alpha1", "kind": "NodePowerCap",
                                           "metadata": {"name": self.node}, "spec": self._spec(1, 124)})
        self._watch.await_event(self.node, "ack", 1)

    @staticmethod
    def _spec(sequence, watts):
        return {"epoch": 1, "sequence": sequence, "budgetWatts": 290, "reserveWatts": OVERHEAD, "cpuPackageWatts": watts}

    def run(self):
        for number in range(self._count):
            time.sleep(self._random.random())  # anywhere in the agent's second
            watts, sequence = 123 - number, number + 2
            sent = time.monotonic()
            self._api.merge(f"{NODE_POWER_CAPS}/{self.node}", {"spec": self._spec(sequence, watts)})
            replied = time.monotonic()
            acknowledged_at = self._watch.await_event(self.node, "ack", sequence)
            seen = self._watch.await_event(self.node, "order", sequence)
            self.orders.append((watts, sent, replied, seen, acknowledged_at))

    def in_tree(self, log, event, watts, since):
        """When both packages had it: the first event of each with this value, the later of the two."""
        first = {}
        for line in log:
            if line.node == self.node and line.event == event and line.seconds >= since and line.file.endswith(LIMIT_FILE) \
                    and line.result == "ok" and line.value.strip("n\\\n") == str(watts * 1_000_000):
                first.setdefault(line.path, line.seconds)
        zones = {path: at for path, at in first.items() if "/class/" not in path}
        if len(zones) < 2:
            sys.exit(f"bench: {self.node}: {watts} W: no {event} on both packages: {first}")
        return max(zones.values())


def measure_lowers(world, count):
    hall = Hall(world, {"r1": 3}, pace=Pace(timing={}, capping={}, follow=1))
    hall.demand(200)
    beat, watch = Heartbeat(world.api), Watch(world.api)
    world.use(beat)
    world.use(watch)
    hall.start_agents()
    writers = [Lowers(hall, watch, node, -(-count // 3)) for node in hall.nodes]
    for writer in writers:
        writer.begin()
    hall.tree.command("log reads on")
    threads = [threading.Thread(target=writer.run) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log = hall.tree.log()
    rows = {"order seen by another client's watch": [], "value written to both packages": [], "value read back on both": [],
            "acknowledged in status (its window of 1 s has passed)": [], "(the write's own reply)": []}
    for writer in writers:
        for watts, sent, replied, seen, acked in writer.orders:
            for name, at in zip(rows, (seen, writer.in_tree(log, "write", watts, sent), writer.in_tree(log, "read", watts, sent), acked,
                                       replied)):
                rows[name].append(at - sent)
    print("\n| from sending the write to | p50 | p99 | worst | lowers |\n|---|---|---|---|---|", flush=True)
    for name, values in rows.items():
        show(name, values)


class Racks:
    """The rack limits as one topology; every rack of `sizes` nodes at BUDGET watts a node, or at that over OVERLOAD."""

    def __init__(self, world, sizes):
        self.world, self.sizes = world, sizes
        self.lowered = None

    def limit(self, rack):
        count = self.sizes[rack]
        return int(BUDGET * count / OVERLOAD) if rack == self.lowered else BUDGET * count

    def apply(self, lowered=None):
        self.lowered = lowered
        racks = {rack: {"rated": self.limit(rack), "emergencyPercent": 150} for rack in self.sizes}
        self.world.apply(objects.topology("site", racks, node_class=NODE_CLASS, capping="Enforce"))


class Sums:
    """The sum of caps below a rack over time, from the tree's own log: it is read on from where it was left."""

    def __init__(self, hall):
        self._hall, self._at, self._of_node = hall, 0, {}

    def settled(self, rack, limit, since, deadline=120.0):
        """When the rack's caps and overheads first were inside the limit after `since`, waiting for it."""
        nodes, end = self._hall.world.racks[rack], time.monotonic() + deadline
        with open(self._hall.tree.log_path, encoding="utf-8") as file:
            file.seek(self._at)
            while time.monotonic() < end:
                line = file.readline()
                if not line.endswith("\n"):
                    file.seek(self._at)
                    time.sleep(0.01)
                    continue
                self._at = file.tell()
                event = parse(line)
                self._of_node[event.node] = event.node_uw / 1e6
                total = sum(self._of_node.get(node, 250.0) + OVERHEAD for node in nodes)
                if event.seconds >= since and total <= limit + 0.5:
                    return event.seconds
        sys.exit(f"bench: {rack} not inside {limit} W in {deadline:.0f} s")


def measure_elements(world, sizes, repeats):
    racks = {f"r{count}": count for count in sizes}
    hall = Hall(world, racks, pace=Pace(timing={}, capping={"newlyCappedPerMinute": 1000},
                                        telemetry={"scrapeInterval": "5s", "publishInterval": "500ms"}, follow=1))
    hall.demand(200)
    limits, sums = Racks(world, racks), Sums(hall)
    limits.apply()
    hall.start_agents()
    hall.start_controllers(1)

    def at_rest():
        caps = hall.caps()
        return len(caps) == len(hall.nodes) and all(acknowledged(cap) and cap["spec"].get("budgetWatts", 0) >= BUDGET - 4
                                                    for cap in caps.values())
    times = {rack: [] for rack in racks}
    for _ in range(repeats):
        for rack in racks:
            eventually(lambda: f"every node at {BUDGET} W: {hall.all_limits()}", at_rest, 180)
            started = time.monotonic()
            limits.apply(lowered=rack)
            times[rack].append(sums.settled(rack, limits.limit(rack), started) - started)
            limits.apply()
    print(f"\n| nodes below the element | limit lowered to load / {OVERLOAD}: inside after | worst | repeats |\n|---|---|---|---|")
    for rack, values in times.items():
        print(f"| {racks[rack]} | {percentile(values, 0.5):.1f} s | {max(values):.1f} s | {len(values)} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binaries", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--lowers", type=int, default=120)
    parser.add_argument("--sizes", default="1,8,24")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    network.enter()
    with tempfile.TemporaryDirectory(prefix="headroom-bench-") as directory:
        world = World(arguments.binaries, arguments.build, directory)
        try:
            world.start()
            if arguments.lowers:
                measure_lowers(world, arguments.lowers)
                world.reset()
            if arguments.repeats:
                measure_elements(world, [int(size) for size in arguments.sizes.split(",")], arguments.repeats)
        finally:
            world.stop()


if __name__ == "__main__":
    main()
