"""The downloader port."""

from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol


class Downloader(Protocol):
    """Fetches files from the public web, for somebody who isn't trusted to choose the address."""

    def download(self, url: str) -> AbstractContextManager[BinaryIO]:
        """Fetch what is at `url` and open it, seekable, at its beginning; it is gone when the context ends.

        Only http and https, only hosts of the public internet, at every redirect anew. What the server says of length
        and type isn't believed; the bytes are counted as they come, `SOURCE_BYTES_MAX` at most.

        Raises:
            UnsafeAddress: it isn't http or https, or leads to a host that isn't public.
            DownloadFailed: no answer, none in time, too many redirects, or a status other than 200.
            FileTooLarge: it has more bytes than may be fetched.
        """
