"""The composition root: the only module that builds adapters and passes them to services."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from attrs import frozen

from spike_core.application import Application, Policies, Ports, compose
from spike_core.domain.catalog import Catalog
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
from spike_core.ports.price_list import PriceList
from spike_core.ports.secrets import Secrets
from spike_core.services.direct_enhancement import DirectEnhancement
from spike_core.services.pricing import CatalogPrices
from spike_fetch import WebDownloader
from spike_prometheus import PrometheusMetrics
from spike_runtime.adapter_options import AdapterOptions
from spike_runtime.adapters import open_broker, open_database, open_limiter, open_sandbox, open_storage
from spike_runtime.data_folder import kept_secret, make_folder
from spike_runtime.engines import chosen_engine
from spike_runtime.generators import chosen_generator
from spike_runtime.metrics import Metrics
from spike_runtime.offline import Offline
from spike_runtime.settings import MEGABYTE, Settings
from spike_sandbox import Sandbox, Tools
from spike_system import Cuid2Ids, SystemClock, SystemSecrets, ThreadConcurrency, ThreadHeartbeat

STORING_THREADS: Final = 4  # of one batch of uploads


@frozen(kw_only=True)
class Spike(Application):
    """Spike: the use cases, and the adapters under them."""

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
        """Start the engine's child processes in the background, so that the first job needn't wait for them."""
        if self.sandbox is not None:
            self.sandbox.work_pool.warm_up()

    def close(self) -> None:
        """Terminate the child processes and close the database connections."""
        if self.sandbox is not None:
            self.sandbox.close()
        self.database.close()


def build(settings: Settings, *, catalog: Catalog | None = None, price_list: PriceList | None = None) -> Spike:
    """Build Spike from settings. Makes no network call; creates the data folder if needed.

    Without a catalog the tiers are those of the settings; without a price list the prices are the catalog's.

    Raises:
        WrongSettings: a setting is invalid, or names an adapter that isn't installed.
    """
    make_folder(settings.data_dir)
    folder = settings.data_dir.resolve()
    clock, ids, secrets = SystemClock(), Cuid2Ids(), SystemSecrets()
    secret = settings.secret.encode() or kept_secret(folder, secrets)
    options = AdapterOptions.of(settings)
    database = open_database(
        settings.database_url or f"sqlite:///{folder / 'spike.db'}", limits=settings.database_limits, options=options
    )
    storage = open_storage(
        settings.storage_url or (folder / "objects").as_uri(), clock=clock, secret=secret, options=options
    )
    broker = open_broker(settings.broker_url, options=options)
    choice = chosen_engine(settings)
    artist = chosen_generator(settings)
    sandbox = open_sandbox(
        settings,
        Tools(engine=choice.opener, generator=artist.opener if artist.is_self_contained else None),
        engine_name=choice.name,
        catalog=settings.catalog if catalog is None else catalog,
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
        limiter=open_limiter(settings.rate_limit_url, options=options),
        clock=clock,
        ids=ids,
        secrets=secrets,
        heartbeat=ThreadHeartbeat(timedelta(seconds=settings.heartbeat_s)),
        catalog=catalog,
        price_list=price_list,
    )


def build_offline(settings: Settings) -> Offline:
    """Build offline enhancement: the engine alone, without a database or a data folder.

    Raises:
        WrongSettings: the engine isn't installed.
    """
    engine = chosen_engine(settings).opened()
    return Offline(
        enhancement=DirectEnhancement(probe=engine.probe, upscaler=engine.upscaler, catalog=settings.catalog),
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
    catalog: Catalog | None = None,
    price_list: PriceList | None = None,
) -> Spike:
    """Return the use cases over the given adapters; `close` also closes `sandbox`.

    Catalog and price list are as in `build`.
    """
    application = compose(
        Ports(
            transactions=database.transactions,
            blobs=storage.blobs,
            queue=broker.queue,
            probe=engine.probe,
            metadata=engine.metadata,
            upscaler=engine.upscaler,
            blender=engine.blender,
            generator=generator,
            downloader=downloader,
            clock=clock,
            ids=ids,
            secrets=secrets,
            heartbeat=heartbeat,
            concurrency=ThreadConcurrency(STORING_THREADS),
            free_bytes=storage.free_bytes,
            price_list=price_list or CatalogPrices(),
        ),
        Policies(
            limits=settings.job_limits,
            regeneration=settings.regeneration,
            opening_grant=Tokens(settings.opening_grant),
            metadata=MetadataPolicy(settings.exif),
            budgets=settings.budgets,
            free_bytes_min=settings.disk_free_mb_min * MEGABYTE,
            catalog=settings.catalog if catalog is None else catalog,
        ),
    )
    return Spike(
        accounts=application.accounts,
        wallets=application.wallets,
        budgets=application.budgets,
        images=application.images,
        albums=application.albums,
        album_contents=application.album_contents,
        jobs=application.jobs,
        queries=application.queries,
        idempotency=application.idempotency,
        maintenance=application.maintenance,
        pricing=application.pricing,
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
        metrics=PrometheusMetrics(
            transactions=database.transactions,
            clock=clock,
            folder=Path(settings.metrics_dir) if settings.metrics_dir else None,
        ),
    )
