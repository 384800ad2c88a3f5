"""Table of data sets.

To add a data set, write a function that returns the Source for a Request, and add a row to the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from reportgen.data.dataset import ImageShape, IntArray
from reportgen.data.readers import bundled, csv_file, generated, npz_file, published, shapes
from reportgen.data.source import Request, Source
from reportgen.registry import Parameter, Row, Table


def _no_files(request: Request) -> str:
    return ""


def _nothing_missing(request: Request) -> int:
    return 0


def _unknown(request: Request) -> IntArray | None:
    return None


def _no_images(request: Request) -> ImageShape | None:
    return None


def _pixels(channels: int, height: int, width: int) -> Callable[[Request], ImageShape]:
    """Return a function that gives the same image shape for each request."""
    return lambda request: (channels, height, width)


@dataclass(frozen=True, kw_only=True)
class DataSet(Row):
    """A data set.

    make: return the requested examples. identity: return a text that changes with the contents of the files, if any.
    missing_bytes: return the number of bytes to download first; raises MissingError if that is not allowed.
    sizes: defaults of `samples`, `features` and `classes`, as far as a study may set them. fixed: sizes that the study
    cannot change. derived: sizes that follow from the parameters of the data set. validation: default of the validation
    fraction. own_splits: splits that the data set itself has; a fraction for them is an error. image_shape: return
    (channels, height, width) of the examples, or None if they are not images. may_hold_images: whether the file
    determines if examples are images. counts: return the number of examples of each class outside the data set's own
    test split, (classes,), or None if the examples must be generated or read to count them. own_file: whether `path` is
    one file of the user, which a report contains a copy of.
    """

    kind: ClassVar[str] = "data set"
    make: Callable[[Request], Source]
    identity: Callable[[Request], str] = _no_files
    missing_bytes: Callable[[Request], int] = _nothing_missing
    sizes: Mapping[str, int] = field(default_factory=dict)
    fixed: Mapping[str, int] = field(default_factory=dict)
    derived: Mapping[str, Callable[[Mapping[str, Any]], int]] = field(default_factory=dict)
    validation: float = 0.2
    own_splits: tuple[str, ...] = ()
    image_shape: Callable[[Request], ImageShape | None] = _no_images
    may_hold_images: bool = False
    counts: Callable[[Request], IntArray | None] = _unknown
    own_file: bool = False

    def size(self, name: str, params: Mapping[str, Any]) -> int:
        """Return `samples`, `features` or `classes` if the study does not set it; 0 if only the file determines it."""
        if name in self.derived:
            return self.derived[name](params)
        return self.sizes.get(name, self.fixed.get(name, 0))

    def fixed_by(self, name: str) -> str:
        """Return what determines a size that the study cannot set, for an error message."""
        if name in self.derived:
            return f"the parameters of {self.name} determine it"
        return f"{self.name} has {self.fixed[name]} {name}" if name in self.fixed else "the file determines it"


_NOISE = Parameter("noise", "number", 0.1, "standard deviation of the Gaussian noise on each coordinate", 0)
_PLANE = {"features": 2}
_FOLDER = Parameter("path", "path", None, "folder with the files; not set: the local cache")
_DOWNLOAD = Parameter(
    "download", "boolean", False, "download missing files to the local cache and verify their checksums"
)

_GAUSSIAN = DataSet(
    name="gaussian",
    summary="Standard normal inputs; labels are random, or depend on class means or on a teacher network.",
    formula=r"x \sim \mathcal{N}(\mu_y, I)",
    source="input of the lectures' ten-layer network; teacher: Gardner and Derrida 1989; tail: Kunstner et al. 2024",
    parameters=(
        Parameter("distance", "number", None, "distance between any two class means, in standard deviations", 0),
        Parameter(
            "teacher",
            "integer",
            None,
            "hidden tanh units of a random network that gives the labels; 0: a linear network",
            0,
        ),
        Parameter("prior", "numbers", None, "share of each class; not set: equal shares", 0),
        Parameter(
            "tail", "number", None, "a in shares of classes k = 1, 2, ... proportional to 1 / k^a", 0, 100, added=True
        ),
    ),
    make=generated.gaussian,
    counts=generated.gaussian_counts,
    sizes={"samples": 1000, "features": 500, "classes": 10},
)
_BLOBS = DataSet(
    name="blobs",
    summary="Gaussian clouds around class centres drawn uniformly from a box.",
    formula=r"x \sim \mathcal{N}(c_y, \sigma^2 I),\quad c_k \sim \mathcal{U}(-b, b)^d",
    source="Pedregosa et al. 2011 (make_blobs)",
    parameters=(
        Parameter("std", "number", 1.0, "standard deviation of each cloud", 0),
        Parameter("box", "number", 10.0, "half the side length b of the box from which the centres are drawn", 0),
    ),
    make=generated.blobs,
    counts=generated.equal_counts,
    sizes={"samples": 1000, "features": 2, "classes": 3},
)
_CIRCLES = DataSet(
    name="circles",
    summary="Noisy concentric circles, one for each class; the outermost has radius 1.",
    formula=r"x = r_y (\cos t, \sin t) + \varepsilon",
    source="Pedregosa et al. 2011 (make_circles)",
    parameters=(
        _NOISE,
        Parameter("factor", "number", 0.5, "radius of the innermost circle", 0, 1, ("minimum", "maximum")),
    ),
    make=generated.circles,
    counts=generated.equal_counts,
    sizes={"samples": 1000, "classes": 2},
    fixed=_PLANE,
)
_MOONS = DataSet(
    name="moons",
    summary="Two noisy interleaving half circles.",
    formula=r"x = (\cos t, \sin t) + \varepsilon \ \text{or}\ (1 - \cos t, \tfrac12 - \sin t) + \varepsilon",
    source="Pedregosa et al. 2011 (make_moons)",
    parameters=(_NOISE,),
    make=generated.moons,
    counts=generated.equal_counts,
    sizes={"samples": 1000},
    fixed={"features": 2, "classes": 2},
)
_SPIRAL = DataSet(
    name="spiral",
    summary="Spiral arms around the origin, one for each class.",
    formula=r"x = r (\cos \theta, \sin \theta),\quad \theta = 2\pi (y / C + T r) + \varepsilon",
    source="after Lang and Witbrock 1988",
    parameters=(
        Parameter("noise", "number", 0.2, "standard deviation of the Gaussian noise on the angle, in radians", 0),
        Parameter("turns", "number", 0.65, "number of turns T of an arm between the origin and radius 1", 0),
    ),
    make=generated.spiral,
    counts=generated.equal_counts,
    sizes={"samples": 900, "classes": 3},
    fixed=_PLANE,
)
_SHAPES = DataSet(
    name="shapes",
    summary=f"Small images of one shifted figure each, with noise; classes in order: {', '.join(shapes.KINDS)}.",
    formula=r"x_{ij} = T_y(i - s_1, j - s_2) + \varepsilon_{ij},\quad s \sim \mathcal{U}\{-m, \dots, m\}^2,\ "
    r"\varepsilon_{ij} \sim \mathcal{N}(0, \sigma^2)",
    source="after the rectangles of Larochelle et al. 2007",
    parameters=(
        Parameter("size", "integer", 16, "height and width of an image in pixels", shapes.LEAST_SIZE, shapes.MOST_SIZE),
        Parameter("channels", "integer", 1, "1: grey; more, such as 3: random colours", 1, shapes.MOST_CHANNELS),
        Parameter("noise", "number", 0.3, "standard deviation of the noise; figures are 1, the background 0", 0),
        Parameter(
            "extent",
            "integer",
            None,
            "height and width of a figure in pixels; not set: half of size, at least 5",
            shapes.LEAST_EXTENT,
        ),
        Parameter(
            "shift",
            "integer",
            None,
            "largest distance m of a figure from the centre in each direction, in pixels; 0: always centred; not set: "
            "the largest with which figures stay in the image",
            0,
        ),
        Parameter(
            "thickness", "number", None, "width of the strokes in pixels; not set: a sixth of extent, at least 1", 1
        ),
    ),
    make=shapes.shapes,
    counts=shapes.shapes_counts,
    sizes={"samples": 2000, "classes": 6},
    derived={"features": lambda params: params["channels"] * params["size"] ** 2},
    image_shape=shapes.shapes_image,
)
_DIGITS = DataSet(
    name="digits",
    summary="Handwritten digits of 43 writers: 1797 images of 8 x 8 pixels with values 0 to 16; included, no download.",
    formula=r"x \in \{0, \dots, 16\}^{8 \times 8}",
    source="Alpaydin and Kaynak 1998 (UCI), the test part, as shipped with scikit-learn",
    make=bundled.digits,
    counts=bundled.digits_counts,
    image_shape=_pixels(1, 8, 8),
    fixed={"samples": 1797, "features": 64, "classes": 10},
)
_MNIST = DataSet(
    name="mnist",
    summary="Handwritten digits: 70 000 images of 28 x 28 pixels with values 0 to 255, 10 000 of them for testing.",
    formula=r"x \in \{0, \dots, 255\}^{28 \times 28}",
    source="LeCun, Bottou, Bengio and Haffner 1998",
    parameters=(_FOLDER, _DOWNLOAD),
    make=published.mnist,
    identity=published.identity("mnist"),
    missing_bytes=published.missing_bytes("mnist"),
    counts=published.counts("mnist"),
    image_shape=_pixels(1, 28, 28),
    fixed={"samples": 70_000, "features": 784, "classes": 10},
    validation=1 / 6,
    own_splits=("test",),
)
_FASHION_MNIST = DataSet(
    name="fashion_mnist",
    summary="Pictures of clothes: 70 000 images of 28 x 28 pixels with values 0 to 255, 10 000 of them for testing.",
    formula=r"x \in \{0, \dots, 255\}^{28 \times 28}",
    source="Xiao et al. 2017",
    parameters=(_FOLDER, _DOWNLOAD),
    make=published.fashion_mnist,
    identity=published.identity("fashion_mnist"),
    missing_bytes=published.missing_bytes("fashion_mnist"),
    counts=published.counts("fashion_mnist"),
    image_shape=_pixels(1, 28, 28),
    fixed={"samples": 70_000, "features": 784, "classes": 10},
    validation=1 / 6,
    own_splits=("test",),
)
_CIFAR10 = DataSet(
    name="cifar10",
    summary="Small colour photographs: 60 000 images of 3 x 32 x 32 values 0 to 255, 10 000 of them for testing.",
    formula=r"x \in \{0, \dots, 255\}^{3 \times 32 \times 32}",
    source="Krizhevsky 2009",
    parameters=(_FOLDER, _DOWNLOAD),
    make=published.cifar10,
    identity=published.identity("cifar10"),
    missing_bytes=published.missing_bytes("cifar10"),
    counts=published.counts("cifar10"),
    image_shape=_pixels(3, 32, 32),
    fixed={"samples": 60_000, "features": 3072, "classes": 10},
    validation=0.1,
    own_splits=("test",),
)
_NPZ = DataSet(
    name="npz",
    summary="Your own NumPy arrays, already split: x_train, y_train, x_val, y_val and optionally x_test, y_test.",
    formula=r"x \in \mathbb{R}^{n \times d},\ \mathbb{R}^{n \times h \times w} \ \text{or}\ "
    r"\mathbb{R}^{n \times c \times h \times w}",
    source="your own file",
    parameters=(Parameter("path", "path", None, "path of the .npz file, relative to the study", required=True),),
    make=npz_file.read,
    identity=npz_file.identity,
    validation=0.0,
    own_splits=("validation", "test"),
    image_shape=npz_file.image_shape,
    may_hold_images=True,
    own_file=True,
)
_CSV = DataSet(
    name="csv",
    summary="Your own table with one example per line: features as numbers, and the class in the target column.",
    formula=r"x \in \mathbb{R}^{n \times d}",
    source="your own file",
    parameters=csv_file.PARAMETERS,
    make=csv_file.read,
    identity=csv_file.identity,
    own_file=True,
)

DATASETS = Table(
    DataSet,
    (
        _GAUSSIAN,
        _BLOBS,
        _CIRCLES,
        _MOONS,
        _SPIRAL,
        _SHAPES,
        _DIGITS,
        _MNIST,
        _FASHION_MNIST,
        _CIFAR10,
        _NPZ,
        _CSV,
    ),
)
