"""Downloads from the public web, safe for URLs from untrusted users."""

from spike_fetch.downloader import WebDownloader, allowed
from spike_fetch.network import AddressGuard, Resolve, resolved
from spike_fetch.ssrf_filter import Address
from spike_fetch.urls import check_url, encoded

__all__ = ["Address", "AddressGuard", "Resolve", "WebDownloader", "allowed", "check_url", "encoded", "resolved"]
