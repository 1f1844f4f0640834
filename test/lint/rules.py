"""The rules that a compiler does not check, as functions: (path, text) in, findings out. No I/O here.

Allow-lists stand beside their rule: each exemption is one reviewed line.
"""
import fnmatch
import os
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    rule: str
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


# ---------------------------------------------------------------------------------------------------- include arrows

PURE_ROW = ["base", "model", "topology", "policy", "scoring"]
PROGRAMS = {"extender", "controller", "cli", "rapl-agent"}
_pure = {folder: set(PURE_ROW[:place]) for place, folder in enumerate(PURE_ROW)}
_around = {
    "runtime": {"base"},
    "kube": {"base", "model", "runtime"},
    "telemetry": {"base", "model", "runtime"},
    "cluster": {"base", "model", "runtime", "kube", "telemetry", "topology", "policy"},
    # The demo's cluster speaks the formats that kube/ and telemetry/ read, and never their code, so that a mistake in
    # one of them shows in the other.
    "demo": {"base", "model", "runtime"},
}
# The node agent is a program of several folders: its own pure core, and around that one folder for each interface.
AGENT_CORE = "rapl-agent/core"
_agent = {AGENT_CORE: {"base", "model", "policy"}}
for _part in ("journal", "sysfs", "powercap", "hwmon", "gpu"):
    _agent[f"rapl-agent/{_part}"] = {"base", "model", "policy", "runtime", AGENT_CORE}
for _part in ("powercap", "hwmon"):
    _agent[f"rapl-agent/{_part}"].add("rapl-agent/sysfs")
_agent["rapl-agent/standalone"] = {"base", "model", "policy", "runtime", "kube", "telemetry"} | set(_agent)
_around["config"] = {"base", "model", "topology", "policy", "scoring", "runtime", "telemetry"}
_everything_but_programs = set(_pure) | set(_around)
PURE_FOLDERS = PURE_ROW + [AGENT_CORE]
# folder -> folders it may include from, besides itself. docs/architecture.md says it in words.
INCLUDE_ARROWS = {
    **_pure,
    **_around,
    **_agent,
    **{program: _everything_but_programs - {"demo"} for program in PROGRAMS},
}
INCLUDE_ARROWS["rapl-agent"] |= set(_agent)

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def source_folder(path):
    """The folder that is a target: the first name of the path, for parts of the node agent the first two."""
    names = path.split("/")
    return "/".join(names[:2]) if "/".join(names[:2]) in INCLUDE_ARROWS else names[0]


def includes(text):
    """(line number, "<" or quote, what is included)."""
    for number, line in enumerate(text.splitlines(), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found.group(1), found.group(2)


def check_arrows(path, text):
    folder = source_folder(path)
    if folder not in INCLUDE_ARROWS:
        return
    allowed = INCLUDE_ARROWS[folder] | {folder}
    for number, quote, target in includes(text):
        if quote != '"':
            continue
        if "/" not in target or target.startswith("."):
            yield Finding(path, number, "include-root", f'"{target}": includes are written from the repository root')
            continue
        other = source_folder(target)
        if other not in allowed:
            yield Finding(path, number, "include-arrow", f"{folder}/ may not include {other}/ (docs/architecture.md)")


# ------------------------------------------------------------------------------------------------ third-party headers

# include prefix -> files that may have it. A library's header never stands in a header of ours: whoever includes that
# would pay for it in compile time and could lean on its types.
THIRD_PARTY = {
    "httplib.h": ["runtime/*.cc"],
    "simdjson.h": ["base/*.cc", "kube/*.cc", "telemetry/*.cc", "extender/*.cc", "policy/*.cc", "topology/*.cc", "rapl-agent/*.cc"],
    "boost/": ["topology/*.cc"],
    "prometheus/": ["runtime/*.cc", "extender/*.cc", "controller/*.cc", "rapl-agent/*.cc"],
    "spdlog/": ["runtime/*.cc"],
    "fmt/": ["*.cc"],
    "nlohmann/": ["*.cc"],
    "CLI/": ["cli/*.cc", "runtime/*.cc", "extender/*.cc", "controller/*.cc", "demo/*.cc", "rapl-agent/*.cc"],
    "yaml-cpp/": ["runtime/*.cc", "cli/*.cc", "policy/*.cc", "kube/*.cc", "extender/*.cc"],
    "openssl/": ["runtime/*.cc", "kube/*.cc"],
}
# demo/ is an API server's stand-in: it speaks JSON throughout, and nobody links it into a product.
HEADERS_THAT_MAY = {"nlohmann/": "demo/*.h"}
# Headers that only sources of their own folder include, so that several of them share one library's walk.
PRIVATE_HEADERS = {"extender/debug_json.h", "extender/wire_walk.h"}


def check_third_party(path, text):
    if source_folder(path) not in INCLUDE_ARROWS:
        return
    for number, _, target in includes(text):
        if target in PRIVATE_HEADERS and (path.endswith(".h") or source_folder(path) != source_folder(target)):
            yield Finding(path, number, "private-header", f'"{target}" is for the sources of its own folder')
        for prefix, allowed in THIRD_PARTY.items():
            if target != prefix and not (prefix.endswith("/") and target.startswith(prefix)):
                continue
            if path in PRIVATE_HEADERS or fnmatch.fnmatch(path, HEADERS_THAT_MAY.get(prefix, "")):
                continue
            if path.endswith(".h"):
                yield Finding(path, number, "third-party-header", f"<{target}> in a header of ours")
            elif not any(fnmatch.fnmatch(path, pattern) for pattern in allowed):
                yield Finding(path, number, "third-party-header", f"<{target}> belongs in {', '.join(allowed)}")


# ------------------------------------------------------------------------------------------------------- banned words


@dataclass(frozen=True)
class Ban:
    rule: str
    pattern: str
    why: str
    where: tuple  # globs the ban covers
    allowed: tuple = ()  # globs exempt from it


OURS = tuple(f"{folder}/*" for folder in INCLUDE_ARROWS)
PURE = tuple(f"{folder}/*" for folder in PURE_FOLDERS)
CODE = OURS + ("test/*.cc", "test/*.h")

BANS = (
    Ban("clock", r"[cC]lock\w*::now\s*\(", "time is a parameter or comes from base::Clock", OURS, ("runtime/system_clock.*",)),
    Ban("sleep", r"\bsleep_for\b|\bsleep_until\b|\b[un]?sleep\s*\(", "wait on a condition or on base::Clock", CODE,
        ("runtime/system_clock.*",)),
    Ban("regex", r"std::[w]?regex", "slow, recursive and throwing: parse by hand", CODE),
    Ban("getenv", r"\bgetenv\b", "configuration comes from flags and files", OURS,
        ("kube/config.cc",)),  # KUBECONFIG and KUBERNETES_SERVICE_*, as every client has them
    Ban("kernel-file", r'"/(sys|proc)/', "kernel paths are passed in", OURS),
    Ban("thread", r"\bstd::(jthread|thread|async|mutex|condition_variable)\b", "the pure row has no threads", PURE,
        ("base/published.h", "base/clock.h", "base/manual_clock.h")),
    Ban("stream-io", r"#\s*include\s*<(iostream|fstream|filesystem)>|\b(f?printf|fopen|fputs|puts)\s*\(", "the pure row does no I/O", PURE),
    Ban("exit", r"\bstd::(exit|abort|quick_exit|terminate)\s*\(|\b_[eE]xit\s*\(",
        "only a program's main ends the process", OURS, ("*/main.cc", "runtime/lifecycle.cc")),
    Ban("catch-all", r"using namespace (std|headroom)\b", "names are spelled or taken one by one", OURS,
        ("*/main.cc",)),
    Ban("unfinished", r"\b(TODO|FIXME|XXX|HACK)\b", "say it in docs/ as a limit, or do it", ("*",),
        ("test/lint/*",)),
    Ban("absolute-path", r"(?<![\w.$}/-])/(home|root|Users|work|workspace|mnt)/", "a path of somebody's machine", ("*",),
        ("test/lint/*",)),
)

COMMENT = re.compile(r"//.*$")
# A test whose subject is time itself says so on the line: "// pace: the slow client is what is tested".
PACE = re.compile(r"//\s*pace: \S")


def code_of(line, path):
    """The line without a C++ comment: prose may name what code may not use."""
    return COMMENT.sub("", line) if path.endswith((".h", ".cc")) else line


def check_bans(path, text):
    covering = [(ban, re.compile(ban.pattern)) for ban in BANS
                if any(fnmatch.fnmatch(path, glob) for glob in ban.where)
                and not any(fnmatch.fnmatch(path, glob) for glob in ban.allowed)]
    for number, line in enumerate(text.splitlines(), 1):
        for ban, pattern in covering:
            if ban.rule == "sleep" and path.startswith("test/") and PACE.search(line):
                continue
            subject = line if ban.rule in ("unfinished", "absolute-path") else code_of(line, path)
            found = pattern.search(subject)
            if found:
                yield Finding(path, number, ban.rule, f"'{found.group(0).strip()}': {ban.why}")


OUTSIDE = re.compile(r"(?<![\w./])((?:\.\./)+[\w.-]+)")


def check_leaves_repository(path, text):
    """A relative path that leads out of the tree works only on the machine where it was written."""
    folder = os.path.dirname(path)
    for number, line in enumerate(text.splitlines(), 1):
        for found in OUTSIDE.finditer(line):
            target = os.path.normpath(os.path.join(folder, found.group(1)))
            if target.startswith(".."):
                yield Finding(path, number, "leaves-repository", f"'{found.group(1)}' leads out of the repository")


# ---------------------------------------------------------------------------------------------------------------- size

FILE_LINES = 450
FUNCTION_LINES = 60
FILE_LINES_GOAL = 250
FUNCTION_LINES_GOAL = 40

ENDS_A_STATEMENT = re.compile(r"(^|[;{}:]|^\s*(//|#).*)$")
A_TYPE = re.compile(r"\b(namespace|class|struct|enum|union|extern)\b")


def head_of(lines, number):
    """Index of the first line of the declaration whose brace opens at the end of lines[number]."""
    first = number
    while first > 0 and not ENDS_A_STATEMENT.search(lines[first - 1]):
        first -= 1
    return first


def function_lengths(text):
    """(line, length of the body) of each function, by the shape that clang-format gives them: the body opens with a
    brace at the end of a line and closes with a brace in the column where the declaration began."""
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        if not lines[number].endswith("{"):
            number += 1
            continue
        first = head_of(lines, number)
        head = " ".join(lines[first:number + 1])
        if A_TYPE.search(head.split("(")[0]):
            number += 1
            continue
        indent = re.match(r" *", lines[first]).group(0)
        end = number + 1
        while end < len(lines) and not lines[end].startswith(indent + "}"):
            end += 1
        if "(" in head:
            yield first + 1, end - number - 1
        number = end + 1


def check_size(path, text):
    if not path.endswith((".h", ".cc", ".py")):
        return
    lines = text.count("\n")
    if lines > FILE_LINES:
        yield Finding(path, 1, "file-size", f"{lines} lines; at most {FILE_LINES}, {FILE_LINES_GOAL} is the goal")
    if path.endswith(".py"):
        return
    for number, length in function_lengths(text):
        if length > FUNCTION_LINES:
            yield Finding(path, number, "function-size",
                          f"{length} lines; at most {FUNCTION_LINES}, {FUNCTION_LINES_GOAL} is the goal")


# ------------------------------------------------------------------------------------------------------- declarations

# A parameter list's "bool x": a caller's "true" says nothing. Members, results and lambdas are fine, and so is a value
# that is passed on as a value ("fallback", "value", "when_null").
BOOL_PARAMETER = re.compile(r"[(,]\s*(?:const\s+)?bool\s+(?!fallback\b|value\b|when_null\b)\w+\s*(?:=\s*\w+\s*)?[,)]")


def check_declarations(path, text):
    if not path.endswith(".h") or source_folder(path) not in INCLUDE_ARROWS:
        return
    if "#pragma once" not in text:
        yield Finding(path, 1, "pragma-once", "a header begins with its comment and #pragma once")
    for number, line in enumerate(text.splitlines(), 1):
        if BOOL_PARAMETER.search(code_of(line, path)):
            yield Finding(path, number, "bool-parameter", "an enum or a struct says at the call what it means")


RULES = (check_arrows, check_third_party, check_bans, check_leaves_repository, check_size, check_declarations)


def check(path, text):
    for rule in RULES:
        yield from rule(path, text)
