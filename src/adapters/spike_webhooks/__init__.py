"""Sends webhooks as Standard Webhooks: signed HTTP requests with a small JSON body, to addresses that users choose."""

from spike_webhooks.sender import HttpWebhookSender

__all__ = ["HttpWebhookSender"]
