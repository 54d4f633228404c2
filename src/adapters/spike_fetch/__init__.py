"""Downloads from the public web, safe for URLs from untrusted users."""

from spike_fetch.downloader import WebDownloader

__all__ = ["WebDownloader"]
