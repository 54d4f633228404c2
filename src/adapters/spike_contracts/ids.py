"""Laws that every Ids keeps."""

import threading
from typing import Final

import pytest

from spike_core.domain.identifiers import (
    AlbumId,
    AlbumImageId,
    ApiKeyId,
    Identifier,
    ImageId,
    JobId,
    RequestId,
    UserId,
)
from spike_core.ports.ids import Ids

KINDS: Final = (AlbumId, AlbumImageId, ApiKeyId, ImageId, JobId, RequestId, UserId)


class IdsContract:
    """The adapter's test provides the fixture `ids`."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_an_identifier_is_of_the_wanted_kind(self, ids: Ids, kind: type[Identifier]) -> None:
        drawn = ids.new(kind)
        assert type(drawn) is kind
        assert kind.parse(drawn.text) == drawn

    def test_nobody_has_seen_it_before(self, ids: Ids) -> None:
        drawn = [ids.new(JobId) for _ in range(2000)]
        assert len(set(drawn)) == len(drawn)

    def test_a_body_is_not_drawn_for_another_kind_again(self, ids: Ids) -> None:
        drawn = [ids.new(kind) for kind in KINDS for _ in range(20)]
        bodies = {id_.text.removeprefix(id_.prefix) for id_ in drawn}
        assert len(bodies) == len(drawn)

    def test_threads_draw_no_identifier_twice(self, ids: Ids) -> None:
        threads, draws = 8, 250
        drawn: list[list[JobId]] = [[] for _ in range(threads)]
        barrier = threading.Barrier(threads)

        def draw(mine: list[JobId]) -> None:
            barrier.wait()
            mine.extend(ids.new(JobId) for _ in range(draws))

        workers = [threading.Thread(target=draw, args=(mine,)) for mine in drawn]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert len({id_ for mine in drawn for id_ in mine}) == threads * draws
