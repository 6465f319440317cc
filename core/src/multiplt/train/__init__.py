"""Step 3: a causal language model is fine-tuned on a training set, as a recipe says."""

from __future__ import annotations

from multiplt.train.recipe import Recipe, load_recipe

__all__ = ["Recipe", "load_recipe"]
