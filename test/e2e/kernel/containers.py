"""The agent in containers, inside the guest.

The OCI specifications are made from deploy/'s own DaemonSets, the way a kubelet and containerd make them as far as the agent
can tell the difference: user, capabilities, no_new_privs, mounts, read-only root, namespaces, masked and read-only paths.
Not made: seccomp and AppArmor profiles, cgroup limits, the pod's network (the agent's page is asked on loopback).
"""

import copy
import json
import os
import re

import yaml

from guest import program

MANIFEST = "deploy/manifests/agent.yaml"
# The DaemonSet that users of powercap have; but for the image's name it is used as it stands.
DROP_IN = "test/data/drop-in/powercap-daemonset.yaml"
POWERCAP = "/sys/devices/virtual/powercap"
# What a kubelet asks to hide in every container that is not privileged.
MASKED = ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
          "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware"]
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
# What a container has that drops nothing.
DEFAULT_CAPABILITIES = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SETGID", "CAP_SETUID"]
# Faster than in production by a fixed factor, as all rigs run; enforcing what the site's own configuration says, since no
# controller is here.
CONFIGURATION = {"mode": "Enforce", "fallbackWatts": 160, "journalPath": "/run/headroom", "log": {"level": "info"},
                 "timing": {"heartbeatTTL": "10s", "grace": "10s", "scale": 10}}

CASES = ["Fault_eacces_open_container", "Fault_erofs_mount_container", "Fault_masked_powercap_container",
         "Fault_user_namespace_container", "Fault_unload_driver_container", "Fault_sigkill_then_restart_drop_in"]


def daemon_set(root, name, manifest=MANIFEST):
    with open(os.path.join(root, manifest), encoding="utf-8") as file:
        for document in yaml.safe_load_all(file):
            if document and document["kind"] == "DaemonSet" and document["metadata"]["name"] == name:
                return document["spec"]["template"]["spec"]
    raise KeyError(f"{manifest} has no DaemonSet {name}")


def entry_point(root):
    """What a container runs that names no command: the agent's image says so in the Dockerfile."""
    with open(os.path.join(root, "Dockerfile"), encoding="utf-8") as file:
        stage = re.search(r"^FROM \S+ AS agent$(.*?)^FROM ", file.read(), re.MULTILINE | re.DOTALL).group(1)
    return json.loads(re.search(r"^ENTRYPOINT (\[.*\])$", stage, re.MULTILINE).group(1))


def environment_of(container):
    """As the kubelet of a node "guest" would set it."""
    fields = {"spec.nodeName": "guest", "metadata.name": "agent"}
    values = {entry["name"]: entry["value"] if "value" in entry else fields[entry["valueFrom"]["fieldRef"]["fieldPath"]]
              for entry in container.get("env", [])}
    return ["PATH=/usr/bin:/bin"] + [f"{name}={value}" for name, value in values.items()]


def configuration_of(case):
    if case == "Fault_masked_powercap_container":
        return {**CONFIGURATION, "sysfsRoot": "/sys", "powercapRoot": POWERCAP}
    return CONFIGURATION


def mounts_of(pod, container):
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for mount in container["volumeMounts"]:
        volume = volumes[mount["name"]]
        if "hostPath" in volume:
            source = volume["hostPath"]["path"]
        elif "configMap" in volume:
            source = "/run/configuration"  # where the guest puts the case's
        else:
            continue
        mode = "ro" if mount.get("readOnly") else "rw"
        yield {"destination": mount["mountPath"], "type": "bind", "source": source, "options": ["rbind", "rprivate", mode]}


def capabilities_of(security):
    if security.get("privileged"):
        return DEFAULT_CAPABILITIES + ["CAP_SYS_ADMIN", "CAP_DAC_READ_SEARCH"]
    asked = security.get("capabilities", {})
    kept = [] if "ALL" in asked.get("drop", []) else DEFAULT_CAPABILITIES
    return kept + ["CAP_" + name for name in asked.get("add", [])]


def specification(pod, root):
    """The OCI runtime configuration of the pod's first container."""
    container = pod["containers"][0]
    security = {**pod.get("securityContext", {}), **container.get("securityContext", {})}
    privileged = security.get("privileged", False)
    capabilities = capabilities_of(security)
    system = [{"destination": "/proc", "type": "proc", "source": "proc"},
              {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=65536k"]},
              {"destination": "/sys", "type": "bind" if not pod.get("hostUsers", True) else "sysfs",
               "source": "/sys" if not pod.get("hostUsers", True) else "sysfs",
               "options": ["nosuid", "noexec", "nodev"] + ([] if privileged else ["ro"])
                          + (["rbind"] if not pod.get("hostUsers", True) else [])}]
    namespaces = [{"type": name} for name in ("mount", "ipc", "uts")] + ([] if pod.get("hostPID") else [{"type": "pid"}])
    spec = {
        "ociVersion": "1.0.2",
        "process": {"terminal": False, "user": {"uid": security.get("runAsUser", 0), "gid": security.get("runAsGroup", 0)},
                    "args": container.get("command") or entry_point(root), "cwd": "/", "env": environment_of(container),
                    "noNewPrivileges": not security.get("allowPrivilegeEscalation", True),
                    "capabilities": {kind: capabilities for kind in ("bounding", "effective", "permitted")}},
        "root": {"path": "/box", "readonly": security.get("readOnlyRootFilesystem", False)},
        "hostname": "agent",
        "mounts": system + list(mounts_of(pod, container)),
        "linux": {"namespaces": namespaces, "maskedPaths": [] if privileged else MASKED, "readonlyPaths": [] if privileged else READ_ONLY},
    }
    if not pod.get("hostUsers", True):
        identity = [{"containerID": 0, "hostID": 100000, "size": 65536}]
        spec["linux"].update(uidMappings=identity, gidMappings=identity)
        namespaces.append({"type": "user"})
    return spec


def masked_pod(pod):
    """The kernel's files at their own path, as agents had them before runtimes hid it, and nothing at /host."""
    pod = copy.deepcopy(pod)
    container = pod["containers"][0]
    container["volumeMounts"] = [mount for mount in container["volumeMounts"] if mount["name"] != "sys"]
    for mount in container["volumeMounts"]:
        if mount["name"] == "powercap":
            mount["mountPath"] = POWERCAP
    return pod


def pods(root):
    """Case -> the pod as deployed, or with the one thing that is wrong with it."""
    deployed = daemon_set(root, "headroom-agent-powercap")
    other_user = copy.deepcopy(deployed)
    other_user["securityContext"].update(runAsUser=65534, runAsGroup=65534)
    user_namespace = copy.deepcopy(deployed)
    user_namespace["hostUsers"] = False
    read_only = copy.deepcopy(deployed)
    for mount in read_only["containers"][0]["volumeMounts"]:
        if mount["name"] == "powercap":
            mount["readOnly"] = True
    return {"Fault_unload_driver_container": deployed, "Fault_eacces_open_container": other_user,
            "Fault_erofs_mount_container": read_only, "Fault_masked_powercap_container": masked_pod(deployed),
            "Fault_user_namespace_container": user_namespace,
            "Fault_sigkill_then_restart_drop_in": daemon_set(root, "powercap", DROP_IN)}


def add_to(disk, root):
    disk.add_program(program("runc"), "bin/runc")
    os.makedirs(os.path.join(disk.root, "usr/bin"), exist_ok=True)
    for name in ("rapl-agent", "powercap"):
        os.symlink("/bin/rapl-agent", os.path.join(disk.root, "usr/bin", name))
    for case, pod in pods(root).items():
        folder = os.path.join(disk.root, "boxes", case)
        os.makedirs(os.path.join(folder, "configuration"))
        with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
            json.dump(specification(pod, root), file)
        # In place of the ConfigMap.
        with open(os.path.join(folder, "configuration", "agent.yaml"), "w", encoding="utf-8") as file:
            yaml.safe_dump(configuration_of(case), file)
    for place in ("host/sys", "host/powercap", "etc/headroom", "run/headroom", "box"):
        os.makedirs(os.path.join(disk.root, place), exist_ok=True)
    disk.add_file(os.path.join(os.path.dirname(os.path.abspath(__file__)), "containers.sh"), "boxes/functions.sh")


def script(cases):
    return "\n".join(['. /boxes/functions.sh', *[f"run_case {case}" for case in cases], ""])
