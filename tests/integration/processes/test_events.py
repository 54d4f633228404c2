"""A process that is killed while its subscriber handles an event: another one handles it after the lease."""

from pathlib import Path
from typing import Final

from event_oracle import Everything
from eventually import eventually
from preloaded import program
from spike_core.domain.event_deliveries import SubscriberName
from spike_runtime import Settings, build

# handles the first of two events, and is killed in the second
_PROCESS: Final = """
import sys
import threading
from pathlib import Path
from spike_core.domain.accounts import Email
from spike_core.domain.events import EVENT_TYPES
from spike_core.domain.event_deliveries import SubscriberName
from spike_runtime import Settings, build

class Everything:
    name = "everything"
    kinds = tuple(EVENT_TYPES.values())

    def handle(self, event):
        print(event.owner_id, flush=True)
        if event.owner_id != first.user.id:
            threading.Event().wait()

spike = build(Settings(data_dir=Path(sys.argv[1]), lease_s=1, heartbeat_s=0.2), subscribers=[Everything()])
spike.database.migrate()
first = spike.accounts.registration.register(Email("ada@example.org"))
spike.events.deliver(SubscriberName("everything"))
second = spike.accounts.registration.register(Email("bob@example.org"))
spike.events.deliver(SubscriberName("everything"))
"""


def test_an_event_whose_process_was_killed_is_handled_by_another(tmp_path: Path) -> None:
    with program(_PROCESS, tmp_path) as (process, printed):
        first, second = printed.readline().strip(), printed.readline().strip()
        process.kill()
    everything = Everything()
    spike = build(Settings(data_dir=tmp_path, lease_s=1, heartbeat_s=0.2), subscribers=[everything])
    try:
        eventually("the lease is over", lambda: spike.events.deliver(SubscriberName("everything")).count)
    finally:
        spike.close()
    assert first.startswith("user_")
    assert [event.owner_id.text for event in everything.events] == [second]
