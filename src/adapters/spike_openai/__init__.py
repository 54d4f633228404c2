"""Pictures from a server that speaks OpenAI's images API: OpenAI itself, or one of the many that imitate it."""

from spike_openai.generator import OpenAIGenerator
from spike_openai.retries import RetryPolicy
from spike_openai.server import ImageServer

__all__ = ["ImageServer", "OpenAIGenerator", "RetryPolicy"]
