"""The public names, pinned: what is listed here is stable, as docs/reference/stability.md defines it."""

import ast
import doctest
import importlib
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import spike_core.errors
import spike_core.ports
from spike_core.domain import errors

CORE: Final = """
Album AlbumDescription AlbumId AlbumName AlbumPatch ApiKey ApiKeyName Application AspectRatio BatchId Budget Budgets
CancelledJob Catalog ClaimedJob CompletedJob Dimensions Email EntryKind Event FailedJob Forbidden Image ImageDeleted
ImageId ImageName ImageUploaded InvalidInput Job JobCancelled JobCompleted JobFailed JobId JobLimits JobRefunded
JobStatus LedgerEntry MetadataPolicy NotEnoughTokens NotFound ObjectKey Offer Order OwnerId PendingJob PictureFormat
Policies Ports Privacy Prompt RateLimit RateLimitGroup Reference RefundedJob RegenerationPolicy SPECIFIED Scope Secret
SpikeError StartedJob Tier Tokens TokensMoved Unavailable User UserId Wallet compose
"""
EMBEDDING: Final = """
Settings Spike WrongSettings assemble build build_offline create_app housekeeping load_settings working
"""
PORTS: Final = """
ADAPTER_API AlbumRepository ApiKeyCharges ApiKeyRepository AuditPage AuditReader Authenticator Blender BlobStore Broker
CanvasFitter Clock Concurrency Damage Database DatabaseLimits Downloader Engine EngineResources EventDeliveries
Generator Heartbeat IdempotencyRecords Identity Ids ImageProbe ImageRepository IncomingRequest JobQueue JobRepository
MaintenanceRuns Metadata OpenBroker OpenDatabase OpenEngine OpenGenerator OpenLimiter OpenStorage Outbox PriceList
ProgressMonitor RateLimiter RegenerationPolicies RenderedImage Secrets SessionRepository SignedUrls Statistics Storage
StoredObject Subscriber Subscriptions Transaction Transactions UNMONITORED UnmonitoredProgress UnreadableRow Upscaler
UserRepository WalletRepository WorkerPool
"""
NAMES: Final = {
    "spike": f"{CORE} {EMBEDDING}",
    "spike_core": CORE,
    "spike_core.ports": PORTS,
    "spike_http": "SpikeAuthenticator create_app serve",
    "spike_runtime": "Settings Spike WrongSettings assemble build build_offline load_settings",
    "spike_worker": "Supervisor housekeeping working",
}
WITH_EXAMPLES: Final = [
    "spike_core",
    "spike_core.domain.accounts",
    "spike_core.domain.dimensions",
    "spike_core.domain.images",
    "spike_core.domain.regeneration_policy",
    "spike_core.domain.tokens",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_public_names_are_these_and_each_has_a_docstring(name: str) -> None:
    module = importlib.import_module(name)
    assert sorted(module.__all__) == sorted(NAMES[name].split())
    for each in module.__all__:
        found = getattr(module, each)
        assert inspect.getdoc(found), each
    assert set(dir(module)) >= set(module.__all__)


@pytest.mark.parametrize("name", ["spike", "spike_core", "spike_core.ports"])
def test_what_type_checkers_see_is_what_is_imported(name: str) -> None:
    """The names are written twice, once for each."""
    module = importlib.import_module(name)
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    [seen] = [node for node in tree.body if isinstance(node, ast.If)]
    homes = {alias.name: node.module for node in seen.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert sorted(homes) == sorted(module.__all__)
    for each, home in homes.items():
        assert getattr(module, each) is getattr(importlib.import_module(str(home)), each)


def test_a_name_that_is_none_is_no_attribute() -> None:
    with pytest.raises(ImportError, match="cannot import name 'Nonesuch' from 'spike_core'"):
        exec("from spike_core import Nonesuch")  # noqa: S102  # an import that a type checker would refuse


def test_every_error_is_public() -> None:
    classes = {name for name, each in vars(errors).items() if getattr(each, "__module__", "") == errors.__name__}
    assert set(spike_core.errors.__all__) == {name for name in classes if not name.startswith("_")}


def test_every_port_is_public() -> None:
    folder = Path(str(spike_core.ports.__file__)).parent
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in folder.glob("*.py")]
    classes = [node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)]
    ports = {each.name for each in classes if any(ast.unparse(base) == "Protocol" for base in each.bases)}
    assert ports - set(spike_core.ports.__all__) == set()


def test_listing_the_names_imports_none_of_them() -> None:
    """Children of the sandbox and commands import single modules, and start soon."""
    code = "import sys, spike, spike_core.ports; print([name for name in sys.modules if 'domain' in name])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of_docstrings_are_right(name: str) -> None:
    tried = doctest.testmod(importlib.import_module(name), optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    assert (tried.failed, tried.attempted > 0) == (0, True)
