"""Letting go of nodes: only when told to, and only where nobody else still needs the cap."""

import os
import subprocess

from harness import objects
from harness.failures import require
from harness.hall import ORIGINAL, node_caps, state
from harness.registry import check
from harness.wait import eventually, stays

from .caps import hall_of

ORIGINALS = [ORIGINAL, ORIGINAL]


def everything(hall, node):
    """All that an agent may have changed on a node: limits, windows and enabled of both packages, as text."""
    found = {}
    for zone in (0, 1):
        folder = os.path.join(hall.tree.sys(node), f"class/powercap/intel-rapl:{zone}")
        for name in ("enabled", "constraint_0_power_limit_uw", "constraint_0_time_window_us", "constraint_1_power_limit_uw",
                     "constraint_1_time_window_us"):
            with open(os.path.join(folder, name), encoding="ascii") as file:
                found[f"{zone}/{name}"] = file.read().strip()
    return found


@check("`headroom release` and a policy that ends give back the originals exactly, and only where no other policy needs the cap")
def released(world):
    hall, ns = hall_of(world)
    before = {node: everything(hall, node) for node in hall.nodes}
    world.apply(node_caps("all", caps=[{"cpuPackageWatts": 90, "shortTermPercent": 105, "timeWindowMilliseconds": 20}]), ns)
    world.apply(node_caps("one", caps=[{"cpuPackageWatts": 100, "nodeSelector": {"kubernetes.io/hostname": "r1-n1"}}]), ns)
    eventually(lambda: f"90 W everywhere: {hall.all_limits()}",
               lambda: all(limits == [90.0, 90.0] for limits in hall.all_limits().values()) and hall.all_acknowledged())

    asked = subprocess.run([world.program("headroom"), "release", "r1-n2", "--kubeconfig", world.plane.admin_kubeconfig()],
                           capture_output=True, text=True, timeout=90, check=False)
    require(asked.returncode == 1 and "kept: nodeCaps of a policy" in asked.stdout, f"headroom release: {asked}")
    stays("what a policy still needs stays", lambda: hall.limits("r1-n2") == [90.0, 90.0], 4)

    world.delete(world.get(objects.policy("all"), ns))
    eventually(lambda: f"nodes that nobody needs are as they were: {hall.all_limits()}",
               lambda: all(everything(hall, node) == before[node] for node in ("r1-n2", "r1-n3")))
    eventually(lambda: f"the node that the other policy needs follows that one: {hall.limits('r1-n1')}", lambda: hall.limits("r1-n1") == [100.0, 100.0])
    world.delete(world.get(objects.policy("one"), ns))
    eventually(lambda: f"and now the last one: {everything(hall, 'r1-n1')}", lambda: everything(hall, "r1-n1") == before["r1-n1"])
    require(all(hall.limits(node) == ORIGINALS for node in hall.nodes), lambda: f"{hall.all_limits()}")
    require({state(cap) for cap in hall.caps().values()} <= {"Releasing", "Active", "Observe"}, lambda: f"{hall.caps()}")
