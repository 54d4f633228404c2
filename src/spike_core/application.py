"""The application: all use cases, grouped by subject, over one set of ports."""

from collections.abc import Callable, Sequence

from attrs import evolve, field, frozen

from spike_core.domain.accounts import SignUpPolicy
from spike_core.domain.catalog import SPECIFIED, Catalog
from spike_core.domain.event_deliveries import EventLimits
from spike_core.domain.images import MetadataPolicy
from spike_core.domain.limits import DownloadLimits, JobLimits, UploadLimits
from spike_core.domain.render_options import FAITHFUL_ONLY, Mode
from spike_core.domain.tokens import Tokens
from spike_core.domain.usage import Budgets
from spike_core.domain.webhooks import WEBHOOKS
from spike_core.ports.background import Background
from spike_core.ports.blender import Blender
from spike_core.ports.blobs import BlobStore
from spike_core.ports.clock import Clock
from spike_core.ports.concurrency import Concurrency
from spike_core.ports.downloader import Downloader
from spike_core.ports.events import Subscriber
from spike_core.ports.generator import Generator
from spike_core.ports.heartbeat import Heartbeat
from spike_core.ports.ids import Ids
from spike_core.ports.metadata import Metadata
from spike_core.ports.price_list import PriceList
from spike_core.ports.probe import ImageProbe
from spike_core.ports.queue import JobQueue
from spike_core.ports.regeneration import RegenerationPolicies
from spike_core.ports.rendition_maker import RenditionMaker
from spike_core.ports.secrets import Secrets
from spike_core.ports.transactions import Transactions
from spike_core.ports.upscaler import Upscaler
from spike_core.ports.webhooks import WebhookSender
from spike_core.services.accounts import OPENING_GRANT, Authentication, Registration
from spike_core.services.album_contents import AlbumContents
from spike_core.services.albums import Albums
from spike_core.services.analyses import Analyses
from spike_core.services.api_key_limits import ApiKeyLimits
from spike_core.services.api_keys import ApiKeys
from spike_core.services.audit import Audit
from spike_core.services.batch_uploads import BatchUploads
from spike_core.services.billing import Billing
from spike_core.services.cancellation import Cancellation
from spike_core.services.deletion import Deletion
from spike_core.services.enhancements import Enhancements
from spike_core.services.event_delivery import EventDelivery
from spike_core.services.event_recording import RecordingTransactions
from spike_core.services.event_subscribers import Events, named, types_wanted
from spike_core.services.external_users import ExternalUsers
from spike_core.services.fair_scheduling import FairScheduling
from spike_core.services.free_space import FreeSpace
from spike_core.services.generations import Generations
from spike_core.services.idempotency import IdempotencyStore
from spike_core.services.image_updates import ImageUpdates
from spike_core.services.ingest import Ingest
from spike_core.services.job_recovery import Recovery
from spike_core.services.job_runner import JobRunner
from spike_core.services.job_transitions import JobTransitions
from spike_core.services.maintenance_lease import MaintenanceLease
from spike_core.services.new_images import NewImages
from spike_core.services.object_access import ObjectAccess
from spike_core.services.order_checks import Ordering
from spike_core.services.outbox_relay import OutboxRelay
from spike_core.services.preview_cards import PreviewCards
from spike_core.services.pricing import CatalogPrices, Pricing
from spike_core.services.queries import Queries
from spike_core.services.quotes import Quotes
from spike_core.services.regeneration import SamePolicy
from spike_core.services.rendering import Rendering
from spike_core.services.rendition_making import RenditionMaking
from spike_core.services.sessions import Sessions
from spike_core.services.uploads import Uploads
from spike_core.services.usage_accounting import UsageAccounting
from spike_core.services.users import Users
from spike_core.services.wallets import Wallets
from spike_core.services.webhook_endpoints import WebhookEndpoints
from spike_core.services.webhook_fan_out import WebhookFanOut, wanted_by_webhooks
from spike_core.services.webhook_sending import NoWebhooks, WebhookSending
from spike_core.services.worker_presence import WorkerPresence
from spike_core.services.zip_downloads import Downloads


@frozen(kw_only=True)
class Ports:
    """The adapters that the use cases call."""

    transactions: Transactions
    blobs: BlobStore
    queue: JobQueue
    probe: ImageProbe
    metadata: Metadata
    upscaler: Upscaler
    blender: Blender
    modes: frozenset[Mode] = FAITHFUL_ONLY  # that the upscaler offers
    generator: Generator
    downloader: Downloader
    clock: Clock
    ids: Ids
    secrets: Secrets
    heartbeat: Heartbeat
    concurrency: Concurrency  # of the originals that a batch stores
    free_bytes: Callable[[], int] | None = None  # of the blob store; `None` if it knows no end
    subscribers: Sequence[Subscriber] = ()  # to domain events
    price_list: PriceList = field(factory=CatalogPrices)
    rendition_maker: RenditionMaker | None = None  # `None`: pictures have no renditions
    webhook_sender: WebhookSender = field(factory=NoWebhooks)
    background: Background | None = None  # `None`: the maintenance task alone makes renditions


@frozen(kw_only=True)
class Policies:
    """What an operator may decide."""

    limits: JobLimits = field(factory=JobLimits)
    regeneration: RegenerationPolicies = field(factory=SamePolicy)
    opening_grant: Tokens = OPENING_GRANT
    metadata: MetadataPolicy = MetadataPolicy.KEEP  # of results
    budgets: Budgets = field(factory=Budgets)
    uploads: UploadLimits = field(factory=UploadLimits)
    downloads: DownloadLimits = field(factory=DownloadLimits)
    events: EventLimits = field(factory=EventLimits)
    free_bytes_min: int = 0  # of the blob store; below it nothing new is accepted
    catalog: Catalog = SPECIFIED  # the tiers that are sold
    sign_up: SignUpPolicy = field(factory=SignUpPolicy)  # of those whom another program signs in


@frozen(kw_only=True)
class Accounts:
    """Who people are: sign-up, sessions and API keys."""

    registration: Registration
    authentication: Authentication
    users: Users
    external_users: ExternalUsers
    sessions: Sessions
    api_keys: ApiKeys
    api_key_limits: ApiKeyLimits


@frozen(kw_only=True)
class Images:
    """Pictures: uploading, analyzing, changing and deleting them."""

    uploads: Uploads
    batch_uploads: BatchUploads
    updates: ImageUpdates
    deletion: Deletion
    renditions: RenditionMaking
    cards: PreviewCards
    analyses: Analyses


@frozen(kw_only=True)
class Jobs:
    """Work on pictures: ordering, cancelling and running it."""

    enhancements: Enhancements
    generations: Generations
    cancellation: Cancellation
    dispatch: OutboxRelay
    transitions: JobTransitions
    runner: JobRunner


@frozen(kw_only=True)
class Maintenance:
    """Periodic work: recovering jobs, collecting objects, checking the books."""

    recovery: Recovery
    lease: MaintenanceLease
    presence: WorkerPresence
    audit: Audit


@frozen(kw_only=True)
class Webhooks:
    """Sending owners' events to addresses of theirs."""

    endpoints: WebhookEndpoints
    sending: WebhookSending


@frozen(kw_only=True)
class Application:
    """All use cases."""

    accounts: Accounts
    wallets: Wallets
    budgets: UsageAccounting
    images: Images
    albums: Albums
    album_contents: AlbumContents
    jobs: Jobs
    queries: Queries
    objects: ObjectAccess
    downloads: Downloads
    idempotency: IdempotencyStore
    events: Events
    webhooks: Webhooks
    maintenance: Maintenance
    pricing: Pricing
    quotes: Quotes
    upload_limits: UploadLimits


def compose(ports: Ports, policies: Policies) -> Application:
    """Return the use cases over these ports. Calls no port.

    Raises:
        InvalidValue: two subscribers have the same name, or a name is invalid.
    """
    blobs, clock, ids = ports.blobs, ports.clock, ports.ids
    subscribers = named(ports.subscribers)
    transactions = RecordingTransactions(
        inner=ports.transactions,
        clock=clock,
        own={name: types_wanted(subscriber) for name, subscriber in subscribers.items()},
        selecting={WEBHOOKS: wanted_by_webhooks},
    )
    fan_out = WebhookFanOut(transactions=transactions, clock=clock, ids=ids)
    catalog = policies.catalog
    limits = evolve(
        policies.limits,
        catalog=catalog,
        work_time_max=policies.limits.work_time_max * catalog.largest_work_share,
    )
    pricing = Pricing(catalog=catalog, price_list=ports.price_list, modes=ports.modes)
    billing = Billing(policies=policies.regeneration, limits=limits, budgets=policies.budgets)
    transitions = JobTransitions(transactions=transactions, clock=clock, billing=billing, limits=limits)
    dispatch = OutboxRelay(
        transactions=transactions,
        queue=ports.queue,
        clock=clock,
        job_transitions=transitions,
        turns=FairScheduling(transactions=transactions, clock=clock, limits=limits),
        limits=limits,
    )
    ingest = Ingest(
        transactions=transactions,
        blobs=blobs,
        probe=ports.probe,
        metadata=ports.metadata,
        clock=clock,
        limits=limits,
        upload_limits=policies.uploads,
        free_space=FreeSpace(free_bytes=ports.free_bytes, min_bytes=policies.free_bytes_min),
    )
    rendition_making = RenditionMaking(
        transactions=transactions,
        ingest=ingest,
        clock=clock,
        ids=ids,
        maker=ports.rendition_maker,
        background=ports.background,
    )
    ordering = Ordering(pricing=pricing, billing=billing, upload_limits=policies.uploads)
    new_images = NewImages(
        transactions=transactions, clock=clock, ids=ids, billing=billing, ingest=ingest, pricing=pricing
    )
    rendering = Rendering(
        transactions=transactions,
        blobs=blobs,
        probe=ports.probe,
        upscaler=ports.upscaler,
        blender=ports.blender,
        generator=ports.generator,
        labels=policies.metadata,
        metadata=ports.metadata,
        catalog=catalog,
    )
    registration = Registration(
        transactions=transactions,
        clock=clock,
        ids=ids,
        secrets=ports.secrets,
        opening_grant=policies.opening_grant,
        policies=policies.regeneration,
    )
    return Application(
        accounts=Accounts(
            registration=registration,
            external_users=ExternalUsers(transactions=transactions, registration=registration, policy=policies.sign_up),
            authentication=Authentication(transactions=transactions, clock=clock),
            users=Users(transactions=transactions),
            sessions=Sessions(
                transactions=transactions,
                clock=clock,
                secrets=ports.secrets,
                sessions_max=policies.budgets.sessions,
            ),
            api_keys=ApiKeys(transactions=transactions, clock=clock, ids=ids, secrets=ports.secrets),
            api_key_limits=ApiKeyLimits(transactions=transactions, clock=clock),
        ),
        wallets=Wallets(transactions=transactions, clock=clock, billing=billing, opening_grant=policies.opening_grant),
        budgets=UsageAccounting(transactions=transactions, clock=clock, billing=billing),
        images=Images(
            uploads=Uploads(
                transactions=transactions,
                clock=clock,
                dispatch=dispatch,
                ingest=ingest,
                new_images=new_images,
                rendition_making=rendition_making,
            ),
            batch_uploads=BatchUploads(
                transactions=transactions,
                blobs=blobs,
                clock=clock,
                dispatch=dispatch,
                ingest=ingest,
                new_images=new_images,
                rendition_making=rendition_making,
                concurrency=ports.concurrency,
            ),
            updates=ImageUpdates(transactions=transactions, blobs=blobs, probe=ports.probe, clock=clock),
            deletion=Deletion(transactions=transactions, blobs=blobs, clock=clock, billing=billing),
            renditions=rendition_making,
            cards=PreviewCards(
                transactions=transactions,
                ingest=ingest,
                ids=ids,
                rendition_making=rendition_making,
                maker=ports.rendition_maker,
            ),
            analyses=Analyses(transactions=transactions, blobs=blobs, upscaler=ports.upscaler, pricing=pricing),
        ),
        albums=Albums(transactions=transactions, clock=clock, ids=ids, secrets=ports.secrets, catalog=catalog),
        album_contents=AlbumContents(transactions=transactions, clock=clock, ids=ids),
        jobs=Jobs(
            enhancements=Enhancements(
                transactions=transactions,
                clock=clock,
                ids=ids,
                ordering=ordering,
                dispatch=dispatch,
                ingest=ingest,
            ),
            generations=Generations(
                transactions=transactions,
                clock=clock,
                ids=ids,
                ordering=ordering,
                dispatch=dispatch,
                ingest=ingest,
                downloader=ports.downloader,
            ),
            cancellation=Cancellation(transactions=transactions, clock=clock, billing=billing),
            dispatch=dispatch,
            transitions=transitions,
            runner=JobRunner(
                blobs=blobs,
                rendering=rendering,
                job_transitions=transitions,
                dispatch=dispatch,
                heartbeat=ports.heartbeat,
                rendition_making=rendition_making,
            ),
        ),
        queries=Queries(transactions=transactions, clock=clock),
        objects=ObjectAccess(transactions=transactions),
        downloads=Downloads(transactions=transactions, limits=policies.downloads),
        idempotency=IdempotencyStore(transactions=transactions, clock=clock),
        events=Events(
            transactions=ports.transactions,
            recording=transactions,
            clock=clock,
            delivery=EventDelivery(
                transactions=ports.transactions,
                recording=transactions,
                clock=clock,
                heartbeat=ports.heartbeat,
                subscribers=named([*ports.subscribers, fan_out]),
                limits=policies.events,
            ),
            on_demand=frozenset({WEBHOOKS}),
        ),
        webhooks=Webhooks(
            endpoints=WebhookEndpoints(
                transactions=transactions, sender=ports.webhook_sender, clock=clock, ids=ids, secrets=ports.secrets
            ),
            sending=WebhookSending(transactions=transactions, sender=ports.webhook_sender, clock=clock),
        ),
        pricing=pricing,
        quotes=Quotes(
            transactions=transactions,
            clock=clock,
            billing=billing,
            ingest=ingest,
            new_images=new_images,
            ordering=ordering,
        ),
        upload_limits=policies.uploads,
        maintenance=Maintenance(
            recovery=Recovery(
                transactions=transactions,
                blobs=blobs,
                clock=clock,
                job_transitions=transitions,
                queue=ports.queue,
                limits=limits,
            ),
            lease=MaintenanceLease(transactions=transactions, clock=clock, heartbeat=ports.heartbeat, limits=limits),
            presence=WorkerPresence(transactions=transactions, clock=clock),
            audit=Audit(transactions=transactions, blobs=blobs, clock=clock, limits=limits),
        ),
    )
