"""Writing typed values in a language: the dispatch is the core's, the spelling the language's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from multiplt.errors import Refused
from multiplt.idioms import refuse_ambiguous
from multiplt.spec import LanguageSpec
from multiplt.types import Type
from multiplt.values import Value


class Renderer(ABC):
    """How a language writes each kind of value. Containers get their items already written."""

    spec: LanguageSpec

    def render(self, value: Value, nested: bool = False) -> str:
        """Write a typed value as an expression of the language; `nested` inside a container.

        Raises `Refused` where the language has no such value, or by its idioms cannot tell it from another
        value of the type.
        """
        refuse_ambiguous(value, self.spec.idioms, self.spec.title)
        content, type = value.content, value.type
        match type.kind:
            case "none":
                return self.render_none(type, nested)
            case "bool":
                return self.render_bool(content)
            case "int":
                return self.render_int(content)
            case "float":
                return self.render_float(content)
            case "str":
                return self.render_str(content)
            case "list":
                return self.render_list([self.render(item, nested=True) for item in content], type)
            case "tuple":
                return self.render_tuple([self.render(item, nested=True) for item in content], type)
            case "set":
                return self.render_set([self.render(item, nested=True) for item in content], type)
            case "dict":
                pairs = [(self.render(k, nested=True), self.render(v, nested=True)) for k, v in content]
                return self.render_dict(pairs, type)
            case "optional":
                if content is None:
                    return self.render_none(type, nested)
                return self.render_some(self.render(content, nested), type)
            case "union":
                return self.render_member(self.render(content, nested), content.type, type)
        return self.render_any(self.render(content, nested), content.type)

    def render_none(self, type: Type, nested: bool) -> str:
        """None at a type that admits it; `nested` inside a container."""
        return self.spec.terms.none

    def render_bool(self, value: bool) -> str:
        """A bool."""
        return self.spec.terms.true if value else self.spec.terms.false

    def render_int(self, value: int) -> str:
        """An int of any size."""
        return str(value)

    @abstractmethod
    def render_float(self, value: float) -> str:
        """A float, infinities and NaN included."""

    @abstractmethod
    def render_str(self, value: str) -> str:
        """A string, escaped by the language's own rules."""

    @abstractmethod
    def render_list(self, items: Sequence[str], type: Type) -> str:
        """A list of rendered items."""

    def render_tuple(self, items: Sequence[str], type: Type) -> str:
        """A tuple of rendered items; a list where the language has no tuples."""
        return self.render_list(items, type)

    def render_set(self, items: Sequence[str], type: Type) -> str:
        """A set of rendered items."""
        raise Refused(f"{self.spec.title} has no sets here")

    def render_dict(self, pairs: Sequence[tuple[str, str]], type: Type) -> str:
        """A dictionary of rendered keys and values, in order."""
        raise Refused(f"{self.spec.title} has no dictionaries here")

    def render_some(self, item: str, type: Type) -> str:
        """A value that is present at an optional type."""
        return item

    def render_member(self, item: str, member: Type, type: Type) -> str:
        """A value of one member of a union."""
        return item

    def render_any(self, item: str, type: Type) -> str:
        """A value where the declared type is open."""
        return item
