"""Views. The example has no sessions and so no CSRF check; keep yours."""

import io

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from shop.apps import spike, together
from shop.models import Postcard
from spike import (
    CompletedJob,
    Email,
    ImageName,
    InvalidInput,
    JobId,
    NotEnoughTokens,
    NotFound,
    SpikeError,
    UserId,
)

STATUSES = {NotEnoughTokens: 402, NotFound: 404, InvalidInput: 400}


class SpikeErrors:
    """Middleware that answers what Spike refuses."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, _: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, SpikeError):
            return None
        status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 500)
        return JsonResponse({"code": error.code, "detail": str(error)}, status=status)


def person(request: HttpRequest) -> UserId:
    """Say who asks. Your project knows that from `request.user`; here a header will do."""
    return UserId.parse(request.headers.get("X-User", ""))


@require_POST
def join(request: HttpRequest) -> HttpResponse:
    user = spike().accounts.registration.register(Email.parse(request.POST["email"])).user
    balance = spike().wallets.account(user.id).wallet.balance
    return JsonResponse({"id": str(user.id), "tokens": balance.amount}, status=201)


@require_GET
def tokens(request: HttpRequest) -> HttpResponse:
    return JsonResponse(spike().wallets.account(person(request)).wallet.balance.amount, safe=False)


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Make a postcard of a picture. A title that is taken costs nothing: the upload is rolled back with the row."""
    content, name = io.BytesIO(request.FILES["file"].read()), ImageName.parse("postcard.jpg")
    try:
        with together():
            uploaded = spike().images.uploads.upload(person(request), name=name, content=content)
            Postcard.objects.create(title=request.POST["title"], image_id=str(uploaded.image.id))
    except IntegrityError:
        return JsonResponse({"detail": "There is a postcard with this title"}, status=409)
    answer = {"id": str(uploaded.image.id), "job": str(uploaded.job.id), "tokens": uploaded.balance.amount}
    return JsonResponse(answer, status=202)


@require_GET
def result(request: HttpRequest, job_id: str) -> HttpResponse:
    """Return the enhanced picture, or 202 as long as a worker is busy with it."""
    shown = spike().queries.job(JobId.parse(job_id), viewer=person(request))
    if isinstance(shown.job, CompletedJob):
        with spike().storage.blobs.open(shown.job.result.key) as enhanced:
            return HttpResponse(enhanced.read(), content_type="image/jpeg")
    return JsonResponse({"ended": shown.is_at_rest}, status=410 if shown.is_at_rest else 202)
