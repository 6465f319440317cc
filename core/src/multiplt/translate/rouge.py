"""ROUGE-Lsum of two programs, as the package rouge_score computes it with stemming, to the last bit.

Lin: ROUGE, a package for automatic evaluation of summaries (2004), section 3.2: each line of the target is compared
with all lines of the prediction by longest common subsequence. The score is not symmetric.
"""

from __future__ import annotations

import importlib
import string
from functools import cache, lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

from multiplt.errors import MultipltError, Refused

if TYPE_CHECKING:
    from multiplt.translate.compiled import Tokens

SEPARATOR = ord(" ")
NEWLINE = b"."
"""A word of its own, since other characters than letters and digits separate words."""

CHARACTERS = bytes(
    code if chr(code) in f"{string.ascii_lowercase}{string.digits}\n" else SEPARATOR for code in range(256)
)
SHORT = 3
"""Tokens of up to so many characters are not stemmed."""

FULL = 100_000
"""Stems that a common vocabulary has at most, about."""

LONGEST_LINE = 20_000
"""Tokens of a line; comparing two such lines takes 50 MB."""


def rouge_lsum(target: str, prediction: str) -> float:
    """The F-measure of `prediction` against `target`, from 0 to 1.

    >>> rouge_lsum("a = b + c\\nreturn a", "a = c\\nreturn b")
    0.888888888888889

    Raises `Refused` for a line of more than `LONGEST_LINE` tokens, and `MultipltError` where a package is missing.
    """
    import numpy as np

    compiled = import_compiled()
    vocabulary = Vocabulary.common()
    first, second = vocabulary.encode(target), vocabulary.encode(prediction)
    counts = np.bincount(second, minlength=vocabulary.size).astype(np.int32)
    hits = compiled.count_hits(first, second, counts, np.zeros_like(counts))
    score: float = compiled.fmeasure(hits, np.count_nonzero(first), np.count_nonzero(second))
    return score


class Vocabulary:
    """The tokens of programs that are compared, numbered from 1 as they come.

    Threads may share one. A word takes some 150 bytes.

    >>> vocabulary = Vocabulary()
    >>> vocabulary.encode("Adding(one,\\n  two) + added").tolist(), vocabulary.size
    ([1, 2, 0, 3, 1], 4)
    """

    _common: ClassVar[Vocabulary | None] = None

    def __init__(self) -> None:
        self._numbers = _Numbers()
        self._zeros: tuple[Tokens, Tokens] | None = None

    @classmethod
    def common(cls) -> Vocabulary:
        """One that knows the words of earlier programs, for who compares few at a time; when it is full, a new one."""
        if cls._common is None or cls._common.size > FULL:
            cls._common = cls()
        return cls._common

    @property
    def size(self) -> int:
        """One more than the largest number."""
        return self._numbers.stems

    def encode(self, text: str) -> Tokens:
        """The tokens of `text` by number, with 0 at the end of each line.

        A token is a run of ASCII letters and digits in lower case, of more than three characters its Porter stem.
        Raises `Refused` for a line of more than `LONGEST_LINE` tokens.
        """
        import numpy as np

        # 20 microseconds for 150 tokens, where a regular expression takes 35.
        characters = text.lower().encode("ascii", "replace").translate(CHARACTERS)
        words = characters.replace(b"\n", b" %b " % NEWLINE).split()
        program = np.array([*map(self._numbers.__getitem__, words)], dtype=np.int32)
        if len(program) > LONGEST_LINE:
            _refuse_long_lines(program)
        return program

    def zeros(self) -> tuple[Tokens, Tokens]:
        """Two arrays by token, for what is counted between two calls: whoever changes them sets them back to zero."""
        import numpy as np

        if self._zeros is None or len(self._zeros[0]) < self.size:
            counts, numbers = np.zeros((2, 2 * self.size), np.int32)
            self._zeros = counts, numbers
        return self._zeros


class _Numbers(dict[bytes, int]):
    """Words, each with the number of its stem."""

    def __init__(self) -> None:
        super().__init__({NEWLINE: 0})
        self.stems = 1
        self._by_stem: dict[str, int] = {}
        self._lock = Lock()

    def __missing__(self, word: bytes) -> int:
        stem = _stem(word.decode()) if len(word) > SHORT else word.decode()
        with self._lock:
            number = self[word] = self._by_stem.setdefault(stem, self.stems)
            self.stems += number == self.stems
        return number


def _refuse_long_lines(program: Tokens) -> None:
    import numpy as np

    ends = np.flatnonzero(np.concatenate(([0], program, [0])) == 0)
    longest = int(np.diff(ends).max()) - 1
    if longest > LONGEST_LINE:
        raise Refused(f"it has a line of {longest:,} tokens, too long to be compared")


@lru_cache(maxsize=1 << 16)
def _stem(word: str) -> str:
    stem: str = _porter().stem(word)
    return stem


@cache
def _porter() -> Any:
    """The stemmer, in the mode that rouge_score has it in, nltk's default."""
    return _import("nltk.stem.porter").PorterStemmer()


def import_compiled() -> Any:
    """`multiplt.translate.compiled`. Raises `MultipltError` where numba is missing."""
    return _import("multiplt.translate.compiled")


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MultipltError(
            f"finding near-duplicates needs the package {error.name}; pip install multiplt[dedup]"
        ) from error
