"""Whole alarms in DescribeAlarms.

ministack keeps all of an alarm, but its XML answer (which Terraform's provider asks for) leaves out most members,
so that a plan after apply is never clean. This shim lets ministack answer, and then writes the alarms of that
answer again, whole, in the shape of the service's model.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

from botocore.model import ListShape, Shape, StructureShape

from local.gateway import ministack
from local.gateway.http import Request, Response, Upstream
from local.personalize.service_models import operation_model

_NAMESPACE = "http://monitoring.amazonaws.com/doc/2010-08-01/"
_LIST = f"{{{_NAMESPACE}}}DescribeAlarmsResult/{{{_NAMESPACE}}}MetricAlarms"


def describe_alarms(upstream: Upstream) -> Any:
    """Return a handler for requests signed for `monitoring`."""

    async def handle(request: Request) -> Response | None:
        if parse_qs(request.body.decode("utf-8", "replace")).get("Action") != ["DescribeAlarms"]:
            return None
        response = await upstream(request)
        if response.status != 200:
            return response
        return Response(200, _completed(response.body), response.headers)

    return handle


def _completed(body: bytes) -> bytes:
    root = ElementTree.fromstring(body)  # noqa: S314 - our own process wrote it
    listed = root.find(_LIST)
    output = operation_model("cloudwatch", "DescribeAlarms").output_shape
    if listed is None or not isinstance(output, StructureShape):
        return body
    names = [name.text or "" for name in listed.iter(f"{{{_NAMESPACE}}}AlarmName")]
    alarms = ministack.metric_alarms()
    listed.clear()
    shape = output.members["MetricAlarms"]
    _write(listed, shape, [alarms[name] for name in names if name in alarms])
    ElementTree.register_namespace("", _NAMESPACE)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _write(element: ElementTree.Element, shape: Shape, value: Any) -> None:
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        for name, member in shape.members.items():
            if value.get(name) is not None:
                _write(ElementTree.SubElement(element, f"{{{_NAMESPACE}}}{name}"), member, value[name])
    elif isinstance(shape, ListShape):
        for item in value:
            _write(ElementTree.SubElement(element, f"{{{_NAMESPACE}}}member"), shape.member, item)
    elif shape.type_name == "timestamp" and isinstance(value, int | float):
        element.text = dt.datetime.fromtimestamp(value, dt.UTC).isoformat()
    elif isinstance(value, bool):
        element.text = "true" if value else "false"
    else:
        element.text = str(value)
