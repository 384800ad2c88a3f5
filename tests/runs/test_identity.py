"""The identity of a program that trains."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from reportgen.errors import MissingError
from reportgen.runs.identity import check_identity, identity, refuse_other_identity


def test_the_same_program_has_the_same_identity():
    refuse_other_identity(pickle.loads(pickle.dumps(identity())))
    check_identity(identity())


@pytest.mark.parametrize("change", [{"engine": 0}, {"sources": "other"}, {"numpy": "0"}, {"reportgen": "0"}])
def test_another_engine_or_library_is_refused_and_named(change):
    with pytest.raises(MissingError) as caught:
        refuse_other_identity(replace(identity(), **change))
    assert caught.value.code == "worker-differs"
    assert (change.get("numpy") or "") in caught.value.message


@pytest.mark.parametrize("answer", [ModuleNotFoundError("no reportgen"), AttributeError("identity"), "text"])
def test_a_worker_that_cannot_say_its_identity_is_refused(answer):
    with pytest.raises(MissingError) as caught:
        check_identity(answer)
    assert caught.value.code == "worker-differs"


def test_another_error_of_a_worker_is_raised_as_it_is():
    with pytest.raises(ZeroDivisionError):
        check_identity(ZeroDivisionError())
