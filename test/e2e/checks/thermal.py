"""Inlet temperatures, from files that a real node_exporter reads, through a real Prometheus."""

from harness import objects
from harness.failures import require
from harness.machines import Machine, Prometheus
from harness.network import node_address
from harness.registry import check
from harness.wait import eventually, stays

LIMIT = 27  # degrees Celsius; a hot rack takes pods again 2 below


@check("a rack whose inlet passes its limit gets no pod until it has cooled 2 degrees below it (real node_exporter, real Prometheus)",
       also=("1.35",))
def inlet(world):
    ns = world.namespace()
    world.add_racks(2, nodes=2)
    machines = {node: world.use(Machine(node, world.scratch(), world.logs, node_address(rack, index)))
                for rack, nodes in ((1, world.racks["r1"]), (2, world.racks["r2"])) for index, node in enumerate(nodes, 1)}
    prometheus = world.use(Prometheus("inlet", world.scratch(), world.logs, [
        {"job_name": "node", "static_configs": [{"targets": [f"{a}:9100" for a in world.kepler.addresses]}]},
        {"job_name": "kepler", "static_configs": [{"targets": [f"{a}:28282" for a in world.kepler.addresses]}]}]))
    prometheus.await_series("node_hwmon_temp_celsius", 12)
    world.apply(objects.topology("site", {"r1": {"rated": 50_000, "maxInletCelsius": LIMIT}, "r2": {"rated": 50_000, "maxInletCelsius": LIMIT}}))
    world.start_extender(telemetry={"discovery": {"enabled": False}, "prometheusInterval": "1s", "publishInterval": "200ms",
                                    "prometheus": [{"name": "prometheus", "url": prometheus.url}]})
    world.start_scheduler()
    hot = machines["r1-n1"]
    for number, (celsius, open_racks) in enumerate(((22, {"r1", "r2"}), (28, {"r2"}), (26, {"r2"}), (24, {"r1", "r2"}))):
        hot.inlet(celsius)
        prometheus.await_series(f'node_hwmon_temp_celsius{{chip="inlet_sensor",instance="10.77.1.1:9100"}} == {celsius}', 1)
        wanted = {node for rack in open_racks for node in world.racks[rack]}
        eventually(lambda c=celsius: f"at {c} degrees pods may go to {wanted}, not {world.accepted(10)}",
                   lambda: world.accepted(10) == wanted, deadline=20)
        stays(f"the same at {celsius} degrees", lambda: world.accepted(10) == wanted, 2)
        world.create_pods(ns, [objects.pod(f"at-{number}-{i}", cpu=1) for i in range(6)])
        world.await_bound(ns, 6 * (number + 1))
        landed = {world.rack_of(node) for pod, node in world.placements(ns).items() if pod.startswith(f"at-{number}-")}
        require(landed <= open_racks, f"at {celsius} degrees pods landed on {landed}, allowed were {open_racks}")
    require("r1" in landed, "the cooled rack, by now the emptier one, got no pod")
