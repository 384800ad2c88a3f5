"""Entry point of `python -m reportgen` and of the command `reportgen`."""

import gc
import sys

GC_THRESHOLD = 50_000
"""Number of new objects between garbage collections; Python's default of 700 slows down imports and validation."""


def main() -> None:
    """Run the command line; Ctrl-C during the imports prints no traceback either."""
    gc.set_threshold(GC_THRESHOLD)
    try:
        from reportgen.cli.main import main as run_command
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)
    run_command()


if __name__ == "__main__":
    main()
