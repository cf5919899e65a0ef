"""Makes the last part of a record's IRI, which is the name of its file too, out of a name of any length and script."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

from threatgraph.errors import ThreatGraphError

#: The most characters of a slug. A file name may have 255 bytes on most systems and 143 on some (eCryptfs), and a slug
#: may have a prefix and a suffix in it.
LONGEST = 120
_DIGITS = 8
# Latin letters that Unicode does not take apart into a letter and an accent.
_LATIN = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ħ": "h", "ı": "i"})
# Names that a file of Windows cannot have, whatever its ending.
_RESERVED = re.compile(r"con|prn|aux|nul|(?:com|lpt)[0-9]")


def slug_of(label: str) -> str:
    """A label in lower case, without accents, with hyphens; one that is too long is cut, and gets a hash at its end.

    Raises:
        ThreatGraphError: where the label has no ASCII letter or digit to make it of.
    """
    slug = _ascii(label)
    if not slug:
        raise ThreatGraphError(f"no slug can be made of {label!r}: use a label with letters or digits.")
    return cut_to_length(slug)


def slug_of_any(name: str) -> str | None:
    """As :func:`slug_of`, for a name in any script: letters that ASCII cannot hold count by a hash at the end.

    Two names that differ in such letters have different slugs.

    Returns:
        ``None`` for a name without any letter or digit.
    """
    slug = _ascii(name)
    if all(char.isascii() or not char.isalnum() for char in _folded(name)):
        return cut_to_length(slug) if slug else None
    whole = " ".join(unicodedata.normalize("NFKC", name.casefold()).split())
    return with_hash(slug, whole)


def cut_to_length(slug: str) -> str:
    """A slug that is not too long, and no reserved name: itself, or its beginning and a hash of the whole."""
    return with_hash(slug, slug) if len(slug) > LONGEST or _RESERVED.fullmatch(slug) else slug


def with_hash(slug: str, whole: str) -> str:
    """A slug with a hash at its end, for what would else get the same one as something else.

    Args:
        slug: the slug, which is cut where it is too long.
        whole: what tells the two apart.
    """
    digits = sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    return f"{slug[: LONGEST - _DIGITS - 1].strip('-.')}-{digits}".strip("-")


def _folded(name: str) -> str:
    """A name in lower case, without the accents of its letters."""
    parts = unicodedata.normalize("NFKD", name.casefold().translate(_LATIN))
    return "".join(char for char in parts if not unicodedata.combining(char))


def _ascii(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", _folded(name)).strip("-")
