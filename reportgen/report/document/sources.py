"""Full references of the lectures and papers that claims, findings and methods cite; the papers are in papers.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

PAPERS_FILE = Path(__file__).with_name("papers.yaml")

LECTURES = {
    "stanford-scribe": "CS231n: Convolutional Neural Networks for Visual Recognition, Stanford, spring 2017. "
    "Lecture 6, Training neural networks I. Scribe notes.",
    "lecture-review": "A student's review of CS231n, lecture 6: Training neural networks I. 2020.",
    "nn1-notes": "Training neural networks I. Course notes, modified from those of CS231n, Stanford.",
    "chicago-14": "CMSC 35400 / STAT 37710: Machine Learning, University of Chicago. "
    "Topic 14, Training neural networks.",
    "csci-497p": "CSCI 497P/597P: Computer Vision. Convolutional neural networks and some of the practicalities "
    "that make them work.",
}

SITES = {"doi:": "https://doi.org/", "arXiv:": "https://arxiv.org/abs/"}
"""Addresses that identifiers of papers continue, by the prefix of the identifier."""

METHODS = ("Holm 1979",)
"""Sources of the methods of every report."""

THEORY = ("Poole et al. 2016", "Schoenholz et al. 2017")
CONVOLUTIONS, SHORTCUTS = "Xiao et al. 2018", "Yang and Schoenholz 2017"
"""Sources of mean-field theory of dense networks, of networks on images, and of residual networks."""


@dataclass(frozen=True)
class Reference:
    """A source.

    Attributes
    ----------
    key : the short name, such as "He et al. 2015"
    text : the full reference, empty for an unknown key
    link : a DOI ("doi:..."), an arXiv identifier ("arXiv:...") or an address ("https://..."); empty if there is none
    """

    key: str
    text: str = ""
    link: str = ""

    @property
    def address(self) -> str:
        """The address of the link."""
        site = next((site for site in SITES if self.link.startswith(site)), "")
        return SITES.get(site, "") + self.link.removeprefix(site)


@cache
def papers() -> dict[str, Reference]:
    """Return the papers by their keys."""
    listed = yaml.safe_load(PAPERS_FILE.read_text(encoding="utf-8"))
    return {key: Reference(key, **paper) for key, paper in listed.items()}


def references(keys: Iterable[str]) -> list[Reference]:
    """Return the references in order of first use, each once.

    A key may continue with a place in its source: "He et al. 2015, eq. 10".
    """
    known = {key: Reference(key, text) for key, text in LECTURES.items()} | papers()
    listed: dict[str, Reference] = {}
    for key in keys:
        name = next((source for source in known if re.match(rf"{re.escape(source)}(?!\w)", key)), key)
        listed.setdefault(name, known.get(name, Reference(name)))
    return list(listed.values())


def mentioned(text: str) -> list[str]:
    """Return the keys of the papers that a text mentions, in its order.

    The year may be in parentheses, as in "He et al. (2015)", and three authors may be "et al.".
    """
    places = {key: _mention(key).search(text) for key in papers()}
    found = {key: match.start() for key, match in places.items() if match}
    return sorted(found, key=lambda key: found[key])


@cache
def _mention(key: str) -> re.Pattern[str]:
    authors, _space, year = key.rpartition(" ")
    first, comma, _others = authors.partition(", ")
    names = [authors, f"{first} et al."] if comma else [authors]
    words = "|".join(r"\s+".join(map(re.escape, name.split())) for name in names)
    return re.compile(rf"(?<!\w)(?:{words})(?:['’]s)?,?\s+\(?{re.escape(year)}(?!\w)")
