"""Boots the guest and tells what its cases said: one line "Fault_<name>: ok" or "Fault_<name>: FAILED" each.

Exit status 0 only when every case that this run should have had was seen, and passed.
"""

import argparse
import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import containers
from failures import GuestFailed, PartMissing
from guest import TCG, KVM, Guest, RamDisk, kvm_boots
from kernel import Kernel

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
RESULT = re.compile(r"^(Fault_\w+): (ok|FAILED)\b")
TWO_SOCKETS = "4,sockets=2,cores=2,threads=1"
TWO_DIES = "4,sockets=1,dies=2,cores=2,threads=1"
# What needs a package of two dies.
DIES = ("Fault_multi_die*",)
ATTEMPTS = 3  # of booting: a guest that never reached its init says nothing about the cases
DEADLINE = 170.0
SLEEP = 3.0  # seconds that the guest is to sleep


def cases_in(binary):
    told = subprocess.run([binary, "--gtest_list_tests"], check=True, capture_output=True).stdout.decode()
    return [line.strip() for line in told.splitlines() if line.startswith("  ")]


def matching(names, patterns):
    return [name for name in names if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]


class Boot:
    """One guest: which cases it runs, on which machine."""

    def __init__(self, topology, cases, scripts):
        self.topology = topology
        self.cases = cases
        self.scripts = scripts  # name -> text; the name orders them


def shell_of(cases):
    return f"/bin/kernel_guest_cases --gtest_filter={':'.join('*.' + case for case in cases)}\n"


def plan(binary, wanted):
    native = [case for case in cases_in(binary) if wanted.search(case)]
    dies = matching(native, DIES)
    others = [case for case in native if case not in dies]
    inside = [case for case in containers.CASES if wanted.search(case)]
    boots = []
    if others or inside:
        scripts = {"10-cases.sh": shell_of(others)} if others else {}
        if inside:
            scripts["20-containers.sh"] = containers.script(inside)
        boots.append(Boot(TWO_SOCKETS, others + inside, scripts))
    if dies:
        boots.append(Boot(TWO_DIES, dies, {"10-cases.sh": shell_of(dies)}))
    return boots


def make_ram_disk(kernel, build, boot, folder):
    disk = RamDisk(folder)
    disk.add_file(kernel.rapl, "lib/intel_rapl_common.ko")
    disk.add_file(kernel.module, "lib/headroom_rapl.ko")
    for name in ("kernel_guest_cases", "rapl-agent"):
        program = os.path.join(build, "bin", name)
        if os.path.exists(program):
            disk.add_program(program, "bin/" + name)
    if any(case in containers.CASES for case in boot.cases):
        containers.add_to(disk, ROOT)
    for name, text in boot.scripts.items():
        with open(os.path.join(disk.root, "cases", name), "w", encoding="utf-8") as file:
            file.write(text)
    return disk.pack(os.path.join(folder, "initrd"))


def converse(guest, log, results):
    """Follows the guest to its end. True: it said that it was done."""
    done = False
    for line in guest.lines(DEADLINE):
        log.write(line + "\n")
        found = RESULT.match(line)
        if found:
            results[found.group(1)] = found.group(2)
        if found or line.startswith("  ") or "guest:" in line:
            print(line, flush=True)
        if "guest: sleeps" in line:
            guest.wake_after(SLEEP)
        if "guest: woke" in line:
            guest.awake()
        done = done or "guest: done" in line
    return done


def run_boot(kernel, boot, accelerator, build, keep):
    results = {}
    folder = tempfile.mkdtemp(prefix="headroom-guest-")
    try:
        ram_disk = make_ram_disk(kernel, build, boot, folder)
        accelerator = accelerator or (KVM if kvm_boots(kernel, ram_disk, folder) else TCG)
        for attempt in range(ATTEMPTS):
            with open(os.path.join(keep, f"guest-{boot.topology.split(',')[1]}.log"), "w", encoding="utf-8") as log:
                guest = Guest(kernel, ram_disk, folder, accelerator, boot.topology)
                try:
                    if guest.await_up():
                        if not converse(guest, log, results):
                            raise GuestFailed("the guest ended before it was done; its console: " + log.name)
                        return results, accelerator
                finally:
                    guest.end()
            print(f"kernel-e2e: the guest did not boot (attempt {attempt + 1})", flush=True)
        raise GuestFailed(f"the guest did not boot in {ATTEMPTS} attempts; see {folder}/qemu.log")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pattern", nargs="?", default="", help="only the cases whose name matches")
    parser.add_argument("--build", required=True, help="CMake tree with kernel_guest_cases and rapl-agent")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--logs", default=tempfile.gettempdir(), help="where the guests' consoles are kept")
    options = parser.parse_args()
    boots = plan(os.path.join(options.build, "bin", "kernel_guest_cases"), re.compile(options.pattern))
    expected = [case for boot in boots for case in boot.cases]
    if options.list:
        print("\n".join(expected))
        return 0
    if not expected:
        raise PartMissing(f"no case matches '{options.pattern}'")
    started = time.monotonic()
    kernel = Kernel()
    print(f"kernel-e2e: Linux {kernel.release}, {len(expected)} cases in {len(boots)} boots", flush=True)
    results, accelerator = {}, None
    for boot in boots:
        told, accelerator = run_boot(kernel, boot, accelerator, options.build, options.logs)
        results.update(told)
    missing = [case for case in expected if case not in results]
    failed = [case for case in expected if results.get(case) == "FAILED"]
    for case in missing:
        print(f"{case}: FAILED (the guest said nothing of it)")
    print(f"kernel-e2e: {len(expected) - len(missing) - len(failed)} of {len(expected)} cases ok, "
          f"{'KVM' if accelerator is KVM else 'TCG'}, {time.monotonic() - started:.0f} s")
    return 1 if missing or failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (PartMissing, GuestFailed) as reason:
        print(f"kernel-e2e: FAILED: {reason}", file=sys.stderr)
        sys.exit(1)
