"""The study as plain values, defaults written out."""

from __future__ import annotations

import re
from typing import Any

import yaml

from reportgen.study.components import plain, plain_value
from reportgen.study.model import Study
from reportgen.study.plan import settings_of
from reportgen.study.variants import SECTIONS
from reportgen.study.yaml12 import SCALARS


class _Dumper(yaml.SafeDumper):
    """PyYAML's dumper, which also quotes texts that are numbers in YAML 1.2 but not in 1.1, such as 1e3."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return True: a study holds no aliases, also where two of its parts are one object."""
        return True


for _tag, _pattern, _first in SCALARS:
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^{_pattern}$"), _first)


def text_of(study: Study) -> str:
    """Return the study as YAML text."""
    return yaml.dump(study_as_written(study), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def study_as_written(study: Study) -> dict[str, Any]:
    """Return the study's contents as a mapping that reads back to an equal study."""
    settings = settings_of(study.tree)
    data = settings.data.model_dump(exclude={"source"})
    source = plain(settings.data.source)
    written: dict[str, Any] = {
        "title": study.title,
        "question": study.question,
        "introduction": study.introduction,
        "closing": study.closing,
        "data": ({"name": source} if isinstance(source, str) else source)
        | {k: v for k, v in data.items() if v is not None},
        "preprocess": [plain(step) for step in settings.preprocess],
    }
    for name in SECTIONS:
        section = getattr(settings, name)
        values = {key: plain_value(getattr(section, key)) for key in type(section).model_fields}
        written[name] = {key: "none" if value is None else value for key, value in values.items()}
    written |= {"vary": study.vary, "variants": study.variants, "seeds": list(study.seeds)}
    written["ensembles"] = study.ensembles if isinstance(study.ensembles, bool) else list(study.ensembles)
    written["sanity"] = list(study.sanity)
    written["claims"] = [claim.model_dump(exclude_none=True) for claim in study.claims]
    written["figures"] = list(study.figures)
    written["remedies"] = study.remedies.model_dump()
    return written
