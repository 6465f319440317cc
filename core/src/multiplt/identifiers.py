"""Spelling a Python function's names in a target language."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from multiplt.functions import Function, Parameter
from multiplt.spec import LanguageSpec


def spell_name(name: str, spec: LanguageSpec, taken: Collection[str] = ()) -> str:
    """The nearest name to `name` that the language can spell, that is not reserved and not `taken`.

    Characters that it lacks become underscores, a capital that may not come first is lowered, and an
    underscore is put behind what is reserved or taken.
    """

    def spellable(name: str) -> bool:
        return re.fullmatch(spec.identifier, name) is not None

    candidates = [name, name[:1].lower() + name[1:], re.sub(r"[^A-Za-z0-9_]", "_", name)]
    candidates += [candidate[:1].lower() + candidate[1:] for candidate in candidates[2:]]
    candidates += [f"x{candidate}" for candidate in candidates]
    spelled = next(filter(spellable, candidates), name)
    while spelled in spec.reserved or spelled in taken:
        spelled += "_"
    return spelled


def spell_function(function: Function, spec: LanguageSpec) -> Function:
    """The function with its name and parameters as the language spells them; changes are in `renamed`."""
    name = spell_name(function.python_name, spec)
    taken: list[str] = []
    for parameter in function.parameters:
        others = taken if parameter.name == function.python_name else [name, *taken]
        taken.append(spell_name(parameter.name, spec, others))
    parameters = tuple(Parameter(n, p.type) for n, p in zip(taken, function.parameters, strict=True))
    before = [function.python_name, *(parameter.name for parameter in function.parameters)]
    renamed = {old: new for old, new in zip(before, [name, *taken], strict=True) if old != new}
    return replace(function, name=name, parameters=parameters, renamed=renamed)
