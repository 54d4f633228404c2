"""Signed URLs: HMAC-SHA-256 over the whole path and the expiry."""

import hashlib
import hmac
import re
from datetime import timedelta
from typing import Final

from attrs import field, frozen

from spike_core.domain.errors import InvalidLink
from spike_core.domain.objects import ObjectKey
from spike_core.domain.validity_periods import ValidityPeriod
from spike_core.ports.clock import Clock

_EXPIRES: Final = re.compile(r"[1-9][0-9]{0,11}")  # a single spelling per number
_SIGNATURE: Final = re.compile(r"[0-9a-f]{64}")


@frozen(kw_only=True)
class LinkSigner:
    """Signs and verifies URLs. All processes with the same secret sign alike."""

    clock: Clock
    secret: bytes = field(repr=False)

    def sign(self, key: ObjectKey, *, valid_for: timedelta) -> str:
        """Return `/files/{key}?expires={unix seconds}&signature={hex}`, valid for at least `valid_for`.

        The expiry is that of the `ValidityPeriod`.
        """
        period = ValidityPeriod.of(self.clock.now(), valid_for=valid_for)
        signed = _signed_part(key, str(int(period.ends.timestamp())))
        return f"{signed}&signature={self._signature(signed)}"

    def check(self, key: ObjectKey, *, expires: str, signature: str) -> None:
        """Check the two query parameters of a signed URL; see the port."""
        if _EXPIRES.fullmatch(expires) is None or _SIGNATURE.fullmatch(signature) is None:
            raise InvalidLink
        if not hmac.compare_digest(self._signature(_signed_part(key, expires)), signature):
            raise InvalidLink
        if self.clock.now().timestamp() >= int(expires):
            raise InvalidLink

    def _signature(self, signed: str) -> str:
        return hmac.new(self.secret, signed.encode(), hashlib.sha256).hexdigest()


def _signed_part(key: ObjectKey, expires: str) -> str:
    return f"/files/{key}?expires={expires}"
