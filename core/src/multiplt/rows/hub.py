"""Datasets on the Hugging Face Hub."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

from multiplt.errors import MultipltError
from multiplt.rows.jsonl import Row

NAME = re.compile(r"(?P<name>[\w-][\w.-]*/[\w-][\w.-]*)(:(?P<config>[\w.+-]+)(?=:))?(:(?P<split>[\w.+-]+))?")
FILE_SUFFIXES = (".jsonl", ".json", ".gz", ".parquet")


def is_hub_name(source: str) -> bool:
    """Whether `source` reads as `owner/name[[:config]:split]` and not as a path.

    >>> is_hub_name("nuprl/MultiPL-T:racket"), is_hub_name("data/rows.jsonl")
    (True, False)
    """
    match = NAME.fullmatch(source)
    return bool(
        match
        and not source.endswith(FILE_SUFFIXES)
        and not Path(source).exists()
        and not Path(match["name"]).is_dir()  # a local dataset and its split
    )


def read_hub(source: str) -> Iterator[Row]:
    """The rows of a Hub dataset, streamed; the split is `train` unless `source` names one.

    Raises `MultipltError` where the package `datasets` is missing or the Hub does not answer.
    """
    try:
        datasets = importlib.import_module("datasets")
    except ImportError:
        raise MultipltError(
            f"{source} is no file or folder here, and reading it from the Hub needs the package datasets; "
            "pip install multiplt[hub]"
        ) from None
    match = NAME.fullmatch(source)
    assert match
    name, config, split = match["name"], match["config"], match["split"] or "train"
    try:
        for row in datasets.load_dataset(name, config, split=split, streaming=True):
            yield dict(row)
    except Exception as error:  # the package raises many kinds, its own and those of the libraries below it
        reason = " ".join(str(error).split())
        mend = "check its name, written as owner/name:config:split"
        raise MultipltError(f"cannot read {source} from the Hub ({reason}); {mend}") from error
