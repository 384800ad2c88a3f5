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
    """A bad study: its text, the place that the error must name after the file's name, and words that it must say."""

    name: str
    text: str | bytes
    where: str
    words: tuple[str, ...]

    @property
    def raw(self) -> bytes:
        """The file's bytes."""
        return self.text if isinstance(self.text, bytes) else self.text.encode()


def bad(name: str, text: str | bytes, where: str, *words: str) -> Bad:
    """Return a bad study."""
    return Bad(name, text, where, words)


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
