"""Downloads of several pictures in one zip archive, which is written while it is sent."""

from contextlib import ExitStack
from typing import Final

import falcon
from attrs import frozen

from spike_core.domain.errors import DownloadTooLarge, NotFound
from spike_core.domain.file_names import archive_file_name
from spike_core.domain.identifiers import AlbumId
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.domain.secrets import Secret
from spike_core.ports.blobs import BlobStore
from spike_core.services.zip_downloads import Download, Downloads
from spike_http.authentication import RequestAuthentication
from spike_http.bulkhead import Bulkhead, ServerBusy
from spike_http.context import Request
from spike_http.openapi.operations import Access, Json, Operation, Picture
from spike_http.requests.downloads import DownloadBody
from spike_http.requests.errors import InvalidImageIds
from spike_http.requests.json_bodies import json_object
from spike_http.requests.query import SHARE_TOKEN, TIER, tier_parameter
from spike_http.responses.disposition import attachment
from spike_http.zip_streams import ZipStream, archive_bytes

_ZIP: Final = Picture(media_types=("application/zip",))


@frozen(kw_only=True)
class AlbumDownloadResource:
    """`/api/albums/{album_id}/download`."""

    authenticator: RequestAuthentication
    downloads: Downloads
    blobs: BlobStore
    bulkhead: Bulkhead

    @Operation(
        "downloadAlbum",
        answer=_ZIP,
        access=Access.OPTIONAL_USER,
        bucket=RateLimitGroup.DOWNLOAD,
        query=(SHARE_TOKEN, TIER),
        errors=(DownloadTooLarge, ServerBusy),
    )
    def on_get(self, req: Request, resp: falcon.Response, album_id: str) -> None:
        """Stream an album's pictures."""
        viewer = self.authenticator.optional_user(req, bucket=RateLimitGroup.DOWNLOAD)
        token = req.get_param("shareToken")
        with ExitStack() as stack:
            caller = self.authenticator.limiter.client(req) if viewer is None else viewer.text
            stack.enter_context(self.bulkhead.place(caller)).take()
            download = self.downloads.of_album(
                AlbumId.parse(album_id),
                viewer=viewer,
                share_token=None if token is None else Secret(token),
                tier=tier_parameter(req),
            )
            _send(resp, download, self.blobs, stack)


@frozen(kw_only=True)
class ImagesDownloadResource:
    """`/api/images/download`."""

    authenticator: RequestAuthentication
    downloads: Downloads
    blobs: BlobStore
    bulkhead: Bulkhead

    @Operation(
        "downloadImages",
        answer=_ZIP,
        bucket=RateLimitGroup.DOWNLOAD,
        body=Json(DownloadBody),
        errors=(DownloadTooLarge, InvalidImageIds, NotFound, ServerBusy),
    )
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Stream several pictures."""
        user_id = self.authenticator.user(req, bucket=RateLimitGroup.DOWNLOAD)
        body = DownloadBody.parse(json_object(req))
        with ExitStack() as stack:
            stack.enter_context(self.bulkhead.place(user_id.text)).take()
            download = self.downloads.of_images(user_id, body.image_ids, tier=body.tier)
            _send(resp, download, self.blobs, stack)


def _send(resp: falcon.Response, download: Download, blobs: BlobStore, stack: ExitStack) -> None:
    """Answer with the archive; what the stack holds is freed when it was sent, or the client is gone."""
    resp.content_type = "application/zip"
    resp.cache_control = ["private", "no-store"]
    resp.set_header("Content-Disposition", attachment(archive_file_name(download.title)))
    size_bytes = archive_bytes(download.objects)
    if size_bytes is not None:
        resp.content_length = size_bytes
    resp.stream = ZipStream(download.objects, blobs, stack.pop_all())
