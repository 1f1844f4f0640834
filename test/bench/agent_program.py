#!/usr/bin/env python3
"""CPU and memory of the program rapl-agent at one turn a second, on a FUSE tree of each size.

  test/bench/agent_program.py --programs DIR [--seconds 30] [--layouts server-2s,zones-64]

Called by scripts/bench --agent. The agent is in Enforce with every default, its API server does not answer, its caps are in
force by the local fallback before the clock starts. CPU is the process's own, user and kernel; what raplfs takes is not in it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.abspath(os.path.join(HERE, "..", "e2e")))

from harness.ports import free_port  # noqa: E402
from harness.raplfs import Raplfs  # noqa: E402
from harness.wait import eventually  # noqa: E402

WATTS_OF_A_PACKAGE = 80


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        words = dict(line.split(":", 1) for line in status if ":" in line)
    return int(words["VmHWM"].split()[0]) / 1024, len(os.listdir(f"/proc/{pid}/fd"))


def configuration(tree, directory, packages):
    port, nobody = free_port(), free_port()
    config = {
        "kubeconfig": f"http://127.0.0.1:{nobody}", "nodeName": "node", "mode": "Enforce",
        "sysfsRoot": tree.sys("node"), "powercapRoot": tree.powercap("node"), "testAllowNonSysfs": True,
        "journalPath": os.path.join(directory, "run"), "memoryPath": "", "listen": {"health": f"127.0.0.1:{port}"},
        "fallbackWatts": WATTS_OF_A_PACKAGE * packages, "timing": {"heartbeatTTL": "10s", "grace": "10s"},
        "log": {"level": "warning"},
    }
    path = os.path.join(directory, "agent.yaml")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(config, file)
    return path, f"http://127.0.0.1:{port}"


def state(address):
    try:
        with urllib.request.urlopen(address + "/debug/state", timeout=5) as reply:
            return json.load(reply)
    except OSError:
        return {}


def measure(programs, layout, seconds):
    with tempfile.TemporaryDirectory() as directory:
        tree = Raplfs(programs, directory).start()
        agent = None
        try:
            tree.command(f"node node {layout}")
            capped = len([name for name in os.listdir(os.path.join(tree.powercap("node"), "intel-rapl"))
                          if name.startswith("intel-rapl:")])
            path, address = configuration(tree, directory, capped)
            with open(os.path.join(directory, "agent.log"), "w", encoding="utf-8") as log:
                agent = subprocess.Popen([os.path.join(programs, "rapl-agent"), "--config", path], stderr=log, stdout=log)
            eventually("the fallback to be in force", lambda: tree.watts("node") <= WATTS_OF_A_PACKAGE * capped)
            domains = len(state(address)["domains"])
            time.sleep(3)  # the measured span has no writes in it
            before, begin = cpu_seconds(agent.pid), time.monotonic()
            time.sleep(seconds)
            share = (cpu_seconds(agent.pid) - before) / (time.monotonic() - begin)
            resident, descriptors = memory_mb(agent.pid)
            print(f"| {layout} | {domains} | {100 * share:.2f} % | {resident:.1f} MB | {descriptors} |", flush=True)
        finally:
            if agent is not None:
                agent.terminate()
                agent.wait(timeout=10)
            tree.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", required=True)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--layouts", default="server-2s,zones-64")
    arguments = parser.parse_args()
    print("| tree | domains | CPU, of a core | RSS at most | descriptors |\n|---|---|---|---|---|", flush=True)
    for layout in arguments.layouts.split(","):
        measure(arguments.programs, layout, arguments.seconds)


if __name__ == "__main__":
    main()
