"""Files from the public web, fetched safely for a user who isn't trusted to choose the address."""

from spike_fetch.downloader import WebDownloader

__all__ = ["WebDownloader"]
