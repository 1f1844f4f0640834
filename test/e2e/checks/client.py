"""Our own API client against the real API server."""

import os
import subprocess

from harness.failures import require
from harness.registry import check


@check("the API client passes its conformance cases on the real API server, the same that the demo's stand-in passes")
def conformance(world):
    program = world.program("kube_conformance")
    done = subprocess.run([program, "--gtest_color=no"], env=dict(os.environ, HEADROOM_CONFORMANCE_API=world.plane.admin_kubeconfig()),
                          capture_output=True, text=True, timeout=180, check=False)
    with open(os.path.join(world.logs, "kube_conformance.log"), "w", encoding="utf-8") as log:
        log.write(done.stdout + done.stderr)
    failures = [line for line in done.stdout.splitlines() if "Failure" in line or "FAILED" in line]
    require(done.returncode == 0, lambda: "\n".join(failures) or done.stdout[-2000:] + done.stderr[-2000:])
    require("[  PASSED  ]" in done.stdout, "no case ran")
