"""The import of OpenVINO, without its telemetry.

`import openvino` imports its conversion tools, which send "general_import" to an analytics service if the package
`openvino-telemetry` is installed. Spike makes no connection that its operator hasn't asked for.
"""

import sys
import threading
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final

_TELEMETRY: Final = "openvino_telemetry"
_importing: Final = threading.Lock()


def is_installed() -> bool:
    """Return whether OpenVINO is installed."""
    return find_spec("openvino") is not None


def openvino() -> Any:
    """Return the module `openvino`, imported so that it sends nothing.

    Raises:
        ImportError: it isn't installed, or its libraries don't fit this system.
    """
    with _importing:
        loaded: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]  # None: an import raises
        is_new = "openvino" not in loaded and _TELEMETRY not in loaded
        if is_new:
            loaded[_TELEMETRY] = None
        try:
            import openvino  # noqa: PLC0415  # see the module's docstring
        finally:
            if is_new:
                del loaded[_TELEMETRY]
    return openvino
