"""What goes wrong, as the user reads it.

Every error that reaches a user is a `MultipltError` whose text is one sentence that names the thing
and the mend; the command line prints it without a traceback.
"""


class MultipltError(Exception):
    """A wrong command, file or setting: the work stops before it starts (exit code 1)."""


class UsageError(MultipltError):
    """The command was called wrongly (exit code 2)."""


class Refused(MultipltError):
    """A value, test or function that a language cannot express, with the reason.

    Refusing is not failing: the test or function is set aside with this reason and the rest goes on.

    >>> raise Refused("a Lua table cannot hold nil")
    Traceback (most recent call last):
    multiplt.errors.Refused: a Lua table cannot hold nil
    """


class SandboxUnavailable(MultipltError):
    """No sandbox works here; the text says why and what mends it."""
