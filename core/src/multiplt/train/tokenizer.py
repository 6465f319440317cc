"""The tokenizer that a model is trained with: it ends texts, pads with something else, and is the model's own."""

from __future__ import annotations

from typing import Any

from multiplt.errors import MultipltError
from multiplt.models.engine.loading import explain
from multiplt.train.recipe import ModelSection

LEAST_SHARE = 0.9
"""Of a model's embeddings that its tokenizer uses: models round the size of their vocabulary up, by a few percent."""


def open_tokenizer(model: ModelSection, config: Any) -> Any:
    """The tokenizer of a recipe's model, whose configuration is `config`, with its padding token set.

    Raises `MultipltError` where there is none, it is another model's, or it cannot tell the end of a text from padding.
    """
    tokenizer = _load(model.tokenizer or model.name, None if model.tokenizer else model.revision)
    name = model.tokenizer or model.name
    if tokenizer.eos_token_id is None:
        raise MultipltError(
            f"the tokenizer of {name} has no token that ends a text; set model.tokenizer to one that has"
        )
    check_fits(tokenizer, name, model.name, config)
    tokenizer.pad_token = _pad_token(tokenizer, model.pad_token, name, config.vocab_size)
    return tokenizer


def check_fits(tokenizer: Any, name: str, model: str, config: Any) -> None:
    """Raise `MultipltError` where the tokenizer `name` is not that of `model`."""
    tokens, embeddings = tokenizer.vocab_size, config.vocab_size  # without special ones, which texts may not use
    mend = "set model.tokenizer to the model's own"
    if tokens > embeddings:
        raise MultipltError(
            f"the tokenizer of {name} has {tokens:,} tokens and {model} has {embeddings:,} embeddings: it is another "
            f"model's; {mend}"
        )
    if tokens < LEAST_SHARE * embeddings:
        raise MultipltError(
            f"the tokenizer of {name} has {tokens:,} tokens, far fewer than the {embeddings:,} embeddings of {model}: "
            f"it is another model's; {mend}"
        )
    ends = config.eos_token_id if isinstance(config.eos_token_id, list) else [config.eos_token_id]
    if ends != [None] and tokenizer.eos_token_id not in ends:
        raise MultipltError(
            f"the tokenizer of {name} ends a text with token {tokenizer.eos_token_id} and {model} with "
            f"{' or '.join(map(str, ends))}: it is another model's; {mend}"
        )


def check_ids(largest: int, model: ModelSection, config: Any) -> None:
    """Raise `MultipltError` where the `largest` id of the texts has no embedding."""
    if largest >= config.vocab_size:
        raise MultipltError(
            f"the texts have token {largest:,} and {model.name} has {config.vocab_size:,} embeddings: the tokenizer is "
            "another model's; set model.tokenizer to the model's own"
        )


def check_same(tokenizer: Any, model: ModelSection) -> None:
    """Raise `MultipltError` where the recipe names a tokenizer that gives other tokens than the model's own.

    The published fine-tuned models have none of their own: then there is nothing to compare with.
    """
    if model.tokenizer is None:
        return
    try:
        own = _load(model.name, model.revision)
    except MultipltError:
        return
    if own.get_vocab() != tokenizer.get_vocab():
        raise MultipltError(
            f"the tokenizer of {model.tokenizer} has other tokens than that of {model.name}: it is another model's; "
            "leave model.tokenizer out"
        )


def _load(name: str, revision: str | None) -> Any:
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(name, revision=revision)
    except Exception as error:  # the libraries raise many kinds
        raise MultipltError(f"there is no tokenizer: {explain(error, name, {'revision': revision})}") from error


def _pad_token(tokenizer: Any, wanted: str | None, name: str, embeddings: int) -> str:
    """The token to pad with: the one wanted, else the tokenizer's, else another special one that has an embedding."""
    ids = tokenizer.get_vocab()
    special = (token for token in tokenizer.all_special_tokens if ids[token] < embeddings)
    others = [token for token in special if token != tokenizer.eos_token]
    others.sort(key=lambda token: ("pad" not in token, "unk" not in token))  # those made for it first
    mend = f"set model.pad_token to {' or '.join(others[:4]) or 'another'}"
    pad = wanted or tokenizer.pad_token or next(iter(others), None)
    if pad is None:
        raise MultipltError(f"the tokenizer of {name} has no padding token, nor another special one; {mend}")
    if ids.get(pad, embeddings) >= embeddings:
        raise MultipltError(
            f"the tokenizer of {name} has no token {pad} to pad with, or the model no embedding for it; {mend}"
        )
    if pad == tokenizer.eos_token:
        raise MultipltError(
            f"the tokenizer of {name} pads with {pad}, which also ends a text: a trainer that masks padding would "
            f"never see a text end; {mend}"
        )
    return str(pad)
