#!/usr/bin/env python3
"""deploy/ agrees with itself and with base/names.h, and stays locked down. What the API server would refuse is e2e's matter.

--self-test breaks each rule once.
"""
import argparse
import copy
import re
import sys

import yaml

from check_rules import ROOT


def constants(source):
    """{kSchedulerName: "headroom", ...} of base/names.h."""
    return dict(re.findall(r'inline constexpr std::string_view (k\w+) = "([^"]+)";', source))


class Deployment:
    """Everything in deploy/ that these rules look at, parsed."""

    def __init__(self, root):
        self.names = constants((root / "base/names.h").read_text())
        self.scheduler = yaml.safe_load((root / "deploy/scheduler-config.yaml").read_text())
        self.extender = yaml.safe_load((root / "deploy/config/extender.yaml").read_text())
        self.kustomization = yaml.safe_load((root / "deploy/kustomization.yaml").read_text())
        self.objects = [document for path in sorted((root / "deploy/manifests").glob("*.yaml"))
                        for document in yaml.safe_load_all(path.read_text()) if document]
        self.files = {str(path.relative_to(root / "deploy")) for path in (root / "deploy").rglob("*.yaml")}

    def kind(self, kind):
        return [item for item in self.objects if item["kind"] == kind]

    def containers(self, *kinds):
        for workload in [item for kind in kinds or ("Deployment", "DaemonSet") for item in self.kind(kind)]:
            pod = workload["spec"]["template"]["spec"]
            for container in pod.get("initContainers", []) + pod["containers"]:
                yield workload, pod, container


def check_names(d):
    """The names that the programs have built in are those of the manifests."""
    election = d.scheduler["leaderElection"]
    if [profile["schedulerName"] for profile in d.scheduler["profiles"]] != [d.names["kSchedulerName"]]:
        yield "scheduler-config.yaml: the profile is not called as base/names.h says"
    if (election["resourceNamespace"], election["resourceName"]) != (d.names["kSystemNamespace"], d.names["kSchedulerLease"]):
        yield "scheduler-config.yaml: the lease is not the one of base/names.h"
    text = yaml.safe_dump_all(d.objects)
    for constant in ("kSystemNamespace", "kSchedulerLease", "kControllerLease", "kLastValidTopologyConfigMap", "kPolicyAnnotation",
                     "kInjectLabel", "kPowercapMountLabel", "kHeartbeatLease", "kAgentNamespace", "kNodePowerCapResource", "kPolicyResource", "kTopologyResource", "kApiGroup"):
        if not re.search(rf"(?<![\w.-]){re.escape(d.names[constant])}(?![\w-])", text):
            yield f"manifests: '{d.names[constant]}' ({constant}) is nowhere"


def check_ports(d):
    """kube-scheduler calls the ports on which the extender listens, probes and policies know the others."""
    listen = d.extender["listen"]
    called = {entry["urlPrefix"]: entry for entry in d.scheduler["extenders"]}
    for key, verb in (("verbs", "filterVerb"), ("bind", "bindVerb")):
        entry = called.get("http://" + listen[key])
        if entry is None or verb not in entry:
            yield f"scheduler-config.yaml: no entry with {verb} calls {listen[key]} (config/extender.yaml, listen.{key})"
        if not listen[key].startswith("127.0.0.1:"):
            yield f"config/extender.yaml: listen.{key} is not on loopback"
    health = int(listen["health"].rsplit(":", 1)[1])
    ports = {container["name"]: port["containerPort"] for _, _, container in d.containers() for port in container.get("ports", [])}
    if ports.get("extender") != health:
        yield f"manifests: the extender's container port is not {health}"
    allowed = {port["port"] for policy in d.kind("NetworkPolicy") for rule in policy["spec"].get("ingress", [])
               for port in rule["ports"]}
    if allowed != set(ports.values()):
        yield f"manifests: network policies let in {sorted(allowed)}, containers serve {sorted(ports.values())}"


def check_rbac(d):
    """No wildcards, nothing beyond the verbs that the programs use, never Secrets."""
    known = {"get", "list", "watch", "create", "patch", "update"}
    for role in d.kind("Role") + d.kind("ClusterRole"):
        name = f"{role['kind']} {role['metadata']['name']}"
        for rule in role["rules"]:
            words = set(rule["verbs"] + rule["resources"] + rule["apiGroups"])
            if "*" in words:
                yield f"{name}: has a wildcard"
            if not set(rule["verbs"]) <= known:
                yield f"{name}: verbs {sorted(set(rule['verbs']) - known)}"
            if "secrets" in rule["resources"]:
                yield f"{name}: may read Secrets"
            if "update" in rule["verbs"] and "resourceNames" not in rule:
                yield f"{name}: may update any of {rule['resources']}"
    for account in d.kind("ServiceAccount"):
        if account.get("automountServiceAccountToken") is not False:
            yield f"ServiceAccount {account['metadata']['name']}: mounts its token everywhere"


def check_containers(d):
    """What the restricted Pod Security Standard asks, and requests and limits."""
    for deployment, pod, container in d.containers("Deployment"):
        name = f"{deployment['metadata']['name']}/{container['name']}"
        security = container.get("securityContext", {})
        if security != {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}:
            yield f"{name}: securityContext is not locked down"
        if not pod["securityContext"].get("runAsNonRoot") or pod["securityContext"].get("runAsUser") != 65532:
            yield f"{name}: does not run as user 65532"
        resources = container.get("resources", {})
        if not {"cpu", "memory"} <= set(resources.get("requests", {})) or "memory" not in resources.get("limits", {}):
            yield f"{name}: no requests or no memory limit"
        if not {"livenessProbe", "readinessProbe"} <= set(container):
            yield f"{name}: not probed"
        if pod.get("schedulerName") != "default-scheduler":
            yield f"{name}: must be placed by the cluster's own scheduler"


# What a node's directories are mounted for: path on the node -> (path in the container, read-only).
AGENT_MOUNTS = {"/sys": ("/host/sys", True), "/sys/devices/virtual/powercap": ("/host/powercap", False),
                "/run/headroom": ("/run/headroom", False), "/run/headroom/gpu": ("/run/headroom/gpu", False),
                "/var/lib/headroom": ("/var/lib/headroom", False)}
ADDED_CAPABILITIES = {"gpu-helper": ["SYS_ADMIN"]}


def check_agents(d):
    """User 0 with no capability, nothing of the node but the directories above, no liveness probe where a kill does harm."""
    for daemon_set, pod, container in d.containers("DaemonSet"):
        name = f"{daemon_set['metadata']['name']}/{container['name']}"
        capabilities = {"drop": ["ALL"]}
        if container["name"] in ADDED_CAPABILITIES:
            capabilities["add"] = ADDED_CAPABILITIES[container["name"]]
        if container.get("securityContext", {}) != {"privileged": False, "allowPrivilegeEscalation": False,
                                                    "readOnlyRootFilesystem": True, "capabilities": capabilities}:
            yield f"{name}: securityContext is not locked down"
        if pod["securityContext"] != {"runAsUser": 0, "runAsGroup": 0, "seccompProfile": {"type": "RuntimeDefault"}}:
            yield f"{name}: wants user 0 under the runtime's seccomp profile"
        if pod.get("hostNetwork") or pod.get("hostPID") or pod.get("hostIPC") or pod.get("hostUsers") is not True:
            yield f"{name}: shares more of the node than its users"
        resources = container.get("resources", {})
        if not {"cpu", "memory"} <= set(resources.get("requests", {})) or "memory" not in resources.get("limits", {}):
            yield f"{name}: no requests or no memory limit"
        if ({"livenessProbe", "readinessProbe"} <= set(container)) == (container["name"] == "gpu-helper"):
            yield f"{name}: probes"
        paths = {volume["name"]: volume["hostPath"]["path"] for volume in pod["volumes"] if "hostPath" in volume}
        for mount in container["volumeMounts"]:
            path = paths.get(mount["name"])
            if path and AGENT_MOUNTS.get(path) != (mount["mountPath"], mount.get("readOnly", False)):
                yield f"{name}: mounts {path} at {mount['mountPath']}"


def check_identities(d):
    """The identities that admission policies name exist, and every ServiceAccount named in a workload."""
    accounts = {f"system:serviceaccount:{item['metadata']['namespace']}:{item['metadata']['name']}" for item in d.kind("ServiceAccount")}
    named = set(re.findall(r"system:serviceaccount:[\w-]+:[\w-]+", yaml.safe_dump_all(d.kind("ValidatingAdmissionPolicy"), width=10_000)))
    for account in sorted(named - accounts):
        yield f"admission policies name {account}, which is not made"
    bound = {item["spec"]["policyName"]: item["spec"]["validationActions"] for item in d.kind("ValidatingAdmissionPolicyBinding")}
    for policy in d.kind("ValidatingAdmissionPolicy"):
        name = policy["metadata"]["name"]
        if bound.get(name) != ["Deny"] or policy["spec"]["failurePolicy"] != "Fail":
            yield f"ValidatingAdmissionPolicy {name} does not deny"


def check_kustomization(d):
    """Every manifest is applied, and every ConfigMap that a pod mounts is made."""
    listed = set(d.kustomization["resources"])
    for path in sorted(p for p in d.files if p.startswith("manifests/")):
        if path not in listed:
            yield f"kustomization.yaml: {path} is not listed"
    made = {generator["name"] for generator in d.kustomization["configMapGenerator"]}
    mounted = {volume["configMap"]["name"] for deployment in d.kind("Deployment") + d.kind("DaemonSet")
               for volume in deployment["spec"]["template"]["spec"]["volumes"] if "configMap" in volume}
    if made != mounted:
        yield f"kustomization.yaml: makes {sorted(made)}, pods mount {sorted(mounted)}"


CHECKS = (check_names, check_ports, check_rbac, check_containers, check_agents, check_identities, check_kustomization)


def check(deployment):
    return [finding for rule in CHECKS for finding in rule(deployment)]


def self_test(whole):
    def broken(change):
        changed = copy.deepcopy(whole)
        change(changed)
        return check(changed)

    def container(d):
        return next(d.containers())[2]

    def agent(d):
        return next(d.containers("DaemonSet"))

    changes = {
        "another lease": lambda d: d.scheduler["leaderElection"].update(resourceName="kube-scheduler"),
        "another profile": lambda d: d.scheduler["profiles"][0].update(schedulerName="x"),
        "an annotation's name": lambda d: d.names.update(kPolicyAnnotation="other/policy"),
        "a port of the scheduler's configuration": lambda d: d.scheduler["extenders"][1].update(urlPrefix="http://127.0.0.1:1"),
        "verbs for everybody": lambda d: d.extender["listen"].update(verbs="0.0.0.0:9876"),
        "another health port": lambda d: d.extender["listen"].update(health="0.0.0.0:1"),
        "a wildcard": lambda d: d.kind("ClusterRole")[0]["rules"][0].update(verbs=["*"]),
        "deleting": lambda d: d.kind("ClusterRole")[0]["rules"][0].update(verbs=["delete"]),
        "Secrets": lambda d: d.kind("ClusterRole")[0]["rules"][0].update(resources=["secrets"]),
        "a mounted token": lambda d: d.kind("ServiceAccount")[0].pop("automountServiceAccountToken"),
        "privileges": lambda d: container(d)["securityContext"].update(allowPrivilegeEscalation=True),
        "no limits": lambda d: container(d).pop("resources"),
        "no probe": lambda d: container(d).pop("livenessProbe"),
        "root": lambda d: next(d.containers())[1]["securityContext"].update(runAsUser=0),
        "our own scheduler": lambda d: next(d.containers())[1].pop("schedulerName"),
        "an agent with capabilities": lambda d: agent(d)[2]["securityContext"]["capabilities"].update(add=["SYS_ADMIN"]),
        "a privileged agent": lambda d: agent(d)[2]["securityContext"].update(privileged=True),
        "an agent in the node's network": lambda d: agent(d)[1].update(hostNetwork=True),
        "an agent that may write all of sysfs": lambda d: [m.pop("readOnly", 0) for m in agent(d)[2]["volumeMounts"]],
        "an agent that sees all of the node": lambda d: agent(d)[1]["volumes"][1]["hostPath"].update(path="/"),
        "an unprobed agent": lambda d: agent(d)[2].pop("livenessProbe"),
        "an unknown identity": lambda d: d.kind("ServiceAccount")[0]["metadata"].update(name="x"),
        "a policy that lets pass": lambda d: d.kind("ValidatingAdmissionPolicyBinding")[0]["spec"].update(validationActions=["Audit"]),
        "a manifest that is not applied": lambda d: d.kustomization["resources"].remove("manifests/network.yaml"),
        "a ConfigMap that is not made": lambda d: d.kustomization["configMapGenerator"].pop(),
    }
    failed = [what for what, change in changes.items() if not broken(change)]
    for what in failed:
        print(f"manifests: breaking '{what}' went unseen")
    print(f"manifests: self-test broke {len(changes)} things, {len(failed)} went unseen")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--self-test", action="store_true")
    deployment = Deployment(ROOT)
    if parser.parse_args().self_test:
        return self_test(deployment)
    findings = check(deployment)
    print("\n".join(findings))
    print(f"manifests: {len(deployment.objects)} objects, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
