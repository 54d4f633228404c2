"""The body of `POST /api/settings/api-keys`."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from attrs import field, frozen

from spike_core.domain.api_keys import ALL_SCOPES, ApiKeyName, ApiKeyRules, Scope, parse_scopes
from spike_core.domain.errors import InvalidValue
from spike_core.domain.limits import API_KEY_LIMIT_MAX
from spike_core.domain.tokens import Tokens
from spike_http.openapi.notes import sent_as
from spike_http.requests.errors import MissingFields
from spike_http.requests.json_bodies import string_field

_RULES: Final = sent_as(
    {
        "scopes": {
            "type": "array",
            "items": {"enum": [scope.value for scope in Scope]},
            "minItems": 1,
            "default": [scope.value for scope in Scope],
        },
        "expiresAt": {"type": ["string", "null"], "format": "date-time"},
        "monthlyLimit": {"type": ["integer", "null"], "minimum": 1, "maximum": API_KEY_LIMIT_MAX},
    }
)


@frozen(kw_only=True)
class ApiKeyBody:
    """`POST /api/settings/api-keys`."""

    name: ApiKeyName
    rules: ApiKeyRules = field(metadata=_RULES)

    @classmethod
    def parse(cls, body: Mapping[str, object]) -> "ApiKeyBody":
        """Return the parsed body.

        Raises:
            MissingFields, InvalidValue: the body isn't valid.
        """
        name = body.get("name")
        if name is None:
            raise MissingFields("Please provide a name")
        rules = ApiKeyRules(
            scopes=_scopes(body.get("scopes")),
            expires_at=_time("expiresAt", body.get("expiresAt")),
            monthly_limit=_limit(body.get("monthlyLimit")),
        )
        return cls(name=ApiKeyName.parse(string_field("name", name)), rules=rules)


def _scopes(value: object) -> frozenset[Scope]:
    if value is None:
        return ALL_SCOPES
    if not isinstance(value, list):
        raise InvalidValue(what="scopes", rule="must be a list")
    return parse_scopes([string_field("each of scopes", each) for each in value])


def _time(name: str, value: object) -> datetime | None:
    if value is None:
        return None
    text = string_field(name, value)
    with suppress(ValueError, OverflowError):
        time = datetime.fromisoformat(text)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    raise InvalidValue(what=name, rule="must be a time with its zone, such as 2026-12-31T00:00:00Z")


def _limit(value: object) -> Tokens | None:
    if value is None:
        return None
    if type(value) is not int or not 1 <= value <= API_KEY_LIMIT_MAX:
        raise InvalidValue(what="monthlyLimit", rule=f"must be 1 to {API_KEY_LIMIT_MAX} tokens")
    return Tokens(value)
