"""Wallets and stored rows are protected by errors, which `python -O` keeps, not by assertions, which it removes."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Final

SRC: Final = Path(__file__).parents[3] / "src"
GUARDED: Final = [
    *sorted((SRC / "adapters/spike_memory").glob("*.py")),
    *sorted(path for path in (SRC / "adapters/spike_sqlalchemy").glob("*.py") if path.name != "prepared_statements.py"),
    *(SRC / f"spike_core/domain/{name}.py" for name in ("jobs", "ledger", "tokens", "wallet")),
    *(SRC / f"spike_core/services/{name}.py" for name in ("billing", "job_transitions", "wallets")),
]
PROGRAM: Final = """
import sys
from datetime import timedelta
from pathlib import Path

from attrs import evolve

from spike_contracts.builders import NOON, an_album, an_image, an_opening
from spike_core.domain.errors import ImageNotFound, InvariantViolated, StaleWrite
from spike_core.domain.ledger import EntryKind
from spike_core.domain.tokens import Tokens
from spike_core.domain.wallet import Posting
from spike_memory import MemoryTransactions
from spike_sqlalchemy import open_sqlite

assert False, "this interpreter keeps assertions"

database = open_sqlite(f"sqlite:///{Path(sys.argv[1]) / 'spike.db'}")
database.migrate()
for transactions in (MemoryTransactions(), database.transactions):
    opening = an_opening(10)
    with transactions.begin() as tx:
        tx.wallets.open(opening)
    stale = opening.wallet.credit(Tokens(1), kind=EntryKind.EARN_BONUS, now=NOON, reason="stale")
    with transactions.begin() as tx:
        tx.wallets.post(opening.wallet.credit(Tokens(5), kind=EntryKind.EARN_BONUS, now=NOON, reason="first"))

    def refused(write, error):
        try:
            with transactions.begin() as tx:
                write(tx)
        except error:
            return
        raise SystemExit(f"{transactions} stored what {error} should refuse")

    refused(lambda tx: tx.wallets.post(stale), StaleWrite)
    moved = Posting(wallet=evolve(opening.wallet, regenerated_at=NOON + timedelta(hours=1)))
    refused(lambda tx: tx.wallets.post(moved), StaleWrite)
    refused(lambda tx: tx.albums.replace(an_album()), StaleWrite)
    refused(lambda tx: tx.images.change(an_image()), ImageNotFound)
    with transactions.view() as tx:
        if tx.wallets.get(opening.wallet.owner_id).balance != Tokens(15):
            raise SystemExit("a refused write changed the balance")
        try:
            tx.images.add(an_image())
        except InvariantViolated:
            continue
    raise SystemExit(f"{transactions} wrote through a view")
"""


def test_no_assertion_guards_money_or_rows() -> None:
    asserts = [
        f"{path}:{node.lineno}"
        for path in GUARDED
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assert)
    ]
    assert asserts == []
    assert len(GUARDED) > 80


def test_stale_writes_are_refused_by_optimized_python_too(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-O", program, tmp_path], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
