"""What the processor computes natively, by the flags that the kernel lists."""

import functools
from pathlib import Path
from typing import Final

_CPUINFO: Final = Path("/proc/cpuinfo")
_BFLOAT16: Final = frozenset({"avx512_bf16", "amx_bf16"})  # elsewhere it is emulated, which takes five times as long
_BYTES_MAX: Final = 64 * 1024  # the flags of the first processor are within this


@functools.cache
def computes_bfloat16() -> bool:
    """Return whether the processor computes in bfloat16. False where the kernel doesn't list its flags."""
    try:
        with _CPUINFO.open("rb") as file:
            text = file.read(_BYTES_MAX).decode(errors="replace")
    except OSError:
        return False
    return bool(_BFLOAT16 & flags_in(text))


def flags_in(cpuinfo: str) -> frozenset[str]:
    """Return the flags of the first processor in the text of `/proc/cpuinfo` (x86)."""
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "flags":
            return frozenset(value.split())
    return frozenset()
