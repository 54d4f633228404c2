"""The state of the store after the disk or the process fails."""

import hashlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spike_contracts.blobs import an_original, content_of, everything
from spike_core.domain.objects import ObjectKey
from spike_filesystem import FilesystemBlobStore
from spike_memory import ManualClock

HERE = Path(__file__).parent
DIGEST_BYTES = 32


@pytest.fixture
def blobs(tmp_path: Path) -> FilesystemBlobStore:
    return FilesystemBlobStore(tmp_path / "objects", clock=ManualClock(), secret=b"secret")


def our_path() -> dict[str, str]:
    """Return an environment with this process's import path."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def test_a_full_disk_stores_nothing_and_leaves_nothing(blobs: FilesystemBlobStore) -> None:
    earlier, refused = an_original(), an_original()
    blobs.put(earlier, io.BytesIO(b"x"))
    for key in (refused, earlier):
        command = [sys.executable, str(HERE / "put_beyond_limit.py"), str(blobs.root), key.text]
        said = subprocess.run(command, env=our_path(), check=True, capture_output=True, text=True).stdout
        assert said == "StorageUnavailable OSError\n"
    assert everything(blobs) == [earlier]
    assert content_of(blobs, earlier) == b"x"
    assert list((blobs.root / ".incoming").iterdir()) == []


def test_a_process_killed_while_storing_leaves_whole_objects_only(blobs: FilesystemBlobStore) -> None:
    stored: set[ObjectKey] = set()
    for puts_before_the_kill in (1, 4, 9):
        command = [sys.executable, str(HERE / "endless_puts.py"), str(blobs.root)]
        with subprocess.Popen(command, env=our_path(), stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            stored |= {ObjectKey.parse(child.stdout.readline().strip()) for _ in range(puts_before_the_kill)}
            child.kill()
            stored |= {ObjectKey.parse(line.strip()) for line in child.stdout if line.endswith("\n")}
    assert stored <= set(everything(blobs))
    for key in everything(blobs):
        content = content_of(blobs, key)
        assert content[:DIGEST_BYTES] == hashlib.sha256(content[DIGEST_BYTES:]).digest()
