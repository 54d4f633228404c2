"""A runtime for networks on OpenVINO, which computes in bfloat16 where the processor can."""

from spike_openvino.library import is_installed
from spike_openvino.processor import computes_bfloat16

__all__ = ["computes_bfloat16", "is_installed"]
