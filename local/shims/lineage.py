"""Recursive loops: the lineage of invocations, through SQS and from function to function.

Lambda writes into each function's trace header how often which functions ran in this chain of requests, SDKs pass the
header on, SQS keeps it beside the message, and the 17th invocation of a function in one chain is refused unless its
recursion config is Allow. ministack counts function-to-function calls only, all functions together.

What a batch of messages from several chains counts is not documented: here, for each function the most that any of them
says, which is the strictest. https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import contextvars
import functools
import re
import secrets
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from local.gateway.http import AsgiApp, Receive, Scope, Send

Lineage = Mapping[str, int]
"""Invocations in a chain of requests, by the eight hexadecimal digits that stand for a function."""

_LINEAGE = re.compile(r"(?:^|;)Lineage=(?:\d+:)?([^;]*)")
_HOP = re.compile(r"([0-9a-f]{8}):(\d+)")
_RECEIVED: contextvars.ContextVar[str] = contextvars.ContextVar("trace_header_of_the_request", default="")
_RUNNING: contextvars.ContextVar[Lineage | None] = contextvars.ContextVar("lineage_of_the_invocation", default=None)


class NotesTraceHeaders:
    """The ASGI app around another: what is done for a request knows its trace header."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the header, and pass the request on."""
        _RECEIVED.set(dict(scope.get("headers") or ()).get(b"x-amzn-trace-id", b"").decode("latin-1"))
        await self._app(scope, receive, send)


def parse(header: str) -> Lineage:
    """Read the lineage out of a trace header; SDKs write it with percent signs."""
    found = _LINEAGE.search(unquote(header))
    return {key: int(count) for key, count in _HOP.findall(found[1])} if found else {}


def keep_lineages() -> None:
    """Have SQS keep trace headers, and Lambda pass lineages on and refuse what goes round too often."""
    _keep_headers_of_messages()
    _count_invocations()
    _tell_functions()


def _keep_headers_of_messages() -> None:
    # A header given as the message's system attribute wins: https://docs.aws.amazon.com/xray/latest/devguide/xray-services-sqs.html
    from ministack.services import sqs

    build: Callable[..., dict[str, Any]] = sqs._build_send_sys_attrs

    @functools.wraps(build)
    def with_header(*args: Any, **kwargs: Any) -> dict[str, Any]:
        attributes = build(*args, **kwargs)
        if _RECEIVED.get():
            attributes.setdefault("AWSTraceHeader", unquote(_RECEIVED.get()))
        return attributes

    sqs._build_send_sys_attrs = with_header


def _count_invocations() -> None:
    from ministack.services import lambda_svc

    execute: Callable[..., dict[str, Any]] = lambda_svc._execute_function
    drop: Callable[..., Any] = lambda_svc._recursive_loop_drop

    @functools.wraps(execute)
    def counted(function: Mapping[str, Any], event: Any, *rest: Any) -> dict[str, Any]:
        config = function.get("config") or function
        if lambda_svc._function_config_scope_mismatch(config):
            return execute(function, event, *rest)  # which comes back here in the function's own account and region
        key, inbound = _key(str(config["FunctionArn"])), _inbound(event)
        lineage = {**inbound, key: inbound.get(key, 0) + 1}
        name = str(config.get("FunctionName"))
        current = lambda_svc._functions.get(name) or function
        if drop(name, current, lineage[key]) is not None:
            text = f"Lambda stopped {name}: it ran {inbound[key]} times in this chain of requests"
            return {"error": True, "body": {"errorType": "RecursiveInvocationException", "errorMessage": text}}
        token = _RUNNING.set(lineage)
        try:
            return execute(function, event, *rest)
        finally:
            _RUNNING.reset(token)

    @functools.wraps(drop)
    def dropped(name: str, function: Mapping[str, Any], depth: int) -> Any:
        # Asked by Invoke with a count of all functions: of one function it is to be.
        return drop(name, function, parse(_RECEIVED.get()).get(_key(lambda_svc._func_arn(name)), 0) + 1)

    lambda_svc._execute_function = counted
    lambda_svc._recursive_loop_drop = dropped


def _tell_functions() -> None:
    from ministack.services import lambda_svc

    trace: Callable[..., str | None] = lambda_svc._xray_trace_id_for_invocation

    @functools.wraps(trace)
    def with_lineage(*args: Any, **kwargs: Any) -> str | None:
        header, lineage = trace(*args, **kwargs), _RUNNING.get()
        if lineage is None:
            return header
        hops = "|".join(f"{key}:{count}" for key, count in lineage.items())
        return f"{header or _not_sampled()};Lineage=1:{hops}"

    lambda_svc._xray_trace_id_for_invocation = with_lineage


def _inbound(event: Any) -> Lineage:
    records = event.get("Records") if isinstance(event, Mapping) else None
    messages = [each for each in records or () if isinstance(each, Mapping) and each.get("eventSource") == "aws:sqs"]
    if not messages:
        return parse(_RECEIVED.get())
    return _merged(parse(str((each.get("attributes") or {}).get("AWSTraceHeader", ""))) for each in messages)


def _merged(lineages: Iterable[Lineage]) -> Lineage:
    merged: dict[str, int] = {}
    for lineage in lineages:
        for key, count in lineage.items():
            merged[key] = max(count, merged.get(key, 0))
    return merged


def _key(function_arn: str) -> str:
    unqualified = ":".join(function_arn.split(":")[:7])
    return f"{zlib.crc32(unqualified.encode()):08x}"


def _not_sampled() -> str:
    return f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"
