"""What the core asks of the world: one file per port, its docstrings the contract.

`spike_contracts` holds a suite per port that every adapter passes.
"""
