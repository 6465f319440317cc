"""What the core itself registers, through the same hooks as any plugin."""

from __future__ import annotations

from collections.abc import Callable

from multiplt.hookspecs import hookimpl
from multiplt.models.base import Model, ModelOptions


@hookimpl
def multiplt_register_models(register: Callable[[str, Callable[[str, ModelOptions], Model]], None]) -> None:
    """The model providers that need nothing beyond the core."""
    from multiplt.models import register_builtin

    register_builtin(register)
