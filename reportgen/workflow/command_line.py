"""Commands as a user of this system types them."""

from __future__ import annotations

import os
import shlex
import subprocess


def shell_command(*words: object) -> str:
    """Return the words of a command, those with blanks in the quotes that the system's shell knows."""
    texts = [str(word) for word in words]
    return subprocess.list2cmdline(texts) if os.name == "nt" else shlex.join(texts)
