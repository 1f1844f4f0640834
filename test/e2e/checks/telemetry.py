"""Where watts come from: the dialects over every path, and exporters that die, hang and lie."""

from harness import objects
from harness.failures import require
from harness.kepler import Exporter
from harness.machines import Fire, Machine, Prometheus
from harness.registry import check
from harness.wait import eventually, stays

# What the machines of a rack draw each, two to a rack, and what a rack may draw.
WATTS = {"r1": 400, "r2": 250, "r3": 150}
LIMIT = 900
# Which racks take a pod of so many watts, by plain arithmetic on these numbers.
VERDICTS = {80: {"r1", "r2", "r3"}, 150: {"r2", "r3"}, 380: {"r2", "r3"}, 450: {"r3"}, 620: set()}
PORTS = {"current": 28282, "legacy": 9102, "seed": 8888, "rapl": 9100}
NAMES = {"current": "kepler", "legacy": "kepler-exporter", "seed": "kepler-exporter", "rapl": "prometheus-node-exporter"}


def start_exporters(world):
    """The same machines seen by four kinds of exporters, each at its own port of each node."""
    machines = {}
    for address, node in list(world.kepler.addresses.items()):
        machines[world.use(Machine(node, world.scratch(), world.logs, address))] = WATTS[world.rack_of(node)]
    fire = Fire(machines)
    fire.start()
    world.finally_do(fire.stop)
    for dialect in ("legacy", "seed"):
        exporter = Exporter(dialect, port=PORTS[dialect])
        exporter.loads, exporter.addresses = world.kepler.loads, world.kepler.addresses
        world.finally_do(exporter.close)


def publish(world, dialect):
    """The exporter's pods, Service and, by the real controller, EndpointSlices."""
    ns = world.namespace()
    labels = {"app.kubernetes.io/name": NAMES[dialect]}
    world.create_pods(ns, [objects.pod(f"exporter-{node}", scheduler="x", labels=labels, nodeName=node, hostNetwork=True)
                           for node in world.nodes])
    world.api.create(f"/api/v1/namespaces/{ns}/services", {
        "metadata": {"name": NAMES[dialect], "labels": labels},
        "spec": {"clusterIP": "None", "selector": labels, "ports": [{"name": "http", "port": PORTS[dialect]}]}})
    slices = f"/apis/discovery.k8s.io/v1/namespaces/{ns}/endpointslices"
    eventually(f"endpoints of {dialect}", lambda: sum(len(s["endpoints"] or []) for s in world.api.items(slices)) == len(world.nodes))
    return ns


def paths(world, dialect):
    """{how the extender gets to the dialect's series: its telemetry section}"""
    base = {"scrapeInterval": "2s", "prometheusInterval": "2s", "publishInterval": "200ms"}
    off = {"discovery": {"enabled": False}}
    addresses = list(world.kepler.addresses.items())
    jobs = [{"job_name": dialect, "static_configs": [{"targets": [f"{a}:{PORTS[dialect]}" for a, _ in addresses]}]}]
    plain = world.use(Prometheus(f"{dialect}-plain", world.scratch(), world.logs, jobs))
    private = world.use(Prometheus(f"{dialect}-private", world.scratch(), world.logs, jobs, world.plane.authority))
    password = f"{world.scratch()}/password"
    with open(password, "w", encoding="utf-8") as out:
        out.write(Prometheus.PASSWORD)
    auth = {"caFile": world.plane.authority.certificate, "basicUser": Prometheus.USER, "basicPasswordFile": password}
    return {
        "direct": {**base, **off, "exporters": [{"name": node, "url": f"http://{address}:{PORTS[dialect]}"} for address, node in addresses]},
        "discovered": {**base, "discovery": {"namespaces": [publish(world, dialect)]}},
        "prometheus": {**base, **off, "prometheus": [{"name": "plain", "url": plain.url}]},
        "prometheus with private CA and password": {**base, **off, "prometheus": [{"name": "private", "url": private.url, "auth": auth}]}}


def differences(world, extender):
    """What this extender sees or decides otherwise than plain arithmetic; empty when nothing."""
    found = []
    for watts, racks in VERDICTS.items():
        wanted = {node for rack in racks for node in world.racks[rack]}
        accepted = world.accepted(watts, extender=extender)
        if accepted != wanted:
            found.append(f"{watts} W goes to {sorted(accepted)}, wanted {sorted(wanted)}")
    for rack, each in WATTS.items():
        present = extender.metric("headroom_rack_present_watts", rack=rack)
        if present is None or abs(present - 2 * each) > 0.02 * 2 * each:
            found.append(f"{rack} draws {2 * each} W, seen as {present}")
    return found


@check("Kepler's current, legacy and listed dialects and node_exporter's RAPL, each direct, discovered, through Prometheus and through "
       "Prometheus with private CA and password, give the same decisions and watts within 2 %")
def dialects(world):
    world.add_racks(3, nodes=2)
    for rack, watts in WATTS.items():
        world.heat(rack, watts)
    start_exporters(world)
    world.apply(objects.topology("site", {rack: LIMIT for rack in WATTS}))
    extenders = {(dialect, path): world.another_extender(f"extender-{dialect}-{path.replace(' ', '-')}", telemetry)
                 for dialect in PORTS for path, telemetry in paths(world, dialect).items()}
    for extender in extenders.values():
        extender.await_ready()
    wrong = {}

    def agree():
        wrong.clear()
        wrong.update({key: found for key, extender in extenders.items() if (found := differences(world, extender))})
        return not wrong

    def disagreement():
        return f"{len(wrong)} of {len(extenders)} do not agree:\n" + "\n".join(f"{key}: {found[0]}" for key, found in wrong.items())
    eventually(disagreement, agree, deadline=75, interval=1.0)


@check("exporters found by their Services count only in the configured namespaces: a tenant's Service with Kepler's label is not scraped")
def tenant_service(world):
    world.add_racks(1, nodes=4)
    world.apply(objects.topology("site", {"r1": 5000}))
    ours, tenant = world.namespace("kepler"), world.namespace()
    labels = {"app.kubernetes.io/name": "kepler"}
    for ns in (ours, tenant):
        world.create_pods(ns, [objects.pod(f"kepler-{node}", scheduler="x", labels=labels, nodeName=node) for node in world.nodes])
        world.api.create(f"/api/v1/namespaces/{ns}/services", {
            "metadata": {"name": "kepler", "labels": labels},
            "spec": {"clusterIP": "None", "selector": labels, "ports": [{"name": "http", "port": 28282}]}})
    world.kepler.addresses.clear()
    pods = {}
    for ns in (ours, tenant):
        pods[ns] = eventually(f"addresses of {ns}'s pods", lambda ns=ns: (lambda found: found if all(found.values()) else None)(
            {p["spec"]["nodeName"]: p["status"].get("podIP") for p in world.pods(ns)}))
        slices = f"/apis/discovery.k8s.io/v1/namespaces/{ns}/endpointslices"
        found = eventually(f"endpoints of {ns}", lambda slices=slices: (
            lambda items: items if sum(len(s["endpoints"] or []) for s in items) == 4 else None)(world.api.items(slices)))
        require(found[0]["metadata"]["labels"].get("app.kubernetes.io/name") == "kepler", "the controller did not carry the label")
    for node, address in pods[ours].items():
        world.kepler.set(node, 300, address)
    for node, address in pods[tenant].items():
        world.kepler.set("tenant-" + node, 1, address)  # a lie: as if the machines were idle
    # The shipped defaults: nothing configured but the pace.
    world.start_extender(telemetry={"scrapeInterval": "1s", "publishInterval": "200ms"})
    # 1,200 W on the meters, and up to 80 W of exporters that started too recently to be in them.
    eventually("the rack's watts are seen", lambda: 1180 < (world.extender.metric("headroom_rack_present_watts", rack="r1") or 0) < 1300,
               deadline=30)
    stays("the tenant's exporters are not asked", lambda: not any(name and name.startswith("tenant-") for name in world.kepler.scrapes), 4)
    require(set(world.kepler.scrapes) == set(world.nodes), f"asked {set(world.kepler.scrapes)}")


@check("a GPU node that only RAPL measures keeps its GPU watts booked")
def gpu_by_rapl_only(world):
    for index in (1, 2):
        world.add_node("r1", f"r1-n{index}", f"10.77.1.{index}", watts=400, devices={"nvidia.com/gpu": 8})
    gpu_class = {**objects.NODE_CLASS, "idleWatts": 300, "maxWatts": 10_000}
    world.apply(objects.topology("site", {"r1": 7000}, node_class=gpu_class))
    ns = world.namespace()
    world.create_pods(ns, [objects.pod("training", cpu=1, scheduler="x", nodeName="r1-n1", devices={"nvidia.com/gpu": 8})])
    eventually("it runs", lambda: world.pod(ns, "training")["status"].get("phase") == "Running")
    world.start_extender(estimates={"podRamp": "1s"})  # covered a few seconds after its start
    eventually("several samples taken after the pod's ramp", lambda: min(world.kepler.scrapes.get(n, 0) for n in world.nodes) >= 12)
    # 8 GPUs at 700 W and RAPL's 400 W a node: 6,400 W of 7,000 are taken, though the meters say 800.
    require(not world.accepted(700), "RAPL's 400 W made a node with eight busy GPUs look empty")
    # The pod's estimate and idle alone would be 90 W less: the GPUs come on top of what RAPL shows.
    require(not world.accepted(650), "RAPL's 400 W were taken for the whole node's")
    require(world.accepted(400), "more is booked than RAPL and the GPUs' peak")


@check("exporters that die, hang and lie never make a rack look emptier than its books", also=("1.35",))
def lying(world):
    world.add_racks(2, nodes=4)
    limits = {"r1": 1200, "r2": 1200}
    # 4 idle nodes and 600 W of estimates: 200 W are left on r1, whatever its exporters say.
    world.apply(objects.topology("site", limits, maxTelemetryAgeSeconds=4))
    theirs = world.namespace()
    world.create_pods(theirs, [objects.pod(f"p{i}", cpu=15, scheduler="x", nodeName=f"r1-n{i}") for i in range(1, 5)])
    eventually("they run", lambda: all(p["status"].get("phase") == "Running" for p in world.pods(theirs)))
    world.start_extender(estimates={"podRamp": "1s"})
    eventually("every exporter was asked", lambda: len(world.kepler.scrapes) == len(world.nodes))
    r1 = world.racks["r1"]
    honest = world.kepler.text("r1-n1")

    def lie(value):
        for node in r1:
            world.kepler.set(node, value)

    def nonsense():
        for node in r1:
            world.kepler.verbatim[node] = honest.replace("package", "pack\x00age").replace("} ", "} x")

    def without_series():
        for node in r1:
            world.kepler.verbatim[node] = "# nothing here\n"

    tricks = [("say 0 W", lambda: lie(0.0)), ("say 1 W", lambda: lie(1.0)), ("say NaN", lambda: lie(float("nan"))),
              ("say -5000 W", lambda: lie(-5000.0)), ("say 1e9 W once in a while", None), ("say infinity", lambda: lie(float("inf"))),
              ("print nonsense", nonsense), ("print nothing of use", without_series),
              ("hang", lambda: world.kepler.hanging.update(r1)), ("are dead", lambda: world.kepler.dead.update(r1))]
    for name, play in tricks:
        if play is None:
            for value in (1e9, 99.5, 1e9, 99.5):
                lie(value)
                asked = world.kepler.scrapes["r1-n1"]
                eventually("asked once more", lambda asked=asked: world.kepler.scrapes["r1-n1"] > asked)
        else:
            play()
        stays(f"300 W fit nowhere on r1 while its exporters {name}", lambda: not world.accepted(300, r1), 3 if play else 1)
        for table in (world.kepler.verbatim, world.kepler.hanging, world.kepler.dead):
            table.clear()
        lie(99.5)
        require(world.accepted(300) == set(world.racks["r2"]), f"r2, whose exporters are honest, suffers while r1's {name}")
        eventually(f"r1 takes 150 W again after its exporters {name}", lambda: world.accepted(150, r1), deadline=30)
    # Stale means peak: nothing more fits on r1 until its exporters are back, and a real pod goes to r2.
    world.kepler.dead.update(r1)
    eventually("r1 counts at its peak", lambda: not world.accepted(10, r1), deadline=20)
    world.start_scheduler()
    ns = world.namespace()
    world.create_pods(ns, [objects.pod(f"p{i}", cpu=1) for i in range(8)])
    world.await_bound(ns, 8)
    require(world.racks_of(ns) == {"r2": 8}, lambda: f"placed {world.racks_of(ns)}")
    world.kepler.dead.clear()
    eventually("r1 takes pods again", lambda: world.accepted(150, r1), deadline=20)


