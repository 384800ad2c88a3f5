"""`python -m reportgen` is the command `reportgen`."""

import sys


def main() -> None:
    """Carry out the command line; a Ctrl-C is obeyed in the same words while the program is still loading."""
    try:
        from reportgen.cli.main import main as carry_out
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)
    carry_out()


if __name__ == "__main__":
    main()
