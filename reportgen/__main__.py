"""Entry point of `python -m reportgen` and of the command `reportgen`."""

import gc
import os
import sys

GC_THRESHOLD = 50_000
"""Number of new objects between garbage collections; Python's default of 700 slows down imports and validation."""


def main() -> None:
    """Run the command line; Ctrl-C during the imports also ends without a traceback."""
    gc.set_threshold(GC_THRESHOLD)
    _open_streams()
    try:
        from reportgen.cli.main import main as run_command
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)
    run_command()


def _open_streams() -> None:
    """Send closed standard streams nowhere; otherwise the next opened file would become the output."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest free number
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))


if __name__ == "__main__":
    main()
