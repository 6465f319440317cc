"""A tiny language model: two Llama layers of random weights, and a tokenizer of bytes, newlines and numbers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

CONTEXT = 256
VOCABULARY = 800
PAD, END = "<pad>", "<end>"


def make_model(folder: Path, texts: Iterable[str], seed: int) -> None:
    """Save an untrained model under `folder`, with a byte-level BPE tokenizer of the `texts`."""
    import torch
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    bytes_to_tokens = Tokenizer(models.BPE())
    # A prompt ends with a line, or before the line's end: so its tokens and those of the answer are those of the text.
    # A number is the same token wherever it stands, which two layers learn to copy.
    bytes_to_tokens.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"\n|\d+"), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])  # fmt: skip
    bytes_to_tokens.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=[PAD, END], initial_alphabet=alphabet, show_progress=False
    )
    bytes_to_tokens.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bytes_to_tokens, pad_token=PAD, eos_token=END, clean_up_tokenization_spaces=False
    )
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=128, intermediate_size=352, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=4, max_position_embeddings=CONTEXT,
        pad_token_id=tokenizer.pad_token_id, bos_token_id=None, eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=True,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
