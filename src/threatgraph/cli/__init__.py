"""The command line: translates words into calls of the library, and errors into messages.

Exit status: 0 where all went well, 1 where ``format --check`` found a file to change, 2 for wrong input and for data
that breaks a shape.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from threatgraph.cli.checkout import choose_data
from threatgraph.cli.parser import build_parser
from threatgraph.display import printable
from threatgraph.errors import ThreatGraphError

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
    arguments = build_parser().parse_args(argv)
    module, _, function = arguments.handler.partition(":")
    try:
        choose_data(installed=getattr(arguments, "installed_data", False))
        status = getattr(import_module(f"threatgraph.cli.{module}"), function)(arguments)
        sys.stdout.flush()
    except ThreatGraphError as error:
        _complain(str(error))
        return 2
    except ImportError as error:
        _complain(str(error))
        return 2
    except BrokenPipeError:
        _abandon_output()  # the reader, such as head, has had enough
        return 0
    except OSError as error:
        place = printable(str(error.filename or "the output"), line_ends=False)
        _complain(f"{place}: {error.strerror or error}.")
        return _abandon_output()
    except KeyboardInterrupt:
        print("threatgraph: stopped.", file=sys.stderr)
        return _INTERRUPTED
    return int(status)


def _complain(message: str) -> None:
    """Write an error; what a terminal would obey is escaped, since messages quote data and names of files."""
    print(f"threatgraph: error: {printable(message)}", file=sys.stderr)


def _abandon_output() -> int:
    """Give up on standard output, so that Python does not complain again when it closes the stream; status 2."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 2
