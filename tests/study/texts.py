"""Small studies as text: a sound one of four lines, and what becomes of it with a line changed or added."""

from __future__ import annotations

from dataclasses import dataclass

LINES = (
    "title: T",
    "question: Q",
    "data: {name: gaussian, samples: 40, features: 4, classes: 2}",
    "network: {hidden: [5, 5]}",
)
SOUND = "\n".join(LINES) + "\n"


@dataclass(frozen=True)
class Bad:
    """An invalid study and its error.

    Attributes
    ----------
    where : the place of the error, without the name of the file.
    code : the code of the error.
    names : names and numbers that the message or hint must contain, such as a suggested name or a limit.
    """

    name: str
    text: str | bytes
    where: str
    code: str
    names: tuple[str, ...]

    @property
    def raw(self) -> bytes:
        """The file's bytes."""
        return self.text if isinstance(self.text, bytes) else self.text.encode()


def bad(name: str, text: str | bytes, where: str, code: str, *names: str) -> Bad:
    """Return an invalid study and its error."""
    return Bad(name, text, where, code, names)


def added(text: str) -> str:
    """Return the sound study with lines from line 5 on."""
    return f"{SOUND}{text}\n"


def changed(line: int, text: str, more: str = "") -> str:
    """Return the sound study with one of its lines replaced, and more lines from line 5 on."""
    lines = [text if number == line else old for number, old in enumerate(LINES, 1)]
    return "\n".join([*lines, more] if more else lines) + "\n"


def data(text: str) -> str:
    """Return the sound study with other data, on line 3 from column 7."""
    return changed(3, f"data: {text}")


def network(text: str) -> str:
    """Return the sound study with another network, on line 4 from column 10."""
    return changed(4, f"network: {text}")


def training(text: str) -> str:
    """Return the sound study with training, on line 5 from column 11."""
    return added(f"training: {text}")


def claim(
    measure: str = "{metric: val_loss}", where: str = "{}", expect: str = "{below: 1}", identity: str = "a"
) -> str:
    """Return the sound study with a claim, on line 5."""
    return added(one_claim(measure, where, expect, identity))


def one_claim(measure: str, where: str, expect: str, identity: str = "a") -> str:
    """Return `claims` with one claim, on one line."""
    return f"claims: [{{id: {identity}, says: S, measure: {measure}, where: {where}, expect: {expect}}}]"
