"""How many tokens a text has, by a tokenizer or by whitespace."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

from multiplt.errors import MultipltError

FILE = "tokenizer.json"

Count = Callable[[str], int]


def token_counter(tokenizer: str | None) -> Count:
    """Counts the tokens of a text by `tokenizer`: a `tokenizer.json`, a folder with one, or a model on the Hub.

    Without one, words between whitespace are counted. Raises `MultipltError` where the tokenizer cannot be had.

    >>> token_counter(None)("let x = 1")
    4
    """
    if tokenizer is None:
        return lambda text: len(text.split())
    try:
        tokenizers = importlib.import_module("tokenizers")
    except ImportError:
        raise MultipltError(
            "counting with a tokenizer needs the package tokenizers; pip install multiplt[hub]"
        ) from None
    path = Path(tokenizer)
    file = path / FILE if path.is_dir() else path
    try:
        opened = tokenizers.Tokenizer
        found = opened.from_file(str(file)) if file.exists() else opened.from_pretrained(tokenizer)
    except Exception as error:  # the package raises nothing more special
        reason = " ".join(str(error).split())
        raise MultipltError(
            f"cannot load the tokenizer {tokenizer} ({reason}); give a {FILE}, a folder with one, or a name on the Hub"
        ) from error
    return lambda text: len(found.encode(text, add_special_tokens=False).ids)
