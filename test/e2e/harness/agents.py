"""Node agents' identity, as a cluster gives it: a pod of the DaemonSet on the node, and a token that belongs to this pod."""

from .api import NODE_POWER_CAPS
from .wait import eventually

NAMESPACE, ACCOUNT, DAEMON_SET = "headroom-agents", "headroom-agent", "headroom-agent"


def meant_for(pod):
    """The node for which a DaemonSet's controller made the pod."""
    terms = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    return terms[0]["matchFields"][0]["values"][0]


def pod_on(world, node, namespace=NAMESPACE, daemon_set=DAEMON_SET):
    """The DaemonSet's pod for `node`, bound there: what the cluster's own scheduler would have done."""
    path = f"/api/v1/namespaces/{namespace}/pods"

    def made():
        return next((pod for pod in world.api.items(path) if meant_for(pod) == node
                     and pod["metadata"]["ownerReferences"][0]["name"] == daemon_set), None)
    pod = eventually(f"a pod of {daemon_set} for {node}", made)
    if not pod["spec"].get("nodeName"):
        world.api.create(f"{path}/{pod['metadata']['name']}/binding", {
            "metadata": {"name": pod["metadata"]["name"]}, "target": {"apiVersion": "v1", "kind": "Node", "name": node}})
    return pod


def token_on(world, node, namespace=NAMESPACE, daemon_set=DAEMON_SET):
    """The token that the kubelet of `node` would request for that pod: it names pod and node."""
    pod = pod_on(world, node, namespace, daemon_set)
    reply = world.api.create(f"/api/v1/namespaces/{namespace}/serviceaccounts/{pod['spec']['serviceAccountName']}/token", {
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "spec": {"expirationSeconds": 7200, "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": pod["metadata"]["name"],
                                                               "uid": pod["metadata"]["uid"]}}})
    return reply["status"]["token"]


def cap(world, node):
    """The NodePowerCap of a node; None where there is none."""
    path = f"{NODE_POWER_CAPS}/{node}"
    return world.api.get(path) if world.api.exists(path) else None
