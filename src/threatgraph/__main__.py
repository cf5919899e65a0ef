"""``python -m threatgraph``: the command line."""

import sys

from threatgraph.cli import main

if __name__ == "__main__":
    sys.exit(main())
