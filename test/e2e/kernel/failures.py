"""What stops a run: said in a sentence, never skipped."""


class PartMissing(Exception):
    """A program, package or device that the run needs is not there."""


class GuestFailed(Exception):
    """The guest did not boot, or ended before it was done."""
