"""The store on a real server."""

from contracts.blobs import BlobStoreContract


class TestS3BlobStore(BlobStoreContract):
    """Both fixtures are the folder's."""
