"""Laws every Downloader keeps."""

from collections.abc import Callable

import pytest

from spike_core.domain.errors import DownloadFailed, FileTooLarge, UnsafeAddress
from spike_core.domain.limits import SOURCE_BYTES_MAX
from spike_core.ports.downloader import Downloader

Publish = Callable[[bytes], str]


class DownloaderContract:
    """Needs the fixtures `downloader` and `publish`, which serves a file to it and returns the URL."""

    def test_a_file_comes_as_it_is_and_from_its_beginning(self, downloader: Downloader, publish: Publish) -> None:
        content = bytes(range(256)) * 5000
        with downloader.download(publish(content)) as file:
            assert file.read() == content
            file.seek(10)
            assert file.read(2) == content[10:12]

    def test_what_isnt_there_cant_be_fetched(self, downloader: Downloader, publish: Publish) -> None:
        with pytest.raises(DownloadFailed), downloader.download(publish(b"x") + "-not"):
            pass

    def test_a_file_of_the_largest_size_is_fetched_and_no_larger_one(
        self, downloader: Downloader, publish: Publish
    ) -> None:
        with downloader.download(publish(bytes(SOURCE_BYTES_MAX))) as file:
            assert len(file.read()) == SOURCE_BYTES_MAX
        with pytest.raises(FileTooLarge), downloader.download(publish(bytes(SOURCE_BYTES_MAX + 1))):
            pass

    @pytest.mark.parametrize(
        "url", ["", "file:///etc/passwd", "ftp://example.org/a", "gopher://example.org", "//a", "a"]
    )
    def test_only_the_web_is_asked(self, downloader: Downloader, url: str) -> None:
        with pytest.raises(UnsafeAddress), downloader.download(url):
            pass
