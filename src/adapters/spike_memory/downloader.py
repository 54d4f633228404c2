"""A web made up of a few pages."""

import io
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import BinaryIO

from attrs import field, frozen

from spike_core.domain.errors import DownloadFailed, FileTooLarge, UnsafeAddress
from spike_core.domain.limits import SOURCE_BYTES_MAX


@frozen
class MemoryDownloader:
    """Finds what it was given, by address; nothing else is on this web."""

    pages: Mapping[str, bytes] = field(factory=dict)
    size_bytes_max: int = field(default=SOURCE_BYTES_MAX, kw_only=True)

    def download(self, url: str) -> AbstractContextManager[BinaryIO]:
        """Open a page; see the port."""
        return self._download(url)

    @contextmanager
    def _download(self, url: str) -> Iterator[BinaryIO]:
        if not url.startswith(("http://", "https://")):
            raise UnsafeAddress
        if url not in self.pages:
            raise DownloadFailed
        if len(self.pages[url]) > self.size_bytes_max:
            raise FileTooLarge(size_bytes_max=self.size_bytes_max)
        yield io.BytesIO(self.pages[url])
