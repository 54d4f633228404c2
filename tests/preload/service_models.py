"""Descriptions of Amazon's services, read once.

Each client would read a megabyte of JSON about them anew, which takes most of its 0.1 s.
"""

import functools

import boto3
from botocore.loaders import JSONFileLoader


def read_once() -> None:
    """Have all clients of this process, and of those forked from it, share what the first one reads."""
    read = functools.cache(JSONFileLoader().load_file)
    JSONFileLoader.load_file = lambda _self, file_path: read(file_path)  # type: ignore[assignment,method-assign]


def read_now() -> None:
    """Read what a client of S3 needs."""
    boto3.Session().client("s3", region_name="nowhere", aws_access_key_id="none", aws_secret_access_key="none")
