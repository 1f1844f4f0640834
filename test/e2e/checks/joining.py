"""Who becomes Headroom's pod: by annotation, by namespace label, by resource, and who never does."""

from harness import objects
from harness.control_plane import SYSTEM
from harness.failures import require
from harness.registry import check
from harness.wait import eventually, stays


def deployment(name, annotations=None, labels=None, **spec):
    """As KServe's controller creates one for an InferenceService: the predictor's annotations reach the pod template."""
    labels = {"app": f"isvc.{name}", "serving.kserve.io/inferenceservice": name, "component": "predictor", **(labels or {})}
    pod = objects.pod("x", scheduler=None, annotations=annotations, **spec)
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name + "-predictor"},
            "spec": {"replicas": 1, "selector": {"matchLabels": {"app": f"isvc.{name}"}},
                     "template": {"metadata": {"labels": labels, "annotations": pod["metadata"]["annotations"]},
                                  "spec": {**pod["spec"], "terminationGracePeriodSeconds": 1}}}}


def schedulers(world, ns):
    return {p["metadata"]["name"]: p["spec"]["schedulerName"] for p in world.pods(ns)}


def prepare(world):
    world.add_racks(1)
    world.apply(objects.topology("site", {"r1": 5000}))
    world.start_extender()
    world.start_scheduler()


@check("a pod with nothing but the policy annotation, as KServe's Deployment creates it, is placed by our scheduler; without it, not",
       also=("1.35",))
def by_annotation(world):
    prepare(world)
    ns = world.namespace()
    world.apply(objects.policy("llm", 1000), ns)
    path = f"/apis/apps/v1/namespaces/{ns}/deployments"
    world.api.create(path, deployment("chat", {objects.POLICY: "llm"}))
    world.api.create(path, deployment("plain"))
    placed = world.await_bound(ns)
    require(all(name.startswith("chat-predictor-") for name in placed), f"placed {placed}")
    pod = world.pod(ns, next(iter(placed)))
    require(pod["spec"]["schedulerName"] == objects.SCHEDULER, f"scheduler {pod['spec']['schedulerName']}")
    require(objects.DECISION in pod["metadata"]["annotations"], "bound without a decision: not by us")
    require([r["kind"] for r in pod["metadata"]["ownerReferences"]] == ["ReplicaSet"], "not created by the Deployment")
    eventually("both Deployments have their pod", lambda: len(world.pods(ns)) == 2)
    stays("the plain one waits for its own scheduler", lambda: len(world.placements(ns)) == 1, 3)
    names = schedulers(world, ns)
    require(sorted(names.values()) == ["default-scheduler", "headroom"], f"{names}")


@check("pods of a namespace labelled for injection get our scheduler, those of others do not")
def by_namespace(world):
    prepare(world)
    joined = world.namespace(labels={objects.GROUP + "/inject": "enabled"})
    other = world.namespace()
    for ns in (joined, other):
        world.create_pods(ns, [objects.pod("p", scheduler=None)])
        world.create_pods(ns, [objects.pod("chosen", scheduler="someone-else")])
    world.await_bound(joined)
    require(schedulers(world, joined) == {"p": "headroom", "chosen": "someone-else"}, lambda: f"{schedulers(world, joined)}")
    require(schedulers(world, other) == {"p": "default-scheduler", "chosen": "someone-else"}, lambda: f"{schedulers(world, other)}")


@check("DaemonSet, system-critical, already bound and our own pods, and those of kube-system, are never taken over")
def never_taken(world):
    prepare(world)
    note = {objects.POLICY: "llm"}
    ns = world.namespace(labels={objects.GROUP + "/inject": "enabled"})
    template = deployment("daemon", note)["spec"]["template"]
    world.api.create(f"/apis/apps/v1/namespaces/{ns}/daemonsets", {
        "metadata": {"name": "agent"}, "spec": {"selector": {"matchLabels": {"app": "isvc.daemon"}}, "template": template}})
    world.create_pods(ns, [objects.pod("critical", scheduler=None, annotations=note, priorityClassName="system-node-critical")])
    world.create_pods(ns, [objects.pod("bound", scheduler=None, annotations=note, nodeName="r1-n1")])
    world.create_pods(ns, [objects.pod("ours", scheduler=None, annotations=note, labels={"app.kubernetes.io/part-of": "headroom"})])
    world.create_pods("kube-system", [objects.pod("dns", scheduler=None, annotations=note)])
    eventually("the DaemonSet's pods", lambda: len(world.pods(ns)) >= 3 + 8)
    names = {**schedulers(world, ns), **schedulers(world, "kube-system"), **schedulers(world, SYSTEM)}
    taken = {name for name, scheduler in names.items() if scheduler != "default-scheduler"}
    require(not taken, f"taken over: {taken}")
    require(any(name.startswith("headroom-scheduler-") for name in names), "our own Deployment made no pod to look at")


@check("with managedResources and one extender entry only pods that ask for the resource come to us")
def managed_resources(world):
    world.add_racks(1)
    world.apply(objects.topology("site", {"r1": 850}))
    world.start_extender()
    resource = objects.GROUP + "/managed"  # as the shipped variant has it
    world.start_scheduler(recorded=True, managed_resources=True)
    ns = world.namespace()
    world.create_pods(ns, [objects.pod(f"in{i}", cpu=1, devices={resource: 1}) for i in range(10)])
    world.create_pods(ns, [objects.pod(f"out{i}", cpu=1) for i in range(4)])
    eventually(lambda: f"the 4 others bound: {world.placements(ns)}",
               lambda: sum(1 for name in world.placements(ns) if name.startswith("out")) == 4)
    eventually(lambda: f"some of ours refused: {world.reasons(ns)}",
               lambda: any(world.condition(p, objects.HEADROOM, "False") for p in world.pods(ns)))
    stays("within the limit, but for those that did not ask", lambda: world.booked("r1") <= 850 + 4 * 10, 2)
    asked = {call.pod for call in world.calls("filter")}
    require(asked and all(name.startswith("in") for name in asked), f"filter was called for {asked}")
