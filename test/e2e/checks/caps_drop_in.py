"""The agent in the place of powercap: its users' DaemonSet as they have it, but for the image."""

import json
import math
import os
import shutil
import time
import urllib.request

from harness import agents
from harness.failures import require
from harness.hall import ORIGINAL, PACKAGES, TIMING, Hall
from harness.ports import free_port
from harness.processes import Process
from harness.registry import check
from harness.wait import eventually, stays

OBJECTS = os.path.join(os.path.dirname(__file__), "..", "..", "data", "drop-in", "powercap-daemonset.yaml")
SHORT_TERM = 150.0  # watts: PL2 of a package as its firmware left it


def container(world):
    daemon_set = world.api.get("/apis/apps/v1/namespaces/default/daemonsets/powercap")
    return daemon_set["spec"]["template"]["spec"]["containers"][0]


def environment(world, node):
    """What the kubelet of the node would put into the container's environment."""
    values = {"TZ": "UTC"}
    for entry in container(world)["env"]:
        values[entry["name"]] = entry["value"] if "value" in entry else {"spec.nodeName": node}[entry["valueFrom"]["fieldRef"]["fieldPath"]]
    return values


def wanted(seconds, env):
    """The documented cap for the sum of all packages at a moment, computed here: the curve, between floor and maximum."""
    minute = int(seconds // 60) % 1440
    sine = math.sin(math.pi / 16 * (minute / 60 - 4))
    curve = float(env["MAX_SOURCE"]) / 1e6 * max(0.0, sine) ** float(env["ALPHA"]) if 4 <= minute / 60 <= 20 else 0.0
    floor = max(10.0, float(env["RAPL_LIMIT"]) / 100 * {"min": min}[env["PMAX_FUNC"]](ORIGINAL, SHORT_TERM))
    return min(max(curve, floor), PACKAGES * ORIGINAL)


def start_agent(world, hall, node):
    folder = os.path.join(hall.folder, node)
    program = os.path.join(folder, "powercap")
    os.makedirs(folder)
    os.symlink(os.path.abspath(world.program("rapl-agent")), program)
    kubeconfig = world.plane.kubeconfig(f"powercap-{node}", token=agents.token_on(world, node, "default", "powercap"))
    port = free_port()
    config = {"kubeconfig": kubeconfig, "listen": {"health": f"127.0.0.1:{port}"}, "sysfsRoot": hall.tree.sys(node),
              "powercapRoot": hall.tree.powercap(node), "journalPath": f"{folder}/run", "memoryPath": "", "testAllowNonSysfs": True,
              "timing": TIMING}
    with open(os.path.join(folder, "agent.yaml"), "w", encoding="utf-8") as out:
        json.dump(config, out)
    process = world.use(Process(f"powercap-{node}", [program, "--config", os.path.join(folder, "agent.yaml")], world.logs, environment(world, node)))
    return process, port, f"{folder}/run"


def originals(port):
    """What the agent takes for the packages' originals, in watts, by its page."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/debug/state", timeout=5) as reply:
        return [domain["originalWatts"] for domain in json.load(reply)["domains"] if domain["cappable"]]


@check("powercap's own DaemonSet and role, unchanged but for the image: the agent follows its environment and updates its node, beside other writers")
def drop_in(world):
    hall = Hall(world, {"r1": 2})
    with open(OBJECTS, encoding="utf-8") as file:
        world.plane.kubectl("apply", "-f", "-", stdin=file.read().replace("menraromial/powercap:latest", "headroom-agent:0.1.0"))
    for kind, name in (("clusterrolebindings", "powercap"), ("clusterroles", "powercap")):
        world.finally_do(lambda k=kind, n=name: world.api.delete(f"/apis/rbac.authorization.k8s.io/v1/{k}/{n}"))
    world.finally_do(lambda: world.api.delete("/api/v1/namespaces/default/serviceaccounts/powercap"))
    began = time.time()
    started = {node: start_agent(world, hall, node) for node in hall.nodes}
    others = 0

    def told(node):
        nonlocal others
        others += 1  # somebody else keeps writing the node: the agent's updates meet conflicts
        world.api.merge(f"/api/v1/nodes/{node}", {"metadata": {"labels": {"e2e/other-writer": str(others)}}})
        labels = world.api.get(f"/api/v1/nodes/{node}")["metadata"]["labels"]
        return labels.get("rapl/pmax") == str(round(sum(hall.limits(node)) * 1e6)) and hall.limits(node) != [ORIGINAL] * PACKAGES
    for node in hall.nodes:
        eventually(lambda n=node: f"{n} is capped and says so: {hall.limits(n)} {world.api.get(f'/api/v1/nodes/{n}')['metadata']}", lambda n=node: told(n))
        env = environment(world, node)
        moments = [wanted(began - 60, env), wanted(began, env), wanted(time.time(), env)]
        total = sum(hall.limits(node))
        require(min(moments) - 3 <= total <= max(moments) + 0.01, f"{node}: {total} W in force, the environment asks for {moments} W")
        meta = world.api.get(f"/api/v1/nodes/{node}")["metadata"]
        require(meta["annotations"].get("power-manager/initialized") == "kcas-power-manager", f"{node}: {meta['annotations']}")
        require(meta["labels"].get("crapl0/constraint_0_power_limit_uw") == str(int(ORIGINAL * 1e6)), f"{node}: {meta['labels']}")
        require(meta["labels"].get("e2e/other-writer") == str(others) and meta["labels"].get("kubernetes.io/hostname") == node,
                f"somebody else's label was lost: {meta['labels']}")

    # A container made anew has no journal of the one before: the originals are those that the node's annotation tells.
    node = hall.nodes[0]
    process, port, journal = started[node]
    process.kill()
    shutil.rmtree(journal)
    before = hall.limits(node)
    process.start()
    eventually(lambda: f"the originals are known again: {originals(port)}", lambda: originals(port) == [ORIGINAL] * PACKAGES)
    stays("no cap is taken for an original, nor lifted", lambda: sum(hall.limits(node)) <= sum(before) + 5 and originals(port) == [ORIGINAL] * PACKAGES, 3)
