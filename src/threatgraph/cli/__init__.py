"""The command line: translates commands into calls of the library, and errors into messages.

Exit status: 0 on success, 1 where ``format --check`` finds a file to change, 2 for wrong input and for data that does
not conform to its shapes.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from threatgraph.cli.checkout import choose_data
from threatgraph.cli.parser import build_parser
from threatgraph.cli.wording import as_command_line
from threatgraph.display import printable
from threatgraph.errors import ThreatGraphError, ThreatGraphWarning

if TYPE_CHECKING:
    from threatgraph.cli.options import Options

_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: the words after the program's name; those of this process by default.

    Returns:
        The exit status.
    """
    if sys.stdout is None:  # closed by whoever started the program
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for the life of the process
    words = [*(sys.argv[1:] if argv is None else argv)]  # `list` is the module of a command in this package
    parser = build_parser()
    given = vars(parser.parse_args(words or ["--help"]))
    execute: Callable[[Options], int] = given.pop("execute")
    options: Options = given.pop("options")(**given)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", ThreatGraphWarning)
            warnings.showwarning = _show_warning
            choose_data(installed=options.installed_data)
            status = execute(options)
        sys.stdout.flush()
    except (ThreatGraphError, ImportError) as error:
        _report(str(error))
        return 2
    except BrokenPipeError:
        _abandon_output()  # the reader, such as head, has stopped reading
        return 0
    except OSError as error:
        where = printable(str(error.filename or "the output"), line_ends=False)
        _report(f"{where}: {error.strerror or error}.")
        return _abandon_output()
    except KeyboardInterrupt:
        print("threatgraph: interrupted", file=sys.stderr)
        return _INTERRUPTED
    return status


def _report(message: str) -> None:
    """Write an error with control characters escaped, since messages quote data and names of files."""
    print(f"threatgraph: error: {printable(as_command_line(message))}", file=sys.stderr)


def _show_warning(message: Warning | str, *where: object, **more: object) -> None:
    """Write a warning as one line, without the place in the code."""
    print(f"threatgraph: warning: {printable(as_command_line(str(message)))}", file=sys.stderr)


def _abandon_output() -> int:
    """Give up on standard output, so that Python does not complain again when it closes the stream; status 2."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 2
