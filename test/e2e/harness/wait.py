"""Waiting for conditions. Checks never sleep for a guess: they wait until something is so, or watch that it stays so."""

import time

from .failures import CheckFailed

GENEROUS = 60.0  # seconds; a deadline, not a pause
patience = 1.0   # what deadlines are multiplied with; less than 1 only to see mutants fail sooner


def eventually(what, probe, deadline=GENEROUS, interval=0.1):
    """Calls probe until it returns something true and returns that. An exception counts as "not yet".

    `what` names the awaited thing in the error; a callable is asked for the last state seen.
    """
    end = time.monotonic() + deadline * patience
    last = None
    while True:
        try:
            value = probe()
            if value:
                return value
            last = value
        except CheckFailed:
            raise
        except Exception as error:  # the thing may be starting, restarting or not written yet
            last = error
        if time.monotonic() > end:
            text = what() if callable(what) else what
            raise CheckFailed(f"waited {deadline * patience:.0f} s in vain: {text} (last: {last!r})")
        time.sleep(interval)


def stays(what, probe, seconds, interval=0.25):
    """Watches that probe stays true for so long: the only way to see that something does not happen."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not probe():
            text = what() if callable(what) else what
            raise CheckFailed(f"did not stay so for {seconds:.0f} s: {text}")
        time.sleep(interval)
