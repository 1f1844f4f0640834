"""Node agents: their identity, as the kubelet gives it."""

from .api import NODE_POWER_CAPS

NAMESPACE, ACCOUNT = "headroom-agents", "headroom-agent"


def token_on(world, node, namespace=NAMESPACE, account=ACCOUNT):
    """A token of the ServiceAccount as the kubelet of `node` requests it: bound to a pod there, so that it names the node."""
    name = f"{account}-{node}"
    path = f"/api/v1/namespaces/{namespace}/pods"
    if not world.api.exists(f"{path}/{name}"):
        world.api.create(path, {"metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "headroom"}}, "spec": {
            "serviceAccountName": account, "nodeName": node, "tolerations": [{"operator": "Exists"}],
            "containers": [{"name": "agent", "image": "headroom"}]}})
    uid = world.api.get(f"{path}/{name}")["metadata"]["uid"]
    reply = world.api.create(f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token", {
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "spec": {"expirationSeconds": 7200, "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": name, "uid": uid}}})
    return reply["status"]["token"]


def cap(world, node):
    """The NodePowerCap of a node; None where there is none."""
    path = f"{NODE_POWER_CAPS}/{node}"
    return world.api.get(path) if world.api.exists(path) else None
