"""A network of our own: the run lives in a network namespace in which every address of 10.0.0.0/8 is this machine.

So each node of the cluster has an address of its own that an exporter answers on, at the port that real exporters use,
and no run meets another's ports.
"""

import os
import subprocess
import sys

from .failures import PartMissing
from .machines import find_program

INSIDE = "HEADROOM_E2E_NETWORK"
NODES = "10.77.0.0/16"  # addresses of nodes; KWOK takes pods' from 10.0.0.0/24


def enter():
    """Starts this program again inside the namespace; returns there only."""
    if os.environ.get(INSIDE):
        ip = find_program("ip")
        subprocess.run([ip, "link", "set", "lo", "up"], check=True)
        subprocess.run([ip, "route", "add", "local", "10.0.0.0/8", "dev", "lo"], check=True)
        return
    for arguments in (["--net"], ["--net", "--user", "--map-root-user"]):
        if subprocess.run(["unshare", *arguments, "true"], capture_output=True, check=False).returncode == 0:
            os.environ[INSIDE] = "1"
            os.execvp("unshare", ["unshare", *arguments, sys.executable, *sys.argv])
    raise PartMissing("a network namespace: `unshare --net` is not permitted here (a container needs CAP_SYS_ADMIN or "
                      "unprivileged user namespaces); the exporters need addresses of their own")


def node_address(rack, index):
    return f"10.77.{rack}.{index}"
