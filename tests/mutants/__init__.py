"""Mutants: for each law of the contract suites, an adapter that breaks it, which the law must notice.

A mutant is an adapter in memory with one method replaced:

    MUTANTS = [
        Mutant("finds nobody's wallet", MemoryWallets, "get", raising(WalletNotFound()), WalletsContract.test_…),
    ]

The replacement gets the original method first, then the method's arguments: `lambda get, wallets, owner_id: …`.
Add a law's mutant to the list of its module here, and `python -m mutants` (in `tests`, or `make reference`) writes
it into `docs/reference/contracts.md`. `tests/unit/memory/test_mutants.py` runs each law against its mutants and fails
for a law without one; no pytest is started for it.
"""
