"""The sandboxes by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from multiplt.errors import UsageError
from multiplt.execute.bubblewrap import Bubblewrap
from multiplt.execute.sandbox import Sandbox
from multiplt.execute.unsandboxed import Unsandboxed

SandboxFactory = Callable[[], Sandbox]
DEFAULT = "bubblewrap"


def register_sandboxes(register: Callable[[str, SandboxFactory], None]) -> None:
    """The core's own answer to the hook `multiplt_register_sandboxes`."""
    register("bubblewrap", Bubblewrap)
    register("none", Unsandboxed)


def find_sandbox(name: str = DEFAULT, others: Mapping[str, SandboxFactory] | None = None) -> Sandbox:
    """The sandbox called `name`, known to work: a program was run in it.

    `others` are the factories that plugins registered. Raises `UsageError` for an unknown name and
    `SandboxUnavailable`, with why and the mend, where it does not work here. There is no fallback.
    """
    factories: dict[str, SandboxFactory] = {}
    register_sandboxes(factories.__setitem__)
    factories.update(others or {})
    if name not in factories:
        raise UsageError(f"there is no sandbox {name}; choose one of {', '.join(sorted(factories))}")
    sandbox = factories[name]()
    sandbox.probe()
    return sandbox
