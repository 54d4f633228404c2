"""The made-up web."""

import pytest

from spike_contracts.downloader import DownloaderContract, Publish
from spike_core.ports.downloader import Downloader
from spike_memory import MemoryDownloader


class TestMemoryDownloader(DownloaderContract):
    @pytest.fixture
    def pages(self) -> dict[str, bytes]:
        return {}

    @pytest.fixture
    def downloader(self, pages: dict[str, bytes]) -> Downloader:
        return MemoryDownloader(pages)

    @pytest.fixture
    def publish(self, pages: dict[str, bytes]) -> Publish:
        def publish(content: bytes) -> str:
            url = f"https://example.org/{len(pages)}"
            pages[url] = content
            return url

        return publish
