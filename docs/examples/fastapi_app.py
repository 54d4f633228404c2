"""Spike in a FastAPI app: people of your own, pictures, tokens, and workers in the same process.

    pip install "spike-core[runtime]" fastapi uvicorn
    uvicorn --factory fastapi_app:create_app

Handlers are plain functions: FastAPI runs them in threads, and Spike's services may be called from any thread.
"""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse

from spike import (
    CompletedJob,
    Email,
    ImageName,
    InvalidInput,
    JobId,
    NotEnoughTokens,
    NotFound,
    Settings,
    SpikeError,
    UserId,
    build,
    working,
)

STATUSES = {NotEnoughTokens: 402, NotFound: 404, InvalidInput: 400}


def person(x_user: Annotated[str, Header()]) -> UserId:
    """Say who asks. Your app knows that from its own session; here a header will do."""
    return UserId.parse(x_user)


async def body(request: Request) -> bytes:
    return await request.body()


def create_app(data_dir: Path = Path("var")) -> FastAPI:
    spike = build(Settings(data_dir=data_dir, worker_threads=1))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        spike.database.migrate()
        with working(spike):  # workers, relay and sweeper, in threads
            yield
        spike.close()

    app = FastAPI(title="Holiday pictures", lifespan=lifespan)

    @app.exception_handler(SpikeError)
    def refused(_: Request, error: SpikeError) -> JSONResponse:
        status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 500)
        return JSONResponse({"code": error.code, "detail": str(error)}, status_code=status)

    @app.post("/people", status_code=201)
    def join(email: str) -> dict[str, Any]:
        user = spike.accounts.registration.register(Email.parse(email)).user
        return {"id": str(user.id), "tokens": spike.wallets.account(user.id).wallet.balance.amount}

    @app.post("/pictures", status_code=202)
    def upload(
        user_id: Annotated[UserId, Depends(person)], content: Annotated[bytes, Depends(body)], name: str
    ) -> dict[str, Any]:
        uploaded = spike.images.uploads.upload(user_id, name=ImageName.parse(name), content=io.BytesIO(content))
        return {"id": str(uploaded.image.id), "job": str(uploaded.job.id), "tokens": uploaded.balance.amount}

    @app.get("/jobs/{job_id}")
    def result(job_id: str, user_id: Annotated[UserId, Depends(person)]) -> Response:
        """Return the enhanced picture, or 202 as long as somebody works on it."""
        shown = spike.queries.job(JobId.parse(job_id), viewer=user_id)
        if isinstance(shown.job, CompletedJob):
            with spike.storage.blobs.open(shown.job.result.key) as enhanced:
                return Response(enhanced.read(), media_type="image/jpeg")
        return JSONResponse({"ended": shown.is_at_rest}, status_code=410 if shown.is_at_rest else 202)

    return app
