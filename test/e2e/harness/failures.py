"""The two ways a check ends badly: the product is wrong, or a part to check it with is missing. Both fail the run."""


class CheckFailed(AssertionError):
    """The behaviour that the check states was not seen."""


class PartMissing(RuntimeError):
    """A program, a package or a file that the run needs is not there. Never a reason to skip."""


def require(condition, message):
    """Raises CheckFailed unless the condition holds. A callable message is only built on failure."""
    if not condition:
        raise CheckFailed(message() if callable(message) else message)
