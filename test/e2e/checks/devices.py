"""Devices that pods claim (DRA): counted by the watts of their device class."""

import json

from harness import objects
from harness.failures import require
from harness.registry import check

DEVICES = "/apis/resource.k8s.io/v1"
CLASS = "gpu.example.com"


def publish_devices(world, per_node):
    """A driver's ResourceSlices, one a node, and its DeviceClass."""
    world.api.create(f"{DEVICES}/deviceclasses", {
        "metadata": {"name": CLASS}, "spec": {"selectors": [{"cel": {"expression": f"device.driver == '{CLASS}'"}}]}})
    world.finally_do(lambda: world.api.request("DELETE", f"{DEVICES}/resourceslices"))
    world.finally_do(lambda: world.api.delete(f"{DEVICES}/deviceclasses/{CLASS}"))
    for node in world.nodes:
        world.api.create(f"{DEVICES}/resourceslices", {
            "metadata": {"name": node + "-gpus"},
            "spec": {"driver": CLASS, "nodeName": node, "pool": {"name": node, "generation": 1, "resourceSliceCount": 1},
                     "devices": [{"name": f"gpu-{i}"} for i in range(per_node)]}})


def claim_template(name, count):
    request = {"name": "gpus", "exactly": {"deviceClassName": CLASS, "allocationMode": "ExactCount", "count": count}}
    return {"metadata": {"name": name}, "spec": {"spec": {"devices": {"requests": [request]}}}}


@check("pods that claim devices through a template count the watts of their device class: no rack takes more than it can power",
       also=("1.35", "nodes-form"))
def claimed_devices(world):
    ns = world.namespace()
    world.add_racks(1)
    publish_devices(world, per_node=8)
    node_class = {**objects.NODE_CLASS, "deviceWatts": {CLASS: 300}}
    limits = {"r1": 800 + 1500}  # 8 idle nodes draw 800 W; a pod of one core and two devices is 610 W
    world.apply(objects.topology("site", limits, node_class=node_class))
    world.start_extender()
    world.start_scheduler()
    world.api.create(f"{DEVICES}/namespaces/{ns}/resourceclaimtemplates", claim_template("two-gpus", 2))
    claims = [{"name": "gpus", "resourceClaimTemplateName": "two-gpus"}]
    world.create_pods(ns, [objects.pod(f"p{i}", cpu=1, resourceClaims=claims) for i in range(4)])
    placed = world.await_bound(ns, 2)
    world.await_refused(ns, 2)
    require(len(world.placements(ns)) == 2, lambda: f"placed {world.placements(ns)}, wanted two of four")
    for name in placed:
        decision = json.loads(world.pod(ns, name)["metadata"]["annotations"][objects.DECISION])
        require((decision["estimatedWatts"], decision["provenance"]) == (610, "devices"), f"{name} was granted {decision}")
    # A claim of a pod that was refused as late as at bind stays allocated, too: kube-scheduler takes it back when it is in the way.
    for name in placed:
        (claim,) = [c["resourceClaimName"] for c in world.pod(ns, name)["status"]["resourceClaimStatuses"]]
        status = world.api.get(f"{DEVICES}/namespaces/{ns}/resourceclaims/{claim}")["status"]
        granted = status["allocation"]["devices"]["results"]
        require(len(granted) == 2, lambda: f"{name}: {claim} was granted {granted}")
