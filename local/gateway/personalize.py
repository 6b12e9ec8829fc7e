"""Personalize over HTTP: reads requests, asks IAM, calls the local service, writes answers and errors."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from local.gateway import ministack
from local.gateway.authorization import checks
from local.gateway.http import Request, Response, signed_with
from local.gateway.ministack import Caller, Denial
from local.gateway.protocol import (
    DATA_PLANES,
    BadRequestError,
    Route,
    parse,
    render,
    render_error,
    route_of,
)
from local.personalize.console import Console
from local.personalize.errors import ServiceError

logger = logging.getLogger(__name__)


class Service(Protocol):
    """The local Personalize of one account in one region."""

    console: Console

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Carry out an operation."""


class DeniedError(Exception):
    """IAM, or the check of the signature, refuses a call."""

    def __init__(self, denial: Denial) -> None:
        super().__init__(denial.message)
        self.denial = denial


@dataclass
class Personalize:
    """All accounts' Personalize: one service per account and region, made when it is first called."""

    make: Callable[[str, str], Service]
    auth: bool = False
    _services: dict[tuple[str, str], Service] = field(default_factory=dict)

    async def __call__(self, request: Request) -> Response:
        """Answer a request."""
        response = await self._answer(request)
        request_id = ("x-amzn-requestid", str(uuid.uuid4()))
        return replace(response, headers=(*response.headers, request_id))

    async def call(self, caller: Caller, route: Route, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Carry out an operation for a caller who may call it; raises DeniedError or ServiceError.

        It runs in a thread, so that a long one does not hold up the others.
        """
        if self.auth:
            await asyncio.to_thread(self._authorize, caller, route, params)
        service = self.service(caller.account, caller.region)
        return await asyncio.to_thread(service.call, route.service, route.operation, params)

    async def _answer(self, request: Request) -> Response:
        route = None
        try:
            route = route_of(request)
            _require_signature(request)
            caller = ministack.identify(request)
            if isinstance(caller, Denial):
                raise DeniedError(caller)
            return render(route, await self.call(caller, route, parse(route, request.body)))
        except ServiceError as error:
            return render_error(route, error.code, error.message, error.http_status)
        except BadRequestError as error:
            return render_error(route, error.code, error.message, error.status)
        except DeniedError as error:
            status = 403 if route and route.service in DATA_PLANES else 400
            return render_error(route, error.denial.code, error.denial.message, status)
        except Exception:
            logger.exception("%s failed", route)
            return render_error(route, "InternalServerException", "The local Personalize failed: see its log", 500)

    def service(self, account: str, region: str) -> Service:
        """Return an account's Personalize in a region."""
        key = account, region
        if key not in self._services:
            self._services[key] = self.make(*key)
        return self._services[key]

    def _authorize(self, caller: Caller, route: Route, params: Mapping[str, Any]) -> None:
        for check in checks(caller, route, params):
            denial = ministack.denial(caller, check.action, check.resource, check.context)
            if denial:
                raise DeniedError(denial)


def _require_signature(request: Request) -> None:
    """Refuse what is not signed, as AWS does: https://docs.aws.amazon.com/personalize/latest/dg/CommonErrors.html."""
    if "authorization" not in request.headers:
        raise BadRequestError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    if signed_with(request.scope) is None:
        text = "The Authorization header is no signature of version 4: it has no Credential of this service"
        raise BadRequestError("IncompleteSignatureException", text, 400)
