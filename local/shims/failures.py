"""What a function's failure looks like, and what it may return: as AWS's own runtime clients have it.

ministack answers `Runtime.HandlerError` for every exception, fails on a Decimal, ends the environment of a function
that has raised, and answers 200 for one that it can't run. Here its workers answer as AWS's Python and
Node.js clients do: errorType is the exception's class, and the environment lives on.

https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html
https://github.com/aws/aws-lambda-python-runtime-interface-client (a dependency: what a result becomes is its doing)
"""
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import contextvars
import functools
from collections.abc import Callable, Mapping
from typing import Any

from local.shims.bootstraps import changed

# The failure that the worker has just answered with, for `_execute_function_warm`, which knows of a message only.
_FAILURE: contextvars.ContextVar[Mapping[str, Any] | None] = contextvars.ContextVar("failure", default=None)

# What stands in ministack's bootstraps → what is to stand there.
_PYTHON = {
    "\nimport sys, json, importlib, traceback, os, time\n": """
import sys, json, importlib, traceback, os, time
from awslambdaric.lambda_runtime_exception import FaultException
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller, to_json

_MARSHALLER = LambdaMarshaller()

def _failure(request_id=""):
    kind, value, trace = sys.exc_info()
    if isinstance(value, FaultException):
        name, message, lines = value.exception_type, value.msg, value.trace or []
    else:
        name, message = kind.__name__, str(value)
        lines = traceback.format_list([each for each in traceback.extract_tb(trace) if each.filename != __file__])
    sys.stderr.write("[ERROR] %s: %s\\nTraceback (most recent call last):\\n%s\\n" % (name, message, "".join(lines)))
    sys.stderr.flush()
    return {"errorMessage": message, "errorType": name, "requestId": request_id, "stackTrace": lines}

def _handler(module_name, handler_name):
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        text = "Unable to import module '%s': %s" % (module_name, error)
        raise FaultException(FaultException.IMPORT_MODULE_ERROR, text) from error
    except SyntaxError as error:
        text = "Syntax error in module '%s': %s" % (module_name, error)
        lines = ['  File "%s" Line %s\\n    %s' % (error.filename, error.lineno, error.text)]
        raise FaultException(FaultException.USER_CODE_SYNTAX_ERROR, text, lines) from error
    try:
        return getattr(module, handler_name)
    except AttributeError as error:
        text = "Handler '%s' missing on module '%s'" % (handler_name, module_name)
        raise FaultException(FaultException.HANDLER_NOT_FOUND, text) from error
""",
    """        mod = importlib.import_module(module_name)
        handler_fn = getattr(mod, handler_name)
""": """        handler_fn = _handler(module_name, handler_name)
""",
    """    except Exception as e:
        _real_stdout.write(json.dumps({"status": "error", "error": str(e)}) + "\\n")
        _real_stdout.flush()
        return
""": """    except Exception:
        # It is told with the invocation; the next one begins anew, as on AWS.
        _initial = _failure()
        _real_stdout.write(json.dumps({"status": "ready", "cold": True}) + "\\n")
        _real_stdout.flush()
        sys.stdin.readline()
        _real_stdout.write(json.dumps({"status": "error", "error": "", "failure": _initial}) + "\\n")
        _real_stdout.flush()
        return
""",
    """            _real_stdout.write(json.dumps({"status": "ok", "result": result}) + "\\n")
        except Exception as e:
            _real_stdout.write(json.dumps({"status": "error", "error": str(e), """
    """"trace": traceback.format_exc()}) + "\\n")
""": """            result, _ = _MARSHALLER.marshal_response(result)
            _real_stdout.write('{"status": "ok", "result": %s}\\n' % result)
        except Exception:
            failure = _failure(_ms_ctx.get("request_id", ""))
            _real_stdout.write(to_json({"status": "ok", "failure": failure}) + "\\n")
""",
}
_NODEJS = {
    """          _realStdoutWrite(JSON.stringify({
            status: "error", error: String(err.message || err), trace: err.stack || ""
          }) + "\\n");
""": """          _fail(err);
""",
    """      _realStdoutWrite(JSON.stringify({
        status: "error", error: e.message, trace: e.stack
      }) + "\\n");
    }
  } catch""": """      _fail(e);
    }
  } catch""",
    """const readline = require("readline");
""": """const readline = require("readline");
function _fail(err) {
  const known = err instanceof Error || (err && err.name && err.message && err.stack);
  const failure = known
    ? { errorType: err.name, errorMessage: err.message, trace: String(err.stack || "").split("\\n") }
    : { errorType: typeof err, errorMessage: String(err), trace: [] };
  process.stderr.write("ERROR\\tInvoke Error\\t" + JSON.stringify(failure) + "\\n");
  _realStdoutWrite(JSON.stringify({ status: "ok", failure }) + "\\n");
}
""",
}


def tell_failures() -> None:
    """Have functions fail, and answer, as under AWS's runtime clients."""
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    lambda_runtime._PYTHON_WORKER_SCRIPT = changed(lambda_runtime._PYTHON_WORKER_SCRIPT, _PYTHON)
    lambda_runtime._NODEJS_WORKER_SCRIPT = changed(lambda_runtime._NODEJS_WORKER_SCRIPT, _NODEJS)
    invoke: Callable[..., dict[str, Any]] = lambda_runtime.Worker.invoke
    execute: Callable[..., dict[str, Any]] = lambda_svc._execute_function_warm

    @functools.wraps(invoke)
    def heard(*args: Any, **kwargs: Any) -> dict[str, Any]:
        answer = invoke(*args, **kwargs)
        _FAILURE.set(answer.get("failure"))
        return answer

    @functools.wraps(execute)
    def told(function: Any, event: Any, request_id: str) -> dict[str, Any]:
        _FAILURE.set(None)
        result = execute(function, event, request_id)
        failure = _FAILURE.get() or _exit(result, request_id)
        return {"body": dict(failure), "error": True, "log": result.get("log", "")} if failure else result

    dispatch: Callable[..., dict[str, Any]] = lambda_svc._execute_function_dispatch

    @functools.wraps(dispatch)
    def honest(function: Any, config: Mapping[str, Any], *rest: Any) -> dict[str, Any]:
        result = dispatch(function, config, *rest)
        body = result.get("body")
        mocked = isinstance(body, Mapping) and str(body.get("body", "")).startswith("Mock response")
        return {"body": _unsupported(config), "error": True, "log": ""} if mocked else result

    lambda_svc._execute_function_dispatch = honest
    lambda_runtime.Worker.invoke = heard
    lambda_svc._execute_function_warm = told


def _unsupported(config: Mapping[str, Any]) -> Mapping[str, Any]:
    runtime, name = config.get("Runtime") or "a container image", config.get("FunctionName")
    text = f"The local AWS can't run {name}: it is made for {runtime}, and only Python and Node.js run here"
    return {"errorType": "Runtime.NotSupportedLocally", "errorMessage": text}


def _exit(result: Mapping[str, Any], request_id: str) -> Mapping[str, Any] | None:
    body = result.get("body")
    if not result.get("error") or not isinstance(body, Mapping) or body.get("errorMessage") != "Worker process died":
        return None
    return {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request_id} Error: Runtime exited"}
