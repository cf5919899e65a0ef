"""Static word embeddings, an optional extra that runs locally."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from threatgraph.recommend.texts.tfidf import unit

#: Maximum characters of a text to embed; the beginning says what a record is about.
_LONGEST = 4_000


def available() -> bool:
    """Whether the extra is installed: ``pip install 'threatgraph[embedding]'``."""
    return find_spec("wordllama") is not None


def stamp() -> str:
    """A text that changes when another version of the word embeddings is installed; empty if none is."""
    found = find_spec("wordllama")
    if found is None or found.origin is None:
        return ""
    files = [Path(found.origin), *sorted((Path(found.origin).parent / "weights").glob("*"))]
    return "\n".join(f"{file}\0{status.st_size}\0{status.st_mtime_ns}" for file in files for status in [file.stat()])


@cache
def _model() -> Any:
    import wordllama

    logging.getLogger("wordllama").setLevel(logging.CRITICAL)
    # The weights are inside the package; the options prevent a download.
    folder = Path(wordllama.__file__).parent
    return wordllama.WordLlama.load(cache_dir=folder, disable_download=True)


def embed(texts: Sequence[str]) -> np.ndarray:
    """Embed texts as rows of 256 numbers, the mean of their token vectors (WordLlama, Miller 2024).

    Raises:
        ImportError: if the extra is not installed.
    """
    try:
        model = _model()
    except ImportError as error:
        raise ImportError("word embeddings are not installed: pip install 'threatgraph[embedding]'") from error
    if not texts:
        return np.zeros((0, 256))
    return unit(np.asarray(model.embed([text[:_LONGEST] or " " for text in texts], norm=False), dtype=float))
