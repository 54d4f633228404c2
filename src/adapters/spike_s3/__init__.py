"""A blob store in a bucket of an S3-compatible service: Amazon S3, Cloudflare R2, Swift, MinIO and others."""

from spike_s3.address import S3Address
from spike_s3.blobs import S3BlobStore
from spike_s3.connection import Connection
from spike_s3.plugin import open_bucket

__all__ = ["Connection", "S3Address", "S3BlobStore", "open_bucket"]
