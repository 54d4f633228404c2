"""Pictures drawn from words by rules: no model, no network. The same words always give the same picture."""

from spike_procedural.generator import ProceduralGenerator

__all__ = ["ProceduralGenerator"]
