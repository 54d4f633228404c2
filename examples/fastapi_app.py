"""Spike in a FastAPI app: the app's own rows and Spike's in one database, by one engine and in one transaction.

    pip install "spike-core[runtime]" fastapi uvicorn
    uvicorn --factory fastapi_app:create_app

Handlers are plain functions: FastAPI runs them in threads, and Spike's services may be called from any thread.
"""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import Column, Engine, MetaData, String, Table, create_engine, event, insert
from sqlalchemy.exc import IntegrityError

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
from spike_sqlalchemy import from_engine

STATUSES = {NotEnoughTokens: 402, NotFound: 404, InvalidInput: 400}
METADATA = MetaData()
postcards = Table("postcards", METADATA, Column("title", String, primary_key=True), Column("image_id", String))


def apps_engine(url: str) -> Engine:
    """Return the app's engine. What is set on SQLite, Spike asks for."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def prepare(connection, _record):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA foreign_keys = ON")

    return engine


def person(x_user: Annotated[str, Header()]) -> UserId:
    """Say who asks. Your app knows that from its own session; here a header will do."""
    return UserId.parse(x_user)


async def body(request: Request) -> bytes:
    return await request.body()


def create_app(data_dir: Path = Path("var"), database_url: str = "sqlite:///postcards.db") -> FastAPI:
    engine = apps_engine(database_url)
    database = from_engine(engine, prefix="spike_")
    spike = build(Settings(data_dir=data_dir, worker_threads=1), database=database)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        METADATA.create_all(engine)
        database.migrate()
        with working(spike):  # workers, relay and sweeper, in threads
            yield
        spike.close()
        engine.dispose()

    app = FastAPI(title="Postcards", lifespan=lifespan)

    @app.exception_handler(SpikeError)
    def refused(_: Request, error: SpikeError) -> JSONResponse:
        status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 500)
        return JSONResponse({"code": error.code, "detail": str(error)}, status_code=status)

    @app.post("/people", status_code=201)
    def join(email: str) -> dict[str, Any]:
        user = spike.accounts.registration.register(Email.parse(email)).user
        return {"id": str(user.id), "tokens": spike.wallets.account(user.id).wallet.balance.amount}

    @app.get("/tokens")
    def tokens(user_id: Annotated[UserId, Depends(person)]) -> int:
        return spike.wallets.account(user_id).wallet.balance.amount

    @app.post("/pictures", status_code=202)
    def upload(
        user_id: Annotated[UserId, Depends(person)], content: Annotated[bytes, Depends(body)], title: str
    ) -> dict[str, Any]:
        """Make a postcard of a picture. A title that is taken costs nothing: the upload is rolled back with the row."""
        name = ImageName.parse("postcard.jpg")
        try:
            with engine.begin() as connection, database.sharing(connection) as shared:
                uploaded = spike.images.uploads.upload(user_id, name=name, content=io.BytesIO(content))
                connection.execute(insert(postcards).values(title=title, image_id=str(uploaded.image.id)))
        except IntegrityError:
            raise HTTPException(409, "There is a postcard with this title") from None
        shared.committed()  # the worker may begin
        return {"id": str(uploaded.image.id), "job": str(uploaded.job.id), "tokens": uploaded.balance.amount}

    @app.get("/jobs/{job_id}")
    def result(job_id: str, user_id: Annotated[UserId, Depends(person)]) -> Response:
        """Return the enhanced picture, or 202 as long as a worker is busy with it."""
        shown = spike.queries.job(JobId.parse(job_id), viewer=user_id)
        if isinstance(shown.job, CompletedJob):
            with spike.storage.blobs.open(shown.job.result.key) as enhanced:
                return Response(enhanced.read(), media_type="image/jpeg")
        return JSONResponse({"ended": shown.is_at_rest}, status_code=410 if shown.is_at_rest else 202)

    return app
