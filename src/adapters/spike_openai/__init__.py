"""A generator that uses a server with OpenAI's images API: OpenAI itself, or a compatible one."""

from spike_openai.generator import OpenAIGenerator
from spike_openai.retries import RetryPolicy
from spike_openai.server import ImageServer

__all__ = ["ImageServer", "OpenAIGenerator", "RetryPolicy"]
