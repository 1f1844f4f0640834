#!/usr/bin/env python3
"""Checks every file of the repository against test/lint/rules.py, and says how large files and functions are."""
import argparse
import pathlib
import subprocess
import sys

import rules

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = ("test/data/", "LICENSE")


def repository_files():
    """What git tracks or would track."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, check=True).stdout.decode()
    return sorted(path for path in set(listed.split("\0")) if path and not path.startswith(SKIPPED) and (ROOT / path).is_file())


def read(path):
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def size_report(texts):
    """The largest of each, so that growth is seen before the limit is hit."""
    sources = {path: text for path, text in texts.items() if path.endswith((".h", ".cc"))}
    files = sorted(((text.count("\n"), path) for path, text in sources.items()), reverse=True)
    functions = sorted(((length, f"{path}:{line}") for path, text in sources.items()
                        for line, length in rules.function_lengths(text)), reverse=True)
    yield f"{len(files)} C++ files, {sum(count for count, _ in files)} lines, {len(functions)} functions"
    for title, rows, goal in (("files", files, rules.FILE_LINES_GOAL), ("functions", functions, rules.FUNCTION_LINES_GOAL)):
        above = [row for row in rows if row[0] > goal]
        yield f"{title} above the goal of {goal} lines: {len(above)}"
        for count, name in above[:10]:
            yield f"  {count:5d} {name}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quiet", action="store_true", help="no size report")
    options = parser.parse_args()
    texts = {path: text for path in repository_files() if (text := read(path)) is not None}
    findings = [finding for path, text in texts.items() for finding in rules.check(path, text)]
    for finding in findings:
        print(finding)
    if not options.quiet:
        print("\n".join(size_report(texts)))
    print(f"rules: {len(texts)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
