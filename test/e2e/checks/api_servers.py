"""Two API servers on one etcd, one of them paused while binds are on their way through it."""

import threading
import time

from harness import objects
from harness.balancer import Balancer
from harness.failures import require
from harness.registry import check
from harness.wait import eventually, stays
from harness.world import EXTENDER_ACCOUNT

LIMITS = {"r1": 1400, "r2": 1400, "r3": 1400}
PODS, FIT = 200, 180


def trickle(world, ns, half):
    for index in range(PODS // 2):
        world.create_pods(ns, [objects.pod(f"p{half}-{index}", cpu=1)])
        time.sleep(0.02)


@check("one of two API servers paused in the middle of a bind: no rack overbooked, no reservation lost or leaked", servers=2)
def paused_server(world):
    ns = world.namespace()
    world.add_racks(3)
    world.apply(objects.topology("site", LIMITS, maxTelemetryAgeSeconds=600))
    balancer = Balancer(world.plane.ports)  # the extender reaches server 0 through it; everybody else uses server 1
    world.finally_do(balancer.close)
    world.finally_do(world.plane.servers[0].resume)
    world.start_extender(telemetry=world.telemetry(scrapeInterval="300s"), kubeconfig=world.identity(EXTENDER_ACCOUNT, url=balancer.url))
    eventually("every exporter was asked once", lambda: len(world.kepler.scrapes) == len(world.nodes))
    world.start_scheduler(recorded=True)
    for half in (1, 2):
        # Pods keep coming while the server is paused, so that binds are on their way through it.
        stream = threading.Thread(target=trickle, args=(world, ns, half))
        stream.start()
        eventually(f"binds of half {half}", lambda half=half: len(world.calls("bind")) >= 80 * half - 60, interval=0.02, deadline=90)
        world.plane.servers[0].pause()
        balancer.target = 1
        stream.join()
        time.sleep(10)  # longer than a client waits for a reply
        world.require_within(LIMITS)
        world.plane.servers[0].resume()  # and now what was stuck in it lands
        balancer.target = 0

    def settled():
        world.require_within(LIMITS)
        return len(world.placements(ns)) >= FIT
    eventually(lambda: f"{FIT} bound: {world.racks_of(ns)}; waiting: {world.reasons(ns)}", settled, deadline=120)
    stays("racks within their limits", lambda: world.require_within(LIMITS) is None, 3)
    slowest = max(call.seconds for call in world.calls("bind"))
    require(slowest > 2, f"no bind was under way while the server was paused (the slowest took {slowest:.1f} s)")
