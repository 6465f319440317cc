"""Inferring the imports that a function needs and does not come with."""

from __future__ import annotations

import ast
import datetime
import sys
from collections.abc import Iterator

from multiplt.source.annotating import LINE_END
from multiplt.source.names import BUILTINS, Names

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

    Raises what `compile` raises.
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
    names = Names.of(content, module)
    free = names.used - names.bound - BUILTINS
    nodes = [*ast.walk(module)]
    dotted = {name for node in nodes if isinstance(node, ast.Attribute) and (name := _dotted(node))}
    stars = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"}
    modules = {_package(name) for name in dotted} & free & MODULES
    if any(_package(name) == "datetime" and not hasattr(datetime, name.split(".")[1]) for name in dotted):
        modules.discard("datetime")  # the class: `datetime.now()`
    parts = [part for part in SUBMODULES if any(f"{name}.".startswith(f"{part}.") for name in dotted)]
    whole = {part for part in parts if _package(part) in modules}
    yield from (f"import {name}" for name in sorted(modules - {*map(_package, whole)} | whole))
    members = {name for name in free - modules if name in MODULE_OF and MODULE_OF[name] not in stars}
    for module_name in sorted({MODULE_OF[name] for name in members}):
        found = sorted(name for name in members if MODULE_OF[name] == module_name)
        yield f"from {module_name} import {', '.join(found)}"


def _package(name: str) -> str:
    return name.partition(".")[0]


def _dotted(node: ast.Attribute) -> str | None:
    """`a.b.c` as it is written; None where it begins with more than a name."""
    names = []
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        names.append(inner.attr)
        inner = inner.value
    return ".".join([inner.id, *reversed(names)]) if isinstance(inner, ast.Name) else None
