"""The custom resource definitions missing, deleted and restored: never unlimited."""

import os

from harness import objects
from harness.api import CRDS, TOPOLOGIES
from harness.failures import require
from harness.registry import check
from harness.wait import eventually, stays
from harness.world import CRD_NAMES, DEPLOY


def delete_crds(world):
    for name in CRD_NAMES:
        world.api.delete(f"{CRDS}/{name}")
    eventually("the CRDs are gone", lambda: world.api.raw("GET", TOPOLOGIES)[0] == 404)


def restore_crds(world):
    world.plane.kubectl("apply", "--server-side", "-f", os.path.join(DEPLOY, "crds"))
    for name in CRD_NAMES:
        world.plane.await_crd(name)


@check("started without CRDs the extender is not ready, says CRDsMissing and places nothing; installed, the limits hold")
def missing_at_start(world):
    ns = world.namespace()
    world.add_racks(2)
    delete_crds(world)
    world.finally_do(lambda: restore_crds(world))
    world.start_extender(wait=False)
    eventually("readyz says CRDsMissing", lambda: (lambda status, body: status != 200 and "CRDsMissing" in body)(*world.extender.get("/readyz")))
    world.start_scheduler()
    world.create_pods(ns, [objects.pod(f"p{i}", cpu=1) for i in range(40)])
    stays("nothing placed", lambda: not world.placements(ns), 4)
    restore_crds(world)
    limits = {"r1": 900, "r2": 1000}
    world.apply(objects.topology("site", limits))
    eventually("ready", world.extender.ready)

    def settled():
        world.require_within(limits)
        return len(world.placements(ns)) == 30
    eventually(lambda: f"30 of 40 pods placed: {world.racks_of(ns)}", settled)


@check("CRDs deleted under the running extender: the last limits hold, and with the CRDs restored the new ones")
def deleted_while_running(world):
    ns = world.namespace()
    world.add_racks(2)
    limits = {"r1": 900, "r2": 900}
    world.apply(objects.topology("site", limits))
    world.start_extender()
    world.start_scheduler()
    world.create_pods(ns, [objects.pod(f"p{i}", cpu=1) for i in range(30)])
    world.await_bound(ns, 20)
    delete_crds(world)
    world.finally_do(lambda: restore_crds(world))
    world.create_pods(ns, [objects.pod(f"late{i}", cpu=1) for i in range(5)])
    # Pods that end make room, within the old limits.
    for name in sorted(world.placements(ns))[:3]:
        world.api.delete(f"/api/v1/namespaces/{ns}/pods/{name}", grace=0)
    stays("the old limits hold", lambda: world.require_within(limits) is None, 8)
    require(len(world.placements(ns)) == 20, f"{len(world.placements(ns))} pods placed; the room of 3 deleted ones was to be used")
    restore_crds(world)
    limits = {"r1": 950, "r2": 900}
    world.apply(objects.topology("site", limits))

    def settled():
        world.require_within(limits)
        return len(world.placements(ns)) == 25
    eventually(lambda: f"25 pods placed under the new limits: {world.racks_of(ns)}", settled, deadline=40)
