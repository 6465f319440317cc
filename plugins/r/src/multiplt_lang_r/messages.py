"""What R says on standard error, and what a program that says it failed of."""

from __future__ import annotations

import re

from multiplt import Status

PARSER = re.compile(
    r"^Error: (?:unexpected (?:end of input$|(?:symbol|assignment|input|SPECIAL|end of line|\w+ constant|'.+') in[: ])|"
    r"repeated formal argument |attempt to use zero-length variable name$|contextstack overflow |malformed raw string |"
    r"'\\.+' is an unrecognized escape in |invalid .* in parser|.*pipe)",
    re.MULTILINE,
)
"""A script that cannot be parsed; an error at top level begins in the same way."""

TEST_FAILED = re.compile(
    r"^Error(?: in test_\w+\(\) : ?\s+isTRUE\(all\.equal\(|: same\(candidate\()[^\n]*not TRUE$", re.MULTILINE
)
"""A test of MultiPL-E's suites or of ours."""

NO_MEMORY = re.compile(r"cannot allocate (?:vector|memory)|memory exhausted")


def failure(stderr: str) -> Status:
    """The status of a program that ended with an exit code of its own and these words."""
    if NO_MEMORY.search(stderr):
        return Status.OUT_OF_MEMORY
    if PARSER.search(stderr):
        return Status.SYNTAX
    return Status.WRONG if TEST_FAILED.search(stderr) else Status.EXCEPTION
