#!/usr/bin/env python3
"""Runs the end-to-end checks. Called by scripts/e2e, which builds and installs what they need.

  test/e2e/run.py --binaries DIR --build DIR [--list] [--keep] [pattern ...]

--trials FILE runs the checks of mutants instead: test/e2e/mutants/trials.py. --patience shortens the checks' deadlines.

A pattern is a regular expression over a check's sentence; several are alternatives. Each check is printed with its time.
Exit status 0 only when every selected check passed.
"""

import argparse
import collections
import importlib
import json
import os
import pkgutil
import re
import shutil
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import checks  # noqa: E402
from harness import network, wait  # noqa: E402
from harness.failures import CheckFailed, PartMissing  # noqa: E402
from harness.registry import CHECKS  # noqa: E402
from harness.world import World  # noqa: E402


PROGRAMS = ("headroom", "headroom-extender", "headroom-controller", "rapl-agent", "raplfs", "kube_conformance")


def load_checks():
    for module in sorted(info.name for info in pkgutil.iter_modules(checks.__path__)):
        importlib.import_module(f"checks.{module}")


def selected(patterns):
    """(variant, check) pairs: all with 1.37.2 and NodeNames, then the subsets of the other variants."""
    pairs = [("1.37", c) for c in CHECKS] + [(v, c) for v in ("1.35", "nodes-form") for c in CHECKS if v in c.also]
    return [(v, c) for v, c in pairs if not patterns or any(re.search(p, title(v, c), re.IGNORECASE) for p in patterns)]


def title(variant, check):
    return check.sentence if variant == "1.37" else f"[{variant}] {check.sentence}"


# Why a check failed; stated: because what it states is not so, and not because the harness broke.
Problem = collections.namedtuple("Problem", "stated text details")


class Run:
    """The worlds of one run, by their number of API servers; started when the first check asks for one."""

    def __init__(self, arguments, directory):
        self._arguments, self._directory = arguments, directory
        self._worlds = {}

    def world(self, servers):
        for other in [number for number in self._worlds if number != servers]:
            self._worlds.pop(other).stop()  # two control planes at a time would be slow
        if servers not in self._worlds:
            started = time.monotonic()
            directory = os.path.join(self._directory, f"{servers}-servers")
            os.makedirs(directory, exist_ok=True)
            world = World(self._arguments.binaries, self._arguments.build, directory, servers)
            try:
                world.start()
            except Exception:
                print(traceback.format_exc(), flush=True)
                sys.exit(f"e2e: the control plane did not come up; logs are in {directory}")
            self._worlds[servers] = world
            print(f"        control plane with {servers} API server(s) up in {time.monotonic() - started:.1f} s", flush=True)
        return self._worlds[servers]

    def stop(self):
        for world in self._worlds.values():
            world.stop()

    def one(self, variant, check, build=None):
        """Returns None, or the Problem. `build`: the programs to check, where they are not those of the run."""
        world = None
        try:
            world = self.world(check.servers)
            world.variant = variant
            world.reset()
            world.use_programs(build or self._arguments.build)
            check.function(world)
            return None
        except CheckFailed as error:
            return Problem(True, str(error), self._last_lines(world))
        except PartMissing as error:
            return Problem(False, str(error), self._last_lines(world))
        except Exception:
            return Problem(False, traceback.format_exc(), self._last_lines(world))

    @staticmethod
    def _last_lines(world):
        if world is None or world.extender.process is None:
            return ""
        return "\n--- the extender's last lines\n" + world.extender.process.tail(15)


def run_trials(run, path):
    """Runs each trial's check with its programs; appends a line of JSON about each to `path`.results. Returns how many checks the
    mutants survived or broke: of those that failed otherwise than by what they state, nothing is known."""
    with open(path, encoding="utf-8") as file:
        trials = json.load(file)
    by_title = {title(variant, check): (variant, check) for variant, check in selected([])}
    bad = 0
    for trial in trials:
        started = time.monotonic()
        problem = run.one(*by_title[trial["sentence"]], trial["build"])
        outcome = "survived" if problem is None else "noticed" if problem.stated else "broken"
        bad += outcome != "noticed"
        said = problem.text.strip() if problem else ""
        print(f"{outcome:8} {time.monotonic() - started:6.1f} s  {trial['mutant']}: {trial['sentence']}", flush=True)
        print("\n".join("    " + line for line in said.splitlines()[-12:]), flush=True)
        line = " ".join((said.splitlines() or [""])[0].split())[:220]
        with open(path + ".results", "a", encoding="utf-8") as results:
            results.write(json.dumps({**trial, "outcome": outcome, "text": line}) + "\n")
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patterns", nargs="*")
    parser.add_argument("--binaries", required=True, help="what test/e2e/tools/build printed")
    parser.add_argument("--build", required=True, help="a CMake build tree: build/release")
    parser.add_argument("--list", action="store_true", help="print the names of the checks")
    parser.add_argument("--keep", action="store_true", help="keep the logs also when all passed")
    parser.add_argument("--trials", help="run the checks of mutants as this file lists them")
    parser.add_argument("--patience", type=float, default=1.0, help="what the checks' deadlines are multiplied with")
    arguments = parser.parse_args()
    wait.patience = arguments.patience
    load_checks()
    pairs = selected(arguments.patterns)
    if arguments.list:
        print("\n".join(title(v, c) for v, c in pairs))
        return 0
    if not pairs:
        sys.exit(f"e2e: no check matches {arguments.patterns}")
    lacking = [name for name in PROGRAMS if not os.access(os.path.join(arguments.build, "bin", name), os.X_OK)]
    if lacking:
        sys.exit(f"e2e: {arguments.build}/bin lacks: {' '.join(lacking)}")
    network.enter()
    directory = tempfile.mkdtemp(prefix="headroom-e2e.")
    run = Run(arguments, directory)
    failed = []
    if arguments.trials:
        try:
            return 1 if run_trials(run, arguments.trials) else 0
        finally:
            run.stop()
            shutil.rmtree(directory, ignore_errors=True)
    try:
        for variant, check in pairs:
            started = time.monotonic()
            problem = run.one(variant, check)
            print(f"{'FAILED' if problem else 'passed'} {time.monotonic() - started:6.1f} s  {title(variant, check)}", flush=True)
            if problem:
                failed.append(title(variant, check))
                print("\n".join("    " + line for line in (problem.text + problem.details).splitlines()), flush=True)
    finally:
        run.stop()
    if failed or arguments.keep:
        print(f"e2e: logs are in {directory}")
    else:
        shutil.rmtree(directory, ignore_errors=True)
    for name in failed:
        print(f"e2e: FAILED: {name}")
    print(f"e2e: {len(pairs) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
