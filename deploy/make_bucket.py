"""Create a bucket unless it exists: `make_bucket.py ENDPOINT_URL BUCKET`, with credentials from the environment."""

import sys
import time
from typing import Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

TIMEOUT_S: Final = 60


def main(endpoint_url: str, bucket: str) -> None:
    """Wait for the server, then create the bucket unless it exists."""
    client = boto3.client("s3", endpoint_url=endpoint_url, region_name="us-east-1")
    until_s = time.monotonic() + TIMEOUT_S
    while True:
        try:
            if bucket not in {each["Name"] for each in client.list_buckets()["Buckets"]}:
                client.create_bucket(Bucket=bucket)
        except (BotoCoreError, ClientError) as error:
            if time.monotonic() > until_s:
                sys.exit(f"no bucket {bucket} at {endpoint_url}: {error}")
            time.sleep(1)
        else:
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
