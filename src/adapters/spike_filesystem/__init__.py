"""A blob store in a folder of the local disk, with signed URLs for its objects."""

from spike_filesystem.blobs import FilesystemBlobStore
from spike_filesystem.plugin import open_folder
from spike_filesystem.signed_urls import LinkSigner

__all__ = ["FilesystemBlobStore", "LinkSigner", "open_folder"]
