"""Sending webhooks: one thread looks for what is due, and each webhook that is due gets a thread for its turn."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from attrs import define, field

from spike_core.domain.errors import Unavailable
from spike_core.domain.webhooks import ClaimedWebhook
from spike_core.services.webhook_sending import WebhookSending
from spike_runtime.logs import get_logger
from spike_worker.periodic import continuously

SENDERS_MAX: Final = 16  # of a process; each mostly waits for a receiver
SLOW_SENDERS_MAX: Final = 8  # of these, for webhooks whose latest attempt was slow or failed
QUICK_SENDERS_MAX: Final = 14  # of these, for the others; the rest is left to slow ones, however much is sent
PATIENCE_S: Final = 5.0  # for turns in progress at the end; what is cut short is sent again


@define
class _Turns:
    """The webhooks that this process is sending to."""

    sending: WebhookSending
    running: dict[threading.Thread, bool] = field(factory=dict)  # whether each is slow
    lock: threading.Lock = field(factory=threading.Lock)
    claiming: threading.Lock = field(factory=threading.Lock)
    ended: threading.Event = field(factory=threading.Event)

    def start(self) -> int:
        """Claim webhooks for the free threads and start these; return how many."""
        with self.claiming:  # so that no two claim for the same free threads
            with self.lock:
                running, slow = len(self.running), sum(self.running.values())
            if self.ended.is_set():
                return 0
            claimed = self.sending.claim(
                slots=SENDERS_MAX - running,
                quick_slots=QUICK_SENDERS_MAX - (running - slow),
                slow_slots=SLOW_SENDERS_MAX - slow,
            )
            for each in claimed:
                thread = threading.Thread(target=self._run, args=(each,), name="webhook", daemon=True)
                with self.lock:
                    self.running[thread] = each.webhook.is_slow
                thread.start()
        return len(claimed)

    def _run(self, claimed: ClaimedWebhook) -> None:
        """Send, then give the thread's place to the next webhook at once."""
        log = get_logger(__name__)
        try:
            try:
                self.sending.send(claimed)
            finally:
                with self.lock:
                    del self.running[threading.current_thread()]
            self.start()
        except Unavailable as error:
            log.warning("postponed", what="webhook", why=str(error))
        except Exception:
            log.exception("failed, and will be retried", what="webhook")

    def join(self, timeout_s: float) -> None:
        """Wait for the turns that are running, all together for so long."""
        with self.lock:
            running = list(self.running)
        until_s = time.monotonic() + timeout_s
        for thread in running:
            thread.join(max(0.0, until_s - time.monotonic()))


@contextmanager
def sending_webhooks(sending: WebhookSending, *, every_s: float) -> Iterator[None]:
    """Send what is due until the context ends; then wait for turns in progress, `PATIENCE_S` seconds at most.

    Those that are left behind are sent again by another process, or after the next start.
    """
    turns = _Turns(sending)
    try:
        with continuously(turns.start, every_s=every_s, name="webhooks", patience_s=PATIENCE_S):
            yield
    finally:
        turns.ended.set()
        turns.join(PATIENCE_S)
