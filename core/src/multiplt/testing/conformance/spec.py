"""Checks of what a language says of itself: contract, names, syntax, terms."""

from __future__ import annotations

import re
from dataclasses import asdict

from multiplt.identifiers import spell_name
from multiplt.plugins import installed
from multiplt.spec import CONTRACT
from multiplt.testing.conformance.checks import Checks, fail, finding, require
from multiplt.testing.conformance.functions import add


class SpecChecks(Checks):
    """The `LanguageSpec`."""

    def test_contract_version(self) -> None:
        """The contract is the core's."""
        version = self.lab.language.spec.contract
        require(version == CONTRACT, f"spec.contract is {version}, the core's is {CONTRACT}; leave it out of the spec")

    def test_names_lead_to_the_language(self) -> None:
        """Name, tag and aliases are lower case, and no other language has them."""
        spec = self.lab.language.spec
        for name in spec.names:
            require(re.fullmatch(r"[a-z][a-z0-9_+#.-]*", name), f"the name {name!r} is not lower case without blanks")
            owner = finding(installed().language, name).spec.name if isinstance(self.language, str) else spec.name
            require(owner == spec.name, f"the name {name!r} leads to {owner}; choose another")

    def test_title_and_suffix(self) -> None:
        """The title is for prose, the suffix for files."""
        spec = self.lab.language.spec
        require(spec.title.strip(), "spec.title is empty; say what the language is called in a sentence")
        require(re.fullmatch(r"\.\w+", spec.suffix), f"spec.suffix is {spec.suffix!r}; write it as '.ext'")

    def test_comment_syntax(self) -> None:
        """Comments and strings have delimiters, by which comments are taken out of code."""
        comments = self.lab.language.spec.comments
        require(comments.line or comments.block, "spec.comments has neither line nor block comments; say how they look")
        for delimiter in (comments.line, *(comments.block or ())):
            require(delimiter != "", "spec.comments has an empty delimiter; leave it out")
        _require_pattern("spec.comments.character", comments.character)

    def test_stop_tokens(self) -> None:
        """A completion ends somewhere: MultiPL-E's stop tokens."""
        tokens = self.lab.language.spec.stop_tokens
        require(isinstance(tokens, tuple) and tokens, "spec.stop_tokens is empty; give MultiPL-E's for the language")
        for token in tokens:
            require(isinstance(token, str) and token, f"spec.stop_tokens has {token!r}; a token is text and not empty")

    def test_terms(self) -> None:
        """Every Python term has its word in the language, and prompts use it."""
        terms = asdict(self.lab.language.spec.terms)
        missing = [term for term, word in terms.items() if not (isinstance(word, str) and word.strip())]
        require(not missing, f"spec.terms has no word for {', '.join(missing)}; say what the language calls them")
        text = "Take a list, an array, a tuple, a dictionary or a set; never None, True or False."
        prompt = finding(self.lab.language.build_prompt, add(text), "completion", False)
        for term, word in terms.items():
            require(word in prompt, f"the prompt for {text!r} does not say {word!r} for Python's {term}")

    def test_identifiers_and_reserved_words(self) -> None:
        """Plain names can be written; a reserved word gets another spelling, which can."""
        spec = self.lab.language.spec
        _require_pattern("spec.identifier", spec.identifier)
        for name in ("add", "same", "count_words", "x1", *sorted(spec.reserved)):
            spelled = spell_name(name, spec)
            free = re.fullmatch(spec.identifier, spelled) and spelled not in spec.reserved
            require(free, f"the name {name!r} is spelled {spelled!r}, which spec.identifier or spec.reserved forbids")


def _require_pattern(name: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        fail(f"{name} is no regular expression: {error}")
