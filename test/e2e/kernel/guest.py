"""One boot of the guest: its initial RAM disk, QEMU, and the conversation over its serial lines."""

import os
import queue
import shutil
import socket
import stat
import subprocess
import threading
import time

from failures import GuestFailed, PartMissing

HERE = os.path.dirname(os.path.abspath(__file__))
BOOT_DEADLINE = 90.0
# TCG with one thread: with several, the kernel's patching of its own code while it boots meets a race in QEMU.
TCG = ["-accel", "tcg,thread=single", "-cpu", "Skylake-Server"]
KVM = ["-accel", "kvm", "-cpu", "Skylake-Server"]
TRIAL_SECONDS = 10.0


def program(name):
    path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if path is None:
        raise PartMissing(f"{name} is missing: run scripts/install-deps kernel")
    return path


def libraries(path):
    """The shared libraries of a program, with its loader."""
    told = subprocess.run(["ldd", path], check=False, capture_output=True).stdout.decode()
    found = []
    for line in told.splitlines():
        words = line.split()
        found += [word for word in words if word.startswith("/") and os.path.exists(word)][:1]
    return found


class RamDisk:
    """A directory that becomes the guest's root."""

    def __init__(self, folder):
        self.root = os.path.join(folder, "root")
        for name in ("bin", "lib", "proc", "sys", "dev", "run", "tmp", "etc", "var/lib/headroom", "cases"):
            os.makedirs(os.path.join(self.root, name))
        os.symlink("lib", os.path.join(self.root, "lib64"))
        self.add_program(program("busybox"), "bin/busybox")
        self.add_file(os.path.join(HERE, "init.sh"), "init", executable=True)

    def add_file(self, source, place, executable=False):
        target = os.path.join(self.root, place)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(source, target)
        if executable:
            os.chmod(target, 0o755)
        return target

    def add_program(self, source, place):
        """With its libraries, and without what only a debugger needs."""
        target = self.add_file(source, place, executable=True)
        subprocess.run(["strip", "--strip-debug", target], check=False, capture_output=True)
        for library in libraries(source):
            if not os.path.exists(os.path.join(self.root, library.lstrip("/"))):
                self.add_file(library, library.lstrip("/"), executable=True)

    def pack(self, path):
        listing = subprocess.run(["find", ".", "-mindepth", "1"], cwd=self.root, check=True, capture_output=True).stdout
        with open(path, "wb") as file:
            subprocess.run([program("cpio"), "--create", "--format=newc", "--quiet", "--owner=+0:+0"], cwd=self.root, input=listing,
                           stdout=file, check=True)
        return path


class Guest:
    """A running guest; its console's lines come from lines()."""

    def __init__(self, kernel, ram_disk, folder, accelerator, topology):
        self._second = os.path.join(folder, "second-line")
        if os.path.exists(self._second):
            os.unlink(self._second)
        self._errors = open(os.path.join(folder, "qemu.log"), "ab")
        self._process = subprocess.Popen(
            [program("qemu-system-x86_64"), *accelerator, "-smp", topology, "-m", "1024", "-display", "none", "-monitor", "none",
             "-nodefaults", "-no-reboot", "-serial", "stdio", "-serial", f"unix:{self._second},server=on,wait=off",
             "-kernel", kernel.image, "-initrd", ram_disk, "-append", "console=ttyS0 quiet panic=-1 oops=panic"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors)
        self._lines = queue.Queue()
        self._awake = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(line.decode(errors="replace").rstrip())
        self._lines.put(None)

    def lines(self, deadline):
        """Until the guest is off; GuestFailed when that takes longer than `deadline` seconds."""
        end = time.monotonic() + deadline
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise GuestFailed(f"the guest was not done within {deadline:.0f} s") from None
            if line is None:
                return
            yield line

    def await_up(self, deadline=BOOT_DEADLINE):
        """True when init runs."""
        try:
            return any("guest: up" in line for line in self.lines(deadline))
        except GuestFailed:
            return False

    def wake_after(self, seconds):
        """From then on a byte a second on the second serial line, which may wake the guest, until awake()."""
        threading.Thread(target=self._wake, args=(seconds,), daemon=True).start()

    def _wake(self, seconds):
        # The line stays open: what is sent just before it closes may be lost. One byte may also come too early, while
        # the guest is still on its way to sleep.
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(self._second)
            while not self._awake.wait(seconds):
                line.sendall(b"\n")
                seconds = 1.0

    def awake(self):
        self._awake.set()

    def end(self):
        self._awake.set()
        self._process.kill()
        self._process.wait()
        self._errors.close()


def kvm_boots(kernel, ram_disk, folder):
    """Whether the guest comes up under KVM: a device node alone says little, for instance in a nested machine."""
    if not os.path.exists("/dev/kvm"):
        return False
    trial = Guest(kernel, ram_disk, folder, KVM, "4,sockets=2,cores=2,threads=1")
    try:
        return trial.await_up(TRIAL_SECONDS)
    finally:
        trial.end()
