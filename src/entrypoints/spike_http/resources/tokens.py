"""`/api/tokens`: the wallet's balance and ledger."""

import falcon
from attrs import frozen

from spike_core.services.wallets import Wallets
from spike_http.authentication import RequestAuthentication
from spike_http.context import Request
from spike_http.openapi.operations import Operation
from spike_http.requests.query import LIMIT, SEQUENCE_CURSOR, ledger_cursor, page_limit
from spike_http.responses.serialization import as_json
from spike_http.responses.tokens import BalanceView, HistoryView


@frozen(kw_only=True)
class BalanceResource:
    """`/api/tokens/balance`."""

    authenticator: RequestAuthentication
    wallets: Wallets

    @Operation("getBalance", answer=BalanceView)
    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """Show the balance and its regeneration."""
        user_id = self.authenticator.user(req)
        resp.media = as_json(BalanceView.of(self.wallets.account(user_id)))


@frozen(kw_only=True)
class HistoryResource:
    """`/api/tokens/history`."""

    authenticator: RequestAuthentication
    wallets: Wallets

    @Operation("listTransactions", answer=HistoryView, query=(LIMIT, SEQUENCE_CURSOR))
    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """Show the ledger, newest first."""
        user_id = self.authenticator.user(req)
        page = self.wallets.history(user_id, before=ledger_cursor(req), limit=page_limit(req))
        resp.media = as_json(HistoryView.of(page))
