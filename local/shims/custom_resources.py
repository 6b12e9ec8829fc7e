"""Custom resources: how their functions answer the stack.

Lambda gives a module to functions whose code stands in a template (`cfnresponse`, or `cfn-response` in Node.js).
ministack packs the code alone, so such a function could not begin, and its stack would wait for an hour. And the place
to answer to is HTTPS on AWS, so libraries (crhelper) speak nothing else; the gateway's is HTTP unless it has `tls`.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html
"""
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Callable

_PYTHON = """
import json
import urllib.request

SUCCESS, FAILED = "SUCCESS", "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    body = {
        "Status": responseStatus,
        "Reason": reason or f"See the details in CloudWatch Log Stream: {context.log_stream_name}",
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }
    headers, url = {"content-type": ""}, event["ResponseURL"]
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="PUT")
    try:
        with urllib.request.urlopen(request) as answer:
            print("Status code:", answer.status)
    except Exception as error:
        print("send(..) failed:", error)
"""
_NODEJS = """
exports.SUCCESS = "SUCCESS";
exports.FAILED = "FAILED";
exports.send = (event, context, responseStatus, responseData, physicalResourceId, noEcho) => {
  const body = JSON.stringify({
    Status: responseStatus,
    Reason: "See the details in CloudWatch Log Stream: " + context.logStreamName,
    PhysicalResourceId: physicalResourceId || context.logStreamName,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    NoEcho: noEcho || false,
    Data: responseData,
  });
  const url = new URL(event.ResponseURL);
  const headers = { "content-type": "", "content-length": Buffer.byteLength(body) };
  const request = require(url.protocol.slice(0, -1)).request(url, { method: "PUT", headers }, () => context.done());
  request.on("error", (error) => { console.log("send(..) failed: " + error); context.done(); });
  request.end(body);
};
"""


# ministack does the same for Node.js.
_PLAIN = """
def _speak_plainly_to_the_gateway():
    import http.client
    import os
    from urllib.parse import urlsplit

    gateway, connect = urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")), http.client.HTTPSConnection.connect

    def connected(self):
        ours = gateway.scheme == "http" and (self.host, self.port) == (gateway.hostname, gateway.port)
        return http.client.HTTPConnection.connect(self) if ours else connect(self)

    http.client.HTTPSConnection.connect = connected

_speak_plainly_to_the_gateway()
"""


def let_custom_resources_answer() -> None:
    """Pack the module with code that stands in a template, and let Python speak HTTPS to the gateway."""
    from ministack.core import lambda_runtime

    lambda_runtime._PYTHON_WORKER_SCRIPT = _PLAIN + lambda_runtime._PYTHON_WORKER_SCRIPT
    _pack_the_module()


def _pack_the_module() -> None:
    from ministack.services.cloudformation import provisioners

    pack: Callable[..., bytes | None] = provisioners._zip_inline

    @functools.wraps(pack)
    def with_module(source: str | None, handler: str, runtime: str = "python3.13") -> bytes | None:
        packed = pack(source, handler, runtime)
        if packed is None:
            return None
        node = runtime.startswith("nodejs")
        name, text = ("node_modules/cfn-response/index.js", _NODEJS) if node else ("cfnresponse.py", _PYTHON)
        archive = io.BytesIO(packed)
        with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as package:
            package.writestr(name, text)
        return archive.getvalue()

    provisioners._zip_inline = with_module
