"""Pillow adapters: the probe that checks uploads, the classical enhancement engine, and metadata in picture files."""

from spike_pillow.metadata import PillowMetadata
from spike_pillow.plugin import classical_engine, open_engine
from spike_pillow.probe import PillowProbe
from spike_pillow.rendition_maker import PillowRenditionMaker
from spike_pillow.upscaler import PillowUpscaler

__all__ = ["PillowMetadata", "PillowProbe", "PillowRenditionMaker", "PillowUpscaler", "classical_engine", "open_engine"]
