"""The signed-links port: for stores whose objects the service itself serves."""

from typing import Protocol

from spike_core.domain.objects import ObjectKey


class SignedUrls(Protocol):
    """Tells whether an address under `/files/` was made by `BlobStore.url` and is still valid."""

    def check(self, key: ObjectKey, *, expires: str, signature: str) -> None:
        """Check the two query parameters that `BlobStore.url` put behind the key, as they came.

        Raises:
            InvalidLink: the signature isn't ours, is another key's, or has expired.
        """
