"""The composition root: the only module that builds adapters and passes them to services."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from attrs import frozen

from spike_core.application import Application, Policies, Ports, compose
from spike_core.domain.catalog import Catalog
from spike_core.domain.images import MetadataPolicy
from spike_core.domain.limits import UploadLimits
from spike_core.domain.tokens import Tokens
from spike_core.ports.authenticator import Authenticator
from spike_core.ports.background import Background
from spike_core.ports.broker import Broker
from spike_core.ports.clock import Clock
from spike_core.ports.downloader import Downloader
from spike_core.ports.events import Subscriber
from spike_core.ports.factories import Database, Engine, Storage
from spike_core.ports.generator import Generator
from spike_core.ports.heartbeat import Heartbeat
from spike_core.ports.ids import Ids
from spike_core.ports.limiter import RateLimiter
from spike_core.ports.price_list import PriceList
from spike_core.ports.regeneration import RegenerationPolicies
from spike_core.ports.secrets import Secrets
from spike_core.ports.webhooks import WebhookSender
from spike_core.services.direct_enhancement import DirectEnhancement
from spike_core.services.pricing import CatalogPrices, Pricing
from spike_core.services.regeneration import SamePolicy
from spike_fetch import WebDownloader
from spike_prometheus import PrometheusMetrics
from spike_runtime.adapter_options import AdapterOptions
from spike_runtime.adapters import open_broker, open_database, open_limiter, open_sandbox, open_storage
from spike_runtime.data_folder import kept_secret, make_folder, only_worker
from spike_runtime.engines import chosen_engine
from spike_runtime.generators import chosen_generator
from spike_runtime.metrics import Metrics
from spike_runtime.offline import Offline
from spike_runtime.policies import AppPolicies, load_catalog, load_policies
from spike_runtime.settings import MEGABYTE, Settings
from spike_runtime.sign_ins import chosen_sign_ins
from spike_runtime.subscribers import load_subscribers, usable_subscribers
from spike_sandbox import Sandbox, Tools
from spike_system import (
    Cuid2Ids,
    SystemClock,
    SystemSecrets,
    ThreadBackground,
    ThreadConcurrency,
    ThreadHeartbeat,
)
from spike_webhooks import HttpWebhookSender

BACKGROUND_END_S: Final = 2.0
STORING_THREADS: Final = 4  # of one batch of uploads


@frozen(kw_only=True)
class Spike(Application):
    """Spike: the use cases, and the adapters under them. A context manager, which closes it at the end."""

    settings: Settings
    clock: Clock
    ids: Ids
    database: Database
    storage: Storage
    broker: Broker
    engine: Engine
    database_is_apps: bool = False  # given to `build`; other processes may use it, too
    sandbox: Sandbox | None  # whose child processes run the engine, if it is on
    engine_name: str
    generator: Generator
    limiter: RateLimiter
    metrics: Metrics
    background: ThreadBackground | None  # `None` if the app gave its own
    sign_ins: Sequence[Authenticator] = ()  # of other programs, tried after Spike's own credentials
    folder: Path | None = None  # the data folder; `None` if the adapters were given

    def __enter__(self) -> Self:
        """Return this Spike."""
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        """Close it."""
        self.close()

    @property
    def serves_and_works(self) -> bool:
        """Whether the web process also runs jobs. By default only if the broker is in-process, since no other could."""
        return self.settings.serve_works == "yes" or (self.settings.serve_works == "auto" and self.broker.is_in_process)

    @property
    def owns_its_jobs(self) -> bool:
        """Whether no other process can hold this database's jobs: queue, workers and database are all here."""
        return self.broker.is_in_process and not self.settings.database_url and not self.database_is_apps

    def keeping_others_out(self) -> AbstractContextManager[None]:
        """Keep other processes from working on the same data folder, if this one takes all its jobs for its own.

        Raises:
            WrongSettings: on entering, if another process, or this one already, works on it.
        """
        if self.folder is None or not self.owns_its_jobs:
            return nullcontext()
        return only_worker(self.folder)

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
        if self.background is not None:
            self.background.close()
        if self.sandbox is not None:
            self.sandbox.close()
        if self.background is not None:
            self.background.join(timeout_s=BACKGROUND_END_S)  # the sandbox's end has ended its work
        self.database.close()


def build(
    settings: Settings,
    *,
    database: Database | None = None,
    catalog: Catalog | None = None,
    price_list: PriceList | None = None,
    regeneration: RegenerationPolicies | None = None,
    subscribers: Sequence[Subscriber] = (),
    upload_limits: UploadLimits | None = None,
) -> Spike:
    """Build Spike from settings. Makes no network call; creates the data folder if needed.

    `database` stands for the one that `SPIKE_DATABASE_URL` names, such as one on the app's own engine
    (`spike_sqlalchemy.from_engine`). Without a catalog the tiers are those of the settings; without a price list the
    prices are the catalog's. `regeneration` decides instead of the settings how wallets fill by themselves. What isn't
    given of these three may come from an entry point of `spike.policies`. `subscribers` get domain events, beside those
    of the entry points `spike.subscribers`. `upload_limits` stand for those of the settings.

    Raises:
        WrongSettings: a setting is invalid, or names an adapter that isn't installed; or a subscriber or a policy can't
            be used.
    """
    subscribers = usable_subscribers([*load_subscribers(), *subscribers])
    policies = load_policies(AppPolicies(catalog=catalog, price_list=price_list, regeneration=regeneration))
    catalog = settings.catalog if policies.catalog is None else policies.catalog
    make_folder(settings.data_dir)
    folder = settings.data_dir.resolve()
    clock, ids, secrets = SystemClock(), Cuid2Ids(), SystemSecrets()
    secret = settings.secret.encode() or kept_secret(folder, secrets)
    options = AdapterOptions.of(settings)
    opened = database or open_database(
        settings.database_url or f"sqlite:///{folder / 'spike.db'}", limits=settings.database_limits, options=options
    )
    storage = open_storage(
        settings.storage_url or (folder / "objects").as_uri(), clock=clock, secret=secret, options=options
    )
    broker = open_broker(settings.broker_url, options=options)
    upload_limits = upload_limits or settings.upload_limits
    choice = chosen_engine(settings, upload_limits=upload_limits)
    artist = chosen_generator(settings)
    sandbox = open_sandbox(
        settings,
        Tools(engine=choice.opener, generator=artist.opener if artist.is_self_contained else None),
        engine_name=choice.name,
        catalog=catalog,
        modes=choice.modes,
        upload_limits=upload_limits,
    )
    engine = sandbox.engine if sandbox else choice.opened()
    generator = (
        sandbox.generator if sandbox and artist.is_self_contained else artist.opened(canvas_fitter=engine.canvas_fitter)
    )
    if settings.metrics_dir:
        make_folder(Path(settings.metrics_dir), setting="SPIKE_METRICS_DIR")

    return assemble(
        settings,
        database=opened,
        database_is_apps=database is not None,
        storage=storage,
        broker=broker,
        engine=engine,
        sandbox=sandbox,
        engine_name=choice.name,
        generator=generator,
        downloader=WebDownloader(
            size_bytes_max=upload_limits.source_bytes, deadline_s=upload_limits.fetch_time.total_seconds()
        ),
        limiter=open_limiter(settings.rate_limit_url, options=options),
        clock=clock,
        ids=ids,
        secrets=secrets,
        heartbeat=ThreadHeartbeat(timedelta(seconds=settings.heartbeat_s)),
        folder=folder,
        regeneration=policies.regeneration,
        subscribers=subscribers,
        catalog=catalog,
        price_list=policies.price_list,
        upload_limits=upload_limits,
    )


def build_offline(settings: Settings) -> Offline:
    """Build offline enhancement: the engine alone, without a database or a data folder.

    Raises:
        WrongSettings: the engine isn't installed, or the app's catalog can't be loaded.
    """
    catalog = load_catalog(settings)
    engine = chosen_engine(settings).opened()
    pricing = Pricing(catalog=catalog, modes=engine.modes)
    return Offline(
        enhancement=DirectEnhancement(probe=engine.probe, upscaler=engine.upscaler, catalog=catalog),
        metadata=engine.metadata,
        labels=MetadataPolicy(settings.exif),
        pricing=pricing,
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
    background: Background | None = None,
    database_is_apps: bool = False,
    sandbox: Sandbox | None = None,
    engine_name: str = "your own",
    folder: Path | None = None,
    catalog: Catalog | None = None,
    price_list: PriceList | None = None,
    regeneration: RegenerationPolicies | None = None,
    subscribers: Sequence[Subscriber] = (),
    webhook_sender: WebhookSender | None = None,
    upload_limits: UploadLimits | None = None,
) -> Spike:
    """Return the use cases over the given adapters; `close` also closes `sandbox`.

    `folder` holds the database of jobs that one process at a time may work on; see `Spike.keeping_others_out`. Catalog,
    price list, regeneration, subscribers and upload limits are as in `build`; the engine's probe and the downloader may
    have lower limits of their own. Without a `background`, a thread makes renditions.

    Raises:
        InvalidValue: two subscribers have the same name, or a name is invalid.
        WrongSettings: what a sign-in of another program needs isn't installed.
    """
    own_background = ThreadBackground() if background is None else None
    application = compose(
        Ports(
            transactions=database.transactions,
            blobs=storage.blobs,
            queue=broker.queue,
            probe=engine.probe,
            metadata=engine.metadata,
            upscaler=engine.upscaler,
            blender=engine.blender,
            modes=engine.modes,
            generator=generator,
            downloader=downloader,
            clock=clock,
            ids=ids,
            secrets=secrets,
            heartbeat=heartbeat,
            concurrency=ThreadConcurrency(STORING_THREADS),
            free_bytes=storage.free_bytes,
            subscribers=subscribers,
            webhook_sender=webhook_sender
            or HttpWebhookSender(base_url=settings.public_url, allow=settings.webhook_networks),
            price_list=price_list or CatalogPrices(),
            rendition_maker=engine.rendition_maker,
            background=background or own_background,
        ),
        Policies(
            limits=settings.job_limits,
            regeneration=regeneration or SamePolicy(settings.regeneration),
            opening_grant=Tokens(settings.opening_grant),
            metadata=MetadataPolicy(settings.exif),
            budgets=settings.budgets,
            uploads=upload_limits or settings.upload_limits,
            downloads=settings.download_limits,
            events=settings.event_limits,
            free_bytes_min=settings.disk_free_mb_min * MEGABYTE,
            catalog=settings.catalog if catalog is None else catalog,
            sign_up=settings.sign_up_policy,
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
        objects=application.objects,
        downloads=application.downloads,
        idempotency=application.idempotency,
        events=application.events,
        webhooks=application.webhooks,
        maintenance=application.maintenance,
        pricing=application.pricing,
        quotes=application.quotes,
        upload_limits=application.upload_limits,
        settings=settings,
        clock=clock,
        ids=ids,
        database=database,
        database_is_apps=database_is_apps,
        storage=storage,
        broker=broker,
        engine=engine,
        sandbox=sandbox,
        engine_name=engine_name,
        generator=generator,
        limiter=limiter,
        background=own_background,
        metrics=PrometheusMetrics(
            transactions=database.transactions,
            clock=clock,
            folder=Path(settings.metrics_dir) if settings.metrics_dir else None,
        ),
        sign_ins=chosen_sign_ins(settings, users=application.accounts.external_users, clock=clock),
        folder=folder,
    )
