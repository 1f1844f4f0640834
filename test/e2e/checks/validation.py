"""What the API server and the controller say to policies and topologies, and what they then do."""

import glob
import json
import os
import re

from harness import objects
from harness.api import ApiError
from harness.failures import require
from harness.registry import check
from harness.wait import eventually, stays
from harness.world import DEPLOY, ROOT

BROKEN = os.path.join(ROOT, "test", "data", "broken")


def conditions(world, obj, namespace=None):
    return {c["type"]: c for c in world.get(obj, namespace).get("status", {}).get("conditions", [])}


def written(world, obj, namespace=None):
    """Conditions that speak of the object's current generation."""
    now = world.get(obj, namespace)
    found = conditions(world, obj, namespace)
    return found if now.get("status", {}).get("observedGeneration") == now["metadata"]["generation"] and found else None


@check("the four policies of the first design document are accepted unchanged by kubectl and get a status")
def seed_policies(world):
    world.add_racks(1)
    world.start_controller()
    for number, path in enumerate(sorted(glob.glob(os.path.join(DEPLOY, "examples", "policy-0[1-4]-*.yaml"))), 1):
        ns = world.namespace()
        world.plane.kubectl("apply", "-n", ns, "-f", path)
        obj = objects.policy("llm-inference-power-capping")
        found = eventually(f"status of {os.path.basename(path)}", lambda obj=obj, ns=ns: written(world, obj, ns))
        require("Ready" in found, f"{path}: no Ready among {sorted(found)}")
        if "custom-algorithm" in path:
            require(found["Ready"]["reason"] == "UnknownAlgorithm", f"an unknown algorithm: {found['Ready']}")
        if "performance" in path:
            told = eventually("PerformanceRatio", lambda obj=obj, ns=ns: conditions(world, obj, ns).get("PerformanceRatio"))
            require(told["reason"] == "NoPerformanceData", f"without a Prometheus: {told}")
            require(not conditions(world, obj, ns).get("NotEvaluated", {}).get("status") == "True", "it is evaluated")
        require(number <= 4, "more than four examples")
    require(number == 4, f"{number} example policies, four are given")


@check("the shipped example objects are accepted by the API server")
def examples(world):
    for path in sorted(glob.glob(os.path.join(DEPLOY, "examples", "*.yaml"))):
        if "inferenceservice" in path:  # its CRD is KServe's
            continue
        with open(path, encoding="utf-8") as example:
            for name in set(re.findall(r"^  namespace: (\S+)", example.read(), re.MULTILINE)):
                world.namespace(name)
        world.plane.kubectl("apply", "--server-side", "--dry-run=server", "-f", path)


@check("every broken policy and topology is refused by the API server with a message that names the field")
def broken(world):
    ns = world.namespace()
    with open(os.path.join(BROKEN, "cases.json"), encoding="utf-8") as cases:
        cases = json.load(cases)
    require(len(cases) >= 20, f"{len(cases)} broken objects, twenty at least")
    wrong = []
    for case in cases:
        with open(os.path.join(BROKEN, case["file"]), encoding="utf-8") as broken_file:
            obj = json.load(broken_file)
        path = world._path(obj, ns).rsplit("/", 1)[0]
        obj["metadata"].pop("namespace", None)
        try:
            world.api.create(path, obj)
            wrong.append(f"{case['file']}: accepted")
            world.delete({**obj, "metadata": {**obj["metadata"], "namespace": ns}})
        except ApiError as error:
            if error.status != 422 and error.status != 400:
                wrong.append(f"{case['file']}: {error}")
            elif case["field"] not in error.message or case["apiMessage"] not in error.message:
                wrong.append(f"{case['file']}: {error.message} does not say {case['field']} and {case['apiMessage']}")
    require(not wrong, lambda: "\n".join(wrong))


def hall(name, racks):
    """A feed, UPSes of 10 PDUs each, and racks on the PDUs."""
    elements = [objects.element(f"{name}-feed", "Feed", 50_000_000)]
    for index in range(racks):
        ups, pdu = f"{name}-ups{index // 100}", f"{name}-pdu{index // 10}"
        if index % 100 == 0:
            elements.append(objects.element(ups, "UPS", 4_000_000, f"{name}-feed"))
        if index % 10 == 0:
            elements.append(objects.element(pdu, "PDU", 400_000, ups))
        elements.append(objects.element(f"{name}-r{index}", "Rack", 30_000, pdu))
    return {"apiVersion": objects.GROUP + "/v1alpha1", "kind": "PowerTopology", "metadata": {"name": name}, "spec": {"elements": elements}}


@check("a topology of 1,000 elements in two objects is accepted, in force, and its status is written")
def thousand(world):
    halls = [hall("a", 450), hall("b", 450)]
    count = sum(len(h["spec"]["elements"]) for h in halls)
    require(count >= 1000, f"{count} elements")
    world.add_node("a-r7", "node-a", "10.77.1.1")
    world.add_node("b-r449", "node-b", "10.77.1.2")
    for one in halls:
        try:
            world.apply(one)
        except ApiError as error:
            require(False, f"{one['metadata']['name']} is refused: {error}")
    world.start_controller()
    for one in halls:
        found = eventually(f"status of {one['metadata']['name']}", lambda one=one: written(world, one))
        require(found["Valid"]["status"] == "True", f"{found['Valid']}")
        require("ScenariosNotEvaluated" in found, f"nothing says that failure scenarios are not evaluated: {sorted(found)}")
        eventually("its 32 worst elements", lambda one=one: len(world.get(one)["status"].get("elements", [])) == 32)
    world.start_extender()
    world.start_scheduler()
    ns = world.namespace()
    world.create_pods(ns, [objects.pod("p", cpu=1)])
    world.await_bound(ns)


@check("a topology with a cycle is reported in its status with the names, refuses on a fresh start, and another hall stays in force")
def cycle(world):
    world.add_racks(2)
    good = objects.topology("east", {"r1": 900})
    bad = objects.topology("west", {"r2": 5000})
    elements = bad["spec"]["elements"]
    elements[1]["fedBy"] = [{"name": "west-a", "sharePercent": 100}]
    elements += [objects.element("west-a", "PDU", 9000, "west-b"), objects.element("west-b", "PDU", 9000, "west-a")]
    world.apply(good)
    world.apply(bad)
    world.start_controller()
    found = eventually("status of west", lambda: written(world, bad))
    require(found["Valid"]["status"] == "False", f"{found['Valid']}")
    require("west-a" in found["Valid"]["message"] and "west-b" in found["Valid"]["message"], f"no names: {found['Valid']['message']}")
    eventually("east is valid", lambda: written(world, good)["Valid"]["status"] == "True")
    world.start_extender()
    world.start_scheduler()
    ns = world.namespace()
    world.create_pods(ns, [objects.pod(f"p{i}", cpu=1) for i in range(15)])
    world.await_bound(ns, 10)
    world.await_refused(ns, 5)
    require(world.racks_of(ns) == {"r1": 10}, lambda: f"placed {world.racks_of(ns)}; r2's topology is invalid")
    eventually(lambda: f"a reason that speaks of the topology: {world.reasons(ns)}", lambda: "topology" in " ".join(world.reasons(ns)))


@check("a topology that becomes invalid keeps its last valid version in force, also over a restart of the extender")
def last_valid(world):
    world.add_racks(1)
    good = objects.topology("site", {"r1": 900})
    world.apply(good)
    world.start_controller()
    eventually("site is valid", lambda: written(world, good)["Valid"]["status"] == "True")
    eventually("the controller stored it", lambda: world.api.get("/api/v1/namespaces/headroom-system/configmaps/headroom-last-valid-topology"))
    world.start_extender()
    world.start_scheduler()
    bad = objects.topology("site", {"r1": 5000})
    bad["spec"]["elements"][1]["fedBy"] = [{"name": "nobody", "sharePercent": 100}]
    world.apply(bad)
    eventually("site is invalid", lambda: written(world, bad)["Valid"]["status"] == "False")
    ns = world.namespace()
    world.create_pods(ns, [objects.pod(f"p{i}", cpu=1) for i in range(8)])
    world.await_bound(ns, 8)
    world.extender.process.kill()
    world.restart_extender()
    world.create_pods(ns, [objects.pod(f"q{i}", cpu=1) for i in range(8)])
    world.await_bound(ns, 10)
    world.await_refused(ns, 6)
    stays("within the last valid limit", lambda: world.require_within({"r1": 900}) is None, 2)


@check("a policy's own watt limit holds over all racks, for its members only", also=("1.35", "nodes-form"))
def policy_limit(world):
    world.add_racks(2)
    world.apply(objects.topology("site", {"r1": 50_000, "r2": 50_000}))
    ns, free = world.namespace(), world.namespace()
    world.apply(objects.policy("team", 300, selector={"matchLabels": {"team": "a"}}), ns)
    world.start_extender()
    world.start_scheduler()
    world.create_pods(ns, [objects.pod(f"a{i}", cpu=1, labels={"team": "a"}) for i in range(40)])
    world.create_pods(ns, [objects.pod(f"b{i}", cpu=1) for i in range(10)])
    world.create_pods(free, [objects.pod(f"c{i}", cpu=1) for i in range(10)])
    world.await_bound(free, 10)
    world.await_bound(ns, 40)
    world.await_refused(ns, 10)
    placed = world.placements(ns)
    members = [pod for pod in placed if pod.startswith("a")]
    require(len(members) == 30, f"{len(members)} members of 10 W placed under a limit of 300 W")
    require(len(placed) == 40, f"{len(placed) - len(members)} of 10 others placed")


@check("a policy's rack constraints and an unknown policy's name bind only the pods that are concerned")
def rack_constraints(world):
    world.add_racks(2)
    world.apply(objects.topology("site", {"r1": 50_000, "r2": 50_000}))
    ns = world.namespace()
    world.apply(objects.policy("team", 100_000, rackConstraints=[{"rackId": "r1", "maxPower": 800}, {"rackId": "r2", "maxPower": 850}]), ns)
    other = world.namespace()
    world.start_extender()
    world.start_scheduler()
    world.create_pods(ns, [objects.pod(f"p{i}", cpu=1) for i in range(8)])
    world.create_pods(other, [objects.pod("lost", cpu=1, annotations={objects.POLICY: "nobody"})])
    world.await_bound(ns, 5)
    world.await_refused(ns, 3)
    require(world.racks_of(ns) == {"r2": 5}, lambda: f"placed {world.racks_of(ns)}")
    world.await_refused(other)
    require("policy" in " ".join(world.reasons(other)), f"{world.reasons(other)}")


@check("mode Recommend refuses nothing, writes what it would have refused into the decision, and counts it in status")
def recommend(world):
    world.add_racks(1)
    site = objects.topology("site", {"r1": 850}, mode="Recommend")
    world.apply(site)
    world.start_controller()
    world.start_extender()
    world.start_scheduler()
    ns = world.namespace()
    world.create_pods(ns, [objects.pod(f"p{i}", cpu=1) for i in range(12)])
    world.await_bound(ns, 12)
    decisions = [json.loads(p["metadata"]["annotations"][objects.DECISION]) for p in world.pods(ns)]
    refused = [d for d in decisions if d.get("wouldRefuse")]
    require(len(refused) == 7, f"{len(refused)} of 12 decisions say wouldRefuse, 5 pods fit: {decisions[:2]}")
    eventually("the controller counts 7", lambda: world.get(site)["status"]["recommendation"]["wouldRefuse"] == 7)
