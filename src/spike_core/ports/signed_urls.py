"""The signed URLs port, for stores whose objects the service itself serves."""

from typing import Protocol

from spike_core.domain.objects import ObjectKey


class SignedUrls(Protocol):
    """Verifies URLs under `/files/` that `BlobStore.url` made."""

    def check(self, key: ObjectKey, *, expires: str, signature: str) -> None:
        """Verify the query parameters `expires` and `signature` of a URL for this key.

        Raises:
            InvalidLink: the signature is wrong for this key, or the URL has expired.
        """
