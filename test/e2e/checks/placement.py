"""Where pods land."""

from harness import objects
from harness.failures import require
from harness.network import node_address
from harness.registry import check
from harness.wait import eventually, stays


def scores(world, pod, nodes):
    """What the extender's prioritize says: asked to know when new telemetry has arrived, never to judge it."""
    answer = world.extender.verb("prioritize", {"Pod": {**pod, "metadata": {**pod["metadata"], "uid": "probe", "namespace": "default"}},
                                                "Nodes": None, "NodeNames": nodes})
    return {entry["Host"]: entry["Score"] for entry in answer}


@check("pods land only on racks that have headroom", also=("1.35", "nodes-form"))
def only_where_headroom(world):
    ns = world.namespace()
    world.add_racks(3)
    limits = {"r1": 800, "r2": 900, "r3": 1000}  # 8 idle nodes draw 800 W
    world.apply(objects.topology("site", limits))
    world.start_extender()
    world.start_scheduler()
    world.create_pods(ns, [objects.pod(f"p{i}", cpu=1) for i in range(40)])
    world.await_bound(ns, 30)
    world.await_refused(ns, 10)
    require(world.racks_of(ns) == {"r2": 10, "r3": 20}, lambda: f"placed on {world.racks_of(ns)}, wanted 10 on r2 and 20 on r3")
    world.require_within(limits)


@check("of equal racks the one two levels emptier by Kepler's watts gets the pods, and it follows the watts", also=("1.35", "nodes-form"))
def emptier_rack_first(world):
    ns = world.namespace()
    world.add_racks(2)
    world.apply(objects.topology("site", {"r1": 8000, "r2": 8000}))
    world.heat("r1", 480)
    world.heat("r2", 280)
    world.start_extender()
    world.start_scheduler()
    for full, empty, prefix in (("r1", "r2", "first"), ("r2", "r1", "second")):
        world.heat(full, 480)
        world.heat(empty, 280)
        probe = objects.pod("probe")
        eventually(f"two levels between {full} and {empty}", lambda full=full, empty=empty:
                   scores(world, probe, [f"{full}-n1", f"{empty}-n1"])[f"{empty}-n1"]
                   - scores(world, probe, [f"{full}-n1", f"{empty}-n1"])[f"{full}-n1"] >= 2)
        world.create_pods(ns, [objects.pod(f"{prefix}-{i}", cpu=1) for i in range(6)])
        world.await_bound(ns, 6 if prefix == "first" else 12)
        landed = {world.rack_of(node) for pod, node in world.placements(ns).items() if pod.startswith(prefix)}
        require(landed == {empty}, f"{prefix} pods landed on {landed}, wanted only {empty}")


@check("pods that other schedulers placed count against their rack", also=("1.35",))
def others_count(world):
    ns, theirs = world.namespace(), world.namespace()
    world.add_racks(2)
    limits = {"r1": 1000, "r2": 1000}
    world.apply(objects.topology("site", limits))
    world.create_pods(theirs, [objects.pod(f"other{i}", cpu=2.5, scheduler="default-scheduler", nodeName=f"r1-n{i}") for i in range(1, 9)])
    world.start_extender()
    world.start_scheduler()
    world.create_pods(ns, [objects.pod(f"p{i}", cpu=2) for i in range(14)])
    world.await_bound(ns, 10)
    world.await_refused(ns, 4)
    # Longer than it takes until every exporter was asked, and until a pod that would fit is woken.
    stays("r1, full of others' pods, takes none of ours", lambda: world.racks_of(ns) == {"r2": 10}, 8)
    # They go on counting while we run: one more of theirs takes the room that one of ours would have had.
    gone = sorted(world.placements(ns))[0]
    world.api.delete(f"/api/v1/namespaces/{ns}/pods/{gone}", grace=0)
    world.create_pods(theirs, [objects.pod("late", cpu=2, scheduler="default-scheduler", nodeName="r2-n1")])
    eventually("r2 booked again", lambda: world.booked("r2") >= 1000)
    world.require_within({"r2": 1020})  # theirs may come in beside one of ours that was quicker; nothing more


@check("of 300 nodes one rack fits: the pod is placed at the first attempt", also=("1.35",))
def needle(world):
    ns = world.namespace()
    for rack in range(1, 31):
        for index in range(1, 11):
            world.add_node(f"r{rack}", f"r{rack}-n{index}", node_address(rack, index))
    limits = {f"r{rack}": 1000 for rack in range(1, 31)}
    # By creation and by name one of the last, so that a search that stops early does not come by.
    limits["r30"] = 1100
    world.apply(objects.topology("site", limits))
    world.start_extender(telemetry=world.telemetry(scrapeInterval="5s"))
    scheduler = world.start_scheduler()
    before = scheduler.metric("scheduler_schedule_attempts_total", result="unschedulable")
    world.create_pods(ns, [objects.pod("needle", cpu=5)])
    world.await_bound(ns, 1)
    require(world.racks_of(ns) == {"r30": 1}, lambda: f"placed on {world.racks_of(ns)}")
    failed = scheduler.metric("scheduler_schedule_attempts_total", result="unschedulable") - before
    require(failed == 0, f"{failed:.0f} attempts failed before the pod was placed")
