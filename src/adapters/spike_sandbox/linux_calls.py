"""Linux system calls that Python doesn't offer, through the C library."""

import ctypes
import os
import sys
from typing import Any, Final

IS_LINUX: Final = sys.platform == "linux"


def call(function: str, *arguments: Any) -> int:
    """Call a function of the C library that returns -1 for an error.

    Raises:
        OSError: it failed, or this system lacks it.
    """
    try:
        found = getattr(ctypes.CDLL(None, use_errno=True), function)
    except AttributeError as error:
        raise OSError(f"the C library has no {function}") from error
    found.restype = ctypes.c_long
    result: int = found(*(ctypes.c_long(each) if isinstance(each, int) else each for each in arguments))
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")
    return result
