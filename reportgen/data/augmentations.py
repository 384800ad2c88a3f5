"""What `training.augment` can do to a batch: names, parameters and sources of the changes; the engine makes them."""

from __future__ import annotations

from reportgen.table import Parameter, Row, table

AUGMENTATIONS = table(
    (
        Row(
            name="noise",
            summary="Add Gaussian noise to every feature of every training example, anew in each batch.",
            formula=r"x + \varepsilon,\quad \varepsilon \sim \mathcal{N}(0, \sigma^2 I)",
            source="Sietsma and Dow 1991; Bishop 1995",
            parameters=(Parameter("noise", "number", 0.0, "standard deviation of the noise; 0: none", 0),),
        ),
        Row(
            name="shift",
            summary="Move each training image by whole pixels along both axes; zeros come in at the edge.",
            formula=r"x_{c, i, j} \leftarrow x_{c, i - a, j - b},\quad a, b \in \{-s, \dots, s\}",
            source="Simard et al. 2003",
            parameters=(Parameter("shift", "integer", 0, "most pixels s that an image moves; 0: none", 0),),
        ),
        Row(
            name="flip",
            summary="Mirror each training image left to right with probability 1/2.",
            formula=r"x_{c, i, j} \leftarrow x_{c, i, w - 1 - j}",
            source="Krizhevsky et al. 2012, section 4.1",
            parameters=(Parameter("flip", "boolean", False, "whether images are mirrored"),),
        ),
    )
)
