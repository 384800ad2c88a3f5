"""The command line: options, verbs, terminal output and exit codes."""
