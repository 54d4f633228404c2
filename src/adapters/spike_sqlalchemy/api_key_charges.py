"""API keys' charges in a database."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, delete, insert, select, update

from spike_core.domain.api_keys import ApiKeyCharge, Month
from spike_core.domain.identifiers import ApiKeyId, JobId
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_sqlalchemy.prepared_statements import Prepared, counted_upsert
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import api_key_charges, api_key_months

_SPENT: Final = Prepared(
    select(api_key_months.c.tokens).where(
        api_key_months.c.api_key_id == bindparam("key"), api_key_months.c.month == bindparam("in_month")
    )
)
_ADD: Final = Prepared(insert(api_key_charges).inline())
_ADD_TO_SUM: Final = counted_upsert(api_key_months, adds=["tokens"])
_OF_JOB: Final = Prepared(select(api_key_charges).where(api_key_charges.c.job_id == bindparam("job")))
_REMOVE: Final = Prepared(delete(api_key_charges).where(api_key_charges.c.job_id == bindparam("job")))
_SUBTRACT: Final = Prepared(
    update(api_key_months)
    .where(api_key_months.c.api_key_id == bindparam("key"), api_key_months.c.month == bindparam("in_month"))
    .values(tokens=api_key_months.c.tokens - bindparam("refunded"))
)


@frozen
class SqlAlchemyApiKeyCharges:
    """See the port."""

    _statements: Statements

    def spent(self, key_id: ApiKeyId, *, month: Month) -> Tokens:
        """Return the sum of the key's charges in a month."""
        for (tokens,) in self._statements.rows(_SPENT, {"key": key_id.text, "in_month": month.text}):
            return Tokens(tokens)
        return NO_TOKENS

    def add(self, charges: Sequence[ApiKeyCharge]) -> None:
        """Store charges, and add them to their sums."""
        rows = [
            {
                "job_id": charge.job_id.text,
                "api_key_id": charge.api_key_id.text,
                "month": charge.month.text,
                "tokens": charge.tokens.amount,
            }
            for charge in charges
        ]
        self._statements.write_all(_ADD, rows)
        sums: Counter[tuple[ApiKeyId, Month]] = Counter()
        for charge in charges:
            sums[charge.api_key_id, charge.month] += charge.tokens.amount
        self._statements.write_all(
            _ADD_TO_SUM,
            [
                {"api_key_id": key_id.text, "month": month.text, "tokens": tokens}
                for (key_id, month), tokens in sums.items()
            ],
        )

    def take_back(self, job_id: JobId) -> None:
        """Remove the charge of a job, and subtract it from its sum."""
        for _job_id, key_id, month, tokens in self._statements.rows(_OF_JOB, {"job": job_id.text}):
            self._statements.write(_REMOVE, {"job": job_id.text})
            self._statements.write(_SUBTRACT, {"key": key_id, "in_month": month, "refunded": tokens})
