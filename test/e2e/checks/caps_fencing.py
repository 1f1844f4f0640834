"""Orders of NodePowerCaps are fenced by the API server itself: what is not later than what stands is refused, on every way in."""

from harness import objects
from harness.api import NODE_POWER_CAPS
from harness.control_plane import SYSTEM
from harness.failures import require
from harness.headroom import Controller
from harness.registry import check
from harness.wait import eventually, stays
from harness.world import CONTROLLER_ACCOUNT

PUT, MERGE, APPLY, JSON_PATCH = "PUT", "application/merge-patch+json", "application/apply-patch+yaml", "application/json-patch+json"
CAP = f"{NODE_POWER_CAPS}/n"


def writer(world):
    """The controller by name, so that the admission policy lets its orders through, with every right, so that only the rule stops it."""
    return world.plane.user(f"system:serviceaccount:{SYSTEM}:{CONTROLLER_ACCOUNT}", "system:masters")


def order(epoch, sequence, watts, **metadata):
    return {"apiVersion": objects.GROUP + "/v1alpha1", "kind": "NodePowerCap", "metadata": {"name": "n", **metadata},
            "spec": {"epoch": epoch, "sequence": sequence, "budgetWatts": watts}}


def send(client, way, obj):
    """(status, text) of one update, made in one of the ways that the API server knows."""
    if way == PUT:
        stands = client.get(CAP)
        status, reply = client.raw("PUT", CAP, {**stands, "spec": obj["spec"]})
    elif way == JSON_PATCH:
        status, reply = client.raw("PATCH", CAP, [{"op": "replace", "path": "/spec", "value": obj["spec"]}], JSON_PATCH)
    elif way == APPLY:
        status, reply = client.raw("PATCH", CAP, obj, APPLY, {"fieldManager": "e2e", "force": "true"})
    else:
        status, reply = client.raw("PATCH", CAP, obj, MERGE)
    return status, reply.decode(errors="replace")


def stamp(client):
    spec = client.get(CAP)["spec"]
    return spec["epoch"], spec["sequence"], spec["budgetWatts"]


def conditions(world, ns):
    status = world.get(objects.policy("capped"), ns).get("status", {})
    return {c["type"]: f"{c['status']} {c['reason']}" for c in status.get("conditions", [])}


@check("an order that is not later than the one that stands is refused on PUT, on every kind of patch and on server-side apply")
def only_later_orders(world):
    client = writer(world)
    world.finally_do(lambda: world.api.delete(CAP))
    client.create(NODE_POWER_CAPS, order(5, 3, 500))
    for way in (PUT, MERGE, JSON_PATCH, APPLY):
        for epoch, sequence, why in ((5, 2, "an older sequence"), (4, 99, "an older epoch"), (5, 3, "the same stamp and other watts")):
            status, text = send(client, way, order(epoch, sequence, 900))
            require(status == 422 and "a later order stands" in text, lambda: f"{way}: {why} was answered {status} {text[:300]}")
        require(stamp(client) == (5, 3, 500), f"{way} left {stamp(client)}")
    sequence = 3
    for way in (PUT, MERGE, JSON_PATCH, APPLY):
        sequence += 1
        status, text = send(client, way, order(5, sequence, 500 + sequence))
        require(status == 200, lambda: f"{way}: a later sequence was answered {status} {text[:300]}")
    status, text = send(client, MERGE, order(6, 1, 400))
    require(status == 200, lambda: f"a later epoch was answered {status} {text[:300]}")
    for epoch, sequence in ((10**12 + 1, 1), (0, 1), (7, 10**12 + 1)):
        status, text = send(client, MERGE, order(epoch, sequence, 400))
        require(status == 422, lambda: f"{epoch}/{sequence} is out of bounds and was answered {status} {text[:300]}")
    # What is no order passes: a person's annotation, an agent's status.
    world.api.merge(CAP, {"metadata": {"annotations": {objects.GROUP + "/release": "now"}}})
    client.merge(CAP + "/status", {"status": {"state": "Active", "appliedWatts": 400}})
    require(stamp(client) == (6, 1, 400), f"{stamp(client)} stands")


@check("an order that meets another object of its name is refused: nothing that was deleted comes back, and no uid is mistaken")
def recreated_object(world):
    client = writer(world)
    world.finally_do(lambda: world.api.delete(CAP))
    first = client.create(NODE_POWER_CAPS, order(5, 3, 500))["metadata"]
    client.delete(CAP)
    known = {"uid": first["uid"], "resourceVersion": first["resourceVersion"]}
    for way in (MERGE, APPLY):
        status, text = send(client, way, order(5, 4, 900, **known))
        require(status in (404, 409), lambda: f"{way} onto a deleted object was answered {status} {text[:300]}")
        require(not client.exists(CAP), f"{way} has recreated a deleted object")
    second = client.create(NODE_POWER_CAPS, order(5, 4, 450))["metadata"]
    for way in (MERGE, APPLY):
        for version in (first["resourceVersion"], second["resourceVersion"]):
            status, text = send(client, way, order(5, 9, 900, uid=first["uid"], resourceVersion=version))
            require(status in (409, 422), lambda: f"{way} with the uid of the object before was answered {status} {text[:300]}")
    status, text = send(client, MERGE, order(5, 9, 900, uid=second["uid"], resourceVersion=first["resourceVersion"]))
    require(status == 409, lambda: f"a resourceVersion that was not read last was answered {status} {text[:300]}")
    require(stamp(client) == (5, 4, 450), f"{stamp(client)} stands")


@check("a leader that was paused in the middle of its orders wakes up behind its successor: what it sends is refused, and it stops")
def paused_leader(world):
    ns = world.namespace()
    world.add_racks(1, nodes=4)
    caps = [f"{NODE_POWER_CAPS}/{node}" for node in world.nodes]

    def specs():
        return [world.api.get(cap)["spec"] for cap in caps]

    def declare(watts):
        world.apply(objects.policy("capped", nodeCaps=[{"nodeSelector": {}, "cpuPackageWatts": watts}]), ns)

    declare(100)
    world.create_pods(ns, [objects.pod(f"p{i}", scheduler="x", nodeName=node) for i, node in enumerate(world.nodes)])
    leader = Controller(world, "leader").start()
    eventually("all nodes are ordered", lambda: [s["cpuPackageWatts"] for s in specs()] == [100] * 4)
    heartbeat = f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases/headroom-heartbeat"
    eventually("there is a heartbeat", lambda: world.api.get(heartbeat)["spec"]["renewTime"])
    eventually("the policy tells that agents are to follow", lambda: conditions(world, ns).get("Capped") == "False Pending")
    epoch = max(s["epoch"] for s in specs())

    declare(90)  # and the leader sleeps before, in or after some of its writes
    eventually("it has begun", lambda: any(s["cpuPackageWatts"] == 90 for s in specs()), interval=0.01)
    leader.process.pause()
    follower = Controller(world, "follower").start()
    eventually("the follower orders with a later epoch",
               lambda: all(s["epoch"] > epoch and s["cpuPackageWatts"] == 90 for s in specs()), deadline=90)
    taken = {cap: world.api.get(cap)["metadata"]["uid"] for cap in caps}

    # What is still under way from the one before, in each form that it might have: refused by the API server.
    client = writer(world)
    for cap in caps:
        spec = client.get(cap)["spec"]
        late = {"spec": {**spec, "epoch": epoch, "sequence": spec["sequence"] + 1000, "cpuPackageWatts": 200}}
        status, reply = client.raw("PATCH", cap, late, MERGE)
        require(status == 422, lambda reply=reply: f"a late order was answered {status} {reply[:300]!r}")

    beats = world.api.get(heartbeat)["spec"]["holderIdentity"]
    leader.process.resume()
    declare(80)
    eventually("the follower's next order stands", lambda: [s["cpuPackageWatts"] for s in specs()] == [80] * 4)

    def undisturbed():
        now = specs()
        return all(s["epoch"] > epoch and s["cpuPackageWatts"] == 80 for s in now) \
            and all(world.api.get(cap)["metadata"]["uid"] == uid for cap, uid in taken.items()) \
            and world.api.get(heartbeat)["spec"]["holderIdentity"] == beats
    stays("only the follower's orders stand", undisturbed, 12)
    require(leader.metric("headroom_caps_leads") == 0, "the leader before does not know that it leads no more")
    require(follower.metric("headroom_caps_leads") == 1, "the follower does not say that it leads")
