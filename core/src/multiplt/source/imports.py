"""Inferring the imports that a function needs and does not come with."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from multiplt.source.module_scope import BUILTINS

MEMBERS = {
    "bisect": "bisect bisect_left bisect_right insort",
    "collections": "Counter OrderedDict defaultdict deque namedtuple",
    "copy": "deepcopy",
    "datetime": "datetime timedelta timezone",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "functools": "cmp_to_key lru_cache partial reduce wraps",
    "heapq": "heapify heappop heappush nlargest nsmallest",
    "itertools": "accumulate chain combinations count cycle groupby islice permutations product repeat starmap "
                 "takewhile zip_longest",
    "math": "ceil exp factorial floor gcd hypot isclose log log10 log2 pi sqrt",
    "operator": "attrgetter itemgetter mul",
    "pathlib": "Path PurePath",
    "string": "ascii_letters ascii_lowercase ascii_uppercase digits punctuation",
    "typing": "Any Callable Dict FrozenSet Generator Iterable Iterator List Mapping NamedTuple NoReturn Optional "
              "Sequence Set Tuple Type TypeVar Union",
    "urllib.parse": "parse_qs quote unquote urlencode urljoin urlparse urlsplit",
}  # fmt: skip
"""What is commonly imported by its own name, by module; only names that are hardly ever something else."""

MODULE_OF = {name: module for module, names in MEMBERS.items() for name in names.split()}
MODULES = sys.stdlib_module_names - {"this", "antigravity"}


def with_imports(content: str) -> str:
    """The source with an import in front for each name that nothing binds and the standard library has.

    >>> print(with_imports("def area(r):\\n    return math.pi * r ** 2"))
    import math
    <BLANKLINE>
    def area(r):
        return math.pi * r ** 2

    Raises what `ast.parse` raises.
    """
    module = ast.parse(content)
    lines = [*_statements(module)]
    if not lines:
        return content
    future = [node.end_lineno or 0 for node in module.body if getattr(node, "module", None) == "__future__"]
    written = content.split("\n")
    at = max(future, default=0)
    has_imports = any(isinstance(node, ast.Import | ast.ImportFrom) for node in module.body)
    return "\n".join([*written[:at], *lines, *([] if has_imports else [""]), *written[at:]])


def _statements(module: ast.Module) -> Iterator[str]:
    nodes = [*ast.walk(module)]
    bound = {name for node in nodes for name in _bound(node)} | BUILTINS
    free = {name for node in nodes for name in _mentioned(node)} - bound
    bases = {node.value.id for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)}
    modules = sorted(name for name in free & bases if name in MODULES)
    yield from (f"import {name}" for name in modules)
    members = sorted(free - {*modules})
    for module_name in sorted({MODULE_OF[name] for name in members if name in MODULE_OF}):
        names = [name for name in members if MODULE_OF.get(name) == module_name]
        yield f"from {module_name} import {', '.join(names)}"


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a node binds, in whatever scope."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.arg(arg=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in aliases)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name


def _mentioned(node: ast.AST) -> Iterator[str]:
    """The names that a node uses; those in quoted annotations too."""
    if isinstance(node, ast.Name):
        yield node.id
    for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
        for inner in ast.walk(annotation) if isinstance(annotation, ast.AST) else ():
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                yield from re.findall(r"[^\W\d]\w*", inner.value)
