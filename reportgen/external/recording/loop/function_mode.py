"""The context in which the functions of PyTorch are observed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def function_mode(torch: Any, function: Callable[..., Any]) -> Any:
    """Return a context in which `function` is called instead of each function of PyTorch."""

    class Mode(torch.overrides.TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return function(func, args, kwargs or {})

    return Mode()
