"""The downloader port."""

from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol


class Downloader(Protocol):
    """Fetches files from URLs of the public web that untrusted clients choose."""

    def download(self, url: str) -> AbstractContextManager[BinaryIO]:
        """Fetch the file at `url` and open it, seekable, at its beginning; it is deleted when the context ends.

        Only http and https URLs on public hosts are allowed, also after each redirect. The declared length and type are
        ignored; at most `SOURCE_BYTES_MAX` bytes are read, or what the downloader was given as its limit.

        Raises:
            UnsafeAddress: the URL isn't http or https, or leads to a host that isn't public.
            DownloadFailed: no response, a time-out, too many redirects, or a status other than 200.
            FileTooLarge: the file exceeds that.
        """
