"""Simulated powercap trees: starts the program raplfs on a mount of its own. test/rigs/raplfs/README.md is its manual.

    tree = Raplfs(programs, directory)           # programs: .../bin; directory: a fresh one, for mount, socket and log
    tree.start()
    tree.command("node node-a server-2s")
    tree.sys("node-a")                           # that node's /sys
    tree.writes(); tree.worst_sum()
    tree.stop()

raplfs ends with the pipe that this object holds, so nothing stays mounted when the run dies.
"""

import os
import socket
import subprocess
import threading
from dataclasses import dataclass

from .failures import CheckFailed, PartMissing

LAYOUTS = os.path.join(os.path.dirname(__file__), "..", "..", "rigs", "raplfs", "layouts")


@dataclass(frozen=True)
class Recorded:
    """One line of the log."""
    seconds: float  # monotonic: time.monotonic() of this machine
    event: str
    path: str
    value: str
    result: str
    node_uw: int
    sum_uw: int

    @property
    def node(self):
        return self.path.split("/", 1)[0]

    @property
    def file(self):
        return "/".join(self.path.split("/")[-2:])


def parse(line):
    head, rest = line.split(' "', 1)
    value, tail = rest.rsplit('" ', 1)
    seconds, event, path = head.split(" ", 2)
    result, node, total = tail.split()
    return Recorded(float(seconds), event, path, value, result, int(node.split("=")[1]), int(total.split("=")[1]))


class Raplfs:
    """Commands may come from several threads."""

    def __init__(self, programs, directory):
        self._program = os.path.join(programs, "raplfs")
        self._directory = directory
        self.mount = os.path.join(directory, "sys")
        self.log_path = os.path.join(directory, "raplfs.log")
        self._child = None
        self._control = None
        self._lock = threading.Lock()

    def start(self):
        if not os.path.exists(self._program):
            raise PartMissing(f"raplfs: {self._program} is missing (target raplfs)")
        os.makedirs(self.mount)
        control = os.path.join(self._directory, "control")
        self._child = subprocess.Popen(
            [self._program, "--mount", self.mount, "--control", control, "--log", self.log_path, "--layouts", LAYOUTS],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = self._child.stdout.readline().decode()
        if said.strip() != "ready":
            raise PartMissing(f"raplfs did not start: {said}{self._child.stdout.read().decode()}")
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(control)
        self._control = connection.makefile("rw")
        return self

    def stop(self):
        """Also when it never started or has died."""
        if self._child is None:
            return
        self._child.stdin.close()
        self._child.wait()
        subprocess.run(["umount", "--lazy", self.mount], check=False, stderr=subprocess.DEVNULL)
        self._child = None

    def command(self, line):
        """The answer's value, "" for a plain ok."""
        with self._lock:
            self._control.write(line + "\n")
            self._control.flush()
            answer = self._control.readline().rstrip("\n")
        if not answer.startswith("ok"):
            raise CheckFailed(f"raplfs: {line}: {answer or 'has gone'}")
        return answer[3:]

    def sys(self, node):
        return os.path.join(self.mount, node)

    def powercap(self, node):
        return os.path.join(self.sys(node), "devices/virtual/powercap")

    def watts(self, node):
        """The effective cap of the node's packages, GPUs and sockets together."""
        return int(self.command(f"get {node} cap")) / 1e6

    def draw(self, node):
        """What the node's silicon draws now, in watts."""
        return int(self.command(f"get {node} power")) / 1e6

    def log(self):
        with open(self.log_path, encoding="utf-8") as file:
            return [parse(line) for line in file if line.endswith("\n")]

    def writes(self, node=None):
        return [line for line in self.log() if line.event == "write" and node in (None, line.node)]

    def worst_sum(self, since=0.0):
        """The largest sum of all nodes' effective caps after any event since then, in watts."""
        return max((line.sum_uw for line in self.log() if line.seconds >= since), default=0) / 1e6
