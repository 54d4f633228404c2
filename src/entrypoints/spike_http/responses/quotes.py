"""Quotes in responses."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from attrs import frozen

from spike_core.domain.errors import SpikeError
from spike_core.domain.tokens import Tokens
from spike_core.services.quotes import RequestQuote
from spike_http.error_handlers import error_text
from spike_http.errors import TABLE, ErrorMessage


@frozen(kw_only=True)
class RefusalView:
    """Why a request would be refused: the status, the code and the texts of that response."""

    status: int
    code: str
    error: str
    title: str
    suggestion: str

    @classmethod
    def of(cls, refusal: SpikeError, messages: Mapping[type[SpikeError], ErrorMessage]) -> "RefusalView":
        """Return the view of an error; `messages` are the operation's own."""
        text = error_text(refusal, messages=messages, request_id="")
        return cls(
            status=int(TABLE[type(refusal)].status),
            code=text["code"],
            error=text["error"],
            title=text["title"],
            suggestion=text["suggestion"],
        )


@frozen(kw_only=True)
class QuoteView:
    """The answer to a request for a quote."""

    tokens: Tokens
    balance: Tokens
    sufficient: bool
    seconds: float | None
    reasons: list[RefusalView]

    @classmethod
    def of(
        cls,
        quote: RequestQuote,
        *,
        refusals: Sequence[SpikeError] = (),
        messages: Mapping[type[SpikeError], ErrorMessage],
    ) -> "QuoteView":
        """Return the view of a quote; `refusals` come before its own."""
        return cls(
            tokens=quote.tokens,
            balance=quote.balance,
            sufficient=quote.is_sufficient,
            seconds=None if quote.work is None else round(quote.work / timedelta(seconds=1), 1),
            reasons=[RefusalView.of(refusal, messages) for refusal in (*refusals, *quote.refusals)],
        )
