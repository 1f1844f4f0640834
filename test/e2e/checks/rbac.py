"""Least privilege: what the extender's and the controller's identities are denied, by real requests."""

from harness import objects
from harness.control_plane import SYSTEM
from harness.failures import require
from harness.registry import check
from harness.world import CONTROLLER_ACCOUNT, EXTENDER_ACCOUNT

GROUP = "/apis/powercapping.example.com/v1alpha1"
DEVICES = "/apis/resource.k8s.io/v1"
STRATEGIC = "application/strategic-merge-patch+json"


def requests(ns):
    """(method, path, body) of requests that would each do harm; none changes anything while it is denied."""
    pod = f"/api/v1/namespaces/{ns}/pods"
    role = "/apis/rbac.authorization.k8s.io/v1"
    yield "POST", pod, objects.pod("intruder")
    yield "DELETE", pod + "/victim", None
    yield "PATCH", pod + "/victim", {"metadata": {"annotations": {objects.EXPECTED_WATTS: "1"}}}
    yield "PUT", pod + "/victim", objects.pod("victim")
    yield "POST", pod + "/victim/eviction", {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "victim"}}
    yield "GET", pod + "/victim/log", None
    yield "POST", pod + "/victim/exec?command=sh", None
    yield "PATCH", "/api/v1/nodes/r1-n1", {"metadata": {"labels": {objects.RACK_LABEL: "elsewhere"}}}
    yield "PATCH", "/api/v1/nodes/r1-n1/status", {"status": {"phase": "x"}}
    yield "DELETE", "/api/v1/nodes/r1-n1", None
    yield "GET", "/api/v1/secrets", None
    yield "GET", f"/api/v1/namespaces/{SYSTEM}/secrets/headroom-extender-token", None
    yield "GET", "/api/v1/configmaps", None
    yield "GET", f"/api/v1/namespaces/{SYSTEM}/configmaps/headroom-scheduler-config", None
    yield "PATCH", f"{GROUP}/powertopologies/site", {"spec": {"mode": "Recommend"}}
    yield "DELETE", f"{GROUP}/powertopologies/site", None
    yield "PATCH", f"{GROUP}/namespaces/{ns}/powercappingpolicies/team", {"spec": {"powerCapLimit": 9}}
    yield "POST", f"{GROUP}/namespaces/{ns}/powercappingpolicies", objects.policy("mine")
    yield "POST", f"{role}/clusterrolebindings", {"metadata": {"name": "rise"}, "roleRef": {
        "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "User", "name": "x", "apiGroup": "rbac.authorization.k8s.io"}]}
    yield "POST", f"/api/v1/namespaces/{SYSTEM}/serviceaccounts/headroom-scheduler/token", {
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    yield "PATCH", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/powertopologies.powercapping.example.com", {"spec": {"scope": "x"}}
    yield "DELETE", f"{GROUP}/nodepowercaps/r1-n1", None
    yield "PUT", f"{GROUP}/nodepowercaps/r1-n1", {"metadata": {"name": "r1-n1"}, "spec": {"epoch": 9, "sequence": 1}}
    yield "PATCH", f"{GROUP}/nodepowercaps/r1-n1/status", {"status": {"appliedWatts": 1}}
    yield "GET", "/apis/apps/v1/deployments", None
    yield "DELETE", f"{DEVICES}/namespaces/{ns}/resourceclaims/gpu", None
    yield "PATCH", f"{DEVICES}/namespaces/{ns}/resourceclaims/gpu/status", {"status": {"allocation": None}}
    yield "PATCH", f"{DEVICES}/namespaces/{ns}/resourceclaimtemplates/gpu", {"metadata": {"labels": {"a": "b"}}}
    yield "GET", f"{DEVICES}/resourceslices", None
    yield "PATCH", "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler", {"spec": {"holderIdentity": "me"}}


EXTENDER_TOO = (  # what only the controller may do
    ("PATCH", f"{GROUP}/powertopologies/site/status", {"status": {"observedGeneration": 7}}),
    ("PATCH", f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases/headroom-controller", {"spec": {"holderIdentity": "me"}}),
    ("PATCH", f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases/headroom-scheduler", {"spec": {"holderIdentity": "me"}}),
    ("PATCH", f"/api/v1/namespaces/{SYSTEM}/configmaps/headroom-last-valid-topology", {"data": {"x": "y"}}),
    ("PATCH", f"{GROUP}/nodepowercaps/r1-n1", {"spec": {"budgetWatts": 9}}),
    ("PATCH", f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases/headroom-heartbeat", {"spec": {"holderIdentity": "me"}}),
)


@check("the extender's and the controller's identities are denied everything that they do not need")
def denied(world):
    ns = world.namespace()
    world.add_racks(1)
    world.apply(objects.topology("site", {"r1": 5000}))
    world.apply(objects.policy("team", 100), ns)
    world.create_pods(ns, [objects.pod("victim", scheduler="x")])
    controller_too = (("POST", f"/api/v1/namespaces/{ns}/pods/victim/binding",
                       {"metadata": {"name": "victim"}, "target": {"kind": "Node", "name": "r1-n1"}}),
                      ("PATCH", f"/api/v1/namespaces/{ns}/pods/victim/status", {"status": {"message": "x"}}))
    allowed = []
    for account, more in ((EXTENDER_ACCOUNT, EXTENDER_TOO), (CONTROLLER_ACCOUNT, controller_too)):
        client = world.plane.with_token(world.plane.service_account_token(SYSTEM, account))
        for method, path, body in [*requests(ns), *more]:
            content = "application/merge-patch+json" if method == "PATCH" else "application/json"
            status, reply = client.raw(method, path, body, content)
            if status != 403:
                allowed.append(f"{account}: {method} {path} -> {status} {reply[:120]!r}")
        for needed in ("/api/v1/nodes", f"{DEVICES}/resourceclaims", f"{DEVICES}/resourceclaimtemplates"):
            require(client.raw("GET", needed)[0] == 200, f"{account} may not even list {needed}")
    require(not allowed, lambda: "\n".join(allowed))
