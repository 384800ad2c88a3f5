"""Entry point of `python -m reportgen` and of the command `reportgen`."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C during the imports also ends without a traceback."""
    try:
        from reportgen.cli.main import main as run_command
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)
    run_command()


if __name__ == "__main__":
    main()
