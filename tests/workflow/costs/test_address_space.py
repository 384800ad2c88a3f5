"""A limit of the address space that is too small to train is refused."""

from __future__ import annotations

import pytest

from reportgen.errors import MissingError
from reportgen.workflow.costs import address_space


@pytest.mark.parametrize("left", [None, address_space.LEAST_BYTES])
def test_enough_address_space_is_accepted(monkeypatch: pytest.MonkeyPatch, left: int | None) -> None:
    monkeypatch.setattr(address_space, "free_address_space", lambda: left)
    address_space.refuse_small_limit()


def test_too_little_address_space_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address_space, "free_address_space", lambda: address_space.LEAST_BYTES - 1)
    with pytest.raises(MissingError) as caught:
        address_space.refuse_small_limit()
    assert caught.value.code == "out-of-memory"
