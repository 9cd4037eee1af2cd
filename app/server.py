"""The service: one application around one open device."""

import gc
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from app import problems
from app.bodies import MAX_IMPORT, BodyLimit, JsonOnly
from app.cloud import cloud_model
from app.faults import FaultBarrier
from app.metrics import Metrics
from app.requests import RequestWatch
from app.routes import ROUTERS
from app.security import BearerToken, HostCheck, NoTraces, OriginCheck
from app.services import Services
from app.settings import Settings, SettingsError
from device_sim.memory import give_back_free_memory
from device_sim.runtime import Runtime

if TYPE_CHECKING:
    from app.telemetry import Tracing

API_VERSION = "1.0.0"


def create_app(settings: Settings, *, ticking: bool = True) -> FastAPI:
    """The application. Its device is opened when the application starts, and closed when it stops. Without `ticking`
    the device does not look by itself whether to train: for a process that will end before the training would.

    `app.state.services` then holds it; `app.state.stopping` may be set early to end long answers.

    Raises:
        SettingsError: traces are asked for, and OpenTelemetry is not installed.
    """
    metrics = Metrics()
    tracing = _tracing(settings)
    stopping = threading.Event()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        runtime = Runtime.open(settings.device(), ticking=ticking, cloud=cloud_model(settings))
        with ExitStack() as watching:
            try:
                watching.enter_context(metrics.watching(runtime))
                if tracing is not None:
                    watching.enter_context(tracing.running())
                app.state.services = Services(runtime, metrics, stopping)
                gc.freeze()  # What start-up made stays: looking through it again would only delay some answers.
                give_back_free_memory()
                yield
            finally:
                stopping.set()
                runtime.close()

    app = FastAPI(
        title="Attune",
        version=API_VERSION,
        summary="On-device personalisation of a text model",
        lifespan=lifespan,
        middleware=_layers(settings, metrics, tracing),
        # The interactive pages would load scripts from a public server.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # Nothing about a request goes to a tracing system that happens to be configured on the machine. What FastAPI
        # tells of one holds its path and its query, so `app.telemetry` makes spans of its own.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for router in ROUTERS:
        app.include_router(router)
    app.state.stopping = stopping
    app.state.methods_at = _methods_at
    problems.install(app)
    app.openapi = _described(app, demands_token=settings.token is not None)  # type: ignore[method-assign]  # FastAPI's documented way to amend the document
    return app


def _tracing(settings: Settings) -> "Tracing | None":
    if settings.otel_endpoint is None:
        return None
    try:
        from app.telemetry import Tracing  # nothing of it is loaded where no traces are asked for
    except ImportError:
        how = "run `pip install -e '.[otel]'` in Attune's folder"
        raise SettingsError(f"ATTUNE_OTEL_ENDPOINT: needs OpenTelemetry: {how}") from None
    return Tracing(settings.otel_endpoint)


def _layers(settings: Settings, metrics: Metrics, tracing: "Tracing | None") -> list[Middleware]:
    """What a request passes before its route, outermost first."""
    layers = []
    if tracing is not None:
        from app.telemetry import TracedRequests

        layers.append(Middleware(TracedRequests, tracing=tracing))
    layers += [
        Middleware(RequestWatch, metrics=metrics, log=settings.access_log),
        Middleware(NoTraces),
        Middleware(FaultBarrier),
        Middleware(HostCheck, allowed=(settings.host, *settings.allowed_hosts)),
        Middleware(OriginCheck, allowed=settings.allowed_origins),
    ]
    if settings.allowed_origins:
        layers.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.allowed_origins,
                allow_methods=["GET", "PUT", "POST", "DELETE"],
                allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "X-Request-ID"],
                expose_headers=["Idempotency-Replayed", "Location", "X-Request-ID"],
            )
        )
    if settings.token is not None:
        layers.append(Middleware(BearerToken, token=settings.token.get_secret_value()))
    layers += [Middleware(JsonOnly), Middleware(BodyLimit, limits={"/v1/import": MAX_IMPORT})]
    return layers


def _methods_at(path: str) -> list[str]:
    """The methods that a path takes, over all its routes."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    found = {method for route in routes if route.path_regex.match(path) for method in route.methods or ()}
    return sorted(found) or ["GET"]


def _described(app: FastAPI, *, demands_token: bool) -> Callable[[], dict[str, Any]]:
    """FastAPI's OpenAPI document with summaries and the problem document's schema, which no response model mentions."""
    generate = app.openapi

    @cache
    def openapi() -> dict[str, Any]:
        document = generate()
        schema = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        document["components"]["schemas"].update({**schema.pop("$defs"), "Problem": schema})
        for operation in (operation for path in document["paths"].values() for operation in path.values()):
            # Not the function's name, as FastAPI would have it.
            operation["summary"] = operation["description"].split(". ")[0].removesuffix(".").replace("\n", " ")
        if demands_token:
            document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            document["security"] = [{"token": []}]
        return document

    return openapi
