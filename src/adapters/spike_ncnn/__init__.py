"""Super-resolution with small networks on the ncnn runtime, chosen and blended by a picture's degradation."""

from spike_ncnn.plugin import is_installed, open_engine

__all__ = ["is_installed", "open_engine"]
