"""Requests with an Idempotency-Key: sent once, repeated, or sent with another payload (I10)."""

import io
from collections.abc import Callable
from typing import Any

from attrs import evolve, frozen
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from spike_contracts.state_machine.faults import PICTURES, Trouble, troubles
from spike_contracts.state_machine.pictures import NAME
from spike_contracts.state_machine.snapshot import Sender
from spike_contracts.state_machine.world import KEYS, World
from spike_core.domain.errors import IdempotencyRecordNotFound, SpikeError, Unavailable
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.idempotency import IdempotencyKey, RecordedResponse, RequestDigest
from spike_core.domain.identifiers import ImageId
from spike_core.domain.tiers import Tier
from spike_core.services.idempotency import IdempotentRequest
from spike_core.services.ingest import InlineImage
from spike_core.services.transaction_hooks import BeforeCommit

payloads = st.sampled_from(["generate", "generate another", "modify", "upload", "enhance"])


@frozen(kw_only=True)
class Sent:
    """A request with a key."""

    payload: str
    image_id: ImageId | None = None


class Repeating(World):
    """Requests that clients or proxies repeat."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[Sender, Sent] = {}  # the latest of each key

    @rule(
        who=st.integers(0, 1),
        key=st.sampled_from(KEYS),
        payload=payloads,
        overtaken=st.booleans(),
        data=st.data(),
        trouble=troubles,
    )
    def send_with_a_key(
        self,
        who: int,
        key: IdempotencyKey,
        payload: str,
        overtaken: bool,
        data: st.DataObject,
        trouble: Trouble,
    ) -> None:
        if payload == "enhance" and not self.now.images:
            return
        sender = (self.owners[who], key)
        image_id = self.images_for(data, sender[0])[0] if payload == "enhance" else None
        self.sent[sender] = Sent(payload=payload, image_id=image_id)
        self._send(sender, overtaken=overtaken, trouble=trouble)

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), overtaken=st.booleans(), trouble=troubles)
    def send_it_again(self, data: st.DataObject, overtaken: bool, trouble: Trouble) -> None:
        sender = data.draw(st.sampled_from(list(self.sent)), label="sender")
        self._send(sender, overtaken=overtaken, trouble=trouble)

    def _send(self, sender: Sender, *, overtaken: bool, trouble: Trouble) -> None:
        """Send a request as the HTTP adapter does; if `overtaken`, without having seen a faster one's record."""
        sent, now = self.sent[sender], self.clock.now()
        digest = RequestDigest.of(str(sent).encode())
        request = IdempotentRequest(caller=str(sender[0]), key=sender[1], digest=digest)
        if overtaken:  # unneeded objects are deleted; if that fails, the sweeper does it
            trouble = evolve(trouble, kills=True)

        def use_case(record: BeforeCommit[Any]) -> Any:
            return self._run(sent, sender, record)

        answer = self.attempt(trouble, lambda: self._respond(request, use_case, overtaken=overtaken))
        first, left = self.now.record(sender, now=now), self.look()
        if first is not None:
            assert evolve(left, objects=self.now.objects) == self.now, "I10: the same key has one effect"
            same = first.answer if digest == first.digest else None  # another payload is refused
            disturbed = trouble.after is not None or self.blobs.full
            assert answer == same or (answer is None and disturbed), "I10: and one answer"
        elif (new := left.record(sender, now=now)) is not None:
            assert len(left.jobs) == len(self.now.jobs) + 1
            assert (new.digest, new.created_at) == (digest, now)
            assert answer in {None, new.answer}, "the record answers a request that is repeated after a crash"
        else:
            assert answer is None, "an answered request had an effect"
            assert evolve(left, objects=self.now.objects) == self.now

    def _respond(
        self, request: IdempotentRequest, use_case: Callable[[BeforeCommit[Any]], Any], *, overtaken: bool
    ) -> RecordedResponse:
        store = self.spike.idempotency
        if not overtaken:
            try:
                return store.response_to(request)
            except IdempotencyRecordNotFound:
                pass
        try:
            return _response(use_case(store.recording(request, _response)))
        except Unavailable:
            raise
        except SpikeError as error:
            try:
                return store.response_to(request)
            except IdempotencyRecordNotFound:
                raise error from None

    def _run(self, sent: Sent, sender: Sender, record: BeforeCommit[Any]) -> Any:
        owner_id, name = sender[0], self.request_ids[sender]
        content = io.BytesIO(PICTURES["good"])
        uploads, enhancements = (
            self.spike.images.uploads.before_commit(record),
            self.spike.jobs.enhancements.before_commit(record),
        )
        creations = self.spike.jobs.generations.before_commit(record)
        match sent.payload:
            case "upload":
                return uploads.upload(owner_id, name=NAME, content=content, request_id=name)
            case "enhance":
                assert sent.image_id is not None
                return enhancements.enhance(owner_id, image_id=sent.image_id, tier=Tier.TIER_1K, request_id=name)
            case "modify":
                return creations.modify(
                    owner_id,
                    prompt=Prompt("a lake"),
                    negative=None,
                    tier=Tier.TIER_1K,
                    picture=InlineImage(content=content),
                    request_id=name,
                )
            case _:
                return creations.generate(
                    owner_id,
                    prompt=Prompt("a lake"),
                    negative=None,
                    tier=Tier.TIER_1K,
                    aspect_ratio=AspectRatio.SQUARE,
                    request_id=name,
                )


def _response(result: Any) -> RecordedResponse:
    return RecordedResponse(status=200, body=str(result.job.id))
