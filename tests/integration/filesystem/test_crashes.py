"""The state of the store after the disk or the process fails."""

import hashlib
import io
import os
import signal
from pathlib import Path

import pytest

from preloaded import run_program, start
from spike_contracts.blobs import an_original, content_of, everything
from spike_core.domain.objects import ObjectKey
from spike_filesystem import FilesystemBlobStore
from spike_memory import ManualClock

DIGEST_BYTES = 32


@pytest.fixture
def blobs(tmp_path: Path) -> FilesystemBlobStore:
    return FilesystemBlobStore(tmp_path / "objects", clock=ManualClock(), secret=b"secret")


def program(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def test_a_full_disk_stores_nothing_and_leaves_nothing(blobs: FilesystemBlobStore) -> None:
    earlier, refused = an_original(), an_original()
    blobs.put(earlier, io.BytesIO(b"x"))
    for key in (refused, earlier):
        said = run_program(program("put_beyond_limit.py"), blobs.root, key.text)
        assert (said.stdout, said.returncode) == ("StorageUnavailable OSError\n", 0)
    assert everything(blobs) == [earlier]
    assert content_of(blobs, earlier) == b"x"
    assert list((blobs.root / ".incoming").iterdir()) == []


def test_a_process_killed_while_storing_leaves_whole_objects_only(blobs: FilesystemBlobStore) -> None:
    stored: set[ObjectKey] = set()
    for puts_before_the_kill in (1, 4, 9):
        reading, writing = os.pipe()
        child = start(["-c", program("endless_puts.py"), str(blobs.root)], dict(os.environ), stdout=writing, stderr=2)
        os.close(writing)
        with os.fdopen(reading) as printed:
            stored |= {ObjectKey.parse(printed.readline().strip()) for _ in range(puts_before_the_kill)}
            child.kill()
            stored |= {ObjectKey.parse(line.strip()) for line in printed if line.endswith("\n")}
        assert child.wait(60) == -signal.SIGKILL
    assert stored <= set(everything(blobs))
    for key in everything(blobs):
        content = content_of(blobs, key)
        assert content[:DIGEST_BYTES] == hashlib.sha256(content[DIGEST_BYTES:]).digest()
