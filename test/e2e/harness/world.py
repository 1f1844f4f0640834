"""Everything a check needs, put together: the control plane, the product, the exporters, and short ways to use them.

One world serves many checks, one after another. reset() takes away what the last one left, so that no check depends on
another.
"""

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor

from . import agents, objects
from .api import NODE_POWER_CAPS, POLICIES, TOPOLOGIES, ApiError
from .control_plane import SYSTEM, ControlPlane
from .failures import PartMissing, require
from .headroom import Extender
from .kepler import Exporter
from .network import node_address
from .ports import free_port
from .processes import Process
from .relay import Relay
from .scheduler import Scheduler, adapted_config
from .wait import eventually

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
DEPLOY = os.path.join(ROOT, "deploy")
CRD_NAMES = ("powercappingpolicies.powercapping.example.com", "powertopologies.powercapping.example.com",
             "nodepowercaps.powercapping.example.com")
# ServiceAccounts that deploy/ creates. Extender and scheduler share a pod, not an identity.
SCHEDULER_ACCOUNT, EXTENDER_ACCOUNT, CONTROLLER_ACCOUNT = "headroom-scheduler", "headroom-extender", "headroom-controller"
IDLE = 100.0  # watts that an idle node is booked at: objects.NODE_CLASS
SHOWN = 99.5  # what its exporter shows: a little less, so that sums of the books are whole numbers


class World:
    def __init__(self, binaries, build, directory, servers=1):
        self.build = build
        self.directory = directory
        self.plane = ControlPlane(binaries, directory, servers)
        self.logs = self.plane.logs
        self.kepler = None
        self.racks = {}  # rack -> [node names]
        self.extender = Extender(self.program("headroom-extender"), directory, self.logs)
        self.controller = None
        self.relays = []
        self.variant = "1.37"
        self._scheduler = None
        self._scheduler_key = None
        self._extras = []  # processes and fixtures that end with the check
        self._namespaces = 0
        self._settings = {}

    # ---- the world's life

    def program(self, name):
        path = os.path.join(self.build, "bin", name)
        if not os.access(path, os.X_OK):
            raise PartMissing(f"{path} is not built")
        return path

    def use_programs(self, build):
        """Checks from now on run the product of another build tree. Between checks only."""
        self.build = build
        self.extender.program = self.program("headroom-extender")

    def start(self):
        self.plane.start()
        self.api = self.plane.admin()
        self.plane.start_controllers()
        self.plane.start_kwok()
        self.install()
        self.kepler = Exporter()
        return self

    def install(self):
        """What a site applies, all of it: CRDs, namespace, RBAC, admission policies, Deployments."""
        self.plane.kubectl("apply", "--server-side", "-k", DEPLOY)
        for name in CRD_NAMES:
            self.plane.await_crd(name)

    def stop(self):
        self.reset(objects_too=False)
        self.stop_scheduler()
        if self.kepler:
            self.kepler.close()
        self.plane.stop()

    def reset(self, objects_too=True):
        """Back to an empty cluster with no program of ours running."""
        extras, self._extras = self._extras, []
        for extra in extras:
            try:
                extra()
            except Exception as error:  # the rest is still to be put back
                print(f"        while clearing up: {error}", flush=True)
        self.extender.stop()
        if self.controller:
            self.controller.stop()
            self.controller = None
        if self.relays:
            self.stop_scheduler()
        if not objects_too:
            return
        for path in ("/apis/apps/v1/deployments", "/apis/apps/v1/daemonsets", "/apis/apps/v1/replicasets", "/apis/batch/v1/jobs"):
            for item in self.api.items(path):
                if item["metadata"]["namespace"] not in (SYSTEM, agents.NAMESPACE):
                    self.api.delete(f"{path.rsplit('/', 1)[0]}/namespaces/{item['metadata']['namespace']}/{path.rsplit('/', 1)[1]}/"
                                    f"{item['metadata']['name']}")
        for pod in self.api.items("/api/v1/pods"):
            self.api.delete(f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}", grace=0)
        self.api.request("DELETE", "/api/v1/nodes")
        for path in (TOPOLOGIES, "/apis/powercapping.example.com/v1alpha1/powercappingpolicies"):
            status, _ = self.api.raw("GET", path)
            for item in self.api.items(path) if status == 200 else []:
                self.delete(item)
        self.api.raw("DELETE", NODE_POWER_CAPS)
        for lost in ("configmaps/headroom-last-valid-topology",):
            self.api.delete(f"/api/v1/namespaces/{SYSTEM}/{lost}")
        self.racks = {}
        kepler = self.kepler
        for table in (kepler.loads, kepler.addresses, kepler.scrapes, kepler.dead, kepler.hanging, kepler.verbatim):
            table.clear()
        kepler.dialect = "current"

    def finally_do(self, action):
        """Runs at the end of the check, whatever becomes of it."""
        self._extras.insert(0, action)

    def scratch(self):
        """A directory that only this check writes to."""
        return tempfile.mkdtemp(dir=self.directory)

    def use(self, part):
        """Starts a process, a Machine or a Prometheus and ends it with the check."""
        part.start()
        process = getattr(part, "process", part)
        self.finally_do(lambda: process.stop(deadline=3))
        return part

    # ---- objects

    def namespace(self, name=None, labels=None):
        self._namespaces += 1
        name = name or f"check-{self._namespaces}"
        try:
            self.api.create("/api/v1/namespaces", {"metadata": {"name": name, "labels": labels or {}}})
        except ApiError as error:
            if error.status != 409:
                raise
        return name

    def apply(self, obj, namespace=None):
        """Creates or replaces a policy or a topology."""
        return self.api.apply(self._path(obj, namespace), obj)

    def delete(self, obj):
        return self.api.delete(self._path(obj, obj["metadata"].get("namespace")))

    @staticmethod
    def _path(obj, namespace):
        base = TOPOLOGIES if obj["kind"] == "PowerTopology" else POLICIES.format(ns=namespace)
        return f"{base}/{obj['metadata']['name']}"

    def get(self, obj, namespace=None):
        return self.api.get(self._path(obj, namespace))

    def add_racks(self, count=3, nodes=8, watts=SHOWN, **node):
        """Racks r1, r2, ... of nodes r1-n1, ..., each with an exporter at its own address that shows `watts`."""
        for rack_number in range(1, count + 1):
            rack = f"r{rack_number}"
            for index in range(1, nodes + 1):
                self.add_node(rack, f"{rack}-n{index}", node_address(rack_number, index), watts, **node)

    def add_node(self, rack, name, address, watts=SHOWN, **node):
        self.api.create("/api/v1/nodes", objects.node(name, rack, address=address, **node))
        self.racks.setdefault(rack, []).append(name)
        self.kepler.set(name, watts, address)

    def heat(self, rack, watts):
        """Every exporter of the rack shows so many watts from now on."""
        for node in self.racks[rack]:
            self.kepler.set(node, watts)

    @property
    def nodes(self):
        return [node for nodes in self.racks.values() for node in nodes]

    def create_pods(self, namespace, pods):
        """Creates them as fast as the API server takes them; returns the created objects."""
        path = f"/api/v1/namespaces/{namespace}/pods"
        if len(pods) == 1:
            return [self.api.create(path, pods[0])]
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda pod: self.api.create(path, pod), pods))

    def pod(self, namespace, name):
        return self.api.get(f"/api/v1/namespaces/{namespace}/pods/{name}")

    def pods(self, namespace=None):
        return self.api.items(f"/api/v1/namespaces/{namespace}/pods" if namespace else "/api/v1/pods")

    def accepted(self, watts, nodes=None, extender=None):
        """The nodes on which the extender's filter lets a pod of so many watts go. Free of side effects."""
        probe = objects.pod("probe", cpu="100m", watts=watts)
        probe["metadata"] |= {"uid": "probe", "namespace": "default"}
        answer = (extender or self.extender).verb("filter", {"Pod": probe, "Nodes": None, "NodeNames": nodes or self.nodes})
        return set(answer.get("NodeNames") or [])

    def placements(self, namespace):
        """{pod: node} of the bound ones."""
        return {p["metadata"]["name"]: p["spec"]["nodeName"] for p in self.pods(namespace) if p["spec"].get("nodeName")}

    def rack_of(self, node):
        return next(rack for rack, nodes in self.racks.items() if node in nodes)

    def racks_of(self, namespace):
        """{rack: number of pods of the namespace bound there}"""
        counts = {}
        for node in self.placements(namespace).values():
            rack = self.rack_of(node)
            counts[rack] = counts.get(rack, 0) + 1
        return counts

    def await_bound(self, namespace, count=1, deadline=60.0):
        eventually(lambda: f"{count} pods of {namespace} bound; waiting ones: {self.reasons(namespace)}",
                   lambda: len(self.placements(namespace)) >= count, deadline)
        return self.placements(namespace)

    def await_refused(self, namespace, count=1, deadline=60.0):
        """Waits until `count` pods of the namespace have been tried and found unschedulable; returns them."""
        def refused():
            pods = [p for p in self.pods(namespace) if self.condition(p, "PodScheduled", "False")]
            return pods if len(pods) >= count else None
        return eventually(f"{count} pods of {namespace} refused", refused, deadline)

    def reasons(self, namespace):
        found = {}
        for pod in self.pods(namespace):
            if not pod["spec"].get("nodeName"):
                message = (self.condition(pod, "PodScheduled") or {}).get("message", "not tried")
                found[message] = found.get(message, 0) + 1
        return found

    @staticmethod
    def condition(obj, kind, status=None):
        for condition in obj.get("status", {}).get("conditions", []):
            if condition["type"] == kind and status in (None, condition["status"]):
                return condition
        return None

    def booked(self, rack):
        """Watts the rack is booked at, computed from the API's objects: its idle nodes and the estimates of its pods."""
        nodes = set(self.racks[rack])
        pods = [p for p in self.pods() if p["spec"].get("nodeName") in nodes
                and p.get("status", {}).get("phase") not in ("Succeeded", "Failed")]
        return IDLE * len(nodes) + sum(objects.estimate(p) for p in pods)

    def require_within(self, limits):
        """No rack is booked past its limit. limits: {rack: watts}"""
        for rack, limit in limits.items():
            booked = self.booked(rack)
            require(booked <= limit, f"rack {rack} is booked at {booked:.0f} W, its limit is {limit} W")

    # ---- the product

    def identity(self, account, url=None):
        """A kubeconfig of one of the ServiceAccounts that deploy/ creates."""
        return self.plane.kubeconfig(account, token=self.plane.service_account_token(SYSTEM, account), url=url)

    def telemetry(self, **overrides):
        """The telemetry section: every node's Kepler asked directly, once a second."""
        exporters = [{"name": f"kepler-{node}", "url": f"http://{address}:28282/metrics"}
                     for address, node in self.kepler.addresses.items()]
        return {"discovery": {"enabled": False}, "exporters": exporters, "scrapeInterval": "1s", "timeout": "2s",
                "publishInterval": "200ms", **overrides}

    def start_extender(self, telemetry=None, wait=True, kubeconfig=None, **settings):
        self._settings = {"telemetry": telemetry if telemetry is not None else self.telemetry(), **settings}
        self.extender.configure(kubeconfig or self.identity(EXTENDER_ACCOUNT), self._settings)
        self.extender.start(wait)
        return self.extender

    def restart_extender(self, wait=True):
        self.extender.start(wait)

    def another_extender(self, name, telemetry, **settings):
        """One more extender beside the first, for comparisons: it answers verbs and wakes nobody."""
        extender = Extender(self.program("headroom-extender"), self.directory, self.logs, name)
        extender.configure(self.identity(EXTENDER_ACCOUNT), {"telemetry": telemetry, "requeue": {"enabled": False}, **settings})
        self.finally_do(extender.stop)
        return extender.start(wait=False)

    def start_controller(self):
        health = free_port()
        path = os.path.join(self.directory, "controller.yaml")
        with open(path, "w", encoding="utf-8") as out:
            out.write('{"kubeconfig": "%s", "listen": {"health": "127.0.0.1:%d"}}' % (self.identity(CONTROLLER_ACCOUNT), health))
        self.controller = Process("controller", [self.program("headroom-controller"), "--config", path], self.logs)
        self.controller.start()

    # ---- kube-scheduler

    def start_scheduler(self, recorded=False, managed_resources=False):
        """kube-scheduler of the running variant, talking to the extender; recorded puts a relay between them."""
        key = (self.variant, recorded, managed_resources)
        if self._scheduler_key == key and self._scheduler.process.running:
            return self._scheduler
        self.stop_scheduler()
        ports = self.extender.verbs_port, self.extender.bind_port
        if recorded:
            self.relays = [Relay(free_port(), port) for port in ports]
            ports = [relay.port for relay in self.relays]
        program = "kube-scheduler-1.35" if self.variant == "1.35" else "kube-scheduler"
        kubeconfig = self.identity(SCHEDULER_ACCOUNT)
        text = adapted_config(kubeconfig, ports[:1] if managed_resources else ports, nodes_form=self.variant == "nodes-form")
        self._scheduler = Scheduler("kube-scheduler-" + self.variant, os.path.join(self.plane.binaries, program), text, kubeconfig,
                                    self.directory, self.logs).start()
        self._scheduler_key = key
        return self._scheduler

    def stop_scheduler(self):
        if self._scheduler:
            self._scheduler.stop()
        self._scheduler = self._scheduler_key = None
        for relay in self.relays:
            relay.close()
        self.relays = []

    def calls(self, verb):
        return [call for relay in self.relays for call in relay.of(verb)]


