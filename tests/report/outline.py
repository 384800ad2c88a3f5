"""The parts of a page that tests look at."""

from __future__ import annotations

import re
from html.parser import HTMLParser


class Outline(HTMLParser):
    """Collects ids, headings, addresses and elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.alts: list[str] = []
        self.text = ""
        self.feed(re.sub("<(style|script)>.*?</\\1>", "<\\1></\\1>", text, flags=re.DOTALL))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "img":
            self.alts.append(dict(attrs).get("alt") or "")
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "xlink:href", "action"):
                self.addresses.append(value or "")
