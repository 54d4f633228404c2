"""The composition root: the only module that builds adapters and passes them to services."""

from datetime import timedelta
from pathlib import Path

from attrs import frozen

from spike_core.domain.images import MetadataPolicy
from spike_core.domain.tokens import Tokens
from spike_core.ports.broker import Broker
from spike_core.ports.clock import Clock
from spike_core.ports.downloader import Downloader
from spike_core.ports.factories import Database, Engine, Storage
from spike_core.ports.generator import Generator
from spike_core.ports.heartbeat import Heartbeat
from spike_core.ports.ids import Ids
from spike_core.ports.limiter import RateLimiter
from spike_core.ports.secrets import Secrets
from spike_core.services.accounts import Authentication, Registration
from spike_core.services.album_contents import AlbumContents
from spike_core.services.albums import Albums
from spike_core.services.api_keys import ApiKeys
from spike_core.services.audit import Audit
from spike_core.services.batch_uploads import BatchUploads
from spike_core.services.billing import Billing
from spike_core.services.cancellation import Cancellation
from spike_core.services.deletion import Deletion
from spike_core.services.direct_enhancement import DirectEnhancement
from spike_core.services.dispatch import Dispatch
from spike_core.services.enhancements import Enhancements
from spike_core.services.fair_scheduling import FairScheduling
from spike_core.services.generations import Generations
from spike_core.services.idempotency import IdempotencyStore
from spike_core.services.image_updates import ImageUpdates
from spike_core.services.ingest import Ingest
from spike_core.services.job_runner import JobRunner
from spike_core.services.job_transitions import JobTransitions
from spike_core.services.maintenance_lease import MaintenanceLease
from spike_core.services.new_images import NewImages
from spike_core.services.queries import Queries
from spike_core.services.recovery import Recovery
from spike_core.services.rendering import Rendering
from spike_core.services.sessions import Sessions
from spike_core.services.uploads import Uploads
from spike_core.services.wallets import Wallets
from spike_fetch import WebDownloader
from spike_runtime.adapters import open_broker, open_database, open_limiter, open_sandbox, open_storage
from spike_runtime.data_folder import kept_secret, make_folder
from spike_runtime.engines import chosen_engine
from spike_runtime.generators import chosen_generator
from spike_runtime.metrics import Metrics
from spike_runtime.offline import Offline
from spike_runtime.settings import Settings
from spike_sandbox import Sandbox, Tools
from spike_system import Cuid2Ids, SystemClock, SystemSecrets, ThreadHeartbeat


@frozen(kw_only=True)
class Spike:
    """Spike: its services and the adapters under them."""

    settings: Settings
    clock: Clock
    ids: Ids
    database: Database
    storage: Storage
    broker: Broker
    engine: Engine
    sandbox: Sandbox | None  # whose child processes run the engine, if it is on
    engine_name: str
    generator: Generator
    limiter: RateLimiter
    metrics: Metrics

    registration: Registration
    authentication: Authentication
    sessions: Sessions
    api_keys: ApiKeys
    uploads: Uploads
    batch_uploads: BatchUploads
    enhancements: Enhancements
    creations: Generations
    queries: Queries
    idempotency: IdempotencyStore
    deletion: Deletion
    image_updates: ImageUpdates
    albums: Albums
    album_contents: AlbumContents
    wallets: Wallets
    cancellation: Cancellation
    dispatch: Dispatch
    job_runner: JobRunner
    sweep: Recovery
    maintenance_lease: MaintenanceLease
    audit: Audit

    @property
    def serves_and_works(self) -> bool:
        """Whether the web process also runs jobs. By default only if the broker is in-process, since no other could."""
        return self.settings.serve_works == "yes" or (self.settings.serve_works == "auto" and self.broker.is_in_process)

    @property
    def owns_its_jobs(self) -> bool:
        """Whether no other process can hold this database's jobs: queue, workers and database are all here."""
        return self.broker.is_in_process and not self.settings.database_url

    def prepare_to_look(self) -> None:
        """Start the probe's child processes in the background, so that the first upload needn't wait for them."""
        if self.sandbox is not None:
            self.sandbox.probe_pool.warm_up()

    def prepare_to_work(self) -> None:
        """Start the engine's and the probe's child processes in the background, so that the first job needn't wait."""
        if self.sandbox is not None:
            self.sandbox.probe_pool.warm_up()
            self.sandbox.work_pool.warm_up()

    def close(self) -> None:
        """Terminate the child processes and close the database connections."""
        if self.sandbox is not None:
            self.sandbox.close()
        self.database.close()


def build(settings: Settings) -> Spike:
    """Build Spike from settings. Makes no network call; creates the data folder if needed.

    Raises:
        WrongSettings: a setting is invalid, or names an adapter that isn't installed.
    """
    make_folder(settings.data_dir)
    folder = settings.data_dir.resolve()
    clock, ids, secrets = SystemClock(), Cuid2Ids(), SystemSecrets()
    secret = settings.secret.encode() or kept_secret(folder, secrets)
    database = open_database(
        settings.database_url or f"sqlite:///{folder / 'spike.db'}", limits=settings.database_limits
    )
    storage = open_storage(settings.storage_url or (folder / "objects").as_uri(), clock=clock, secret=secret)
    broker = open_broker(settings.broker_url)
    choice = chosen_engine(settings)
    artist = chosen_generator(settings)
    sandbox = open_sandbox(
        settings,
        Tools(engine=choice.opener, generator=artist.opener if artist.is_self_contained else None),
        engine_name=choice.name,
    )
    engine = sandbox.engine if sandbox else choice.opened()
    generator = (
        sandbox.generator if sandbox and artist.is_self_contained else artist.opened(canvas_fitter=engine.canvas_fitter)
    )
    if settings.metrics_dir:
        make_folder(Path(settings.metrics_dir), setting="SPIKE_METRICS_DIR")

    return assemble(
        settings,
        database=database,
        storage=storage,
        broker=broker,
        engine=engine,
        sandbox=sandbox,
        engine_name=choice.name,
        generator=generator,
        downloader=WebDownloader(),
        limiter=open_limiter(settings.rate_limit_url),
        clock=clock,
        ids=ids,
        secrets=secrets,
        heartbeat=ThreadHeartbeat(timedelta(seconds=settings.heartbeat_s)),
    )


def build_offline(settings: Settings) -> Offline:
    """Build offline enhancement: the engine alone, without a database or a data folder.

    Raises:
        WrongSettings: the engine isn't installed.
    """
    engine = chosen_engine(settings).opened()
    return Offline(
        enhancement=DirectEnhancement(probe=engine.probe, upscaler=engine.upscaler),
        metadata=engine.metadata,
        labels=MetadataPolicy(settings.exif),
    )


def assemble(
    settings: Settings,
    *,
    database: Database,
    storage: Storage,
    broker: Broker,
    engine: Engine,
    generator: Generator,
    downloader: Downloader,
    limiter: RateLimiter,
    clock: Clock,
    ids: Ids,
    secrets: Secrets,
    heartbeat: Heartbeat,
    sandbox: Sandbox | None = None,
    engine_name: str = "your own",
) -> Spike:
    """Return the services over the given adapters; `close` also closes `sandbox`."""
    transactions, blobs, limits = database.transactions, storage.blobs, settings.job_limits
    billing = Billing(policy=settings.regeneration, limits=limits)
    turns = FairScheduling(transactions=transactions, clock=clock, limits=limits)
    job_transitions = JobTransitions(transactions=transactions, clock=clock, billing=billing, limits=limits)
    dispatch = Dispatch(
        transactions=transactions,
        queue=broker.queue,
        clock=clock,
        job_transitions=job_transitions,
        turns=turns,
        limits=limits,
    )
    ingest = Ingest(
        transactions=transactions,
        blobs=blobs,
        probe=engine.probe,
        metadata=engine.metadata,
        clock=clock,
        limits=limits,
    )
    new_images = NewImages(clock=clock, ids=ids, billing=billing, ingest=ingest)
    return Spike(
        settings=settings,
        clock=clock,
        ids=ids,
        database=database,
        storage=storage,
        broker=broker,
        engine=engine,
        sandbox=sandbox,
        engine_name=engine_name,
        generator=generator,
        limiter=limiter,
        metrics=Metrics(
            transactions=transactions,
            clock=clock,
            folder=Path(settings.metrics_dir) if settings.metrics_dir else None,
        ),
        registration=Registration(
            transactions=transactions,
            clock=clock,
            ids=ids,
            secrets=secrets,
            opening_grant=Tokens(settings.opening_grant),
        ),
        authentication=Authentication(transactions=transactions, clock=clock),
        sessions=Sessions(transactions=transactions, clock=clock, secrets=secrets),
        api_keys=ApiKeys(transactions=transactions, clock=clock, ids=ids, secrets=secrets),
        uploads=Uploads(
            transactions=transactions, clock=clock, dispatch=dispatch, ingest=ingest, new_images=new_images
        ),
        batch_uploads=BatchUploads(
            transactions=transactions,
            blobs=blobs,
            clock=clock,
            dispatch=dispatch,
            ingest=ingest,
            new_images=new_images,
        ),
        enhancements=Enhancements(
            transactions=transactions, clock=clock, ids=ids, billing=billing, dispatch=dispatch, ingest=ingest
        ),
        creations=Generations(
            transactions=transactions,
            clock=clock,
            ids=ids,
            billing=billing,
            dispatch=dispatch,
            ingest=ingest,
            downloader=downloader,
        ),
        queries=Queries(transactions=transactions, clock=clock),
        idempotency=IdempotencyStore(transactions=transactions, clock=clock),
        deletion=Deletion(transactions=transactions, blobs=blobs, clock=clock, billing=billing),
        image_updates=ImageUpdates(transactions=transactions, blobs=blobs, probe=engine.probe, clock=clock),
        albums=Albums(transactions=transactions, clock=clock, ids=ids, secrets=secrets),
        album_contents=AlbumContents(transactions=transactions, clock=clock, ids=ids),
        wallets=Wallets(transactions=transactions, clock=clock, billing=billing),
        cancellation=Cancellation(transactions=transactions, clock=clock, billing=billing),
        dispatch=dispatch,
        job_runner=JobRunner(
            blobs=blobs,
            rendering=Rendering(
                transactions=transactions,
                blobs=blobs,
                probe=engine.probe,
                upscaler=engine.upscaler,
                blender=engine.blender,
                generator=generator,
                labels=MetadataPolicy(settings.exif),
                metadata=engine.metadata,
            ),
            job_transitions=job_transitions,
            dispatch=dispatch,
            heartbeat=heartbeat,
        ),
        sweep=Recovery(
            transactions=transactions,
            blobs=blobs,
            clock=clock,
            queue=broker.queue,
            job_transitions=job_transitions,
            limits=limits,
        ),
        maintenance_lease=MaintenanceLease(transactions=transactions, clock=clock, heartbeat=heartbeat, limits=limits),
        audit=Audit(transactions=transactions, blobs=blobs, clock=clock, limits=limits),
    )
