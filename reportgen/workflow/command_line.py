"""Commands in the syntax of the user's shell."""

from __future__ import annotations

import os
import shlex
import subprocess


def shell_command(*words: object) -> str:
    """Return a command from its words, quoted as the system's shell requires."""
    texts = [str(word) for word in words]
    return subprocess.list2cmdline(texts) if os.name == "nt" else shlex.join(texts)
