"""CloudFormation's stacks with `AWS::Personalize::*`: ministack knows no such types.

Its engine goes on doing the work (order, references, rollback), and the handlers are Cloud Control's own.
"""
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import asyncio
import contextlib
import functools
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore.model import StructureShape

from local.cloudcontrol.errors import HandlerError
from local.cloudcontrol.front import calls_of
from local.cloudcontrol.resources import HANDLERS, Call, Handlers
from local.cloudcontrol.schemas import Document, TypeSchema, find_schema
from local.cloudcontrol.translation import TAGS, as_typed
from local.gateway import ministack
from local.gateway.personalize import Personalize
from local.personalize.service_models import CONTROL, operation_model

# What `Ref` answers, and what `Fn::GetAtt` does.
Made = tuple[str, dict[str, Any]]
T = TypeVar("T")


class ProvisioningError(Exception):
    """A resource can't be made, changed or deleted: its event says why, in CloudFormation's words."""

    @classmethod
    def of_handler(cls, error: HandlerError) -> ProvisioningError:
        """Return what CloudFormation says of a handler's error."""
        told = f"(RequestToken: {uuid.uuid4()}, HandlerErrorCode: {error.code})"
        return cls(f'Resource handler returned message: "{error.message}" {told}')


@dataclass(frozen=True)
class _Provisioner:
    """One type, as ministack's engine calls it: without a loop, in a thread of the resource's own."""

    type_name: str
    handlers: Handlers
    personalize: Personalize

    def create(self, logical_id: str, props: Document, _stack: str) -> Made:
        async def make(call: Call, schema: TypeSchema) -> Made:
            return await self._create(call, schema, _checked(schema, logical_id, props))

        return self._run(make)

    def update(self, arn: str, old: Document, new: Document, _stack: str, logical_id: str) -> Made:
        async def change(call: Call, schema: TypeSchema) -> Made:
            await self.handlers.change(call, schema, arn, _typed(schema, old), _checked(schema, logical_id, new))
            return arn, await self._attributes(call, schema, arn)

        return self._run(change)

    def delete(self, arn: str, _props: Document) -> None:
        async def gone(call: Call, _: TypeSchema) -> None:
            try:
                await self.handlers.delete(call, arn)
            except HandlerError as error:
                if error.code != "NotFound":
                    raise

        self._run(gone)

    async def _create(self, call: Call, schema: TypeSchema, desired: Document) -> Made:
        arn = await self.handlers.create(call, schema, desired)
        try:
            await self.handlers.stabilise(call, arn)
            await self.handlers.finish(call, arn, desired)
        except HandlerError:
            # ministack forgets what failed, and its rollback would leave it behind.
            with contextlib.suppress(HandlerError):
                await self.handlers.delete(call, arn)
            raise
        return arn, await self._attributes(call, schema, arn)

    async def _attributes(self, call: Call, schema: TypeSchema, arn: str) -> dict[str, Any]:
        properties = await self.handlers.read(call, schema, arn)
        return {name: properties[name] for name in schema.read_only if name in properties}

    def _run(self, work: Callable[[Call, TypeSchema], Coroutine[Any, Any, T]]) -> T:
        call = calls_of(self.personalize, ministack.acting())
        try:
            return asyncio.run(work(call, _schema(self.type_name)))
        except HandlerError as error:
            raise ProvisioningError.of_handler(error) from error


def provision_personalize(personalize: Personalize) -> None:
    """Have stacks make, change and delete what is Personalize's."""
    from ministack.services.cloudformation import provisioners, stacks

    for type_name, handlers in HANDLERS.items():
        provisioner = _Provisioner(type_name, handlers, personalize)
        provisioners._RESOURCE_HANDLERS[type_name] = {
            "create": provisioner.create,
            "update": provisioner.update,
            "update_with_logical_id": True,
            "delete": provisioner.delete,
        }
        shape = operation_model(CONTROL, f"Create{handlers.noun}").input_shape
        if isinstance(shape, StructureShape) and "tags" in shape.members:
            provisioners._STACK_TAG_PROPERTY[type_name] = (TAGS, "list")
    _replace_as_the_schemas_say(provisioners, stacks)
    blocks: Callable[[str], bool] = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda type_name: type_name in HANDLERS or blocks(type_name)


def _replace_as_the_schemas_say(provisioners: Any, stacks: Any) -> None:
    recreation: Callable[[str, str], str] = provisioners._property_recreation
    replace: Callable[..., Made] = provisioners._replace_resource

    @functools.wraps(recreation)
    def known(type_name: str, name: str) -> str:
        if type_name not in HANDLERS:
            return recreation(type_name, name)
        return "Always" if name in _schema(type_name).create_only else "Never"

    @functools.wraps(replace)
    def replaced(type_name: str, arn: str, old: Document, new: Document, stack: str, logical_id: str) -> Made:
        if type_name not in HANDLERS or not _schema(type_name).deleted_first:
            return replace(type_name, arn, old, new, stack, logical_id)
        provisioners._delete_resource(type_name, arn, old, stack, logical_id)
        try:
            return tuple(provisioners._provision_resource(type_name, logical_id, new, stack))
        except ProvisioningError:
            # What went first comes back, with nothing in it.
            provisioners._provision_resource(type_name, logical_id, old, stack)
            raise

    provisioners._property_recreation = stacks._property_recreation = known
    provisioners._replace_resource = replaced


def _schema(type_name: str) -> TypeSchema:
    schema = find_schema(ministack.acting().region, type_name)
    if schema is None:
        raise ProvisioningError(f"Resource type {type_name} is not supported in this region")
    return schema


def _typed(schema: TypeSchema, props: Document) -> dict[str, Any]:
    """Return properties as the schema types them, without the tags that CloudFormation adds by itself.

    Of some types it may set these; nobody else may set a tag that begins with `aws:`, and ours can't tell who asks.
    """
    typed: dict[str, Any] = as_typed(schema, schema.document, props)
    if TAGS in typed:
        typed[TAGS] = [tag for tag in typed[TAGS] if not str(tag.get("Key", "")).startswith("aws:")]
    return typed


def _checked(schema: TypeSchema, logical_id: str, props: Document) -> dict[str, Any]:
    typed = _typed(schema, props)
    given = sorted(schema.read_only & typed.keys())
    faults = [f"#: extraneous key [{name}] is not permitted" for name in given] or list(schema.faults(typed))
    if faults:
        listed = "\n".join(faults)
        raise ProvisioningError(f"Properties validation failed for resource {logical_id} with message:\n{listed}")
    return typed
