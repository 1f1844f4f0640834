#!/usr/bin/env python3
"""Runs clang-tidy on our translation units: all of them, or those that a change touched.

A file that was clean is remembered by the hash of its preprocessed text and of .clang-tidy, so that a second run costs
one preprocessing. A changed header is checked through the units that include it.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def git(*arguments):
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)


def branch_point(wanted):
    """The commit to compare with: the one asked for, else where this branch left origin/main, else the commit before."""
    if wanted:
        return wanted
    head = git("rev-parse", "HEAD").stdout.strip()
    base = git("merge-base", "HEAD", "origin/main")
    if base.returncode == 0 and base.stdout.strip() != head:
        return base.stdout.strip()
    return "HEAD~1"


def changed_files(base):
    """Paths that differ from base in the working tree. None when git cannot tell (then everything is checked)."""
    diff = git("diff", "--name-only", base, "--")
    if diff.returncode != 0:
        return None
    untracked = git("ls-files", "--others", "--exclude-standard").stdout
    return {line for line in (diff.stdout + untracked).splitlines() if line}


def preprocess(entry):
    """(text of the unit after preprocessing, our own files it includes)."""
    words = shlex.split(entry["command"]) if "command" in entry else list(entry["arguments"])
    if words[0].endswith("ccache"):
        words = words[1:]
    arguments = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in ("-o", "-MF", "-MT"):
            skip = True
        elif word not in ("-c", "-MD", "-MMD"):
            arguments.append(word)
    done = subprocess.run([*arguments, "-E"], cwd=entry["directory"], capture_output=True, check=False)
    if done.returncode != 0:
        return None, set()
    own = set()
    for line in done.stdout.splitlines():
        if line.startswith(b'# ') and b'"' in line:
            name = line.split(b'"')[1].decode(errors="replace")
            path = os.path.normpath(os.path.join(entry["directory"], name))
            if path.startswith(str(ROOT) + os.sep):
                own.add(os.path.relpath(path, ROOT))
    return done.stdout.replace(str(ROOT).encode(), b""), own


class Checker:
    def __init__(self, options, changed):
        self.options = options
        self.changed = changed
        self.cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", str(pathlib.Path.home() / ".cache"))) / "headroom" / "tidy"
        self.cache.mkdir(parents=True, exist_ok=True)
        version = subprocess.run([options.tidy, "--version"], capture_output=True, check=True).stdout
        self.salt = version + (ROOT / ".clang-tidy").read_bytes()

    def check(self, entry):
        """(relative path, "clean" | "known" | "untouched" | "bad", output)."""
        name = os.path.relpath(os.path.join(entry["directory"], entry["file"]), ROOT)
        text, own = preprocess(entry)
        if text is None:
            return name, "bad", f"{name}: does not preprocess\n"
        if self.changed is not None and not (own & self.changed):
            return name, "untouched", ""
        stamp = self.cache / hashlib.sha256(self.salt + text).hexdigest()
        if stamp.exists():
            os.utime(stamp)
            return name, "known", ""
        done = subprocess.run([self.options.tidy, "--quiet", "-p", self.options.build, str(ROOT / name)], cwd=ROOT,
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return name, "bad", done.stdout + done.stderr
        stamp.touch()
        return name, "clean", ""


def forget_old(cache):
    limit = time.time() - 30 * 86400
    for stamp in cache.iterdir():
        if stamp.stat().st_mtime < limit:
            stamp.unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tidy", default="clang-tidy-14")
    parser.add_argument("--build", default="build/asan-ubsan", help="folder with compile_commands.json")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--changed-since", metavar="COMMIT", help="only what differs from it; empty: from the branch point")
    parser.add_argument("paths", nargs="*", help="only units whose path begins with one of these")
    options = parser.parse_args()

    changed = None
    if options.changed_since is not None:
        base = branch_point(options.changed_since)
        changed = changed_files(base)
        if changed is not None and ".clang-tidy" in changed:
            changed = None
    entries = json.loads((ROOT / options.build / "compile_commands.json").read_text())
    if options.paths:
        entries = [e for e in entries
                   if os.path.relpath(os.path.join(e["directory"], e["file"]), ROOT).startswith(tuple(options.paths))]
    checker = Checker(options, changed)
    counts = {"clean": 0, "known": 0, "untouched": 0, "bad": 0}
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for name, state, output in pool.map(checker.check, entries):
            counts[state] += 1
            if state == "bad":
                sys.stdout.write(f"clang-tidy: {name}\n{output}\n")
    forget_old(checker.cache)
    print(f"clang-tidy: {counts['clean']} clean, {counts['known']} unchanged since they were clean, "
          f"{counts['untouched']} not touched, {counts['bad']} with findings")
    return 1 if counts["bad"] else 0


if __name__ == "__main__":
    sys.exit(main())
