"""Makes slugs: the last part of the IRI of a record and the name of its file, from a label in any script."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

from threatgraph.errors import ThreatGraphError

#: The maximum length of a slug. A file name can have 255 bytes on most systems and 143 on some (eCryptfs), and it
#: may have a prefix and a suffix.
LONGEST = 120
_DIGITS = 8
# Latin letters that Unicode does not decompose into a letter and an accent.
_LATIN = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ħ": "h", "ı": "i"})
# Reserved file names on Windows, with any extension.
_RESERVED = re.compile(r"con|prn|aux|nul|(?:com|lpt)[0-9]")


def slug_of(label: str) -> str:
    """Make a slug: lower case, without accents, with hyphens. A slug that is too long is cut and ends in a hash.

    Raises:
        ThreatGraphError: if the label has no letter or digit that ASCII can represent.
    """
    slug = _ascii(label)
    if not slug:
        raise ThreatGraphError(f"{label!r} has no letters or digits for a slug: use another label.")
    return cut_to_length(slug)


def slug_of_any(name: str) -> str | None:
    """Make a slug of a name in any script. If ASCII cannot represent a letter, the slug ends in a hash of the name.

    Names that differ in such letters have different slugs.

    Returns:
        The slug, or ``None`` for a name without letters and digits.
    """
    slug = _ascii(name)
    if all(char.isascii() or not char.isalnum() for char in _folded(name)):
        return cut_to_length(slug) if slug else None
    return with_hash(slug, " ".join(unicodedata.normalize("NFKC", name.casefold()).split()))


def cut_to_length(slug: str) -> str:
    """Return a slug that is not too long and not reserved: the slug itself, or its beginning and a hash."""
    return with_hash(slug, slug) if len(slug) > LONGEST or _RESERVED.fullmatch(slug) else slug


def with_hash(slug: str, key: str) -> str:
    """Append a hash to a slug to make it unique.

    Args:
        slug: the slug, which is cut if it is too long.
        key: the text to hash; different texts get different slugs.
    """
    digits = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    return f"{slug[: LONGEST - _DIGITS - 1].strip('-.')}-{digits}".strip("-")


def _folded(name: str) -> str:
    """The name in lower case, without accents."""
    parts = unicodedata.normalize("NFKD", name.casefold().translate(_LATIN))
    return "".join(char for char in parts if not unicodedata.combining(char))


def _ascii(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", _folded(name)).strip("-")
