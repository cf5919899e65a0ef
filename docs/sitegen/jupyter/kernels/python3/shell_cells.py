"""Start-up file of the kernel that runs the tutorials: `%%bash` cells fail with their command and print in one piece.

The magic of IPython goes on after a command that fails, and sends its output in chunks that can break a line.
"""

import subprocess

from IPython import get_ipython


def bash(line: str, cell: str) -> None:
    """Run a cell in bash; the first command that fails stops it."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", cell],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    print(done.stdout, end="")
    if done.returncode:
        raise SystemError(f"the cell ends with status {done.returncode}")


get_ipython().register_magic_function(bash, "cell")
