"""Random streams that depend on nothing but (seed, purpose, index): the base of paired comparisons."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, purpose: str, index: int = 0) -> np.random.Generator:
    """Return the generator of one purpose: counter-based, so that draws for one purpose never shift another's.

    Source: Salmon et al. 2011 (Philox), keyed by a SHA-256 digest of the three arguments.
    """
    digest = hashlib.sha256(f"{seed}|{purpose}|{index}".encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))
