"""The Model Context Protocol: Spike's operations as tools for language models, over any transport."""

from spike_mcp.api import Api, ApiResponse, OrderKey, Picture
from spike_mcp.protocol import Reply
from spike_mcp.server import McpServer
from spike_mcp.stdio import forward

__all__ = ["Api", "ApiResponse", "McpServer", "OrderKey", "Picture", "Reply", "forward"]
