"""What the core asks of the world: one file per port, its docstrings the contract.

`tests/contracts` holds a suite per port that every adapter passes.
"""
