#!/usr/bin/env python3
"""Runs the end-to-end checks. Called by scripts/e2e, which builds and installs what they need.

  test/e2e/run.py --binaries DIR --build DIR [--list] [--keep] [--jobs N] [pattern ...]

--trials FILE runs the checks of mutants instead: test/e2e/mutants/trials.py. --patience shortens the checks' deadlines.

A pattern is a regular expression over a check's sentence; several are alternatives. Each check is printed with its time.
Exit status 0 only when every selected check ran and passed.

Checks wait more than they compute, so --jobs workers (two where there are two cores) run them side by side. A worker is this
program again, in a network of its own with a control plane of its own; it takes the next check from the list until none is left.
"""

import argparse
import collections
import fcntl
import importlib
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import checks  # noqa: E402
from harness import network, wait  # noqa: E402
from harness.failures import CheckFailed, PartMissing  # noqa: E402
from harness.processes import die_with_parent  # noqa: E402
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


# What a worker takes: a check, with the programs of the run (build None) or with a mutant's (trial: its line of the list).
Job = collections.namedtuple("Job", "name variant check build trial", defaults=(None, None))


def jobs(arguments):
    if not arguments.trials:
        return [Job(title(variant, check), variant, check) for variant, check in selected(arguments.patterns)]
    with open(arguments.trials, encoding="utf-8") as file:
        trials = json.load(file)
    by_title = {title(variant, check): (variant, check) for variant, check in selected([])}
    return [Job(f"{trial['mutant']}: {trial['sentence']}", *by_title[trial["sentence"]], trial["build"], trial) for trial in trials]


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

    def one(self, job):
        """Returns None, or the Problem."""
        world = None
        try:
            world = self.world(job.check.servers)
            world.variant = job.variant
            world.reset()
            world.use_programs(job.build or self._arguments.build)
            job.check.function(world)
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


class Board:
    """What the workers share, as files in the run's directory: which job is next, and whether each ended well."""

    def __init__(self, directory):
        self._next, self._results = os.path.join(directory, "next"), os.path.join(directory, "results")

    def take(self, count):
        """The number of a job that nobody has taken yet; None when all `count` are taken."""
        with open(self._next, "a+", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            number = int(file.read() or 0)
            if number >= count:
                return None
            file.truncate(0)
            file.write(str(number + 1))
            return number

    def note(self, name, good):
        with open(self._results, "a", encoding="utf-8") as file:
            file.write(json.dumps([name, good]) + "\n")

    def results(self):
        """{name: ended well} of the jobs that came to an end."""
        if not os.path.exists(self._results):
            return {}
        with open(self._results, encoding="utf-8") as file:
            return dict(json.loads(line) for line in file)


def judge_check(job, problem):
    """(ended well, its word, what to print below)."""
    return (False, "FAILED", problem.text + problem.details) if problem else (True, "passed", "")


def judge_trial(job, problem, path):
    """A mutant must make its check fail by what it states: of one that failed otherwise nothing is known. Appends a line of JSON
    about each trial to `path`.results."""
    outcome = "survived" if problem is None else "noticed" if problem.stated else "broken"
    said = problem.text.strip() if problem else ""
    line = " ".join((said.splitlines() or [""])[0].split())[:220]
    with open(path + ".results", "a", encoding="utf-8") as results:
        results.write(json.dumps({**job.trial, "outcome": outcome, "text": line}) + "\n")
    return outcome == "noticed", outcome, "\n".join(said.splitlines()[-12:])


def work(arguments, todo):
    """One worker: runs jobs until none is left."""
    network.enter()
    board = Board(arguments.worker)
    run = Run(arguments, tempfile.mkdtemp(prefix="worker.", dir=arguments.worker))
    try:
        while (number := board.take(len(todo))) is not None:
            job, started = todo[number], time.monotonic()
            problem = run.one(job)
            good, word, text = judge_trial(job, problem, arguments.trials) if job.trial else judge_check(job, problem)
            lines = [f"{word:8} {time.monotonic() - started:5.1f} s  {job.name}"] + ["    " + line for line in text.splitlines()]
            print("\n".join(lines), flush=True)
            board.note(job.name, good)
    finally:
        run.stop()
    return 0


def lead(arguments, todo):
    """Starts the workers, waits for them and judges: a job that came to no end has failed."""
    directory = tempfile.mkdtemp(prefix="headroom-e2e.")
    command = [sys.executable, *sys.argv, "--worker", directory]
    workers = [subprocess.Popen(command, preexec_fn=die_with_parent) for _ in range(min(arguments.jobs, len(todo)))]
    for worker in workers:
        worker.wait()
    results = Board(directory).results()
    if arguments.trials:  # judged by who asked for them
        shutil.rmtree(directory, ignore_errors=True)
        return 0 if len(results) == len(todo) else 1
    failed = [job.name for job in todo if not results.get(job.name, False)]
    if failed or arguments.keep:
        print(f"e2e: logs are in {directory}")
    else:
        shutil.rmtree(directory, ignore_errors=True)
    for name in failed:
        print(f"e2e: FAILED: {name}" + ("" if name in results else " (it came to no end)"))
    print(f"e2e: {len(todo) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patterns", nargs="*")
    parser.add_argument("--binaries", required=True, help="what test/e2e/tools/build printed")
    parser.add_argument("--build", required=True, help="a CMake build tree: build/release")
    parser.add_argument("--list", action="store_true", help="print the names of the checks")
    parser.add_argument("--keep", action="store_true", help="keep the logs also when all passed")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count()), help="checks that run side by side")
    parser.add_argument("--trials", help="run the checks of mutants as this file lists them")
    parser.add_argument("--patience", type=float, default=1.0, help="what the checks' deadlines are multiplied with")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    wait.patience = arguments.patience
    load_checks()
    todo = jobs(arguments)
    if arguments.list:
        print("\n".join(job.name for job in todo))
        return 0
    if arguments.worker:
        return work(arguments, todo)
    if not todo:
        sys.exit(f"e2e: no check matches {arguments.patterns}")
    if arguments.jobs < 1:
        sys.exit(f"e2e: --jobs is {arguments.jobs}, at least 1 is needed")
    lacking = [name for name in PROGRAMS if not os.access(os.path.join(arguments.build, "bin", name), os.X_OK)]
    if lacking:
        sys.exit(f"e2e: {arguments.build}/bin lacks: {' '.join(lacking)}")
    return lead(arguments, todo)


if __name__ == "__main__":
    sys.exit(main())
