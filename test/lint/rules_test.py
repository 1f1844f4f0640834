#!/usr/bin/env python3
"""Each rule of rules.py on a row that keeps it and on one that breaks it."""
import unittest

import rules


def body(lines):
    return "int f(int a) {\n" + "  ++a;\n" * lines + "}\n"


# sentence, path, text, rule that must fire (None: no rule may)
ROWS = [
    ("an arrow of the pure row points down", "scoring/a.h", '#pragma once\n#include "policy/b.h"\n', None),
    ("the pure row does not use the row around it", "policy/a.cc", '#include "runtime/b.h"\n', "include-arrow"),
    ("the pure row does not point up", "model/a.cc", '#include "topology/b.h"\n', "include-arrow"),
    ("kube may use model", "kube/a.cc", '#include "model/pod.h"\n', None),
    ("kube may not use cluster", "kube/a.cc", '#include "cluster/store.h"\n', "include-arrow"),
    ("a program may use both rows", "extender/a.cc", '#include "scoring/a.h"\n#include "kube/b.h"\n', None),
    ("programs never include each other", "controller/a.cc", '#include "extender/b.h"\n', "include-arrow"),
    ("the agent's core is pure", "rapl-agent/core/a.cc", '#include "runtime/b.h"\n', "include-arrow"),
    ("the agent's core starts no threads", "rapl-agent/core/a.cc", "std::jthread t;\n", "thread"),
    ("a part of the agent uses the agent's core", "rapl-agent/powercap/a.cc", '#include "rapl-agent/core/b.h"\n', None),
    ("parts of the agent do not use each other", "rapl-agent/gpu/a.cc", '#include "rapl-agent/powercap/b.h"\n', "include-arrow"),
    ("the agent's program uses all its parts", "rapl-agent/a.cc", '#include "rapl-agent/gpu/b.h"\n', None),
    ("a part of the agent does not use its program", "rapl-agent/gpu/a.cc", '#include "rapl-agent/b.h"\n', "include-arrow"),
    ("no other program uses the agent", "cli/a.cc", '#include "rapl-agent/core/b.h"\n', "include-arrow"),
    ("product code never includes tests", "base/a.cc", '#include "test/support/b.h"\n', "include-arrow"),
    ("tests may include everything", "test/unit/base/a.cc", '#include "extender/b.h"\n', None),
    ("an include names its folder", "base/a.cc", '#include "units.h"\n', "include-root"),
    ("httplib stands in runtime's sources", "runtime/http.cc", "#include <httplib.h>\n", None),
    ("httplib stands nowhere else", "kube/a.cc", "#include <httplib.h>\n", "third-party-header"),
    ("no header of ours includes a library's", "runtime/a.h", "#pragma once\n#include <httplib.h>\n", "third-party-header"),
    ("a private header is for sources", "extender/a.h", '#pragma once\n#include "extender/wire_walk.h"\n', "private-header"),
    ("a private header is for its own folder", "cli/a.cc", '#include "extender/wire_walk.h"\n',
     {"private-header", "include-arrow"}),
    ("the demo's headers may speak JSON", "demo/a.h", "#pragma once\n#include <nlohmann/json_fwd.hpp>\n", None),
    ("Boost is the topology's alone", "scoring/a.cc", "#include <boost/graph/adjacency_list.hpp>\n", "third-party-header"),
    ("only the system clock reads time", "kube/a.cc", "auto t = Clock::now();\n", "clock"),
    ("a function of ours may be called now", "demo/a.cc", "std::string Objects::now() {\n", None),
    ("the system clock reads time", "runtime/system_clock.cc", "auto t = steady_clock::now();\n", None),
    ("prose may name what code may not use", "kube/a.cc", "// never ::now()\n", None),
    ("tests do not sleep", "test/unit/kube/a.cc", "std::this_thread::sleep_for(1s);\n", "sleep"),
    ("a test of time itself says why it sleeps", "test/unit/kube/a.cc", "sleep_for(1s);  // pace: the attack itself\n", None),
    ("product code does not sleep, whatever it says", "kube/a.cc", "sleep_for(1s);  // pace: slow\n", "sleep"),
    ("std::regex is refused", "telemetry/a.cc", "std::regex r;\n", "regex"),
    ("the environment is not read", "telemetry/a.cc", 'getenv("HOME");\n', "getenv"),
    ("kernel paths are not spelled in code", "telemetry/a.cc", 'open("/sys/class/x");\n', "kernel-file"),
    ("the pure row starts no threads", "policy/a.cc", "std::jthread t;\n", "thread"),
    ("the pure row does no I/O", "policy/a.cc", "#include <fstream>\n", "stream-io"),
    ("the pure row may format numbers", "policy/a.cc", "snprintf(b, 9, x);\n", None),
    ("only main ends the process", "kube/a.cc", "std::exit(1);\n", "exit"),
    ("main may end the process", "extender/main.cc", "std::exit(1);\n", None),
    ("no using namespace", "kube/a.cc", "using namespace std;\n", "catch-all"),
    ("unfinished marks are refused everywhere", "docs/a.md", "TODO later\n", "unfinished"),
    ("somebody's home folder is refused", "scripts/a", "cd /home/me/x\n", "absolute-path"),
    ("a mount of somebody's machine is refused", "docs/a.md", "see `/mnt/x`\n", "absolute-path"),
    ("a path with such a folder inside is fine", "docs/a.md", "see test/mnt/x and $HOME/mnt/x\n", None),
    ("a path out of the repository is refused", "docs/a.md", "see ../../elsewhere/x.md\n", "leaves-repository"),
    ("a relative path inside is fine", "docs/a.md", "see ../deploy/x.yaml\n", None),
    ("a file of 450 lines is accepted", "kube/a.cc", "\n" * 450, None),
    ("a file of 451 lines is refused", "kube/a.cc", "\n" * 451, "file-size"),
    ("a function of 60 lines is accepted", "kube/a.cc", body(60), None),
    ("a function of 61 lines is refused", "kube/a.cc", body(61), "function-size"),
    ("a long class is not a function", "kube/a.cc", "class A {\n" + "  int x;\n" * 90 + "};\n", None),
    ("a long member function is refused", "kube/a.h",
     "#pragma once\nclass A {\n  void f() {\n" + "    g();\n" * 61 + "  }\n};\n", "function-size"),
    ("a head of several lines is one function", "kube/a.cc",
     "A::A(int a,\n     int b)\n    : a_(a) {\n" + "  g();\n" * 61 + "}\n", "function-size"),
    ("functions after one another are counted apart", "kube/a.cc", body(40) + "\n" + body(40), None),
    ("a table is not a function", "kube/a.cc", "constexpr int kX[] = {\n" + "  1,\n" * 90 + "};\n", None),
    ("a header needs pragma once", "kube/a.h", "int x;\n", "pragma-once"),
    ("no bool parameters", "kube/a.h", "#pragma once\nvoid f(int a, bool force);\n", "bool-parameter"),
    ("a default does not excuse a bool parameter", "kube/a.h", "#pragma once\nvoid f(bool b = true);\n", "bool-parameter"),
    ("a bool result is fine", "kube/a.h", "#pragma once\nbool f(int a);\nstd::function<bool(int)> g;\n", None),
]


class RulesTest(unittest.TestCase):
    def test_rows(self):
        for sentence, path, text, wanted in ROWS:
            with self.subTest(sentence):
                fired = {finding.rule for finding in rules.check(path, text)}
                self.assertEqual(fired, {wanted} if isinstance(wanted, str) else wanted or set())

    def test_every_rule_has_a_row_that_breaks_it(self):
        broken = [wanted for _, _, _, wanted in ROWS]
        for ban in rules.BANS:
            self.assertIn(ban.rule, broken)

    def test_arrows_have_no_cycle(self):
        done = set()
        while len(done) < len(rules.INCLUDE_ARROWS):
            ready = {folder for folder, below in rules.INCLUDE_ARROWS.items() if folder not in done and below <= done}
            self.assertTrue(ready, "the include arrows contain a cycle")
            done |= ready

    def test_function_lengths(self):
        text = "namespace a {\n\nint f() {\n  return 1;\n}\n\nauto g = [](int x) {\n  return x;\n};\n\n}  // namespace a\n"
        self.assertEqual(list(rules.function_lengths(text)), [(3, 1), (7, 1)])


if __name__ == "__main__":
    unittest.main()
