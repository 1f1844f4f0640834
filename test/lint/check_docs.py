#!/usr/bin/env python3
"""Tables in docs/ that repeat what the code says, compared with the code; and paths that docs name, compared with the tree.

--self-test breaks each comparison once.
"""
import argparse
import re
import sys

from check_rules import ROOT, read, repository_files

sys.path.insert(0, str(ROOT / "test/e2e/mutants"))
from table import sentences_of  # noqa: E402


def table(text, name):
    """Rows of the table between "<!-- name -->" and "<!-- end -->", cells without backticks."""
    found = re.search(rf"<!-- {re.escape(name)} -->\n(.*?)<!-- end -->", text, re.S)
    if not found:
        return []
    rows = [line for line in found.group(1).splitlines() if line.startswith("|")][2:]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]


def reasons_of(source):
    """{code: message} of scoring/verdict.cc."""
    return {code: message for code, message in re.findall(r'\{Reason::\w+,\s*"(\w+)",\s*"([^"]+)"\}', source)}


def conditions_of(source):
    return set(re.findall(r'case ConditionKind::\w+: return "(\w+)"', source))


def lint_rules_of(source):
    """{rule: severity} of cli/lint*.cc."""
    return {rule: severity for severity, rule in re.findall(r'Severity::(\w+),\s*"([a-z0-9-]+)"', source)}


def differences(what, documented, coded):
    for key in sorted(set(documented) | set(coded)):
        if key not in documented:
            yield f"docs/operations.md: {what} '{key}' is not listed"
        elif key not in coded:
            yield f"docs/operations.md: {what} '{key}' is listed and does not exist"
        elif documented[key] != coded[key]:
            yield f"docs/operations.md: {what} '{key}': '{documented[key]}' should be '{coded[key]}'"


def check_tables(operations, verdict, books, lint):
    reasons = {row[0]: row[1] for row in table(operations, "reasons")}
    yield from differences("reason", reasons, reasons_of(verdict))
    conditions = {row[0]: True for row in table(operations, "conditions")}
    yield from differences("condition", conditions, {kind: True for kind in conditions_of(books)})
    rules = {row[0]: row[1] for row in table(operations, "lint rules")}
    yield from differences("lint rule", rules, lint_rules_of(lint))


NAMED = re.compile(r"`((?:deploy|docs|scripts|test|[a-z]+)/[\w./-]+|Dockerfile|[A-Z]+\.md)`")
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")


def check_paths(path, text, exists):
    """Files that a document names in backticks or links to."""
    folders = {"base", "model", "topology", "policy", "scoring", "runtime", "kube", "telemetry", "cluster", "extender",
               "controller", "demo", "cli", "deploy", "docs", "scripts", "test", "cmake"}
    folder = path.rsplit("/", 1)[0] if "/" in path else ""
    for number, line in enumerate(text.splitlines(), 1):
        for name in NAMED.findall(line):
            if name.split("/")[0] in folders and not exists(name.rstrip("/")):
                yield f"{path}:{number}: names {name}, which does not exist"
        for name in LINK.findall(line):
            if not exists(name) and not exists(f"{folder}/{name}".lstrip("/")):
                yield f"{path}:{number}: links to {name}, which does not exist"


E2E = re.compile(r"`scripts/e2e((?: '[^']+')+)`")


def check_patterns(path, text, sentences):
    """Patterns of "scripts/e2e" commands that match no check."""
    for number, line in enumerate(text.splitlines(), 1):
        for found in E2E.findall(line):
            for pattern in re.findall("'([^']+)'", found):
                if not any(re.search(pattern, sentence, re.IGNORECASE) for sentence in sentences):
                    yield f"{path}:{number}: no end-to-end check matches '{pattern}'"


def self_test():
    operations = "<!-- reasons -->\n|c|m|\n|-|-|\n| `Hot` | too hot | x |\n<!-- end -->\n" \
                 "<!-- conditions -->\n|k|\n|-|\n| `Old` | x |\n<!-- end -->\n" \
                 "<!-- lint rules -->\n|r|s|\n|-|-|\n| `a-b` | error | x |\n<!-- end -->\n"
    code = ['{Reason::hot, "Hot", "too hot"}', 'case ConditionKind::old: return "Old";', 'Severity::error, "a-b"']
    assert not list(check_tables(operations, *code)), "equal tables differ"
    for place, broken in enumerate(('{Reason::hot, "Hot", "hot"}', 'case ConditionKind::old: return "New";', 'Severity::note, "a-b"')):
        changed = [broken if i == place else text for i, text in enumerate(code)]
        assert list(check_tables(operations, *changed)), f"a change in table {place} went unseen"
    tree = {"docs/a.md", "cli/b.cc"}.__contains__
    assert not list(check_paths("docs/a.md", "see `cli/b.cc`, [a](a.md), `http/x`", tree)), "existing paths were reported"
    assert list(check_paths("docs/a.md", "see `cli/c.cc`", tree)), "a path that is not there passed"
    assert list(check_paths("docs/a.md", "see [c](c.md)", tree)), "a link that leads nowhere passed"
    sentences = list(sentences_of('@check("a b" "c", servers=2)\ndef f(world):\n    pass\n'))
    assert sentences == ["a bc"], "a check's sentence was not read"
    assert not list(check_patterns("a.md", "`scripts/e2e 'B' 'c'`", sentences)), "a matching pattern was reported"
    assert list(check_patterns("a.md", "`scripts/e2e 'a' 'd'`", sentences)), "a pattern that matches nothing passed"
    print("docs: self-test passed")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--self-test", action="store_true")
    if parser.parse_args().self_test:
        return self_test()
    lint = "".join((ROOT / f"cli/{name}.cc").read_text() for name in ("lint", "lint_entry"))
    findings = list(check_tables((ROOT / "docs/operations.md").read_text(), (ROOT / "scoring/verdict.cc").read_text(),
                                 (ROOT / "scoring/books.cc").read_text(), lint))
    documents = [path for path in repository_files() if path.endswith(".md")]
    checks = [read(path) for path in repository_files() if path.startswith("test/e2e/checks/") and path.endswith(".py")]
    sentences = [sentence for source in checks for sentence in sentences_of(source)]
    for path in documents:
        findings += check_patterns(path, read(path), sentences)
        findings += check_paths(path, read(path), lambda name: (ROOT / name).exists())
    print("\n".join(findings))
    print(f"docs: {len(documents)} documents, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
