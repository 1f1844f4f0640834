"""Child processes with their logs: started, awaited by a condition, stopped, paused and killed by name."""

import ctypes
import os
import signal
import subprocess
import time

from .failures import CheckFailed, PartMissing

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def die_with_parent():
    """For preexec_fn: the child ends with the process that started it, also when that is killed."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """One program under test or beside it. Not running until start(); restartable; the log of all its lives is one file."""

    def __init__(self, name, argv, logs, env=None):
        self.name = name
        self.argv = [str(argument) for argument in argv]
        self.log_path = os.path.join(logs, name + ".log")
        self._env = dict(os.environ, **(env or {}))
        self._child = None

    @property
    def pid(self):
        return self._child.pid

    @property
    def running(self):
        return self._child is not None and self._child.poll() is None

    def start(self):
        if not os.path.exists(self.argv[0]):
            raise PartMissing(f"{self.name}: {self.argv[0]} is missing")
        with open(self.log_path, "ab") as log:
            log.write(f"--- {' '.join(self.argv)}\n".encode())
            log.flush()
            self._child = subprocess.Popen(self.argv, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                           env=self._env, preexec_fn=die_with_parent)
        return self

    def await_ready(self, probe, deadline=60.0):
        """Waits until probe() is true; fails at once when the process ends before that."""
        end = time.monotonic() + deadline
        last = None
        while time.monotonic() < end:
            if not self.running:
                raise CheckFailed(f"{self.name} ended with {self._child.returncode} while starting:\n{self.tail()}")
            try:
                if probe():
                    return self
            except Exception as error:
                last = error
            time.sleep(0.05)
        raise CheckFailed(f"{self.name} not ready after {deadline:.0f} s ({last!r}):\n{self.tail()}")

    def stop(self, deadline=15.0):
        """SIGTERM, then SIGKILL. Returns the exit status, None when it was not running."""
        if not self.running:
            return None
        self._child.send_signal(signal.SIGCONT)
        self._child.terminate()
        try:
            return self._child.wait(deadline)
        except subprocess.TimeoutExpired:
            self._child.kill()
            return self._child.wait()

    def kill(self):
        """kill -9: no chance to say goodbye."""
        if self.running:
            self._child.kill()
            self._child.wait()

    def pause(self):
        self._child.send_signal(signal.SIGSTOP)

    def resume(self):
        self._child.send_signal(signal.SIGCONT)

    def tail(self, lines=25):
        with open(self.log_path, "rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - 65536))
            text = log.read().decode(errors="replace")
        return "\n".join(line[:400] for line in text.splitlines()[-lines:])


def run(argv, **options):
    """A short-lived program; raises CheckFailed with its output when it fails. Returns its stdout."""
    done = subprocess.run([str(argument) for argument in argv], capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise CheckFailed(f"{' '.join(map(str, argv))} -> {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout
