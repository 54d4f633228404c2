"""The public names, pinned: what is listed here is stable, as docs/reference/stability.md defines it."""

import ast
import doctest
import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

import pytest

import spike_core.errors
import spike_core.ports
from spike_core.domain import errors
from subclasses import family

CORE: Final = """
Album AlbumDescription AlbumId AlbumName AlbumPatch Analysis ApiKey ApiKeyName Application AspectRatio BatchId Budget
Budgets CancelledJob Catalog ClaimedJob CompletedJob Dimensions Email EntryKind Event FailedJob Forbidden Image
ImageDeleted ImageId ImageName ImageUploaded InvalidInput Job JobCancelled JobCompleted JobFailed JobId JobLimits
JobRefunded JobStatus LedgerEntry MetadataPolicy Mode NotEnoughTokens NotFound ObjectKey Offer Order OwnerId
PendingJob PictureFormat PictureKind Policies Ports Priority Privacy Prompt RateLimit RateLimitGroup Reference
RefundedJob RegenerationPolicy RenderOptions SPECIFIED Scope Secret SpikeError StartedJob TaskKind Tier Tokens
TokensMoved Unavailable UploadLimits User UserId Wallet compose event_document
"""
EMBEDDING: Final = """
Settings Spike WrongSettings assemble build build_offline create_app housekeeping load_settings working
"""
ERRORS: Final = """
AlbumFull AlbumNotFound AnimatedPicture ApiKeyLimitReached ApiKeyNotFound BatchNotFound Conflict ContainsLocation
DatabaseDamaged DatabaseUnavailable DownloadFailed DownloadTooLarge DuplicateEntry DuplicateIdempotencyRecord
EmailTaken EmptyFile EntryNotFound FileTooLarge Forbidden GeneratorUnavailable IdempotencyKeyReused
IdempotencyRecordNotFound IdentityNotLinked IdentityTaken IllegalTransition ImageNotFound InsufficientScope
InvalidFileName InvalidIdentifier InvalidInput InvalidLink InvalidResult InvalidValue InvariantViolated JobChanged
JobNotFound LimiterUnavailable MultiplePages NoAccount NotEnoughTokens NotFound NothingToClaim ObjectNotFound
PricesUnavailable PromptRefused QueueUnavailable QuotaExceeded ReferenceReused RequestInProgress SchemaTooNew
SessionRequired SharedTransactionUndone SignUpClosed SourceTooLarge SpikeError StaleWrite StorageFull StorageRefused
StorageUnavailable TierNotFound TooManyAlbums TooManyApiKeys TooManyJobs TooManyPixels TooManyRequests TooManyWebhooks
TooSlowToDecode TransactionUndone UnacceptablePicture Unauthenticated Unavailable UndecodablePicture
UnknownPictureFormat UnsafeAddress UnsafeWebhookUrl UnsuitableDatabase UnsupportedPicture UntrustedHost UnusableResult
UploadExpired UpscalerUnavailable UserNotFound VerifiedEmailRequired WalletNotFound WebhookDeliveryNotFound
WebhookDisabled WebhookNotFound WorkAbandoned WorkKilled
"""
PORTS: Final = """
ADAPTER_API AddressedEvent Album AlbumCount AlbumCursor AlbumId AlbumImage AlbumImageId AlbumRepository AlbumSummary
Allowance Analysis ApiKey ApiKeyCharge ApiKeyCharges ApiKeyId ApiKeyRepository AuditPage AuditReader Authenticator
Background Backlog BatchId Blender BlobStore Broker CancelledJob CanvasFitter ClaimedJob ClaimedWebhook Clock
Comparison CompletedJob Concurrency CountedUsage DEFAULT_OPTIONS Damage Database DatabaseLimits Delivery Dimensions
Downloader DueDeletion Email Engine EngineResources Event EventDeliveries ExternalIdentity FailedJob Generator Heartbeat
IdempotencyKey IdempotencyRecord IdempotencyRecords Identifier Identity Ids Image ImageCursor ImageDeleted ImageId
ImageOrder ImageProbe ImageRepository ImageState ImageUploaded IncomingRequest Job JobCancelled JobCompleted JobCursor
JobFailed JobId JobQueue JobRefunded JobRepository LedgerEntry LedgerPosition ListCursor ListedImage MadeRenditions
MaintenanceRun MaintenanceRuns MaintenanceTask Metadata MissingRenditions Mode Month NameCursor ObjectKey OpenBroker
OpenDatabase OpenEngine OpenGenerator OpenLimiter OpenStorage Order Outbox OutboxMessage OwnerId PICTURE_PIXELS_MAX
PendingJob PictureFacts PictureFormat PictureIdentity Pictured Posting PriceList Priority ProgressMonitor Prompt
QueueOrder QueueStatistics RateLimit RateLimiter RecordedResponse Reference RefundStatistics RefundedJob
RegenerationPolicies RegenerationPolicy RenderOptions RenderedImage Rendition RenditionMaker RenditionRepository
Renditions Scope Secret SecretHash Secrets Session SessionRepository SignedUrls StartCursor StartedJob Statistics
Storage StoredObject Subscriber SubscriberName Subscription Subscriptions Tier Tokens TokensMoved Transaction
Transactions UNMONITORED UnmonitoredProgress UnreadableRow Upscaler Urgency User UserId UserRepository WaitingOwner
Wallet WalletRepository Webhook WebhookAttempt WebhookDeliveries WebhookDelivery WebhookDeliveryId WebhookId
WebhookMessage WebhookRepository WebhookSender WorkerPool
"""
NAMES: Final = {
    "spike": f"{CORE} {EMBEDDING}",
    "spike_core": CORE,
    "spike_core.errors": ERRORS,
    "spike_core.ports": PORTS,
    "spike_core.testing": "FailingPort InMemorySpike ManualClock build_in_memory draw_picture",
    "spike_http": "SpikeAuthenticator create_app serve",
    "spike_runtime": "Settings Spike WrongSettings assemble build build_offline load_settings",
    "spike_worker": "Supervisor housekeeping working",
}
OWN_DATABASE: Final = ("from_engine", "open_postgres", "open_sqlite")  # of `spike_sqlalchemy`
NO_CLASSES: Final = {
    "ADAPTER_API",
    "DEFAULT_OPTIONS",
    "Event",
    "Job",
    "ListCursor",
    "PICTURE_PIXELS_MAX",
    "Pictured",
    "UNMONITORED",
}  # of `spike_core.ports`
WITH_EXAMPLES: Final = [
    "spike_core",
    "spike_core.domain.accounts",
    "spike_core.domain.catalog",
    "spike_core.domain.dimensions",
    "spike_core.domain.file_names",
    "spike_core.domain.identifiers",
    "spike_core.domain.image_lists",
    "spike_core.domain.images",
    "spike_core.domain.ledger",
    "spike_core.domain.regeneration_policy",
    "spike_core.domain.render_options",
    "spike_core.domain.tokens",
    "spike_core.domain.validity_periods",
    "spike_core.testing",
    "spike_http.responses.disposition",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_public_names_are_these_and_each_has_a_docstring(name: str) -> None:
    module = importlib.import_module(name)
    assert sorted(module.__all__) == sorted(NAMES[name].split())
    for each in module.__all__:
        found = getattr(module, each)
        assert inspect.getdoc(found) or get_origin(found) is Literal, each
    assert set(dir(module)) >= set(module.__all__)


@pytest.mark.parametrize("name", OWN_DATABASE)
def test_the_openers_of_an_apps_own_database_are_public(name: str) -> None:
    """The other names of `spike_sqlalchemy` aren't."""
    module = importlib.import_module("spike_sqlalchemy")
    assert name in module.__all__
    assert inspect.getdoc(getattr(module, name))


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
    classes = {each.__name__ for each in family(errors.SpikeError) if each.__module__.startswith(f"{errors.__name__}.")}
    assert set(spike_core.errors.__all__) == set(errors.__all__) == classes


def test_every_port_is_public() -> None:
    folder = Path(str(spike_core.ports.__file__)).parent
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in folder.glob("*.py")]
    classes = [node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)]
    ports = {each.name for each in classes if any(ast.unparse(base) == "Protocol" for base in each.bases)}
    assert ports - set(spike_core.ports.__all__) == set()


def test_adapters_find_every_type_of_a_signature_beside_the_ports() -> None:
    public = {name: getattr(spike_core.ports, name) for name in spike_core.ports.__all__}
    classes = {each for each in public.values() if isinstance(each, type)}
    own = {each for each in classes if each.__module__.startswith("spike_core.ports.")}
    used = {each for one in own for each in types_of(one) if each.__module__.startswith("spike_core.")}
    assert {each.__name__ for each in used - own} == {each.__name__ for each in classes - own}
    assert public.keys() - {each.__name__ for each in classes} == NO_CLASSES


def types_of(port: type) -> Iterator[type]:
    """Yield what the methods, properties and fields of a port or of a class beside it take and return."""
    yield port
    yield from in_hints(port)
    for name, member in vars(port).items():
        if not name.startswith("_") or name == "__call__":
            function = member.fget if isinstance(member, property) else member
            yield from in_hints(function) if inspect.isfunction(function) else ()


def in_hints(owner: object) -> Iterator[type]:
    for hint in get_type_hints(owner).values():
        yield from classes_in(hint)


def classes_in(hint: Any) -> Iterator[type]:
    if isinstance(hint, TypeVar):
        hint = hint.__bound__
    if isinstance(get_origin(hint) or hint, type):
        yield get_origin(hint) or hint
    for part in hint if isinstance(hint, list) else get_args(hint):
        yield from classes_in(part)


def test_listing_the_names_imports_none_of_them() -> None:
    """Children of the sandbox and commands import single modules, and start soon."""
    code = "import sys, spike, spike_core.ports; print([name for name in sys.modules if 'domain' in name])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of_docstrings_are_right(name: str) -> None:
    tried = doctest.testmod(importlib.import_module(name), optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    assert (tried.failed, tried.attempted > 0) == (0, True)
