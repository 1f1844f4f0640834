"""The mutants: what each removes, and which check must then fail. Read from the .toml files beside this one.

A mutant has
  name      one word
  line      the promise that it breaks, in words
  file      where; find: the text there, which occurs exactly once; replace: what stands there instead
  edits     in place of these three where one place is not enough: a list of {file, find, replace}
  programs  what is to be built anew; none for a manifest
  checks    sentences of test/e2e/checks that must fail, or
  guest     names of cases of scripts/kernel-e2e that must fail, without their Fault_
"""

import ast
import glob
import os
import re
import tomllib
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", "..", ".."))
KEYS = {"name", "line", "file", "find", "replace", "edits", "programs", "checks", "guest"}


@dataclass(frozen=True)
class Edit:
    file: str
    find: str
    replace: str


@dataclass(frozen=True)
class Mutant:
    name: str
    line: str
    edits: tuple
    programs: tuple
    checks: tuple
    guest: tuple


class Stale(Exception):
    """A mutant that does not fit the sources."""


def mutant_of(row):
    unknown = set(row) - KEYS
    if unknown:
        raise Stale(f"{row.get('name')}: unknown keys {sorted(unknown)}")
    edits = row.get("edits") or [{key: row[key] for key in ("file", "find", "replace")}]
    return Mutant(row["name"], row["line"], tuple(Edit(**edit) for edit in edits), tuple(row.get("programs", ())),
                  tuple(row.get("checks", ())), tuple("Fault_" + name for name in row.get("guest", ())))


def load():
    """All mutants, in the order of the files and of the rows in them."""
    found = []
    for path in sorted(glob.glob(os.path.join(HERE, "*.toml"))):
        with open(path, "rb") as file:
            found += [mutant_of(row) for row in tomllib.load(file)["mutant"]]
    return found


def applied(mutant, read):
    """{file: its mutated text}. read(file) gives the text as it stands; Stale when the mutant does not fit it."""
    texts = {}
    for edit in mutant.edits:
        text = texts[edit.file] if edit.file in texts else read(edit.file)
        count = text.count(edit.find)
        if count != 1:
            raise Stale(f"{mutant.name}: its text occurs {count} times in {edit.file}, not once")
        if edit.find == edit.replace:
            raise Stale(f"{mutant.name}: changes nothing in {edit.file}")
        texts[edit.file] = text.replace(edit.find, edit.replace)
    return texts


def sentences_of(source):
    """First arguments of the @check decorators of a module of test/e2e/checks."""
    for function in ast.parse(source).body:
        for decorator in getattr(function, "decorator_list", []):
            if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "check":
                yield ast.literal_eval(decorator.args[0])


def sentences():
    found = set()
    for path in glob.glob(os.path.join(ROOT, "test/e2e/checks/*.py")):
        with open(path, encoding="utf-8") as file:
            found.update(sentences_of(file.read()))
    return found


def plain(sentence):
    """Without the variant: "[1.35] ..." is the same check with another scheduler."""
    return re.sub(r"^\[(1\.35|nodes-form)\] ", "", sentence)


def guest_cases():
    found = set()
    for path in glob.glob(os.path.join(ROOT, "test/e2e/kernel/**/*"), recursive=True):
        if os.path.isfile(path) and path.endswith((".cc", ".py")):
            with open(path, encoding="utf-8") as file:
                found.update(re.findall(r"\bFault_\w+", file.read()))
    return found


def read_source(file):
    path = os.path.join(ROOT, file)
    if not os.path.exists(path):
        raise Stale(f"{file} does not exist")
    with open(path, encoding="utf-8") as source:
        return source.read()


def problems(mutants):
    """What keeps the table from being right, in words."""
    known, cases, names = sentences(), guest_cases(), set()
    for mutant in mutants:
        try:
            applied(mutant, read_source)
        except Stale as stale:
            yield str(stale)
        if mutant.name in names:
            yield f"{mutant.name}: two mutants have this name"
        names.add(mutant.name)
        if not mutant.checks and not mutant.guest:
            yield f"{mutant.name}: names no check"
        yield from (f"{mutant.name}: no check says '{sentence}'" for sentence in mutant.checks if plain(sentence) not in known)
        yield from (f"{mutant.name}: the guest has no case {case}" for case in mutant.guest if case not in cases)
