"""Runs the checks of mutants: those of programs in one control plane, those of manifests each in one of its own."""

import collections
import json
import os
import re
import subprocess
import sys
import tempfile

Result = collections.namedtuple("Result", "outcome text")  # noticed, survived or broken; what the check said
# What the product as it is must pass at the end of a run: a control plane that mutants have spoilt would notice anything.
SOUND = "pods land only on racks that have headroom"
# Checks wait for conditions up to a minute, which is generous to a busy machine; a mutant need not be waited for so long.
PATIENCE = "0.5"


def run_all(tree, mutants, binaries, results):
    """Puts {(mutant, sentence): Result} into `results` as they come; returns whether the product as it is passed."""
    sound = True
    programs = [m for m in mutants if m.checks and m.programs]
    if programs:
        trials = [{"mutant": m.name, "build": tree.bin_of(m.name), "sentence": sentence} for m in programs for sentence in m.checks]
        trials.append({"mutant": "plain", "build": tree.bin_of("plain"), "sentence": SOUND})
        run_trials(tree, trials, binaries, results)
        plain = results.pop(("plain", SOUND), None)
        sound = plain is not None and plain.outcome == "survived"
    for mutant in mutants:
        # Manifests are read from the tree.
        if mutant.checks and not mutant.programs:
            with tree.mutated(mutant):
                run_trials(tree, [{"mutant": mutant.name, "build": tree.bin_of("plain"), "sentence": sentence}
                                  for sentence in mutant.checks], binaries, results)
        if mutant.guest:
            with tree.mutated(mutant):
                results.update(run_guest(tree, mutant, tree.bin_of(mutant.name if mutant.programs else "plain")))
    return sound


def run_trials(tree, trials, binaries, results):
    with tempfile.TemporaryDirectory(prefix="headroom-mutants.") as folder:
        path = os.path.join(folder, "trials.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(trials, file)
        try:
            # One worker: what the product as it is passes at the end tells of one control plane.
            subprocess.run([sys.executable, os.path.join(tree.root, "test/e2e/run.py"), "--binaries", binaries, "--build",
                            tree.bin_of("plain"), "--trials", path, "--patience", PATIENCE, "--jobs", "1"], check=False)
        finally:  # what was seen before somebody ended the run counts
            if os.path.exists(path + ".results"):
                with open(path + ".results", encoding="utf-8") as file:
                    for line in file:
                        told = json.loads(line)
                        results[told["mutant"], told["sentence"]] = Result(told["outcome"], told["text"])


def run_guest(tree, mutant, build):
    pattern = "^(" + "|".join(mutant.guest) + ")$"
    done = subprocess.run([sys.executable, os.path.join(tree.root, "test/e2e/kernel/run.py"), "--build", build, pattern],
                          capture_output=True, text=True, check=False)
    results = {}
    said = []
    for line in done.stdout.splitlines():
        print("        " + line, flush=True)
        verdict = re.match(r"^(Fault_\w+): (ok|FAILED)(.*)", line)
        if not verdict:
            said.append(line.strip())
            continue
        silent = "said nothing" in verdict.group(3)
        outcome = "broken" if silent else "survived" if verdict.group(2) == "ok" else "noticed"
        results[mutant.name, verdict.group(1)] = Result(outcome, next((text for text in said if not text.startswith("kernel-e2e")), "").replace("../", ""))
        said = []
    return results
