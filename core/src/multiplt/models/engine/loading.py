"""Why a model cannot be loaded, in one sentence that says what to do.

The libraries raise many kinds, their own and those of the libraries below; they are told apart by name, without
importing any of them.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Told = Callable[[BaseException], bool]

MEMORY = ("out of memory", "no available memory", "not enough memory", "can't allocate memory", "free memory on device")


def explain(error: BaseException, model: str, options: Mapping[str, Any]) -> str:
    """The sentence for what loading `model` raised."""
    errors = list(_chain(error))
    for told, sentence in SENTENCES:
        if found := next(filter(told, errors), None):
            revision = options.get("revision", "main")
            return sentence.format(model=model, revision=revision, said=_first_line(found), name=_name(found))
    return f"cannot load {model}: {type(error).__name__}: {_first_line(error)}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _named(*names: str) -> Told:
    return lambda error: type(error).__name__ in names


def _says(*texts: str) -> Told:
    return lambda error: any(text in str(error).lower() for text in texts)


def _name(error: BaseException) -> str:
    return getattr(error, "name", None) or str(error)


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:300]


def _is_full(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


SENTENCES: list[tuple[Told, str]] = [
    (_named("GatedRepoError"),
     "{model} is gated: accept its terms at https://huggingface.co/{model} and set HF_TOKEN"),
    (_named("RevisionNotFoundError"), "{model} has no revision {revision}: correct the option revision"),
    (_named("RepositoryNotFoundError", "HFValidationError"),
     "there is no model {model}, neither a folder nor on the Hub: correct its name, or set HF_TOKEN if it is private"),
    (_is_full, "there is no space left to load {model}: free some, or set HF_HOME to a folder on another disk"),
    (lambda error: isinstance(error, MemoryError) or _named("OutOfMemoryError")(error) or _says(*MEMORY)(error),
     "there is too little memory for {model} ({said}): lower max_model_len or gpu_memory_utilization, choose a smaller "
     "dtype, or spread it over GPUs with tensor_parallel_size"),
    (lambda error: isinstance(error, ImportError),
     "the package {name} is missing: pip install multiplt[vllm] for vllm:…, multiplt[train] for transformers:…"),
    (_says("unexpected keyword argument"), "the engine does not know an option ({said}): correct it"),
    (_named("LocalEntryNotFoundError", "OfflineModeIsEnabled", "ConnectError", "ConnectionError"),
     "{model} is not here and the Hub cannot be reached: check the network, or name a folder"),
]  # fmt: skip
