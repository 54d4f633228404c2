"""The settings and the proxy of `docs/howto/nextjs.md`: an app and Spike on one host, with one cookie."""

import threading
import tomllib
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import httpx2
from waitress.server import create_server

from caller import PICTURE
from documents import PROJECT, blocks
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, an_upload
from nextauth_tokens import SECRET, a_token
from servers.nginx import nginx_before
from spike_http import create_app
from spike_runtime import Settings

COOKIE: Final = "__Secure-authjs.session-token"
PAGE: Final = PROJECT / "docs" / "howto" / "nextjs.md"
ORIGIN: Final = "https://example.com"


def test_a_page_of_the_app_uploads_with_the_apps_cookie() -> None:
    documented = {block.language: block.text for block in reversed(list(blocks(PAGE)))}
    settings = Settings(nextauth_secret=SECRET, **tomllib.loads(documented["toml"])["spike"])  # type: ignore[arg-type]
    services = MemorySpike.build(settings)
    server = create_server(create_app(services.spike), host="127.0.0.1", port=0, threads=4)
    threading.Thread(target=server.run, daemon=True).start()
    location = documented["nginx"].replace("127.0.0.1:3000", f"127.0.0.1:{server.effective_port}")
    expires = services.clock.now() + timedelta(hours=1)
    token = a_token({"sub": "1", "email": "ada@example.org", "exp": int(expires.timestamp())}, cookie=COOKIE)
    sent = {"Host": "example.com", "Cookie": f"{COOKIE}={token}"}
    try:
        with (
            nginx_before(1, 1, changes={"location / {": f"{location}\nlocation / {{"}) as port,
            httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=sent) as client,
        ):
            assert client.get("/spike/api/session").json()["user"]["email"] == "ada@example.org"
            assert client.get("/spike/").status_code == 200
            form = {"Content-Type": CONTENT_TYPE, "Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
            uploaded = client.post("/spike/api/images/upload", headers=form, content=an_upload(PICTURE))
            assert uploaded.status_code == 200, uploaded.text
            link = urlsplit(uploaded.json()["image"]["url"])
            assert (link.scheme, link.netloc) == ("https", "example.com")
            assert client.get(f"{link.path}?{link.query}").content == PICTURE
            foreign = {**form, "Origin": "https://app.example.com", "Sec-Fetch-Site": "same-site"}
            refused = client.post("/spike/api/images/upload", headers=foreign, content=an_upload(PICTURE))
            assert refused.status_code == 403
    finally:
        server.close()
