"""The guest's kernel: Debian's newest 6.12, downloaded and unpacked outside the tree, never installed; and our module for it.

Everything is kept in ~/.cache/headroom/kernel under the hash of the packages, and made again only when that changes.
"""

import fnmatch
import glob
import hashlib
import lzma
import os
import re
import shutil
import subprocess
import tempfile

from failures import PartMissing

CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "headroom", "kernel")
MODULE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "module")
# The signed kernel of Debian 12's security archive or of Debian 13.
IMAGE = re.compile(r"^linux-image-(6\.12\.\d+\+deb1[23])-amd64$")


def run(argv, **options):
    done = subprocess.run(argv, check=False, capture_output=True, **options)
    if done.returncode != 0:
        raise PartMissing(f"{' '.join(argv[:3])} ... ended with {done.returncode}:\n{done.stderr.decode()[-2000:]}")
    return done.stdout


def known_releases():
    names = run(["apt-cache", "search", "--names-only", r"^linux-image-6\.12\."]).decode().split()
    return {found.group(1) for found in map(IMAGE.match, names) if found}


def newest_release():
    """"6.12.117+deb12", by what apt knows."""
    releases = known_releases()
    if not releases:  # all packages may be installed and apt's lists be cleaned away
        run(["apt-get", "update", "-q"])
        releases = known_releases()
    if not releases:
        raise PartMissing("apt knows no linux-image-6.12.*-amd64: run apt-get update (on Debian 12 with its security archive)")
    return max(releases, key=lambda release: int(release.split("+")[0].split(".")[2]))


def packages(release):
    """The package files, downloaded once."""
    names = [f"linux-image-{release}-amd64", f"linux-headers-{release}-amd64", f"linux-headers-{release}-common",
             f"linux-kbuild-{release}"]
    folder = os.path.join(CACHE, "packages", release)
    found = [glob.glob(os.path.join(folder, name + "_*.deb")) for name in names]
    if not all(found):
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        with tempfile.TemporaryDirectory(dir=os.path.dirname(folder)) as fresh:
            run(["apt-get", "download", "-q", *names], cwd=fresh)
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(fresh, folder)
        found = [glob.glob(os.path.join(folder, name + "_*.deb")) for name in names]
    return [files[0] for files in found]


def hash_of(paths):
    digest = hashlib.sha256()
    for path in sorted(paths):
        with open(path, "rb") as file:
            digest.update(os.path.basename(path).encode())
            digest.update(hashlib.file_digest(file, "sha256").digest() if hasattr(hashlib, "file_digest")
                          else hashlib.sha256(file.read()).digest())
    return digest.hexdigest()[:16]


WANTED = ("./boot/vmlinuz-*", "*/powercap/intel_rapl_common.ko*", "*/fs/overlayfs/overlay.ko*", "./usr/src/*", "./usr/lib/linux-kbuild-*")


def unpack(files, target):
    """Only what is used, from each package."""
    for file in files:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", file], stdout=subprocess.PIPE) as archive:
            done = subprocess.run(["tar", "--extract", "--no-same-owner", "--wildcards", "--directory", target, *WANTED],
                                  stdin=archive.stdout, check=False, capture_output=True)
        # tar also complains of patterns that this package has nothing for.
        if done.returncode not in (0, 2):
            raise PartMissing(f"unpacking {file}: {done.stderr.decode()[-500:]}")


def plain(path, target):
    """A kernel module without its compression."""
    with (lzma.open(path) if path.endswith(".xz") else open(path, "rb")) as packed, open(target, "wb") as file:
        shutil.copyfileobj(packed, file)


class Kernel:
    """Paths of one unpacked kernel: image, RAPL module, and our module built for it."""

    def __init__(self):
        self.release = newest_release()
        files = packages(self.release)
        self._home = os.path.join(CACHE, f"{self.release}-{hash_of(files)}")
        if not os.path.exists(self._home):
            fresh = self._home + ".new"
            shutil.rmtree(fresh, ignore_errors=True)
            os.makedirs(fresh)
            unpack(files, fresh)
            os.rename(fresh, self._home)
        self.image = self._only("boot/vmlinuz-*")
        self.rapl = os.path.join(self._home, "intel_rapl_common.ko")
        if not os.path.exists(self.rapl):
            plain(self._only("**/powercap/intel_rapl_common.ko*"), self.rapl)
        self.module = self._build_module()

    def _only(self, pattern):
        found = sorted(glob.glob(os.path.join(self._home, pattern), recursive=True))
        if not found:
            raise PartMissing(f"the kernel's packages hold no {pattern}")
        return found[0]

    def _headers(self):
        """The headers' directory, its absolute path to the common part led into our cache."""
        headers = self._only(f"usr/src/linux-headers-{self.release}-amd64")
        makefile = os.path.join(headers, "Makefile")
        with open(makefile, encoding="utf-8") as file:
            text = file.read()
        with open(makefile, "w", encoding="utf-8") as file:
            file.write(re.sub(r"include \S*/usr/src/", f"include {self._home}/usr/src/", text))
        # The tools' place of old: the headers lead to it by a relative link.
        os.makedirs(os.path.join(self._home, "lib"), exist_ok=True)
        for tools in glob.glob(os.path.join(self._home, "usr/lib/linux-kbuild-*")):
            link = os.path.join(self._home, "lib", os.path.basename(tools))
            if not os.path.lexists(link):
                os.symlink(os.path.join("../usr/lib", os.path.basename(tools)), link)
        return headers

    def _build_module(self):
        sources = [os.path.join(MODULE, name) for name in os.listdir(MODULE) if fnmatch.fnmatch(name, "*.c") or name == "Kbuild"]
        built = os.path.join(self._home, f"headroom_rapl-{hash_of(sources)}.ko")
        if os.path.exists(built):
            return built
        with tempfile.TemporaryDirectory(dir=self._home) as folder:
            for source in sources:
                shutil.copy(source, folder)
            # No type information for debuggers: that would need another tool.
            run(["make", "-C", self._headers(), f"M={folder}", "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules"])
            shutil.move(os.path.join(folder, "headroom_rapl.ko"), built)
        return built
