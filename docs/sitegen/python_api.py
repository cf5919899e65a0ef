"""The reference of the Python API: what `threatgraph` exports, by autodoc from the docstrings."""

from __future__ import annotations

import inspect

import threatgraph
from sitegen.markdown import fence, page

INTRODUCTION = """
Import these names from `threatgraph`:

```python
from threatgraph import ThreatGraph
```
"""
FIRST = ("ThreatGraph", "Analytics")


def reference() -> str:
    """The page of the public API."""
    exported = {name: getattr(threatgraph, name) for name in threatgraph.__all__}
    errors = [name for name, value in exported.items() if inspect.isclass(value) and issubclass(value, Exception)]
    others = [name for name in exported if name not in errors]
    others.sort(key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name))
    sections = [f"## {name}\n\n{_autodoc(exported[name])}" for name in others]
    sections.append("## Errors\n\n" + "\n".join(_autodoc(exported[name], members=False) for name in errors))
    return page("Python", INTRODUCTION, *sections)


def _autodoc(value: object, *, members: bool = True) -> str:
    """An autodoc directive, in reStructuredText, the language of the docstrings."""
    directive = "autoclass" if inspect.isclass(value) else "autofunction"
    lines = [f".. {directive}:: threatgraph.{value.__name__}"]  # type: ignore[attr-defined]
    if inspect.isclass(value):
        lines += ["   :members:" if members else "", "   :show-inheritance:" if issubclass(value, Exception) else ""]
    return fence("{eval-rst}", "\n".join(line for line in lines if line))
