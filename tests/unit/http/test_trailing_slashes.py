"""A path with a trailing slash is equivalent to the path without it."""

import pytest
from falcon import inspect, testing

from caller import PICTURE, Caller
from multipart import CONTENT_TYPE, an_upload
from spike_http.studio_files import StudioFiles


def test_every_path_answers_with_a_slash_as_without(client: testing.TestClient) -> None:
    """All routes are tested."""
    for route in inspect.inspect_routes(client.app):
        path = route.path.replace("{", "").replace("}", "")
        methods = {method.method for method in route.methods if not method.internal}
        for method in sorted(methods):
            plain, slash = (client.simulate_request(method, each) for each in (path, path.rstrip("/") + "/"))
            assert slash.status_code == plain.status_code, path
            assert slash.headers.get("etag") == plain.headers.get("etag"), path


def test_what_is_there_is_found_with_a_slash(ada: Caller) -> None:
    uploaded = ada.upload().json
    image, job_id = uploaded["image"], uploaded["enhancement"]["jobId"]
    for path in ("/api/images/", f"/api/images/{image['id']}/", f"/api/jobs/{job_id}/", "/docs/", "/openapi.json/"):
        assert ada.get(path).status_code == 200, path
    path, _, query = image["url"].removeprefix("http://falconframework.org").partition("?")
    assert ada.client.simulate_get(f"{path}/?{query}").content == PICTURE
    version = StudioFiles.read().version
    assert ada.client.simulate_get(f"/studio/{version}/js/main.js/").status_code == 200


def test_a_form_may_be_posted_to_a_path_with_a_slash(ada: Caller) -> None:
    headers = {**ada.headers, "Content-Type": CONTENT_TYPE, "Idempotency-Key": "k"}
    first = ada.client.simulate_post("/api/images/upload/", headers=headers, body=an_upload(PICTURE))
    again = ada.client.simulate_post("/api/images/upload", headers=headers, body=an_upload(PICTURE))
    assert first.status_code == 200
    assert (again.headers["idempotency-replayed"], again.json) == ("true", first.json)


@pytest.mark.parametrize("path", ["/api/images//", "/api//images", "/healthz//"])
def test_two_slashes_are_not_one(ada: Caller, path: str) -> None:
    assert ada.get(path).status_code == 404
