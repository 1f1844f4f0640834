"""Kubernetes objects as dicts, with sane defaults: a check spells out only what it is about."""

GROUP = "powercapping.example.com"
RACK_LABEL = "topology.kubernetes.io/rack"
POLICY = GROUP + "/policy"
EXPECTED_WATTS = GROUP + "/expected-watts"
DECISION = GROUP + "/decision"
HEADROOM = GROUP + "/Headroom"
SCHEDULER = "headroom"


NODE_INFO = dict.fromkeys(("architecture", "bootID", "containerRuntimeVersion", "kernelVersion", "kubeProxyVersion", "kubeletVersion",
                           "machineID", "operatingSystem", "osImage", "systemUUID"), "")


def node(name, rack=None, cpu=64, address=None, labels=None, devices=None, boot_id=None):
    """A ready node. CPU in cores; devices: {"nvidia.com/gpu": 8}; boot_id as its kubelet reports it."""
    resources = {"cpu": str(cpu), "memory": "512Gi", "pods": "500", **{k: str(v) for k, v in (devices or {}).items()}}
    all_labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", **({RACK_LABEL: rack} if rack else {}), **(labels or {})}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": all_labels},
            "status": {"capacity": resources, "allocatable": resources, **({"nodeInfo": NODE_INFO | {"bootID": boot_id}} if boot_id else {}),
                       "addresses": ([{"type": "InternalIP", "address": address}] if address else [])
                       + [{"type": "Hostname", "address": name}],
                       "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]}}


def pod(name, cpu="1", watts=None, scheduler=SCHEDULER, annotations=None, labels=None, devices=None, **spec):
    """A pod of one container. cpu is its request; watts the expected-watts annotation."""
    notes = dict(annotations or {})
    if watts is not None:
        notes[EXPECTED_WATTS] = str(watts)
    requests = {"cpu": str(cpu), "memory": "16Mi", **{k: str(v) for k, v in (devices or {}).items()}}
    limits = {k: str(v) for k, v in (devices or {}).items()}
    body = {"containers": [{"name": "main", "image": "busybox", "resources": {"requests": requests, "limits": limits}}],
            "terminationGracePeriodSeconds": 0, **spec}
    if scheduler:
        body["schedulerName"] = scheduler
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "annotations": notes, "labels": labels or {}},
            "spec": body}


def element(name, kind, rated, fed_by=None, **fields):
    """One element; fed_by is a name, or {name: share percent}."""
    body = {"name": name, "type": kind, "ratedWatts": rated, **fields}
    if isinstance(fed_by, str):
        fed_by = {fed_by: 100}
    if fed_by:
        body["fedBy"] = [{"name": source, "sharePercent": share} for source, share in fed_by.items()]
    return body


def topology(name, racks, feed_watts=1_000_000, node_class=None, **spec):
    """One feed above racks. racks: {name: rated watts, or a dict of element fields}. continuousPercent is 100 here, so
    that a rack's limit is the number the check states."""
    elements = [element(f"{name}-feed", "Feed", feed_watts, continuousPercent=100)]
    for rack, value in racks.items():
        fields = dict(value) if isinstance(value, dict) else {"rated": value}
        rated = fields.pop("rated")
        elements.append(element(rack, "Rack", rated, f"{name}-feed", **{"continuousPercent": 100, **fields}))
    classes = [node_class if node_class is not None else NODE_CLASS]
    return {"apiVersion": GROUP + "/v1alpha1", "kind": "PowerTopology", "metadata": {"name": name},
            "spec": {"elements": elements, "nodeClasses": classes, **spec}}


# 100 W idle, 10 W a core: a pod of one core is 10 W, whoever computes it.
NODE_CLASS = {"nodeSelector": {}, "idleWatts": 100, "maxWatts": 2000, "wattsPerCore": 10,
              "deviceWatts": {"nvidia.com/gpu": 700}, "overheadWatts": 0}


def policy(name, watts=1_000_000, **spec):
    return {"apiVersion": GROUP + "/v1alpha1", "kind": "PowerCappingPolicy", "metadata": {"name": name},
            "spec": {"powerCapLimit": watts, **spec}}


def cores(quantity):
    """"500m" -> 0.5"""
    return float(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)


def estimate(a_pod, watts_per_core=10.0, minimum=2.0, device_watts=700.0):
    """What the documents say a pod is counted for: computed here from the API's objects, independently of the product."""
    total = 0.0
    for container in a_pod["spec"]["containers"]:
        resources = container.get("resources", {})
        cpu = resources.get("limits", {}).get("cpu") or resources.get("requests", {}).get("cpu", "0")
        total += cores(cpu) * watts_per_core
        total += float(resources.get("limits", {}).get("nvidia.com/gpu", 0)) * device_watts
    declared = a_pod["metadata"].get("annotations", {}).get(EXPECTED_WATTS)
    return max(total, minimum, float(declared) if declared else 0.0)
