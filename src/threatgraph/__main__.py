"""The program: ``threatgraph``, and ``python -m threatgraph``."""

import atexit
import gc
import os
import sys
from contextlib import suppress

_GARBAGE = 50_000
"""New objects between two searches for garbage; most commands make fewer, and Python searches after 700."""


def run() -> None:
    """Run the command line and end the process, without freeing its memory first: that takes longer than a query."""
    gc.set_threshold(_GARBAGE)
    from threatgraph.cli import main

    try:
        status = main()
    except SystemExit as ended:  # of the parser, after help, the version or an error
        if not isinstance(ended.code, int):
            raise
        status = ended.code
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # closed by whoever started the program
            stream.flush()
    atexit._run_exitfuncs()  # workers end
    os._exit(status)


if __name__ == "__main__":  # profilers and debuggers need the usual end of a process
    from threatgraph.cli import main

    sys.exit(main())
