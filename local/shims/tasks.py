"""Step Functions' tasks for Personalize: `arn:aws:states:::aws-sdk:personalize:createSolution` and the like.

ministack has them for other services. Members begin with a capital letter in both directions, whatever the API says,
and errors are `Personalize.ResourceNotFoundException`, as the SDK for Java has them:
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import contextvars
import datetime as dt
import functools
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from local.gateway import ministack
from local.gateway.authorization import checks
from local.gateway.ministack import Caller
from local.gateway.personalize import Personalize
from local.gateway.protocol import Route, parse
from local.personalize.errors import ServiceError
from local.personalize.service_models import SERVICES, service_model

_PREFIX = "arn:aws:states:::aws-sdk:"
_SERVICES: Mapping[str, str] = {name.replace("-", ""): name for name in SERVICES}

# The role of the state machine that is running.
_ROLE: contextvars.ContextVar[str] = contextvars.ContextVar("role_of_the_state_machine", default="")


def serve_personalize_tasks(personalize: Personalize, *, auth: bool) -> None:
    """Have state machines call Personalize; with `auth`, as far as their roles may."""
    from ministack.services import stepfunctions

    invoke: Callable[[str, Any], Any] = stepfunctions._invoke_aws_sdk_integration
    check: Callable[[Any], str | None] = stepfunctions._validate_definition_jsonata
    run: Callable[[str], None] = stepfunctions._run_execution

    @functools.wraps(invoke)
    def invoked(resource: str, given: Any) -> Any:
        service = _service(resource)
        if service is None:
            return invoke(resource, given)
        route = _route(service, resource)
        faults = [f"{resource} is not supported"] if route is None else list(_unknown(route.model.input_shape, given))
        if route is None or faults:
            raise stepfunctions._ExecutionError("States.Runtime", "; ".join(faults))
        try:
            return _call(personalize, route, given or {}, auth)
        except ServiceError as error:
            raise stepfunctions._ExecutionError(*_told(route, error)) from error

    @functools.wraps(check)
    def checked(definition: Any) -> str | None:
        found = check(definition) or next(_faults(_machine(definition), ""), None)
        return found and f"Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: {found}'"

    @functools.wraps(run)
    def known(execution: str) -> None:
        machine = stepfunctions._executions.get(execution, {}).get("stateMachineArn", "")
        _ROLE.set(str((stepfunctions._state_machines.get(machine) or {}).get("roleArn", "")))
        run(execution)

    stepfunctions._invoke_aws_sdk_integration = invoked
    stepfunctions._validate_definition_jsonata = checked
    stepfunctions._run_execution = known


def _service(resource: str) -> str | None:
    """Return Personalize's service that a task is for."""
    return _SERVICES.get(resource.removeprefix(_PREFIX).partition(":")[0]) if resource.startswith(_PREFIX) else None


def _route(service: str, resource: str) -> Route | None:
    action = resource.removeprefix(_PREFIX).partition(":")[2].removesuffix(".waitForTaskToken")
    operation = action[:1].upper() + action[1:]
    known = action[:1].islower() and operation in service_model(service).operation_names
    return Route(service, operation) if known else None


def _call(personalize: Personalize, route: Route, given: Mapping[str, Any], auth: bool) -> Any:
    caller = ministack.acting()
    caller = Caller(caller.account, caller.region, caller.account)
    params = parse(route, json.dumps(_as_api(route.model.input_shape, given)).encode())
    if auth:
        _authorize(caller, route, params)
    service = personalize.service(caller.account, caller.region)
    return _as_task(route.model.output_shape, service.call(route.service, route.operation, params))


def _authorize(caller: Caller, route: Route, params: Mapping[str, Any]) -> None:
    role = _ROLE.get()
    for check in checks(caller, route, params):
        if not ministack.role_may(role, check.action, check.resource, check.context):
            error = ServiceError(f"User: {role} is not authorized to perform: {check.action} on: {check.resource}")
            error.code = "AccessDeniedException"
            raise error


def _told(route: Route, error: ServiceError) -> tuple[str, str]:
    """Return an error's name and cause. What is in no model has the name of the service's base class."""
    model = service_model(route.service)
    name = str(model.metadata["serviceId"]).replace(" ", "")
    code = error.code if error.code in {shape.name for shape in model.error_shapes} else f"{name}Exception"
    told = f"Service: {name}, Status Code: {error.http_status}, Request ID: {uuid.uuid4()}"
    return f"{name}.{code}", f"{error.message} ({told})"


def _sdk_name(member: str) -> str:
    return member[:1].upper() + member[1:]


def _as_api(shape: Shape | None, value: Any) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        members = {_sdk_name(name): (name, member) for name, member in shape.members.items()}
        found = ((*members[key], item) for key, item in value.items())
        return {name: _as_api(member, item) for name, member, item in found}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_as_api(shape.member, item) for item in value]
    return value


def _as_task(shape: Shape | None, value: Any) -> Any:
    if isinstance(shape, StructureShape):
        known = shape.members
        found = ((key, item) for key, item in value.items() if key in known and item is not None)
        return {_sdk_name(key): _as_task(known[key], item) for key, item in found}
    if isinstance(shape, ListShape):
        return [_as_task(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {key: _as_task(shape.value, item) for key, item in value.items()}
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value


def _unknown(shape: Shape | None, value: Any, where: str = "") -> Iterator[str]:
    """Say which members no shape has. A key that ends in `.$` is filled in as the task runs."""
    if isinstance(shape, ListShape) and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _unknown(shape.member, item, f"{where}[{number}]")
    if not isinstance(shape, StructureShape) or not isinstance(value, Mapping):
        return
    members = {_sdk_name(name): member for name, member in shape.members.items()}
    for key, item in value.items():
        name = key.removesuffix(".$")
        if name in members:
            yield from _unknown(members[name], item, f"{where}/{name}")
        else:
            takes = ", ".join(sorted(members))
            yield f"The field '{name}' is not supported by Step Functions{where and f' at {where}'}; it takes {takes}"


def _machine(definition: Any) -> Mapping[str, Any]:
    try:
        machine = json.loads(definition)
    except (TypeError, ValueError):
        return {}
    return machine if isinstance(machine, Mapping) else {}


def _faults(machine: Mapping[str, Any], where: str) -> Iterator[str]:
    """Say what is wrong with the tasks for Personalize in a state machine, and in those within it."""
    for name, state in (machine.get("States") or {}).items():
        at = f"{where}/States/{name}"
        within = [*(state.get("Branches") or []), state.get("Iterator") or {}, state.get("ItemProcessor") or {}]
        for each in within:
            yield from _faults(each, at)
        resource = str(state.get("Resource", "")) if state.get("Type") == "Task" else ""
        service = _service(resource)
        if service is None:
            continue
        route = _route(service, resource)
        if route is None:
            yield f"The resource provided {resource} is not recognized at {at}/Resource"
            continue
        member = "Parameters" if "Parameters" in state else "Arguments"
        given, shape = state.get(member), route.model.input_shape
        yield from (f"{fault} (at {at}/{member})" for fault in _unknown(shape, given))
        if isinstance(given, Mapping) and isinstance(shape, StructureShape):
            names = {key.removesuffix(".$") for key in given}
            for each in sorted(set(map(_sdk_name, shape.required_members)) - names):
                yield f"The field '{each}' is required but was missing at {at}/{member}"
