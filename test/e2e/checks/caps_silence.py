"""Nobody there to give orders: controllers gone, orders deleted."""

import time

from harness.failures import require
from harness.hall import OVERHEAD, node_caps, state
from harness.registry import check
from harness.wait import eventually, stays

from .caps import hall_of
from .caps_leaders import NODES, packages, site


@check("controllers gone past the grace time: agents fall back by themselves; back: caps return step by step")
def silence(world):
    hall, _ = hall_of(world)
    # One node needs more than its share, the others less: with nobody to judge that, each has its share.
    hall.demand(60)
    hall.demand(120, nodes=["r1-n1"])
    limit = 640
    world.apply(site(hall, limit))
    hall.await_leader()
    eventually(lambda: f"caps inside the limit: {hall.all_limits()}", lambda: hall.sum() <= packages(limit) and hall.all_acknowledged())
    before = hall.all_limits()
    fallbacks = {node: cap["spec"]["fallbackWatts"] for node, cap in hall.caps().items()}
    require(sum(before["r1-n1"]) + OVERHEAD > fallbacks["r1-n1"] + 10, f"nothing to fall back from: {before}, {fallbacks}")
    require(sum(fallbacks.values()) <= limit, f"fallbacks {fallbacks} exceed the limit of {limit} W")
    mark = hall.mark()
    for controller in hall.controllers.values():
        controller.process.kill()
    gone = time.monotonic()
    eventually("agents hold", lambda: all(s in ("Holding", "Safe") for s in hall.agent_states().values()))
    # Until then they may still have dealt their budget out anew among their packages.
    held = hall.all_limits()
    require(all(sum(held[node]) <= sum(before[node]) + 1 for node in hall.nodes), f"more was allowed than before: {before} -> {held}")
    stays(lambda: f"holding agents change nothing: {held} -> {hall.all_limits()}",
          lambda: all(limits == held[node] or hall.agent_states()[node] == "Safe" for node, limits in hall.all_limits().items()), 2)
    eventually(lambda: f"agents fall back: {hall.agent_states()}", lambda: set(hall.agent_states().values()) == {"Safe"})
    eventually(lambda: f"fallbacks {fallbacks} in force: {hall.all_limits()}",
               lambda: all(sum(hall.limits(node)) + OVERHEAD <= fallbacks[node] for node in hall.nodes))
    print(f"        at their fallbacks {time.monotonic() - gone:.1f} s after the last controller died")
    require(not hall.rises(mark), "a limit was raised while nobody led")

    mark = hall.mark()
    hall.start_controllers(2)
    eventually(lambda: f"agents are active again: {hall.agent_states()}", lambda: set(hall.agent_states().values()) == {"Active"})
    eventually(lambda: f"caps are back: {before}, now {hall.all_limits()}",
               lambda: all(sum(hall.limits(node)) >= sum(before[node]) - 10 for node in hall.nodes), deadline=90)
    steps = [event for event in hall.writes(mark) if event.path.endswith("intel-rapl:0/constraint_0_power_limit_uw")]
    require(len([event for event in steps if event.node == "r1-n1"]) > 1, f"caps jumped back in one step: {steps}")
    require(max(event.sum_uw / 1e6 for event in hall.writes(mark)) <= packages(limit), "the sum passed the limit on the way back")


@check("NodePowerCaps deleted, then their CRD: no cap is lifted; with the CRD back the orders return")
def deleted(world):
    hall, ns = hall_of(world)
    world.apply(node_caps("team", caps=[{"cpuPackageWatts": 90}]), ns)
    capped = {node: [90.0, 90.0] for node in hall.nodes}
    eventually(lambda: f"capped: {hall.all_limits()}", lambda: hall.all_limits() == capped and hall.all_acknowledged())
    mark = hall.mark()
    uids = {cap["metadata"]["uid"] for cap in hall.caps().values()}
    world.plane.kubectl("delete", "npc", "--all", "--wait=false")
    eventually("the controller orders anew", lambda: len(hall.caps()) == NODES and not uids & {c["metadata"]["uid"] for c in hall.caps().values()}
               and hall.all_acknowledged())
    require(hall.all_limits() == capped and not hall.rises(mark), lambda: f"deleting orders lifted caps: {hall.all_limits()}")

    hall.delete_crd()
    stays("without the CRD caps stay", lambda: hall.all_limits() == capped, 5)
    eventually(lambda: f"agents take it for silence: {hall.agent_states()}", lambda: set(hall.agent_states().values()) <= {"Holding", "Safe"})
    hall.restore_crd()
    eventually(lambda: f"orders are back: {hall.agent_states()}", lambda: hall.all_acknowledged() and hall.all_limits() == capped, deadline=90)
    require(not hall.rises(mark), "a cap was lifted on the way")
    require(all(state(cap) == "Active" for cap in hall.caps().values()), "agents are not active again")
