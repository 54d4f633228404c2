"""Super-resolution by small networks on the ncnn runtime, judged and mixed by what is found in the picture."""

from spike_ncnn.plugin import is_installed, open_engine

__all__ = ["is_installed", "open_engine"]
