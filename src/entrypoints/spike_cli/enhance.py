"""`spike enhance`: enhance files without a server, or by one."""

import sys
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Protocol

import click
from attrs import evolve, frozen

from spike_cli.files import Existing, UnusableFile, check_free, read_file, write_file
from spike_cli.output_paths import ENGINES_OWN, EXTENSIONS, InvalidOutputPath, OutputPath
from spike_cli.progress import Reporter, reporting
from spike_cli.remote import RemoteRefusal, RemoteServer, connected
from spike_cli.signals import terminate_like_ctrl_c
from spike_core.domain.catalog import Catalog
from spike_core.domain.errors import InvalidValue, SpikeError
from spike_core.domain.objects import PictureFormat
from spike_core.domain.render_options import QUALITY_MAX, STRENGTH_MAX, Mode, RenderOptions
from spike_core.domain.tiers import Tier
from spike_core.ports.upscaler import RenderedImage
from spike_runtime import Settings, WrongSettings, build_offline, load_settings
from spike_runtime.logs import configure_logging
from spike_runtime.offline import Offline
from spike_runtime.settings import API_KEY_VARIABLE

_FORMATS: Final = tuple(extension[1:] for extension in EXTENSIONS)


@click.command()
@click.argument("pictures", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PICTURE...")
@click.option(
    "--tier",
    metavar="TIER",
    help="Size of the result. By default tiers have a longest side of 1024 (FREE, TIER_1K), 2048 (TIER_2K) or 4096 "
    "pixels (TIER_4K); the settings may offer others. Without it: TIER_2K, or where that isn't on offer, the tier of "
    "uploads.",
)
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="A file, whose extension chooses the format, or a folder. Default: the folder of each picture.",
)
@click.option("--format", "format_", type=click.Choice(_FORMATS), help="Format of the results, unless OUT is a file.")
@click.option(
    "--quality",
    type=click.IntRange(1, QUALITY_MAX),
    help="Of JPEG (default 95), WebP (95; 100 is lossless) and AVIF (90). PNG is always lossless.",
)
@click.option(
    "--strength",
    type=click.IntRange(0, STRENGTH_MAX),
    help="Of noise reduction, for engines that have it. Default: as much as the picture needs.",
)
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in Mode]),
    default=Mode.FAITHFUL.value,
    help="`vivid` invents plausible detail, where it is installed.",
)
@click.option(
    "--analyse",
    "--analyze",
    "analyze",
    is_flag=True,
    help="Write nothing: print what the engine finds in each picture, and what it would do.",
)
@click.option("--compare", is_flag=True, help="Also write a comparison of before and after.")
@click.option("--overwrite", is_flag=True, help="Replace existing files, but never an original.")
@click.option("--upscaler", metavar="NAME", help="The engine. Default: SPIKE_UPSCALER.")
@click.option(
    "--server",
    metavar="URL",
    help="Let this server do it, for tokens. Prices and times are quoted first; the pictures stay in your library.",
)
@click.option("--api-key", metavar="KEY", envvar=API_KEY_VARIABLE, help="For --server. Default: SPIKE_API_KEY.")
def enhance(  # noqa: PLR0917  # click passes them by name
    pictures: Sequence[Path],
    tier: str | None,
    output: str | None,
    format_: str | None,
    quality: int | None,
    strength: int | None,
    mode: str,
    analyze: bool,  # noqa: FBT001  # click's
    compare: bool,  # noqa: FBT001  # click's
    overwrite: bool,  # noqa: FBT001  # click's
    upscaler: str | None,
    server: str | None,
    api_key: str | None,
) -> None:
    """Enhance pictures directly, without server, database or tokens, or by a server.

    Prints the path of each result. Failures are reported on standard error; the remaining pictures are still enhanced.
    """
    configure_logging(level="ERROR", form="auto")
    settings = load_settings()
    is_local = bool(analyze or compare or upscaler)
    _check_usage(server=server, api_key=api_key, is_local=is_local)
    options = _options(quality=quality, strength=strength, mode=mode)
    offline = _offline(settings, upscaler, options) if server is None else None
    chosen = _named(tier) if offline is None else _tier(tier, offline.pricing.catalog)
    if analyze and offline is not None:
        sys.exit(_analyze(pictures, offline, chosen, options))
    output_paths = _output_paths(pictures, output, tier=chosen, format_=format_)
    for each in output_paths[:1]:  # all have the same format
        _check_format(options, each.ordered)
    with terminate_like_ctrl_c(), ExitStack() as stack:
        if offline is not None:
            enhancer: _Enhancer = _Local(offline)
        else:
            enhancer = _Remote(stack.enter_context(connected(server or "", api_key=api_key or "")))
        run = _Run(
            enhancer=enhancer,
            tier=chosen,
            options=options,
            comparing=offline if compare else None,
            existing=Existing.REPLACED if overwrite else Existing.KEPT,
            originals=frozenset(picture.resolve() for picture in pictures),
        )
        sys.exit(1 if _failures(run, pictures, output_paths) else 0)


def _failures(run: "_Run", pictures: Sequence[Path], output_paths: Sequence[OutputPath]) -> int:
    """Enhance the pictures one by one, and return how many failed."""
    failures, written = 0, set[Path]()
    with warnings.catch_warnings(), reporting(total=len(pictures)) as reporter:
        warnings.simplefilter("ignore")  # from Pillow, about metadata that it can't read
        for picture, output_path in zip(pictures, output_paths, strict=True):
            reporter.begin(picture.name)
            try:
                paths = run.enhance(picture, output_path, reporter=reporter, written=frozenset(written))
            except (SpikeError, UnusableFile, RemoteRefusal, MemoryError) as error:
                failures += 1
                reporter.complain(f"spike: {picture}: {_reason(error)}")
            else:
                written.update(path.resolve() for path in paths)
                for path in paths:
                    reporter.tell(str(path))
            reporter.end()
    return failures


class _Enhancer(Protocol):
    """What enhances a picture: the engine here, or a server."""

    def enhance(
        self, picture: Path, original: bytes, tier: Tier, *, options: RenderOptions, reporter: Reporter
    ) -> RenderedImage:
        """Return the enhanced picture.

        Raises:
            SpikeError, RemoteRefusal, MemoryError: it failed.
        """


@frozen
class _Local:
    offline: Offline

    def enhance(
        self,
        picture: Path,  # noqa: ARG002  # an enhancer's
        original: bytes,
        tier: Tier,
        *,
        options: RenderOptions,
        reporter: Reporter,
    ) -> RenderedImage:
        return self.offline.enhanced(original, tier, options=options, monitor=reporter)


@frozen
class _Remote:
    server: RemoteServer

    def enhance(
        self, picture: Path, original: bytes, tier: Tier, *, options: RenderOptions, reporter: Reporter
    ) -> RenderedImage:
        price = self.server.quoted(original, tier, options=options)
        reporter.note(f"{picture}: {price}")
        return self.server.enhanced(picture.name, original, tier, options=options, monitor=reporter)


@frozen(kw_only=True)
class _Run:
    """The options of one command, for all its pictures."""

    enhancer: _Enhancer
    tier: Tier
    options: RenderOptions
    comparing: Offline | None  # `None`: without a comparison
    existing: Existing
    originals: frozenset[Path]

    def enhance(
        self, picture: Path, output_path: OutputPath, *, reporter: Reporter, written: frozenset[Path]
    ) -> list[Path]:
        """Enhance one picture and return the paths that were written.

        Raises:
            UnusableFile, SpikeError, RemoteRefusal, MemoryError: it failed; the result may have been written without
                its comparison.
        """
        comparisons = [] if self.comparing is None else [output_path.comparison]
        for path in (*output_path.possible, *comparisons):  # before the work
            if path.resolve() in written:
                raise UnusableFile(f"{path} was already written by this command, for a picture of the same name")
            check_free(path, existing=self.existing, originals=self.originals)
        original = read_file(picture)
        options = evolve(self.options, format=output_path.ordered)
        made = self.enhancer.enhance(picture, original, self.tier, options=options, reporter=reporter)
        results = [(output_path.path(made.format), made.content)]
        if self.comparing is not None:
            results += [(path, self.comparing.compared(original, made)) for path in comparisons]
        for path, content in results:
            write_file(path, content, existing=self.existing)
        return [path for path, _ in results]


def _output_paths(pictures: Sequence[Path], output: str | None, *, tier: Tier, format_: str | None) -> list[OutputPath]:
    """Return each picture's output path, and create the output folder if one was given.

    Raises:
        click.BadParameter: the output isn't a valid file or folder.
    """
    formats: frozenset[PictureFormat] = frozenset({EXTENSIONS[f".{format_}"]}) if format_ else ENGINES_OWN
    if output is None:
        return [OutputPath.for_picture(each, folder=each.parent, tier=tier, formats=formats) for each in pictures]
    path = Path(output)
    is_folder = len(pictures) > 1 or output.endswith("/") or path.is_dir()
    if not is_folder:
        try:
            output_path = OutputPath.of_file(path)
        except InvalidOutputPath as error:
            raise click.BadParameter(str(error), param_hint="-o") from error
        if format_ and not output_path.formats <= formats:
            raise click.BadParameter(f"is another format than that of {output}", param_hint="--format")
        return [output_path]
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.BadParameter(f"can't be created as a folder: {error.strerror or error}", param_hint="-o") from error
    return [OutputPath.for_picture(each, folder=path, tier=tier, formats=formats) for each in pictures]


def _options(*, quality: int | None, strength: int | None, mode: str) -> RenderOptions:
    """Return the options apart from the format."""
    return RenderOptions(quality=quality, strength=strength, mode=Mode.parse(mode))


def _check_usage(*, server: str | None, api_key: str | None, is_local: bool) -> None:
    """Check the options that depend on each other.

    Raises:
        click.UsageError: they don't fit together.
    """
    if server is None:
        return
    if is_local:
        raise click.UsageError("--analyse, --compare and --upscaler need the engine here, so not --server")
    check_server(server, api_key=api_key)


def check_server(server: str, *, api_key: str | None) -> None:
    """Check the address of a server and the form of the API key.

    Raises:
        click.BadParameter: one can't be right.
    """
    if not server.startswith(("http://", "https://")):
        raise click.BadParameter("must be an http or https URL", param_hint="--server")
    if not api_key or not api_key.isascii() or not api_key.isprintable():
        raise click.BadParameter("--server needs an API key with the scopes read and spend", param_hint="--api-key")


def _check_format(options: RenderOptions, format_: PictureFormat | None) -> None:
    try:
        evolve(options, format=format_)
    except InvalidValue as error:
        raise click.BadParameter(error.rule, param_hint=f"--{error.what}") from error


def _analyze(pictures: Sequence[Path], offline: Offline, tier: Tier, options: RenderOptions) -> int:
    """Print an analysis of each picture; return the exit code."""
    failures = 0
    for picture in pictures:
        try:
            analysis = offline.analyzed(read_file(picture), tier, options=options)
        except (SpikeError, UnusableFile, MemoryError) as error:
            failures += 1
            click.echo(f"spike: {picture}: {_reason(error)}", err=True)
            continue
        click.echo(f"{picture}: {analysis.summary}")
        if analysis.method:
            click.echo(f"  at {tier}: {analysis.method}")
    return 1 if failures else 0


def _tier(name: str | None, catalog: Catalog) -> Tier:
    """Return the tier of this name, in any case.

    Raises:
        click.BadParameter: it isn't on offer.
    """
    if name is None:
        return Tier.TIER_2K if Tier.TIER_2K in catalog else catalog.default.tier
    try:
        return catalog.parse(name.upper())
    except InvalidValue as error:
        raise click.BadParameter(f"{name!r} {error.rule}", param_hint="--tier") from error


def _named(name: str | None) -> Tier:
    """Return the tier of this name, in any case; the server knows which it offers.

    Raises:
        click.BadParameter: no tier has such a name.
    """
    if name is None:
        return Tier.TIER_2K
    if not (name.isascii() and name.replace("_", "").isalnum()):  # results are named after it
        raise click.BadParameter(f"{name!r} is no name of a tier", param_hint="--tier")
    return Tier(name.upper())


def _offline(settings: Settings, upscaler: str | None, options: RenderOptions) -> Offline:
    """Return the engine.

    Raises:
        click.BadParameter: there is no such engine, or it doesn't offer the mode.
    """
    try:
        offline = build_offline(settings if upscaler is None else evolve(settings, upscaler=upscaler))
    except (WrongSettings, ValueError) as error:
        if upscaler is None:
            raise
        raise click.BadParameter(str(error).removeprefix("SPIKE_UPSCALER: "), param_hint="--upscaler") from error
    try:
        offline.check_options(options)
    except InvalidValue as error:
        raise click.BadParameter(error.rule, param_hint="--mode") from error
    return offline


def _reason(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "not enough memory"
    return " ".join(str(error).split())
