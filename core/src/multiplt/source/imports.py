"""Inferring the imports that a function needs and does not come with."""

from __future__ import annotations

import ast
import datetime
import symtable
import sys
from collections.abc import Iterator
from contextlib import suppress

from multiplt.source.annotating import LINE_END
from multiplt.source.module_scope import BUILTINS

MEMBERS = {
    "bisect": "bisect bisect_left bisect_right insort",
    "collections": "Counter OrderedDict defaultdict deque namedtuple",
    "copy": "copy deepcopy",
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
    "typing": "Any AnyStr Callable Collection DefaultDict Deque Dict FrozenSet Generator Hashable Iterable Iterator "
              "List Literal Mapping MutableMapping MutableSequence NamedTuple NoReturn Optional Sequence Set Text "
              "Tuple Type TypeVar Union",
    "urllib.parse": "parse_qs quote unquote urlencode urljoin urlparse urlsplit",
}  # fmt: skip
"""What is commonly imported by its own name, by module; only names that are hardly ever something else."""

SUBMODULES = (
    "collections.abc", "concurrent.futures", "email.utils", "html.entities", "html.parser", "http.client",
    "http.cookies", "importlib.metadata", "importlib.resources", "importlib.util", "logging.config", "logging.handlers",
    "multiprocessing.pool", "unittest.mock", "urllib.error", "urllib.parse", "urllib.request", "wsgiref.util",
    "xml.dom.minidom", "xml.etree.ElementTree", "xml.sax.saxutils",
)  # fmt: skip
"""What is imported by its whole name, since importing its package alone need not load it."""

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
    lines = [f"{line}\n" for line in _statements(content, module)]
    if not lines:
        return content
    future = [node.end_lineno or 0 for node in module.body if getattr(node, "module", None) == "__future__"]
    written = LINE_END.split(content)
    at = max(future, default=0)
    has_imports = any(isinstance(node, ast.Import | ast.ImportFrom) for node in module.body)
    return "".join([*written[:at], *lines, *([] if has_imports else ["\n"]), *written[at:]])


def _statements(content: str, module: ast.Module) -> Iterator[str]:
    nodes = [*ast.walk(module)]
    stars = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"}
    free = _free(content, nodes)
    dotted = {name for node in nodes if isinstance(node, ast.Attribute) and (name := _dotted(node))}
    modules = {name.partition(".")[0] for name in dotted} & free & MODULES
    if any(name.split(".")[0] == "datetime" and not hasattr(datetime, name.split(".")[1]) for name in dotted):
        modules.discard("datetime")  # the class: `datetime.now()`
    for name in sorted(modules):
        parts = [part for part in SUBMODULES if any(f"{used}.".startswith(f"{part}.") for used in dotted)]
        yield from (f"import {part}" for part in [part for part in parts if part.startswith(f"{name}.")] or [name])
    members = {name for name in free - modules if name in MODULE_OF and MODULE_OF[name] not in stars}
    for module_name in sorted({MODULE_OF[name] for name in members}):
        names = sorted(name for name in members if MODULE_OF[name] == module_name)
        yield f"from {module_name} import {', '.join(names)}"


def _dotted(node: ast.Attribute) -> str | None:
    """`a.b.c` as it is written; None where it begins with more than a name."""
    names = []
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        names.append(inner.attr)
        inner = inner.value
    return ".".join([inner.id, *reversed(names)]) if isinstance(inner, ast.Name) else None


def _free(content: str, nodes: list[ast.AST]) -> set[str]:
    """The names that the module uses and nothing in it binds where they are used; those in annotations too."""
    tables = [symtable.symtable(content, "function", "exec")]
    bound, used, anywhere = set(BUILTINS), set[str](), set[str]()
    for table in tables:
        is_module = table.get_type() == "module"
        for symbol in table.get_symbols():
            is_global = is_module or symbol.is_global()
            if symbol.is_assigned() or symbol.is_imported() or symbol.is_parameter():
                anywhere.add(symbol.get_name())
                if is_global:
                    bound.add(symbol.get_name())
            if is_global and symbol.is_referenced():
                used.add(symbol.get_name())
        tables += table.get_children()
    return (used | {name for node in nodes for name in _annotated(node)} - anywhere) - bound


def _annotated(node: ast.AST) -> Iterator[str]:
    """The names in a node's annotations, in quotes or not, which no scope of Python's tells."""
    waiting = [getattr(node, "annotation", None), getattr(node, "returns", None)]
    while waiting:
        match waiting.pop():
            case ast.Name(id=name):
                yield name
            case ast.Subscript(value=ast.Name(id="Literal" as name) | ast.Attribute(attr="Literal" as name)):
                yield name
            case ast.Constant(value=str(text)):
                with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
                    waiting.append(ast.parse(text.strip(), mode="eval").body)
            case ast.AST() as other:
                waiting += ast.iter_child_nodes(other)
