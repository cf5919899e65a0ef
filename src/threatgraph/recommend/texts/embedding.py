"""Static word embeddings, an optional extra that runs locally.

The weights and the tokenizer are those inside the package wordllama. They are read without importing it, which would
take longer than the work itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from threatgraph.recommend.texts.tfidf import unit
from threatgraph.store.disk.kept import stamps

#: Maximum characters of a text to embed; the beginning says what a record is about.
_LONGEST = 4_000
_WEIGHTS, _TENSOR = Path("weights", "l2_supercat_256.safetensors"), "embedding.weight"
_TOKENIZER = Path("tokenizers", "l2_supercat_tokenizer_config.json")
_DIMENSIONS = 256


def available() -> bool:
    """Whether the extra is installed: ``pip install 'threatgraph[embedding]'``."""
    return _folder() is not None


def _folder() -> Path | None:
    found = find_spec("wordllama")
    return Path(found.origin).parent if found is not None and found.origin is not None else None


def stamp() -> str:
    """A text that changes when other word embeddings are installed; empty if none are."""
    folder = _folder()
    if folder is None:
        return ""
    return stamps([folder / _WEIGHTS, folder / _TOKENIZER])


@cache
def _model() -> tuple[Any, np.ndarray]:
    """The tokenizer, and the vector of each token."""
    folder = _folder()
    if folder is None:
        raise ImportError("word embeddings are not installed: pip install 'threatgraph[embedding]'")
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(folder / _TOKENIZER)), load_file(folder / _WEIGHTS)[_TENSOR]


def embed(texts: Sequence[str]) -> np.ndarray:
    """Embed texts as rows of 256 numbers, the mean of their token vectors (WordLlama, Miller 2024).

    Raises:
        ImportError: if the extra is not installed.
    """
    tokenizer, tokens = _model()
    means = np.zeros((len(texts), _DIMENSIONS), dtype=np.float32)
    # Half of a surrogate pair is in no text that a tokenizer takes.
    cut = [text[:_LONGEST].encode("utf-8", "replace").decode() or " " for text in texts]
    encoded = tokenizer.encode_batch(cut, add_special_tokens=False)
    for row, text in enumerate(encoded):
        if text.ids:
            of_text = tokens[np.array(text.ids)].astype(np.float32)
            means[row] = of_text.sum(axis=0) / np.float32(len(of_text))
    return unit(means.astype(float))
