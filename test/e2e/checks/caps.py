"""Caps from a policy to the silicon: real API server, two controllers, three agents on simulated machines."""

import time

from harness import objects
from harness.failures import require
from harness.hall import ORIGINAL, Hall, acknowledged, node_caps, state
from harness.registry import check
from harness.wait import eventually, stays


def hall_of(world, mode="Enforce", controllers=2, **racks):
    """A hall with agents and controllers running, and a namespace whose pods are alone on every node."""
    hall = Hall(world, racks or {"r1": 3})
    ns = world.namespace()
    hall.occupy(ns)
    hall.start_agents(mode)
    hall.start_controllers(controllers)
    return hall, ns


@check("a policy with nodeCaps: three agents put the caps into force, they read back, and every status says so")
def applied(world):
    hall, ns = hall_of(world)
    hall.await_leader()
    require(hall.originals_everywhere(), "something was capped before anybody asked for it")
    started = time.monotonic()
    world.apply(node_caps("team", caps=[{"cpuPackageWatts": 90}]), ns)
    eventually(lambda: f"90 W on every package: {hall.all_limits()}",
               lambda: all(limits == [90.0, 90.0] for limits in hall.all_limits().values()))
    in_force = time.monotonic() - started

    def told():
        caps = hall.caps()
        return len(caps) == 3 and all(acknowledged(cap) and state(cap) == "Active" for cap in caps.values())
    eventually(lambda: f"every NodePowerCap acknowledged: {hall.caps()}", told)
    for node, cap in hall.caps().items():
        packages = [d for d in cap["status"]["domains"] if d["id"].startswith("rapl/package-")]
        require(len(packages) == 2 and all(d.get("capWatts") == 90 and d.get("enforcedWatts") == 90 and d["health"] == "OK" for d in packages),
                lambda node=node, cap=cap: f"{node}: {cap['status']}")

    def policy_told():
        policy = world.get(objects.policy("team"), ns)
        return policy["status"]["nodes"].get("capped") == 3 and world.condition(policy, "Capped", "True")
    eventually(lambda: f"the policy's status: {world.get(objects.policy('team'), ns).get('status')}", policy_told)
    print(f"        policy applied -> in force on three nodes {in_force:.1f} s, told by every status {time.monotonic() - started:.1f} s")


@check("agents that only observe write nothing, and an element limit without capping orders nothing")
def observing(world):
    hall, ns = hall_of(world, mode="Observe")
    hall.await_leader()
    world.apply(objects.topology("site", {"r1": 500}, node_class=hall.node_class()))
    stays("no order is derived from the limit of 500 W, with capping Off", lambda: not hall.caps(), 6)
    world.apply(node_caps("team", caps=[{"cpuPackageWatts": 90}]), ns)
    eventually("every agent says that it observes", lambda: [state(c) for c in hall.caps().values()] == ["Observe"] * 3)
    stays("nothing is written", lambda: not hall.writes() and hall.originals_everywhere(), 3)
    require(not any(acknowledged(cap) for cap in hall.caps().values()), "an order was acknowledged that nobody obeys")


@check("a tenant's caps reach a node only when its pods have the node to themselves, with and without a PowerTopology")
def tenancy(world):
    hall = Hall(world, {"r1": 3})
    ours, theirs = world.namespace(), world.namespace()
    hall.occupy(ours)
    world.create_pods(theirs, [objects.pod(f"other-{i}", scheduler=None, nodeName="r1-n1") for i in range(3)])
    hall.start_agents()
    hall.start_controllers()
    alone, shared = [90.0, 90.0], [ORIGINAL, ORIGINAL]
    for watts, with_topology in ((90, False), (80, True)):
        alone = [float(watts)] * 2
        if with_topology:
            world.apply(objects.topology("site", {"r1": 50_000}, node_class=hall.node_class()))
        world.apply(node_caps("team", caps=[{"cpuPackageWatts": watts}]), ours)
        wanted = {"r1-n1": shared, "r1-n2": alone, "r1-n3": alone}
        eventually(lambda: f"{wanted}: {hall.all_limits()}", lambda: hall.all_limits() == wanted)
        stays("the shared node keeps its limits", lambda: hall.limits("r1-n1") == shared, 3)
        eventually(lambda: f"the policy says which node is shared: {world.get(objects.policy('team'), ours)['status']}",
                   lambda: "r1-n1" in world.condition(world.get(objects.policy("team"), ours), "Capped")["message"])
    world.apply(node_caps("other", caps=[{"cpuPackageWatts": 60}]), theirs)
    eventually("a policy without a node of its own says so",
               lambda: world.condition(world.get(objects.policy("other"), theirs), "Capped", "False")["reason"] == "SharedNodes")
    require(hall.all_limits() == wanted, lambda: f"another tenant's policy changed something: {hall.all_limits()}")
    for i in range(3):
        world.api.delete(f"/api/v1/namespaces/{theirs}/pods/other-{i}", grace=0)
    eventually(lambda: f"the node is ours alone now: {hall.all_limits()}", lambda: hall.limits("r1-n1") == alone)
