"""Rendering: making a job's picture with the engine that its task needs, and checking it."""

import io
from contextlib import ExitStack
from typing import BinaryIO, assert_never

from attrs import evolve, frozen

from spike_core.domain.catalog import SPECIFIED, Catalog
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import InvalidResult, TierNotFound
from spike_core.domain.identifiers import ImageId
from spike_core.domain.images import Image, MetadataPolicy, PictureFacts
from spike_core.domain.jobs import JobSpec
from spike_core.domain.objects import ObjectKey
from spike_core.domain.tasks import Blend, Enhancement, Generation, JobInput, Modification
from spike_core.ports.blender import Blender
from spike_core.ports.blobs import BlobStore
from spike_core.ports.generator import Generator
from spike_core.ports.metadata import Metadata
from spike_core.ports.probe import ImageProbe
from spike_core.ports.progress import ProgressMonitor
from spike_core.ports.transactions import Transactions
from spike_core.ports.upscaler import RenderedImage, Upscaler
from spike_core.services.result_checks import check_fidelity, inspected, inspected_original


@frozen(kw_only=True)
class RenderSpec:
    """An engine's input: the job's specification, the output size, and the source pictures."""

    spec: JobSpec
    size: Dimensions
    pictures: tuple[ObjectKey, ...]  # the picture to enhance, then the one to blend in; none for a generation


@frozen(kw_only=True)
class Rendering:
    """Makes pictures and checks them, outside any transaction."""

    transactions: Transactions
    blobs: BlobStore
    probe: ImageProbe
    metadata: Metadata
    upscaler: Upscaler
    blender: Blender
    generator: Generator
    labels: MetadataPolicy = MetadataPolicy.KEEP
    catalog: Catalog = SPECIFIED

    def render_spec(self, spec: JobSpec) -> RenderSpec:
        """Look up the job's inputs.

        Raises:
            ImageNotFound: an image that the job needs was deleted.
            TierNotFound: an earlier release sold the job without storing its size, and its tier isn't on offer.
        """
        longest_side_px = self._longest_side_px(spec)
        match spec.task:
            case Enhancement():
                image = self._image(spec.task.image_id)
                return RenderSpec(
                    spec=spec, size=image.dimensions.scaled_to(longest_side_px), pictures=(image.original,)
                )
            case Blend():
                image = self._image(spec.task.image_id)
                source = spec.task.source
                key = source.key if isinstance(source, JobInput) else self._image(source).original
                return RenderSpec(
                    spec=spec, size=image.dimensions.scaled_to(longest_side_px), pictures=(image.original, key)
                )
            case Generation():
                size = spec.task.aspect_ratio.size(longest_side_px)
                return RenderSpec(spec=spec, size=size, pictures=())
            case Modification():
                source = spec.task.input
                return RenderSpec(spec=spec, size=source.dimensions.scaled_to(longest_side_px), pictures=(source.key,))
            case unreachable:
                assert_never(unreachable)

    def make(self, render_spec: RenderSpec, *, monitor: ProgressMonitor) -> RenderedImage:
        """Return the picture; `monitor` receives an enhancement's progress.

        Raises:
            UnacceptablePicture, PromptRefused, UnusableResult, ObjectNotFound: no further attempt can succeed.
            UpscalerUnavailable, GeneratorUnavailable, StorageUnavailable: another attempt may succeed.
            WorkAbandoned: `monitor` raised it.
        """
        task, size = render_spec.spec.task, render_spec.size
        arguments = render_spec.spec.options.as_arguments
        with ExitStack() as stack:
            pictures = [stack.enter_context(self.blobs.open(key)) for key in render_spec.pictures]
            match task:
                case Enhancement():
                    made = self.upscaler.enhance(pictures[0], size=size, monitor=monitor, **arguments)
                    return self._labelled(made, pictures[0])
                case Blend():
                    blended = self.blender.blend(pictures[0], pictures[1], size=size)
                    return self.upscaler.enhance(io.BytesIO(blended), size=size, monitor=monitor, **arguments)
                case Generation():
                    return self.generator.generate(task.prompt, negative=task.negative, size=size, **arguments)
                case Modification():
                    return self.generator.modify(
                        pictures[0], task.prompt, negative=task.negative, size=size, **arguments
                    )
                case unreachable:
                    assert_never(unreachable)

    def check(self, picture: RenderedImage, render_spec: RenderSpec) -> None:
        """Check a result before the job is completed: it decodes, has the right size and format, and
        matches its sources.

        An enhancement is compared with its original pixel by pixel. A blend's mean colors must lie between those of its
        sources. A modification may have any colors, since the prompt may ask for them. A result may be blank only if
        its sources, at its size, are; a generation never may.

        Raises:
            InvalidResult: the result fails the check.
            UnacceptablePicture, ObjectNotFound, StorageUnavailable: a source can't be read.
            UpscalerUnavailable: another attempt may succeed.
        """
        facts = inspected(picture, self.probe, size=render_spec.size, options=render_spec.spec.options)
        match render_spec.spec.task:
            case Enhancement():
                with self.blobs.open(render_spec.pictures[0]) as original:
                    check_fidelity(picture, original, self.probe)
                return
            case Blend():
                sources = [self._facts(key).colors for key in render_spec.pictures]
                if not facts.colors.lies_between(sources[0], sources[1]):
                    raise InvalidResult("its mean color isn't between those of the two pictures")
            case Generation() | Modification():
                pass
            case unreachable:
                assert_never(unreachable)
        if facts.is_blank and not self._may_be_blank(picture, render_spec):
            raise InvalidResult("it is blank")

    def _may_be_blank(self, picture: RenderedImage, render_spec: RenderSpec) -> bool:
        return bool(render_spec.pictures) and all(self._is_blank_beside(picture, key) for key in render_spec.pictures)

    def _is_blank_beside(self, picture: RenderedImage, key: ObjectKey) -> bool:
        """Return whether a source shows nothing at the result's size."""
        with self.blobs.open(key) as content:
            return self.probe.compare(io.BytesIO(picture.content), content).original_is_blank

    def _labelled(self, picture: RenderedImage, original: BinaryIO) -> RenderedImage:
        match self.labels:
            case MetadataPolicy.KEEP:
                original.seek(0)
                return evolve(picture, content=self.metadata.with_metadata(picture.content, original=original))
            case MetadataPolicy.STRIP:
                return picture
            case unreachable:
                assert_never(unreachable)

    def _facts(self, key: ObjectKey) -> PictureFacts:
        with self.blobs.open(key) as picture:
            return inspected_original(picture, self.probe)

    def _longest_side_px(self, spec: JobSpec) -> int:
        """Return the size that was sold. A release without a catalog sold the specification's tiers, or a fork's."""
        if spec.longest_side_px is not None:
            return spec.longest_side_px
        for catalog in (SPECIFIED, self.catalog):
            if spec.tier in catalog:
                return catalog[spec.tier].longest_side_px
        raise TierNotFound(tier=spec.tier.name)

    def _image(self, image_id: ImageId) -> Image:
        with self.transactions.view() as tx:
            return tx.images.get(image_id)
