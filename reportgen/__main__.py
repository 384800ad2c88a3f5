"""Entry point of `python -m reportgen` and of the command `reportgen`."""

import contextlib
import gc
import os
import signal
import sys
from types import FrameType

GC_THRESHOLD = 50_000
"""Number of new objects between garbage collections; Python's default of 700 slows down imports and validation."""


def main() -> None:
    """Run the command line; Ctrl-C during the imports also ends without a traceback, also if it comes twice."""
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:  # a shell may have it ignored
        signal.signal(signal.SIGINT, _end)
    gc.set_threshold(GC_THRESHOLD)
    _open_streams()
    from reportgen.cli.main import main as run_command  # handles the signals itself

    run_command()


def _end(number: int, frame: FrameType | None) -> None:
    """End the process at once: nothing is begun yet, and an import might drop an exception, or wrap it in another."""
    with contextlib.suppress(OSError):
        os.write(2, b"Interrupted.\n")
    os._exit(130)


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
