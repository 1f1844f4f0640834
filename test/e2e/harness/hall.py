"""Machines whose power can be capped, in miniature: nodes with two sockets each, simulated by the FUSE tree, an agent on
every one of them, and controllers. The recorder under the tree sees every write and what all caps allow together.

Unless a Pace says otherwise, agents' intervals are the product's divided by SCALE, and the grace time is shorter still.
"""

import json
import os
import threading
import urllib.request
from dataclasses import dataclass, field

from . import agents, objects
from .api import CRDS, NODE_POWER_CAPS
from .control_plane import SYSTEM
from .failures import CheckFailed, require
from .ports import free_port
from .processes import Process
from .raplfs import Raplfs
from .wait import eventually

CONTROLLER_ACCOUNT = "headroom-controller"

CRD_NAME = "nodepowercaps.powercapping.example.com"
CRD_FILE = os.path.join(os.path.dirname(__file__), "..", "..", "..", "deploy", "crds", "nodepowercaps.yaml")
SCALE = 5
TIMING = {"scale": SCALE, "heartbeatTTL": "20s", "grace": "60s"}  # after scaling: 4 s and 12 s
CAPPING = {"period": "500ms", "heartbeat": "1s", "newlyCappedPerMinute": 1000, "graceTime": "12s"}


@dataclass(frozen=True)
class Pace:
    """How fast agents, controllers and exporters act. follow: seconds between two looks at the silicon."""
    timing: dict = field(default_factory=lambda: TIMING)
    capping: dict = field(default_factory=lambda: CAPPING)
    telemetry: dict = field(default_factory=dict)
    follow: float = 0.1


PACKAGES = 2
ORIGINAL = 125.0   # watts: PL1 of a package as its firmware left it (layout server-2s)
OVERHEAD = 40      # watts of a node besides its packages
NODE_CLASS = {"nodeSelector": {}, "idleWatts": 100, "maxWatts": int(PACKAGES * ORIGINAL + OVERHEAD), "wattsPerCore": 5,
              "overheadWatts": OVERHEAD}


def boot_id():
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


class Agent:
    """rapl-agent of one node, under the identity that a kubelet there would give it."""

    def __init__(self, hall, node, mode, url=None):
        world = hall.world
        self.node = node
        self.port = free_port()
        folder = os.path.join(hall.folder, node)
        os.makedirs(folder, exist_ok=True)
        sysfs = hall.tree.sys(node)
        config = {"kubeconfig": world.plane.kubeconfig(f"agent-{node}", token=agents.token_on(world, node), url=url),
                  "nodeName": node, "mode": mode, "listen": {"health": f"127.0.0.1:{self.port}"}, "sysfsRoot": sysfs, "powercapRoot": hall.tree.powercap(node),
                  "journalPath": f"{folder}/run", "memoryPath": f"{folder}/memory", "testAllowNonSysfs": True, "gpu": {"socket": ""},
                  **({"timing": hall.pace.timing} if hall.pace.timing else {})}
        path = os.path.join(folder, "agent.yaml")
        with open(path, "w", encoding="utf-8") as out:
            json.dump(config, out, indent=1)
        self.process = Process(f"agent-{node}", [world.program("rapl-agent"), "--config", path], world.logs)

    def start(self):
        self.process.start().await_ready(lambda: self.get("/livez") is not None)
        return self

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as reply:
            return reply.read().decode()

    def state(self):
        return json.loads(self.get("/debug/state"))


class Controller:
    """One replica of headroom-controller."""

    def __init__(self, hall, name, kubeconfig):
        world = hall.world
        self.name = name
        self.port = free_port()
        config = {"kubeconfig": kubeconfig, "listen": {"health": f"127.0.0.1:{self.port}"}, "lease": {"identity": name},
                  "capping": hall.pace.capping, "telemetry": world.telemetry(**hall.pace.telemetry)}
        path = os.path.join(hall.folder, f"{name}.yaml")
        with open(path, "w", encoding="utf-8") as out:
            json.dump(config, out, indent=1)
        self.process = Process(name, [world.program("headroom-controller"), "--config", path], world.logs)


class Silicon:
    """The exporters show what the simulated machines draw, all the time. Start and stop like a process."""

    def __init__(self, hall):
        self._hall = hall
        self._ended = threading.Event()

    def start(self):
        threading.Thread(target=self._follow, daemon=True).start()

    def stop(self, deadline=None):
        self._ended.set()

    def _follow(self):
        while not self._ended.wait(self._hall.pace.follow):
            for node in list(self._hall.nodes):
                try:
                    self._hall.world.kepler.set(node, self._hall.tree.draw(node))
                except (OSError, CheckFailed):
                    return  # the check is over


class Hall:
    """`racks`: {rack: number of nodes} to add; or none, and equip() nodes that are there. Nothing runs until start_agents() and
    start_controllers()."""

    def __init__(self, world, racks, layout="server-2s", pace=None):
        self.world = world
        self.pace = pace or Pace()
        self.folder = world.scratch()
        self.tree = Raplfs(os.path.join(world.build, "bin"), world.scratch())
        world.finally_do(self.tree.stop)
        self.tree.start()
        self.agents, self.controllers = {}, {}
        self.nodes = []
        for number, (rack, count) in enumerate(racks.items(), 1):
            for index in range(1, count + 1):
                node = f"{rack}-n{index}"
                world.add_node(rack, node, f"10.77.{number}.{index}", boot_id=boot_id())
                self.equip(node, layout)
        world.use(Silicon(self))

    def equip(self, node, layout="server-2s"):
        """Gives a node of the cluster simulated sockets."""
        self.tree.command(f"node {node} {layout}")
        for package in range(PACKAGES):
            self.tree.command(f"set {node} rapl/package-{package}/dram demand 0W")
        self.nodes.append(node)

    # ---- programs

    def start_agents(self, mode="Enforce", nodes=None, url=None):
        """`url`: by which they reach the API server, where that is not its own."""
        for node in nodes or self.nodes:
            agent = Agent(self, node, mode, url)
            self.agents[node] = agent
            self.world.finally_do(agent.process.stop)
            agent.start()

    def start_controllers(self, count=2):
        kubeconfig = self.world.identity(CONTROLLER_ACCOUNT)
        for _ in range(count):
            name = f"controller-{len(self.controllers) + 1}"
            controller = Controller(self, name, kubeconfig)
            self.controllers[name] = controller
            self.world.finally_do(controller.process.stop)
            controller.process.start()

    def leader(self):
        """The replica that holds the lease."""
        lease = self.world.api.get(f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases/headroom-controller")
        holder = lease["spec"].get("holderIdentity") or ""
        return next((c for name, c in self.controllers.items() if holder.startswith(name) and c.process.running), None)

    def await_leader(self, *others):
        """Waits for a leader that is none of `others`."""
        return eventually("a controller leads", lambda: (lambda c: c if c is not None and c not in others else None)(self.leader()))

    def occupy(self, namespace, nodes=None):
        """One pod of the namespace on each node, beside nothing but DaemonSets' pods."""
        self.world.create_pods(namespace, [objects.pod(f"on-{node}", scheduler=None, nodeName=node) for node in nodes or self.nodes])

    @staticmethod
    def node_class():
        return NODE_CLASS

    def demand(self, watts, nodes=None):
        """What each package wants to draw."""
        for node in nodes or self.nodes:
            for package in range(PACKAGES):
                self.tree.command(f"set {node} rapl/package-{package} demand {watts}W")

    def delete_crd(self):
        self.world.finally_do(self.restore_crd)
        self.world.api.delete(f"{CRDS}/{CRD_NAME}")
        eventually("the CRD is gone", lambda: self.world.api.raw("GET", NODE_POWER_CAPS)[0] == 404)

    def restore_crd(self):
        self.world.plane.kubectl("apply", "--server-side", "-f", CRD_FILE)
        self.world.plane.await_crd(CRD_NAME)

    # ---- what is in force

    def cap(self, node):
        return self.world.api.get(f"{NODE_POWER_CAPS}/{node}")

    def caps(self):
        return {item["metadata"]["name"]: item for item in self.world.api.items(NODE_POWER_CAPS)}

    def limits(self, node):
        """What the node's own files say now: PL1 of each package in watts, read by path and not from the agent."""
        found = []
        for zone in range(PACKAGES):
            path = os.path.join(self.tree.sys(node), f"class/powercap/intel-rapl:{zone}/constraint_0_power_limit_uw")
            with open(path, encoding="ascii") as file:
                found.append(int(file.read()) / 1e6)
        return found

    def all_limits(self):
        return {node: self.limits(node) for node in self.nodes}

    def all_acknowledged(self):
        caps = self.caps()
        return len(caps) == len(self.nodes) and all(acknowledged(cap) for cap in caps.values())

    def agent_states(self):
        """From the agents themselves: the API may be what is missing."""
        return {node: agent.state()["state"] for node, agent in self.agents.items()}

    def sum(self):
        return sum(sum(limits) for limits in self.all_limits().values())

    def originals_everywhere(self):
        return all(self.limits(node) == [ORIGINAL] * PACKAGES for node in self.nodes)

    def mark(self):
        """A point in the recorder's log."""
        return len(self.tree.log())

    def writes(self, since=0):
        return [event for event in self.tree.log()[since:] if event.event == "write"]

    def rises(self, since=0):
        """Writes after which the caps together allowed more than before them."""
        events = self.tree.log()[max(0, since - 1):]
        return [later for earlier, later in zip(events, events[1:]) if later.event == "write" and later.sum_uw > earlier.sum_uw + 500_000]

    def watch_sums(self):
        return Sums(self)


class Sums:
    """Holds the recorder's sums against a limit that is changed in stages: until the sum is inside for the first time it must
    not rise, afterwards it must not pass the limit."""

    def __init__(self, hall):
        self.hall = hall
        self.stages = []  # (what, limit in watts, number of the first event)

    def begin(self, what, limit):
        """From now on `limit` holds for the sum of all packages' caps."""
        self.stages.append((what, limit, self.hall.mark()))

    def settle(self):
        what, limit, _ = self.stages[-1]
        eventually(lambda: f"{what}: inside {limit} W and acknowledged: {self.hall.all_limits()}",
                   lambda: self.hall.sum() <= limit and self.hall.all_acknowledged())

    def require_sound(self):
        events = self.hall.tree.log()
        ends = [first for _, _, first in self.stages[1:]] + [len(events)]
        for (what, limit, first), end in zip(self.stages, ends):
            last, inside = None, False
            for event in events[max(0, first - 1):end]:
                watts = event.sum_uw / 1e6
                require(not inside or watts <= limit + 0.5, f"{what}: {watts:.0f} W are past {limit} W after {event}")
                require(inside or last is None or watts <= last + 0.5, f"{what}: the sum rose before it was inside, after {event}")
                inside, last = inside or watts <= limit, watts


def state(cap):
    return cap.get("status", {}).get("state")


def acknowledged(cap):
    observed = cap.get("status", {}).get("observed") or {}
    spec = cap["spec"]
    return (observed.get("uid") == cap["metadata"]["uid"]
            and (observed.get("epoch"), observed.get("sequence")) == (spec["epoch"], spec["sequence"]))


def node_caps(name, watts=1_000_000, caps=(), **spec):
    """A policy with nodeCaps. caps: dicts; each acts on all nodes unless it says otherwise."""
    return objects.policy(name, watts, nodeCaps=[{"nodeSelector": {}, **cap} for cap in caps], **spec)
