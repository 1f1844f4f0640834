"""Who may write what about a node's caps: agents about their own node, the controller alone the orders."""

from harness import agents, objects
from harness.api import NODE_POWER_CAPS
from harness.control_plane import SYSTEM
from harness.failures import require
from harness.registry import check
from harness.wait import eventually
from harness.world import CONTROLLER_ACCOUNT

MERGE, APPLY = "application/merge-patch+json", "application/apply-patch+yaml"
EVENTS = "/apis/events.k8s.io/v1/namespaces/default/events"


def order(node, **spec):
    return {"apiVersion": objects.GROUP + "/v1alpha1", "kind": "NodePowerCap", "metadata": {"name": node},
            "spec": {"epoch": 1, "sequence": 1, "budgetWatts": 500, **spec}}


def event(number, kind, name, namespace=""):
    api = "v1" if kind in ("Node", "Pod") else objects.GROUP + "/v1alpha1"
    return {"metadata": {"name": f"e2e-{number}", "namespace": "default"}, "eventTime": "2026-01-01T00:00:00.000000Z", "type": "Normal",
            "reason": "Checked", "action": "Checking", "reportingController": "e2e", "reportingInstance": "e2e",
            "regarding": {"apiVersion": api, "kind": kind, "name": name, "namespace": namespace}}


def status_of(node, watts):
    return {"apiVersion": objects.GROUP + "/v1alpha1", "kind": "NodePowerCap", "metadata": {"name": node}, "status": {"appliedWatts": watts}}


class Writers:
    """What one request of an identity becomes: 2xx, or (status, message)."""

    def __init__(self, world):
        self.world = world
        self.agent = world.plane.with_token(agents.token_on(world, "r1-n1"))
        self.nowhere = world.plane.with_token(world.plane.service_account_token(agents.NAMESPACE, agents.ACCOUNT))
        self.controller = world.plane.with_token(world.plane.service_account_token(SYSTEM, CONTROLLER_ACCOUNT))

    @staticmethod
    def tells_status(client, node, watts=400):
        return client.raw("PATCH", f"{NODE_POWER_CAPS}/{node}/status", status_of(node, watts), APPLY, {"fieldManager": "agent", "force": "true"})


def denied(reply, *words):
    status, body = reply
    text = body.decode(errors="replace")
    return status == 403 and all(word in text for word in words) or (status, text[:300])


@check("an agent writes the status of its own node's NodePowerCap and Events about it, and nothing else; orders are the controller's")
def own_node_only(world):
    world.add_racks(1, nodes=2)
    who = Writers(world)
    for node in ("r1-n1", "r1-n2"):
        # The controller's identity, whatever the policy says yet.
        status, reply = who.controller.raw("POST", NODE_POWER_CAPS, order(node))
        require(status == 201, lambda reply=reply: f"the controller may not create a NodePowerCap: {reply[:300]!r}")
        world.finally_do(lambda node=node: world.api.delete(f"{NODE_POWER_CAPS}/{node}"))
    eventually("the admission policies are active", lambda: denied(who.tells_status(who.agent, "r1-n2"), "may not write about node r1-n2") is True)

    require(who.tells_status(who.agent, "r1-n1")[0] == 200, lambda: f"own status: {who.tells_status(who.agent, 'r1-n1')}")
    require(world.api.get(f"{NODE_POWER_CAPS}/r1-n1")["status"]["appliedWatts"] == 400, "own status was accepted and not written")

    admin = world.api
    replies = {
        "another node's status": denied(who.tells_status(who.agent, "r1-n2"), "r1-n1", "r1-n2"),
        "a token without node": denied(who.tells_status(who.nowhere, "r1-n1"), "names no node"),
        "its own spec": denied(who.agent.raw("PATCH", f"{NODE_POWER_CAPS}/r1-n1", {"spec": {"budgetWatts": 9999, "sequence": 2}}, MERGE)),
        "deleting its cap": denied(who.agent.raw("DELETE", f"{NODE_POWER_CAPS}/r1-n1")),
        "creating a cap": denied(who.agent.raw("POST", NODE_POWER_CAPS, order("r1-n3"))),
        "an Event about another node": denied(who.agent.raw("POST", EVENTS, event(1, "Node", "r1-n2")), "own node"),
        "an Event about a pod": denied(who.agent.raw("POST", EVENTS, event(2, "Pod", "r1-n1", "default")), "own node"),
        "an Event without node": denied(who.nowhere.raw("POST", EVENTS, event(3, "Node", "r1-n1")), "own node"),
        "an administrator's own order": denied(admin.raw("PATCH", f"{NODE_POWER_CAPS}/r1-n1", {"spec": {"budgetWatts": 9999, "sequence": 2}}, MERGE),
                                               "controller only"),
        "an administrator's new order": denied(admin.raw("POST", NODE_POWER_CAPS, order("r1-n3")), "controller only"),
        "its node": denied(who.agent.raw("PATCH", "/api/v1/nodes/r1-n1", {"metadata": {"labels": {"a": "b"}}}, MERGE)),
        "reading pods": denied(who.agent.raw("GET", "/api/v1/pods")),
        "reading Secrets": denied(who.agent.raw("GET", "/api/v1/secrets")),
    }
    allowed = {what: reply for what, reply in replies.items() if reply is not True}
    require(not allowed, lambda: f"not denied, or for another reason: {allowed}")

    for number, (kind, name) in enumerate((("Node", "r1-n1"), ("NodePowerCap", "r1-n1")), 10):
        status, reply = who.agent.raw("POST", EVENTS, event(number, kind, name))
        require(status == 201, lambda reply=reply, kind=kind: f"an Event about its own {kind}: {reply[:300]!r}")
    note = {"metadata": {"annotations": {objects.GROUP + "/release": "true"}}}
    require(admin.raw("PATCH", f"{NODE_POWER_CAPS}/r1-n1", note, MERGE)[0] == 200, "an administrator may not ask for a release")
    moved = who.controller.raw("PATCH", f"{NODE_POWER_CAPS}/r1-n1", {"spec": {"budgetWatts": 450, "sequence": 2}}, MERGE)
    require(moved[0] == 200, lambda: f"the controller may not change its own order: {moved}")
