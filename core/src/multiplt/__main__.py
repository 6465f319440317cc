"""`python -m multiplt`: the command line, for launchers that start modules."""

from __future__ import annotations

from multiplt.cli import main

main()
