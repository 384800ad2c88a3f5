"""Random streams that depend only on seed, purpose and index, so that comparisons between runs are paired."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, purpose: str, index: int = 0) -> np.random.Generator:
    """Return the generator for one purpose; draws for one purpose do not affect another.

    The generator is the counter-based Philox (Salmon et al. 2011), keyed by a SHA-256 digest of the arguments.
    """
    digest = hashlib.sha256(f"{seed}|{purpose}|{index}".encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))
