"""Pictures drawn by rules from a prompt's words, without a model or network. Equal prompts give equal pictures."""

from spike_procedural.generator import ProceduralGenerator

__all__ = ["ProceduralGenerator"]
