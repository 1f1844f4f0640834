"""The chain closed: load, telemetry, caps, silicon, and what the scheduler is told meanwhile."""

from harness import objects
from harness.failures import require
from harness.hall import OVERHEAD, Hall
from harness.registry import check
from harness.wait import eventually, stays


@check("load rises on a rack: caps are lowered, the machines draw less and the extender refuses; it falls: caps relax and waiting pods are bound")
def closed(world):
    hall = Hall(world, {"r1": 3, "r2": 1})
    limit = 750
    world.apply(objects.topology("site", {"r1": limit, "r2": 5000}, node_class=hall.node_class(), capping="Enforce", admission="Measured"))
    hall.demand(60)
    hall.start_agents()
    hall.start_controllers()
    world.start_extender()
    world.start_scheduler()
    rack = world.racks["r1"]

    def room():
        return world.accepted(20, nodes=rack) == set(rack)
    eventually("with little load every node takes pods", room)

    hall.demand(200)  # far above what the limit allows: 3 x 2 x 125 + overhead
    eventually(lambda: f"caps inside {limit} W: {hall.all_limits()}",
               lambda: sum(sum(hall.limits(node)) + OVERHEAD for node in rack) <= limit)
    eventually("the machines draw what their caps allow", lambda: sum(hall.tree.draw(node) + OVERHEAD for node in rack) <= limit + 1)
    eventually("the extender refuses the rack", lambda: not world.accepted(20, nodes=rack))
    ns = world.namespace()
    world.create_pods(ns, [objects.pod(f"p{i}", cpu=1, watts=20, nodeSelector={objects.RACK_LABEL: "r1"}) for i in range(3)])
    refused = world.await_refused(ns, 3)
    message = world.condition(refused[0], "PodScheduled")["message"]
    require("power" in message, f"the pods are told: {message}")
    stays("nothing is placed on the throttled rack", lambda: not world.placements(ns), 3)

    tight = sum(hall.limits("r1-n1"))
    hall.demand(40)
    eventually(lambda: f"caps relax: {hall.all_limits()}", lambda: all(sum(hall.limits(node)) >= 2 * 40 * 1.1 for node in rack))
    world.await_bound(ns, 3, deadline=90)
    hall.demand(200, nodes=["r1-n1"])
    eventually(lambda: f"what the others no longer need goes to the node that does: {tight} -> {hall.all_limits()}",
               lambda: sum(hall.limits("r1-n1")) >= tight + 20)
    require(max(e.sum_uw / 1e6 for e in hall.writes()) <= 4 * 250, "a cap above the original was written")
