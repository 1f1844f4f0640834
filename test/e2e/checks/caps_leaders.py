"""Controllers that die and are paused in the middle of a change."""

from harness import objects
from harness.failures import require
from harness.hall import OVERHEAD
from harness.registry import check
from harness.wait import eventually, stays

from .caps import hall_of

NODES = 3


def site(hall, watts, **spec):
    return objects.topology("site", {"r1": watts}, node_class=hall.node_class(), capping="Enforce", **spec)


def packages(watts):
    """What of a limit of the rack its nodes' packages may have together."""
    return watts - NODES * OVERHEAD


@check("a leader killed -9 and another paused in the middle of a change: the sum of caps never rises past what it was, nor past the limit once inside")
def failover(world):
    hall, _ = hall_of(world, controllers=3)
    hall.demand(120)
    first = hall.await_leader()
    sums = hall.watch_sums()

    sums.begin("the first leader killed", packages(700))
    world.apply(site(hall, 700))
    eventually("the first cap of the change is written", hall.writes, interval=0.01)
    first.process.kill()
    second = hall.await_leader(first)
    sums.settle()

    mark = hall.mark()
    sums.begin("the second leader paused", packages(580))
    world.apply(site(hall, 580))
    hall.demand(40, nodes=["r1-n1"])  # so that watts also move between nodes
    eventually("the next change has begun", lambda: hall.writes(mark), interval=0.01)
    second.process.pause()
    third = hall.await_leader(first, second)
    sums.settle()

    epochs = {node: cap["spec"]["epoch"] for node, cap in hall.caps().items()}
    sums.begin("the paused leader is back", packages(580))
    second.process.resume()
    hall.demand(120, nodes=["r1-n1"])
    hall.demand(40, nodes=["r1-n3"])
    sums.settle()
    stays("the paused leader's orders stay refused",
          lambda: all(cap["spec"]["epoch"] >= epochs[node] for node, cap in hall.caps().items()), 3)
    require(third.process.running, "the third leader ended")
    sums.require_sound()
