"""Orders: enhancements, blends and generations, requested and cancelled."""

import io

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from spike_contracts.state_machine.faults import ACCEPTABLE, PICTURES, Trouble, pictures, troubles
from spike_contracts.state_machine.snapshot import EVERYTHING
from spike_contracts.state_machine.world import NAMES, OWN_ID, World
from spike_core.domain.accounts import Email
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.identifiers import ANONYMOUS, ImageId, OwnerId
from spike_core.domain.jobs import SettledJob
from spike_core.domain.ledger import Reference
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.services.ingest import InlineImage, WebAddress

people = st.integers(0, 1)
tiers = st.sampled_from(SPECIFIED.tiers)
prompts = st.sampled_from(["a mountain", "a lake", "refuse"]).map(Prompt)


class Ordering(World):
    """Requests for jobs."""

    @precondition(lambda self: self.now.images)
    @rule(data=st.data(), tier=tiers, trouble=troubles)
    def enhance(self, data: st.DataObject, tier: Tier, trouble: Trouble) -> None:
        who, image_id = self.about_an_image(data)
        self.attempt(trouble, lambda: self.spike.jobs.enhancements.enhance(who, image_id=image_id, tier=tier))

    @precondition(lambda self: self.now.images)
    @rule(data=st.data(), wanted=st.lists(tiers, min_size=1, max_size=4, unique=True), trouble=troubles)
    def enhance_in_parallel(self, data: st.DataObject, wanted: list[Tier], trouble: Trouble) -> None:
        who, image_id = self.about_an_image(data)
        accepted = self.attempt(
            trouble,
            lambda: self.spike.jobs.enhancements.enhance_in_parallel(who, image_id=image_id, tiers=wanted),
        )
        assert accepted is None or [job.spec.tier for job in accepted.jobs] == wanted
        self._check_all_or_none(len(wanted))

    @precondition(lambda self: self.now.images)
    @rule(data=st.data(), tier=tiers, trouble=troubles)
    def enhance_a_batch(self, data: st.DataObject, tier: Tier, trouble: Trouble) -> None:
        who = self.sender(data, data.draw(st.sampled_from(self.owners)))
        chosen = self.images_for(data, who, least=0)
        accepted = self.attempt(
            trouble,
            lambda: self.spike.jobs.enhancements.enhance_batch(who, image_ids=chosen, tier=tier),
        )
        assert accepted is None or [job.spec.image_id for job in accepted.jobs] == list(dict.fromkeys(chosen))
        self._check_all_or_none(len(set(chosen)))

    @precondition(lambda self: self.now.images)
    @rule(data=st.data(), tier=tiers, trouble=troubles)
    def blend(self, data: st.DataObject, tier: Tier, trouble: Trouble) -> None:
        who, image_id = self.about_an_image(data)
        source = self._a_source(data, who)
        accepted = self.attempt(
            trouble,
            lambda: self.spike.jobs.enhancements.enhance(who, image_id=image_id, tier=tier, source=source),
        )
        assert accepted is None or source != image_id

    @precondition(lambda self: any(image_id.is_anonymous for image_id in self.now.images))
    @rule(data=st.data(), trouble=troubles)
    def mix_anonymously(self, data: st.DataObject, trouble: Trouble) -> None:
        image_id = self.images_for(data, ANONYMOUS)[0]
        source = self._a_source(data, ANONYMOUS)
        accepted = self.attempt(
            trouble, lambda: self.spike.jobs.enhancements.blend_anonymously(image_id, source=source)
        )
        if accepted is not None:
            assert image_id.is_anonymous, "the anonymous owner uses no user's image"
            assert accepted.job.id.is_anonymous
            assert not accepted.job.spec.charged

    @rule(who=people, prompt=prompts, tier=tiers, aspect=st.sampled_from(list(AspectRatio)), trouble=troubles)
    def generate(self, who: int, prompt: Prompt, tier: Tier, aspect: AspectRatio, trouble: Trouble) -> None:
        accepted = self.attempt(
            trouble,
            lambda: self.spike.jobs.generations.generate(
                self.owners[who], prompt=prompt, negative=None, tier=tier, aspect_ratio=aspect
            ),
        )
        assert accepted is None or tier != Tier.FREE

    @rule(who=people, prompt=prompts, tier=tiers, picture=pictures, fetched=st.booleans(), trouble=troubles)
    def modify(self, who: int, prompt: Prompt, tier: Tier, picture: str, fetched: bool, trouble: Trouble) -> None:
        inline = WebAddress(f"https://example.org/{picture}") if fetched else InlineImage(content=_content(picture))
        accepted = self.attempt(
            trouble,
            lambda: self.spike.jobs.generations.modify(
                self.owners[who], prompt=prompt, negative=None, tier=tier, picture=inline
            ),
        )
        assert accepted is None or (picture in ACCEPTABLE and tier != Tier.FREE)

    @precondition(lambda self: self.now.jobs)
    @rule(data=st.data(), trouble=troubles)
    def cancel(self, data: st.DataObject, trouble: Trouble) -> None:
        job = data.draw(st.sampled_from(list(self.now.jobs.values())), label="job")
        who = self.sender(data, job.spec.owner_id)
        cancelled = self.attempt(trouble, lambda: self.spike.jobs.cancellation.cancel(who, job.id))
        if cancelled is not None:
            assert not isinstance(job, SettledJob), "I4: a settled job can't be cancelled"
            assert cancelled.refunded == job.spec.charged

    @rule(who=people, tokens=st.integers(1, 30))
    def get_a_grant(self, who: int, tokens: int) -> None:
        """Grants may raise a balance above the cap, and regeneration doesn't lower it again (I5)."""
        before = self.spike.wallets.account(self.owners[who]).wallet.balance
        if self.owners[who] == OWN_ID:
            reference = Reference(f"grant {self.now.wallets[OWN_ID].entries}")
            after = self.spike.wallets.credit(OWN_ID, Tokens(tokens), reference=reference).balance_after
        else:
            after = self.spike.wallets.grant(Email(f"{NAMES[who]}@example.org"), Tokens(tokens))
        assert after == before + Tokens(tokens)

    @rule(who=people, number=st.integers(1, 3), tokens=st.integers(1, 9), is_credit=st.booleans(), trouble=troubles)
    def move_by_a_reference(
        self, who: int, number: int, tokens: int, is_credit: bool, trouble: Trouble
    ) -> None:  # drawn
        """The same reference moves tokens once, whatever crashes and is repeated; with another effect it is refused."""
        owner_id, reference = self.owners[who], Reference(f"pi_{number}")
        wallets = self.spike.wallets
        move = wallets.credit if is_credit else wallets.debit
        entry = self.attempt(trouble, lambda: move(owner_id, Tokens(tokens), reference=reference))
        if entry is not None:
            assert entry.amount == (tokens if is_credit else -tokens)
            assert self.moved.setdefault((owner_id, reference), entry) == entry
        with self.database.transactions.view() as tx:
            ledger = tx.wallets.entries(owner_id, limit=EVERYTHING)
        named = [each for each in ledger if each.reference == reference]
        assert len(named) <= 1
        if (owner_id, reference) in self.moved:
            assert named == [self.moved[owner_id, reference]]

    @rule(who=people)
    def look_at_the_balance(self, who: int) -> None:
        account = self.spike.wallets.account(self.owners[who])
        assert account.totals.balance == account.wallet.balance

    def _a_source(self, data: st.DataObject, owner_id: OwnerId) -> ImageId | InlineImage:
        picture = data.draw(st.none() | pictures, label="source")
        return self.images_for(data, owner_id)[0] if picture is None else InlineImage(content=_content(picture))

    def _check_all_or_none(self, wanted: int) -> None:
        assert len(self.look().jobs) - len(self.now.jobs) in {0, wanted}, "all or nothing"


def _content(picture: str) -> io.BytesIO:
    return io.BytesIO(PICTURES[picture])
