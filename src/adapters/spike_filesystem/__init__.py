"""A blob store in a folder of the local disk, with signed URLs for its objects."""

from spike_filesystem.blobs import FilesystemBlobStore
from spike_filesystem.links import LinkSigner
from spike_filesystem.plugin import open_folder

__all__ = ["FilesystemBlobStore", "LinkSigner", "open_folder"]
