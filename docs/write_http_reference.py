"""Writes `docs/reference/http.md` from the OpenAPI document: `make reference`."""

import tempfile
import threading
from pathlib import Path

from spike_http.openapi.document import describe
from spike_http.openapi.markdown import reference
from spike_http.routes import routes
from spike_runtime import Settings, build

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        spike = build(Settings(data_dir=Path(folder), upscaler="classical"))
        table = routes(spike, closing=threading.Event())
        document = describe(table, rates=spike.settings.rates, window_s=spike.settings.rate_window_s)
        spike.close()
    page = Path(__file__).parent / "reference" / "http.md"
    page.write_text(reference(document), encoding="utf-8")
