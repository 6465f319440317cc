"""Stage `infer-types`: annotations from what the tests pass and return, merged with those that the author wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from multiplt.errors import Refused
from multiplt.rows import Row
from multiplt.run.engine import StageContext, StageResult
from multiplt.run.resources import LazyExecutor
from multiplt.settings import ExecuteSettings
from multiplt.source.annotating import annotate
from multiplt.source.reading import ReadFunction, RefusedRow, read_functions


@dataclass(frozen=True)
class InferTypes:
    """Tested functions → the same with `content_with_types`, or None and `types_reason`, which says why.

    What the author declared stays where it is a type that crosses languages; what the declaration leaves
    open is the join over all tests.
    """

    execute: ExecuteSettings
    name: str = "infer-types"

    def settings(self) -> Mapping[str, Any]:
        """What decides the rows."""
        return {}

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """Every row, none set aside."""
        executor = context.resource("executor", lambda: LazyExecutor(self.execute))
        fields = ("content_with_types", "types_reason")
        untyped = [{key: value for key, value in row.items() if key not in fields} for row in rows]
        typed = []
        for row, read in zip(untyped, read_functions(untyped, executor), strict=True):
            typed.append(row | _typed(read))
            context.advance()
        return StageResult(typed)


def _typed(read: ReadFunction | RefusedRow) -> Row:
    if isinstance(read, RefusedRow):
        return {"content_with_types": None, "types_reason": read.reason}
    function = read.function
    types = [parameter.type for parameter in function.parameters]
    try:
        content = annotate(read.definition.module, function.python_name, types, function.returns)
    except Refused as reason:
        return {"content_with_types": None, "types_reason": str(reason)}
    return {"content_with_types": content, "types_reason": None}
