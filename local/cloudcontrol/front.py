"""Cloud Control and DescribeType over HTTP, for `AWS::Personalize::*` only; the rest is ministack's."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

from local.cloudcontrol.errors import HandlerError, RefusedError
from local.cloudcontrol.resources import Call
from local.cloudcontrol.schemas import find_schema
from local.cloudcontrol.service import CloudControl
from local.gateway import ministack
from local.gateway.http import Request, Response
from local.gateway.ministack import Caller, Denial
from local.gateway.personalize import DeniedError, Personalize
from local.gateway.protocol import BadRequestError, Route, parse, render, render_error
from local.personalize.errors import ServiceError
from local.personalize.service_models import CONTROL

logger = logging.getLogger(__name__)

SERVICE = "cloudcontrol"
PREFIX = "AWS::Personalize::"
_XML_NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"


def calls_of(personalize: Personalize, caller: Caller) -> Call:
    """Return a caller's way to call Personalize, as handlers want it."""

    async def call(operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return await personalize.call(caller, Route(CONTROL, operation), params)
        except ServiceError as error:
            raise HandlerError.of_service(error.code, error.message) from error
        except DeniedError as error:
            raise HandlerError.of_service(error.denial.code, error.denial.message) from error

    return call


@dataclass
class CloudControlFront:
    """Answers requests signed for `cloudcontrolapi`."""

    personalize: Personalize
    auth: bool = False
    _accounts: dict[tuple[str, str], CloudControl] = field(default_factory=dict)

    async def __call__(self, request: Request) -> Response | None:
        """Answer a request that is about a Personalize type."""
        route = Route(SERVICE, request.target)
        try:
            if not self._is_ours(request):
                return None
            caller = ministack.identify(request)
            if isinstance(caller, Denial):
                raise DeniedError(caller)
            _authorize(self.auth, caller, route.operation)
            params = parse(route, request.body)
            control = self._control(caller.account, caller.region)
            return render(route, await control.perform(route.operation, params, calls_of(self.personalize, caller)))
        except RefusedError as error:
            return render_error(route, error.code, error.message, 400)
        except BadRequestError as error:
            return render_error(route, error.code, error.message, error.status)
        except DeniedError as error:
            return render_error(route, error.denial.code, error.denial.message, 400)
        except KeyError as error:
            return render_error(route, "ValidationException", f"{error} is required", 400)

    def _is_ours(self, request: Request) -> bool:
        try:
            body = json.loads(request.body or b"{}")
        except ValueError:
            return False
        if "RequestToken" in body:
            credential = request.credential
            return any(
                control.requests.find(body["RequestToken"])
                for (_, region), control in self._accounts.items()
                if region == credential.region
            )
        return str(body.get("TypeName", "")).startswith(PREFIX)

    def _control(self, account: str, region: str) -> CloudControl:
        return self._accounts.setdefault((account, region), CloudControl(region))


@dataclass
class DescribeType:
    """Answers CloudFormation's DescribeType for a Personalize type, which Terraform asks when it plans."""

    auth: bool = False

    async def __call__(self, request: Request) -> Response | None:
        """Answer, or leave any other CloudFormation request to ministack."""
        caller = ministack.identify(request)  # for what a stack makes, too
        query = parse_qs(request.body.decode("utf-8", "replace"))
        params = {key: values[-1] for key, values in query.items()}
        name = params.get("TypeName") or params.get("Arn", "").rpartition("/")[2].replace("-", "::")
        if params.get("Action") != "DescribeType" or not name.startswith(PREFIX):
            return None
        try:
            if isinstance(caller, Denial):
                raise DeniedError(caller)
            _authorize(self.auth, caller, "DescribeType")
        except DeniedError as error:
            return _xml_error(403, error.denial.code, error.denial.message)
        schema = find_schema(caller.region, name)
        if schema is None:
            return _xml_error(404, "TypeNotFoundException", f"The type '{name}' cannot be found.")
        return _xml(
            200,
            {
                "DescribeTypeResponse": {
                    "DescribeTypeResult": {
                        "Arn": f"arn:aws:cloudformation:{caller.region}::type/resource/{name.replace('::', '-')}",
                        "Type": "RESOURCE",
                        "TypeName": name,
                        "ProvisioningType": "FULLY_MUTABLE" if schema.supports("update") else "IMMUTABLE",
                        "Visibility": "PUBLIC",
                        "DeprecatedStatus": "LIVE",
                        "Description": str(schema.document.get("description", name)),
                        "Schema": json.dumps(schema.document),
                    },
                    "ResponseMetadata": {"RequestId": str(uuid.uuid4())},
                }
            },
        )


def _authorize(auth: bool, caller: Caller, operation: str) -> None:
    # Cloud Control's actions belong to CloudFormation; what the handlers call is checked as it is called.
    denial = ministack.denial(caller, f"cloudformation:{operation}", "*", {}) if auth else None
    if denial:
        raise DeniedError(denial)


def _xml_error(status: int, code: str, message: str) -> Response:
    error = {"Type": "Sender", "Code": code, "Message": message}
    return _xml(status, {"ErrorResponse": {"Error": error, "RequestId": str(uuid.uuid4())}})


def _xml(status: int, tree: Mapping[str, Any]) -> Response:
    ((name, content),) = tree.items()
    root = ElementTree.Element(name, xmlns=_XML_NAMESPACE)
    _fill(root, content)
    return Response(status, ElementTree.tostring(root, encoding="utf-8"), (("content-type", "text/xml"),))


def _fill(parent: ElementTree.Element, content: Mapping[str, Any]) -> None:
    for name, value in content.items():
        child = ElementTree.SubElement(parent, name)
        if isinstance(value, Mapping):
            _fill(child, value)
        else:
            child.text = str(value)
