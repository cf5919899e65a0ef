"""The examples in README.md and docs/: run each one and compare its output, or rewrite the output.

    python tests/docs_examples.py                     # show examples whose output differs
    python tests/docs_examples.py --update [PAGE…]    # rewrite the outputs in the pages

Three kinds of block are examples:

- ``console``: commands after ``$ ``, each followed by its output. A command that fails is followed by ``$ echo $?``.
- ``pycon``: Python after ``>>> ``, each followed by its output.
- ``python``: Python without output; it must run.

The examples of a page run in order, in one temporary folder, in one shell and one Python namespace. In an output, ``…``
stands for any text within a line; a line ``…`` stands for any number of lines. Comments before a block change that:

- ``<!-- not run: REASON -->``: the block is not run.
- ``<!-- file: NAME -->``: the block is the content of a file that later examples use.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import doctest
import io
import os
import re
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ELISION = "…"
_FENCE = re.compile(r"^```(\S+)?(?: .*)?$")
_MARKER = re.compile(r"^<!-- (not run|file): (.+?) -->$")
# A number by itself, not part of a code, date or IRI.
_NUMBER = re.compile(r"(?<![\w./:#-])\d[\d,]*(?:\.\d+)?(?![\w/:-])")
_SPACING = re.compile(r"-{2,}|\s+")
_TIMEOUT = 120


@dataclass
class Step:
    """A command or statement with the output that the page shows, and the lines of the page where that stands."""

    source: str
    shown: list[str]
    start: int
    end: int
    actual: list[str] = field(default_factory=list)


@dataclass
class Block:
    """A block of code of a page."""

    language: str
    line: int
    text: str
    skipped: str = ""
    file: str = ""
    steps: list[Step] = field(default_factory=list)


def pages() -> list[Path]:
    """The pages that show examples, generated pages left out."""
    generated = {ROOT / "docs" / "reference", ROOT / "docs" / "figures"}
    found = [path for path in (ROOT / "docs").rglob("*.md") if not generated & set(path.parents)]
    return [ROOT / "README.md", *sorted(found)]


def read_blocks(text: str) -> list[Block]:
    """The blocks of code of a page, with the steps of those that are examples."""
    blocks: list[Block] = []
    lines = text.splitlines()
    marker: dict[str, str] = {}
    number = 0
    while number < len(lines):
        if match := _MARKER.match(lines[number]):
            marker[match[1]] = match[2]
        elif match := _FENCE.match(lines[number]):
            end = next(i for i in range(number + 1, len(lines)) if lines[i].strip() == "```")
            body = lines[number + 1 : end]
            block = Block(
                match[1] or "", number + 1, "\n".join(body) + "\n", marker.get("not run", ""), marker.get("file", "")
            )
            if not block.skipped and not block.file:
                block.steps = list(_steps(block, body))
            blocks.append(block)
            marker = {}
            number = end
        elif lines[number].strip():
            marker = {}
        number += 1
    return blocks


def _steps(block: Block, body: list[str]) -> Iterator[Step]:
    first = block.line  # index of the first line of the body
    if block.language == "console":
        yield from _commands(body, first)
    elif block.language == "pycon":
        for example in doctest.DocTestParser().get_examples(block.text):
            start = first + example.lineno + len(example.source.splitlines())
            shown = _until(body[start - first :], ">>> ")
            yield Step(example.source, shown, start, start + len(shown))
    elif block.language == "python":
        yield Step(block.text, [], first + len(body), first + len(body))


def _commands(body: list[str], first: int) -> Iterator[Step]:
    number = 0
    while number < len(body):
        if not body[number].startswith("$ "):
            raise ValueError(f"line {first + number + 1}: a console block begins with a command after '$ '")
        command = [body[number][2:]]
        while command[-1].endswith("\\"):
            number += 1
            command.append(body[number])
        shown = _until(body[number + 1 :], "$ ")
        yield Step("\n".join(command), shown, first + number + 1, first + number + 1 + len(shown))
        number += 1 + len(shown)
        while number < len(body) and not body[number].strip():
            number += 1


def _until(lines: list[str], prompt: str) -> list[str]:
    """The lines before the next prompt, blank lines at the end left out."""
    end = next((number for number, line in enumerate(lines) if line.startswith(prompt)), len(lines))
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]


class Shell:
    """A shell that runs one command after the other, as a reader does."""

    _END = "--- end of the output ---"

    def __init__(self, folder: Path) -> None:
        home = folder.parent / "home"
        home.mkdir()
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("THREATGRAPH_", "COV_"))},
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(home),
            "COLUMNS": "80",
            "NO_COLOR": "1",
            "LC_ALL": "C.UTF-8",
            "XDG_CACHE_HOME": str(home / "cache"),
        }
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            text=True,
            encoding="utf-8",
        )

    def run(self, command: str) -> tuple[list[str], int]:
        """The lines that a command prints, errors included, and its exit status."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        script = f"{{ {command}\n}} </dev/null\nstatus=$?; printf '\\n%s %d\\n' '{self._END}' $status; (exit $status)\n"
        self._process.stdin.write(script)
        self._process.stdin.flush()
        timer = threading.Timer(_TIMEOUT, self._process.kill)
        timer.start()
        lines: list[str] = []
        try:
            for line in self._process.stdout:
                if line.startswith(self._END):
                    return _trimmed(lines), int(line.split()[-1])
                lines.append(line.rstrip())
        finally:
            timer.cancel()
        raise RuntimeError(f"the shell ended in {command!r}, after:\n" + "\n".join(lines))

    def close(self) -> None:
        """End the shell."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(_TIMEOUT)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Page:
    """A page whose examples are run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.blocks = read_blocks(self.text)

    def run(self) -> list[str]:
        """Run all examples in order; return the problems, such as a command that fails."""
        problems: list[str] = []
        namespace: dict[str, object] = {"__name__": "__main__"}
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "work"
            folder.mkdir()
            shell = Shell(folder)
            try:
                for block in self.blocks:
                    if block.file:
                        (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
                        (folder / block.file).write_text(block.text, encoding="utf-8")
                    elif block.language == "console":
                        problems += self._run_commands(shell, block)
                    else:
                        with contextlib.chdir(folder):
                            problems += self._run_python(namespace, block)
            finally:
                shell.close()
        return problems

    def _run_commands(self, shell: Shell, block: Block) -> Iterator[str]:
        for step, following in zip(block.steps, [*block.steps[1:], None], strict=False):
            step.actual, status = shell.run(step.source)
            if status and not (following and following.source == "echo $?"):
                shown = "\n".join(step.actual)
                yield f"{self._place(step)}: {step.source!r} ends with status {status}:\n{shown}"

    def _run_python(self, namespace: dict[str, object], block: Block) -> Iterator[str]:
        for step in block.steps:
            printed = io.StringIO()
            try:
                mode = "single" if block.language == "pycon" else "exec"
                with contextlib.redirect_stdout(printed):
                    exec(compile(step.source, str(self.path), mode, dont_inherit=True), namespace)  # noqa: S102
            except Exception:  # noqa: BLE001 - whatever the example raises is shown
                yield f"{self._place(step)}: {step.source!r} raises\n{traceback.format_exc(limit=-1)}"
            step.actual = _trimmed(printed.getvalue().splitlines()) if block.language == "pycon" else []

    def _place(self, step: Step) -> str:
        return f"{self.path.relative_to(ROOT)}:{step.start}"

    @property
    def steps(self) -> list[Step]:
        """The examples of all blocks."""
        return [step for block in self.blocks for step in block.steps]

    def differences(self, *, exact: bool = True) -> list[str]:
        """A diff for each output that differs from what the page shows; after :meth:`run`."""
        found = []
        for step in self.steps:
            if not matches(step.shown, step.actual, exact=exact):
                diff = difflib.unified_diff(step.shown, step.actual, "shown", "printed", lineterm="", n=1)
                found.append(f"{self._place(step)}: {step.source}\n" + "\n".join(diff))
        return found

    def updated(self) -> str:
        """The text of the page with the outputs that were printed; after :meth:`run`."""
        lines = self.text.splitlines()
        for step in reversed(self.steps):
            if not matches(step.shown, step.actual):
                lines[step.start : step.end] = replacement(step.shown, step.actual)
        return "\n".join(lines) + "\n"


def matches(shown: list[str], actual: list[str], *, exact: bool = True) -> bool:
    """Whether an output is the one that is shown, with ``…`` for what is left out.

    Args:
        shown: the lines that the page shows.
        actual: the lines that the command printed.
        exact: whether numbers and spaces must be equal. Otherwise a number may differ by one or by 10 %, since each new
            record changes counts and scores a little.
    """
    if not shown:
        return not actual
    if shown[0].strip() == ELISION:
        return any(matches(shown[1:], actual[start:], exact=exact) for start in range(len(actual) + 1))
    return bool(actual) and _same_line(shown[0], actual[0], exact) and matches(shown[1:], actual[1:], exact=exact)


def _same_line(shown: str, actual: str, exact: bool) -> bool:
    if ELISION in shown:
        pattern = re.escape(shown.rstrip()).replace(re.escape(ELISION), ".*")
        return re.fullmatch(pattern, actual.rstrip()) is not None
    if exact or shown == actual:
        return shown.rstrip() == actual.rstrip()
    rest = [_SPACING.sub(" ", _NUMBER.sub("0", line)).strip() for line in (shown, actual)]
    numbers = [[float(number.replace(",", "")) for number in _NUMBER.findall(line)] for line in (shown, actual)]
    return rest[0] == rest[1] and all(_close(a, b) for a, b in zip(*numbers, strict=True))


def _close(one: float, other: float) -> bool:
    whole = one.is_integer() and other.is_integer()
    return abs(one - other) <= max(0.1 * max(abs(one), abs(other)), 1 if whole else 0.01)


def replacement(shown: list[str], actual: list[str]) -> list[str]:
    """What to show of an output: all of it, or as many first and last lines as now stand around a line ``…``.

    A line that ``…`` leaves partly open, such as one with a duration, stays as it is where it fits.
    """
    elisions = [number for number, line in enumerate(shown) if line.strip() == ELISION]
    if elisions:
        head, tail = elisions[0], len(shown) - elisions[-1] - 1
        if head + tail < len(actual):
            actual = [*actual[:head], shown[elisions[0]], *actual[len(actual) - tail :]]
    partly = [line for line in shown if ELISION in line and line.strip() != ELISION]
    return [next((line for line in partly if _same_line(line, found, exact=True)), found) for found in actual]


def _trimmed(lines: list[str]) -> list[str]:
    while lines and not lines[-1].strip():
        lines.pop()
    return [line.rstrip() for line in lines]


def main() -> int:
    """Compare or rewrite the outputs of the pages that are named, or of all."""
    parser = argparse.ArgumentParser(description="Run the examples of the documentation and compare their output.")
    parser.add_argument("pages", metavar="PAGE", nargs="*", type=Path, help="pages to run (default: all)")
    parser.add_argument("--update", action="store_true", help="rewrite the outputs that differ")
    arguments = parser.parse_args()
    status = 0
    for path in [path.resolve() for path in arguments.pages] or pages():
        page = Page(path)
        problems = page.run()
        differences = page.differences()
        if arguments.update and differences and not problems:
            path.write_text(page.updated(), encoding="utf-8")
            print(f"{path.relative_to(ROOT)}: {len(differences)} outputs rewritten")
        for text in problems if arguments.update else [*problems, *differences]:
            print(text, end="\n\n")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
