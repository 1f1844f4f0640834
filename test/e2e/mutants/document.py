"""docs/mutants.md: every mutant with the check that must fail, and what that check said when it was last run."""

import os

from table import HERE, ROOT

NOTICED = os.path.join(HERE, "noticed.tsv")
DOCUMENT = os.path.join(ROOT, "docs/mutants.md")
HEAD = """# Mutants

Written by `scripts/mutants --docs` from `test/e2e/mutants`; a lint holds it to that. Each mutant removes one behaviour of the
product; the check beside it must then fail on a real control plane, or in the guest (`Fault_...`). "Noticed" is what the check said
when the mutant was run last; a lint sees that each mutant still fits the sources. "Not noticed yet": it was not run, or the check
passed all the same, because another part of the product does what was removed or because the check is too weak to tell.

    scripts/mutants            # runs all of them again
    scripts/mutants 'inlet'    # some

"""


def noticed():
    """{(mutant, sentence): what the check said}"""
    if not os.path.exists(NOTICED):
        return {}
    with open(NOTICED, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if line.strip()]
    return {(row[0], row[1]): row[2] for row in rows}


def record(mutants, results):
    """Keeps what is known of mutants that were not run, and forgets those that are no more."""
    known = noticed()
    for key, result in results.items():
        known.pop(key, None)
        if result.outcome == "noticed":
            known[key] = result.text.replace("\t", " ")
    keys = [(mutant.name, sentence) for mutant in mutants for sentence in mutant.checks + mutant.guest]
    with open(NOTICED, "w", encoding="utf-8") as file:
        file.writelines(f"{name}\t{sentence}\t{known[name, sentence]}\n" for name, sentence in keys if (name, sentence) in known)


def cell(text):
    return text.replace("|", "\\|").replace("<", "&lt;")


def text_of(mutants):
    known = noticed()
    lines = ["| promise | mutant | removed in | check | noticed |", "|---|---|---|---|---|"]
    done = 0
    for mutant in mutants:
        files = ", ".join(f"`{file}`" for file in dict.fromkeys(edit.file for edit in mutant.edits))
        for sentence in mutant.checks + mutant.guest:
            said = known.get((mutant.name, sentence))
            done += said is not None
            lines.append(f"| {cell(mutant.line)} | {mutant.name} | {files} | {cell(sentence)} | {cell(said) if said is not None else '**not noticed yet**'} |")
    total = sum(len(mutant.checks + mutant.guest) for mutant in mutants)
    return f"{HEAD}{len(mutants)} mutants; {done} of {total} pairs of mutant and check were run and noticed.\n\n" + "\n".join(lines) + "\n"


def problems(mutants):
    with open(DOCUMENT, encoding="utf-8") as file:
        if file.read() != text_of(mutants):
            yield "docs/mutants.md is not what scripts/mutants --docs writes"


def write(mutants):
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write(text_of(mutants))
