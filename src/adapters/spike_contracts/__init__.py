"""Contract tests for every port, for the adapters of this project and of others.

A suite is a class `<Port>Contract` in the module of the port's name. Subclass it in a test module, give it the fixtures
that its docstring names, and pytest runs its tests against your adapter:

    from spike_contracts.blobs import BlobStoreContract

    class TestMyStore(BlobStoreContract):
        @pytest.fixture
        def clock(self) -> Clock: ...

        @pytest.fixture
        def blobs(self, clock: Clock) -> BlobStore: ...

`suites.SUITES` lists those of each role, and `spike contracts storage.file` runs them against an installed adapter.

Needs the extra `contracts`: pytest and Hypothesis. How to write an adapter: docs/howto/write-an-adapter.md.
"""

import pkgutil

import pytest

# before any suite is imported, so that failed assertions show their values
pytest.register_assert_rewrite(*(module.name for module in pkgutil.iter_modules(__path__, f"{__name__}.")))
