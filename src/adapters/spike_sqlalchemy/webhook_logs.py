"""The attempts of a delivery in one text: they are written with what they change, and read with the delivery alone."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from spike_core.domain.webhooks import LoggedAttempt
from spike_sqlalchemy.utc import microseconds_of, time_of

_MS: Final = timedelta(milliseconds=1)


def log_json(log: Sequence[LoggedAttempt]) -> str:
    """Return attempts as JSON: microseconds since 1970, milliseconds, status and detail of each."""
    rows = [[microseconds_of(each.at), each.took // _MS, each.status, each.detail] for each in log]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def log_from_json(text: str) -> tuple[LoggedAttempt, ...]:
    """Return the attempts that `log_json` has written."""
    return tuple(
        LoggedAttempt(at=time_of(at), took=took * _MS, status=status, detail=detail)
        for at, took, status, detail in json.loads(text)
    )
