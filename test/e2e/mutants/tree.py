"""A copy of the working tree that mutants are applied to and built in, and the programs that come out of it."""

import contextlib
import hashlib
import os
import shutil
import subprocess

from table import ROOT, applied

PROGRAMS = ("headroom", "headroom-extender", "headroom-controller", "rapl-agent", "raplfs", "kube_conformance")
GUEST_PROGRAMS = ("kernel_guest_cases", "rapl-agent")
SOURCES = (".cc", ".h", ".c", ".cmake", "CMakeLists.txt", "CMakePresets.json")


class BuildFailed(Exception):
    """A mutant has to compile: one that does not says nothing about any check."""


class Tree:
    """`folder` keeps the copy, its build tree, and the programs of each mutant: a later run begins where this one ended. Building
    and running have a copy each, `name`, so that neither takes the other's mutant away."""

    def __init__(self, folder, name="tree"):
        self.root = os.path.join(folder, name)
        self.build = os.path.join(self.root, "build", "release")
        self._programs = os.path.join(folder, "programs")
        self._hash = None

    # ---- the copy

    def refresh(self):
        """Makes the copy equal to the working tree; files that are equal already keep their times."""
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True)
        wanted = {name for name in listed.stdout.decode().split("\0") if name and os.path.exists(os.path.join(ROOT, name))}
        digest = hashlib.sha256()
        for name in sorted(wanted):
            with open(os.path.join(ROOT, name), "rb") as file:
                content = file.read()
            if name.endswith(SOURCES):
                digest.update(name.encode() + b"\0" + content)
            self._put(name, content, os.stat(os.path.join(ROOT, name)).st_mode)
        for place, folders, files in os.walk(self.root):
            folders[:] = [name for name in folders if os.path.relpath(os.path.join(place, name), self.root) != "build" and name != "__pycache__"]
            for name in files:
                path = os.path.join(place, name)
                if os.path.relpath(path, self.root) not in wanted:
                    os.unlink(path)
        self._hash = digest.hexdigest()

    def _put(self, name, content, mode):
        path = os.path.join(self.root, name)
        if os.path.exists(path):
            with open(path, "rb") as file:
                if file.read() == content:
                    return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, mode & 0o777)

    @contextlib.contextmanager
    def mutated(self, mutant):
        """The copy with the mutant in it, for the length of a block."""
        texts = applied(mutant, self._read)
        before = {name: self._read(name) for name in texts}
        try:
            self._write(texts)
            yield
        finally:
            self._write(before)

    def _read(self, name):
        with open(os.path.join(self.root, name), encoding="utf-8") as file:
            return file.read()

    def _write(self, texts):
        for name, text in texts.items():
            with open(os.path.join(self.root, name), "w", encoding="utf-8") as file:
                file.write(text)

    # ---- its programs

    def bin_of(self, name):
        """The build folder that scripts are given for a mutant; "plain" is the product as it stands, HEADROOM_BUILD's where
        that is set."""
        if name == "plain" and os.environ.get("HEADROOM_BUILD"):
            return os.path.abspath(os.environ["HEADROOM_BUILD"])
        return os.path.join(self._programs, name)

    def build_plain(self, guest):
        if os.environ.get("HEADROOM_BUILD"):
            return
        programs = PROGRAMS + (("kernel_guest_cases",) if guest else ())
        if self._stamp("plain") != self._hash + str(programs):
            self._make(programs)
            self._keep("plain", programs, self._hash + str(programs))

    def build_mutant(self, mutant):
        stamp = hashlib.sha256((self._hash + repr((mutant.edits, mutant.programs))).encode()).hexdigest()
        if not mutant.programs or self._stamp(mutant.name) == stamp:
            return
        with self.mutated(mutant):
            self._make(mutant.programs)
            self._keep(mutant.name, mutant.programs, stamp)

    def _make(self, programs):
        environment = dict(os.environ, CCACHE_BASEDIR=self.root, CCACHE_NOHASHDIR="1")
        commands = [["cmake", "--build", self.build, "--target", *programs]]
        if not os.path.exists(os.path.join(self.build, "build.ninja")):
            commands.insert(0, ["cmake", "--preset", "release"])
        for command in commands:
            done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise BuildFailed("\n".join((done.stdout + done.stderr).splitlines()[-25:]))

    def _stamp(self, name):
        path = os.path.join(self.bin_of(name), "stamp")
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as file:
            return file.read()

    def _keep(self, name, programs, stamp):
        """The programs just built, and links to the plain ones for the rest."""
        folder = os.path.join(self.bin_of(name), "bin")
        shutil.rmtree(self.bin_of(name), ignore_errors=True)
        os.makedirs(folder)
        for program in programs:
            shutil.copy(os.path.join(self.build, "bin", program), os.path.join(folder, program))
        for program in set(PROGRAMS + GUEST_PROGRAMS) - set(programs):
            if name != "plain":
                os.symlink(os.path.join(self.bin_of("plain"), "bin", program), os.path.join(folder, program))
        with open(os.path.join(self.bin_of(name), "stamp"), "w", encoding="utf-8") as file:
            file.write(stamp)
