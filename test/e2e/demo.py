#!/usr/bin/env python3
"""The demo's story on real parts: etcd, kube-apiserver, kube-scheduler, KWOK's kubelets, node_exporter's temperatures; two
nodes' agents cap simulated sockets as the controller orders, and one of them loses its controller for a while.

Called by scripts/demo --real, which builds and installs what it needs. Plays the story and checks it; without --once it
then goes on showing the table until Ctrl-C.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from harness import network, objects  # noqa: E402
from harness.balancer import Balancer  # noqa: E402
from harness.failures import CheckFailed, PartMissing, require  # noqa: E402
from harness.hall import Hall, boot_id, node_caps  # noqa: E402
from harness.machines import Machine  # noqa: E402
from harness.wait import eventually  # noqa: E402
from harness.world import World  # noqa: E402

RACK_LIMIT, INLET_LIMIT, POLICY_CAP = 1400, 27, 240
HOT, COOL = 33, 22
CAPPED = ("r1-n2", "r3-n8")  # the second one is cut off from the API server


class Story:
    def __init__(self, world, live):
        self.world, self.live = world, live
        self.lines = 0
        self.agents_run = False
        self.headline = None
        self.pods = 0

    # ---- what is shown

    def racks(self):
        status, body = self.world.extender.get("/debug/snapshot", self.world.extender.verbs_port)
        return json.loads(body)["racks"] if status == 200 else []

    def table(self):
        placed = self.world.racks_of(self.namespace) if self.namespace else {}
        for namespace in ("llm",):
            for rack, count in self.world.racks_of(namespace).items():
                placed[rack] = placed.get(rack, 0) + count
        lines = ["rack       load W  in flight  limit W   headroom  inlet C   placed  waiting pods it refuses"]
        for rack in sorted(self.racks(), key=lambda r: r["name"]):
            inlet = rack.get("inlet") or {}
            hot = any(limit["hot"] for limit in inlet.get("limits", []))
            celsius = f"{inlet['celsius']:.1f}{' HOT' if hot else ''}" if inlet else "-"
            refused = "; ".join(f"{count} x {reason}" for reason, count in rack.get("waitingRefused", {}).items())
            lines.append(f"{rack['name']:<8} {rack['bookedWatts']:8.0f} {rack['inFlightWatts']:10.0f} {rack.get('limitWatts', 0):8.0f} "
                         f"{rack.get('headroomWatts', 0):10.0f}  {celsius:<9} {placed.get(rack['name'], 0):6d}  {refused}"[:140])
        if self.agents_run:
            lines.append("capped node  asked of a package W   read back W  its agent is")
            lines += [self.cap_line(node) for node in CAPPED]
        return "\n".join(lines) + "\n"

    def cap_line(self, node):
        asked = self.hall.caps().get(node, {}).get("spec", {}).get("cpuPackageWatts", "-")
        read_back = " + ".join(f"{watts:.0f}" for watts in self.hall.limits(node))
        return f"{node:<10} {asked!s:>22}  {read_back:>12}  {self.hall.agents[node].state()['state']}"

    def show(self, headline):
        if not self.live and headline == self.headline:
            return
        if self.live and headline == self.headline:
            sys.stdout.write(f"\x1b[{self.lines}A\x1b[J")
        text = f"{'' if self.live and headline == self.headline else chr(10)}== {headline}\n{self.table()}"
        sys.stdout.write(text)
        sys.stdout.flush()
        self.lines, self.headline = text.lstrip("\n").count("\n"), headline

    def until(self, headline, probe, deadline=60):
        def shown():
            self.show(headline)
            self.world.require_within({rack: RACK_LIMIT for rack in self.world.racks})
            return probe()
        eventually(headline, shown, deadline, interval=0.3)

    # ---- what happens

    def submit(self, count, cpu, namespace=None, rack=None):
        spec = {"nodeSelector": {objects.RACK_LABEL: rack}} if rack else {}
        pods = [objects.pod(f"pod-{self.pods + i}", cpu=cpu, **spec) for i in range(count)]
        self.pods += count
        return [p["metadata"]["name"] for p in self.world.create_pods(namespace or self.namespace, pods)]

    def decided(self):
        pods = [p for namespace in (self.namespace, "llm") for p in self.world.pods(namespace)]
        return all(p["spec"].get("nodeName") or self.world.condition(p, "PodScheduled", "False") for p in pods)

    def hot(self, rack):
        return any(limit["hot"] for r in self.racks() if r["name"] == rack for limit in (r.get("inlet") or {}).get("limits", []))

    def placed_on(self, rack):
        return self.world.racks_of(self.namespace).get(rack, 0)

    def prepare(self):
        world = self.world
        self.namespace = None
        world.add_racks(3, nodes=8, boot_id=boot_id())
        world.namespace("llm")
        world.namespace("tenant")
        self.machines = {rack: world.use(Machine(f"{rack}-n1", world.scratch(), world.logs, network.node_address(number, 1)))
                         for number, rack in enumerate(sorted(world.racks), 1)}
        world.apply(objects.topology("hall", {rack: {"rated": RACK_LIMIT, "maxInletCelsius": INLET_LIMIT} for rack in world.racks},
                                     node_class={**objects.NODE_CLASS, "maxWatts": 400},
                                     cappingNodeSelector={"matchLabels": {"demo": "capped"}}))
        world.apply(objects.policy("llm-power", watts=POLICY_CAP), "llm")
        telemetry = world.telemetry()
        telemetry["exporters"] += [{"name": f"inlet-{rack}", "url": machine.url, "node": f"{rack}-n1"}
                                   for rack, machine in self.machines.items()]
        world.start_extender(telemetry=telemetry)
        world.start_scheduler()
        self.namespace = world.namespace()
        self.start_capping()

    def start_capping(self):
        world = self.world
        self.hall = Hall(world, {})
        for node in CAPPED:
            # Other tenants' pods stay away: a policy may cap only nodes that its pods have to themselves.
            world.api.merge(f"/api/v1/nodes/{node}", {"metadata": {"labels": {"demo": "capped"}}, "spec": {"unschedulable": True}})
            self.hall.equip(node)
        self.hall.demand(40)
        self.hall.occupy("tenant")
        self.link = Balancer(world.plane.ports)
        world.finally_do(self.link.close)
        self.hall.start_controllers(1)
        self.hall.start_agents(nodes=CAPPED[:1])
        self.hall.start_agents(nodes=CAPPED[1:], url=self.link.url)
        self.agents_run = True

    def play(self):
        self.submit(18, 2)
        self.submit(14, 2, "llm")
        self.until("Pods arrive and go where headroom is largest", self.decided)
        for rack in self.world.racks:
            require(self.placed_on(rack) > 0, f"{rack} took no pod while all racks are cool")
        in_policy = len(self.world.placements("llm"))
        require(0 < in_policy * 20 <= POLICY_CAP, f"policy llm-power: {in_policy} pods of 20 W are placed, {POLICY_CAP} W are allowed")

        self.machines["r2"].inlet(HOT)
        self.until("The air in front of r2 is getting hot", lambda: self.hot("r2"))
        before = self.placed_on("r2")
        self.submit(8, 2)
        wanting = self.submit(3, 2, rack="r2")
        self.until("New pods avoid r2; three that want it must wait", self.decided)
        require(self.placed_on("r2") == before, "r2 took a pod while it was hot")
        for name in wanting:
            message = self.world.condition(self.world.pod(self.namespace, name), "PodScheduled")["message"]
            require("inlet" in message, f"the pod that wants the hot rack is told: {message}")

        self.machines["r2"].inlet(COOL)
        self.until("r2 cools down again", lambda: not self.hot("r2"))
        self.until("The waiting pods are woken and placed on r2", lambda: self.placed_on("r2") >= before + 3)

        self.burst()
        self.caps()

    def burst(self):
        self.submit(60, 4)
        self.until("A burst larger than all racks' headroom", self.decided)
        reasons = self.world.reasons(self.namespace)
        require(any("power headroom" in reason for reason in reasons), f"what does not fit is told: {reasons}")

    def ask(self, watts):
        self.world.apply(node_caps("demo-caps", caps=[{"cpuPackageWatts": watts}]), "tenant")

    def reads_back(self, node, watts):
        return all(limit == watts for limit in self.hall.limits(node))

    def agent_is(self, node, state):
        return self.hall.agents[node].state()["state"] == state

    def caps(self):
        near, lonely = CAPPED
        self.ask(90)
        self.until("A policy asks for 90 W of each CPU package of two nodes", lambda: all(self.reads_back(node, 90) for node in CAPPED))
        self.link.cut()
        self.until(f"{lonely} loses its controller and holds what it has", lambda: self.agent_is(lonely, "Holding"))
        self.ask(70)
        self.until("The policy asks for 70 W; the lonely node cannot know", lambda: self.reads_back(near, 70))
        self.until(f"{lonely} has waited long enough", lambda: self.agent_is(lonely, "Safe"))
        require(self.reads_back(lonely, 90), f"{lonely} did not keep its caps while it was alone: {self.hall.limits(lonely)}")
        self.link.mend()
        self.until("The controller is back", lambda: self.reads_back(lonely, 70) and self.agent_is(lonely, "Active"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", required=True, help="what test/e2e/tools/build printed")
    parser.add_argument("--build", required=True, help="a CMake build tree: build/release")
    parser.add_argument("--once", action="store_true", help="play the story once and exit")
    arguments = parser.parse_args()
    network.enter()
    directory = tempfile.mkdtemp(prefix="headroom-demo.")
    world = World(arguments.binaries, arguments.build, directory)
    failed = None
    try:
        started = time.monotonic()
        world.start()
        print(f"demo: etcd, kube-apiserver and KWOK are up after {time.monotonic() - started:.0f} s", flush=True)
        story = Story(world, sys.stdout.isatty())
        story.prepare()
        story.play()
        print("\nAs expected: no rack past its limit, no pod on the hot rack, pods on it again once cooled, the policy's cap held,\ncaps read back, held and taken up again by a node that lost its controller.")
        if not arguments.once:
            print(f"\nGoing on until Ctrl-C. In a shell of this network (nsenter -t {os.getpid()} -n): "
                  f"curl http://127.0.0.1:{world.extender.verbs_port}/debug/snapshot", flush=True)
            while True:
                story.show("The cluster as it is now")
                time.sleep(1)
    except KeyboardInterrupt:
        pass
    except (CheckFailed, PartMissing) as error:
        failed = str(error)
    finally:
        world.stop()
    if failed:
        print(f"FAILED: {failed}\nlogs are in {directory}", file=sys.stderr)
        return 1
    shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
