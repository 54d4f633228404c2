"""Contestants in Python: `ours`, `neural`, `permissive`, `best`, `lanczos`, `pyvips`, `opencv`.

Protocol: see bench/classical.py. Run by the interpreter that has the contestant's package; so nothing is imported
before it is named. With the variable PLAIN the others don't sharpen.
"""

import importlib
import io
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PLAIN = "PLAIN" in os.environ

Enhance = Callable[[bytes, int, int], bytes]


def ours() -> Enhance:
    """Return the classical engine."""
    return _engine(importlib.import_module("spike_pillow").PillowUpscaler())


def neural() -> Enhance:
    """Return the neural engine."""
    resources = importlib.import_module("spike_core.ports.factories").EngineResources
    classical = importlib.import_module("spike_pillow").classical_engine
    means = resources(cores=2, classical=classical)
    return _engine(importlib.import_module("spike_ncnn.plugin").open_engine(means=means).upscaler)


def permissive() -> Enhance:
    """Return the neural engine with the networks of the extra `neural-permissive`."""
    resources = importlib.import_module("spike_core.ports.factories").EngineResources
    classical = importlib.import_module("spike_pillow").classical_engine
    attrs = importlib.import_module("attrs")
    whole = importlib.import_module("spike_ncnn.plugin").open_engine(means=resources(cores=2, classical=classical))
    enlarger = whole.upscaler.enlarger
    free = frozenset(name for name in enlarger.available if not name.startswith("span"))
    return _engine(attrs.evolve(whole.upscaler, enlarger=attrs.evolve(enlarger, available=free)))


def best() -> Enhance:
    """Return the neural engine with the quality `best`."""
    resources = importlib.import_module("spike_core.ports.factories").EngineResources
    classical = importlib.import_module("spike_pillow").classical_engine
    options = importlib.import_module("spike_ncnn.options")
    chosen = options.NeuralOptions(quality=options.Quality.BEST)
    means = resources(cores=2, classical=classical)
    return _engine(importlib.import_module("spike_ncnn.plugin").open_engine(means=means, options=chosen).upscaler)


def lanczos() -> Enhance:
    """Return Pillow's Lanczos and nothing else."""
    image: Any = importlib.import_module("PIL.Image")

    def enhance(data: bytes, width_px: int, height_px: int) -> bytes:
        out = io.BytesIO()
        picture = image.open(io.BytesIO(data)).convert("RGB")
        picture.resize((width_px, height_px), image.Resampling.LANCZOS).save(out, "JPEG", quality=95, subsampling=0)
        return out.getvalue()

    return enhance


def _engine(engine: Any) -> Enhance:
    dimensions = importlib.import_module("spike_core.domain.dimensions").Dimensions

    def enhance(data: bytes, width_px: int, height_px: int) -> bytes:
        size = dimensions(width_px=width_px, height_px=height_px)
        return bytes(engine.enhance(io.BytesIO(data), size=size).content)

    return enhance


def pyvips() -> Enhance:
    """Return libvips by its own binding; `thumbnail` decodes JPEG at a fraction where it can."""
    vips: Any = importlib.import_module("pyvips")

    def enhance(data: bytes, width_px: int, height_px: int) -> bytes:
        picture = vips.Image.thumbnail_buffer(data, width_px, height=height_px, size="force")
        return bytes((picture if PLAIN else picture.sharpen()).jpegsave_buffer(Q=95, subsample_mode="off"))

    return enhance


def opencv() -> Enhance:
    """Return OpenCV: Lanczos to grow, area means to shrink, an unsharp mask."""
    cv2: Any = importlib.import_module("cv2")
    numpy: Any = importlib.import_module("numpy")

    def enhance(data: bytes, width_px: int, height_px: int) -> bytes:
        picture = cv2.imdecode(numpy.frombuffer(data, numpy.uint8), cv2.IMREAD_COLOR)
        method = cv2.INTER_AREA if width_px < picture.shape[1] else cv2.INTER_LANCZOS4
        resized = cv2.resize(picture, (width_px, height_px), interpolation=method)
        sharp = resized if PLAIN else cv2.addWeighted(resized, 1.5, cv2.GaussianBlur(resized, (0, 0), 1.0), -0.5, 0)
        chroma = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
        _, encoded = cv2.imencode(".jpg", sharp, [cv2.IMWRITE_JPEG_QUALITY, 95, *chroma])
        return bytes(encoded.tobytes())

    return enhance


def memory_kb(field: str) -> int:
    """Return what the system tells of this process (proc(5)); Linux alone does."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith(f"{field}:")))


def main() -> None:
    """Answer each line with seconds, processor seconds, peak memory above idle in kB, and the size of the result."""
    contestants = {
        "ours": ours,
        "neural": neural,
        "permissive": permissive,
        "best": best,
        "lanczos": lanczos,
        "pyvips": pyvips,
        "opencv": opencv,
    }
    enhance = contestants[sys.argv[1]]()
    print("ready", flush=True)
    for line in sys.stdin:
        path, width_px, height_px, *target = line.rstrip("\n").split("\t")
        data = Path(path).read_bytes()
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        idle_kb = memory_kb("VmRSS")
        cpu_began, began = time.process_time(), time.perf_counter()
        made = enhance(data, int(width_px), int(height_px))
        seconds = time.perf_counter() - began
        cpu_seconds = time.process_time() - cpu_began
        peak_kb = memory_kb("VmHWM") - idle_kb
        for each in target:
            Path(each).write_bytes(made)
        print(seconds, cpu_seconds, peak_kb, len(made), sep="\t", flush=True)


if __name__ == "__main__":
    main()
