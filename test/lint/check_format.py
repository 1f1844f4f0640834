#!/usr/bin/env python3
"""Every C++ file is formatted as clang-format 14 prints it. scripts/format repairs."""
import argparse
import concurrent.futures
import os
import subprocess
import sys

from check_rules import ROOT, repository_files


def differs(program, path, text):
    """Whether clang-format would change the text."""
    done = subprocess.run([program, "--style=file", f"--assume-filename={ROOT / path}"], input=text, capture_output=True,
                          cwd=ROOT, check=True)
    return done.stdout != text


def self_test(program):
    assert not differs(program, "base/a.cc", b"int x = 1;\n"), "formatted text was reported"
    assert differs(program, "base/a.cc", b"int x=1 ;\n"), "unformatted text passed"
    print("format: self-test passed")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default="clang-format-14")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return self_test(options.program)
    paths = [path for path in repository_files() if path.endswith((".h", ".cc"))]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        verdicts = list(pool.map(lambda path: differs(options.program, path, (ROOT / path).read_bytes()), paths))
    wrong = [path for path, verdict in zip(paths, verdicts) if verdict]
    for path in wrong:
        print(f"{path}: not formatted (scripts/format {path})")
    print(f"format: {len(paths)} files, {len(wrong)} to format")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
