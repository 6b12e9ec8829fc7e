"""What Lambda tells a handler."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext


class Context(LambdaContext):
    """What Lambda tells a handler of its invocation, with so much time left."""

    def __init__(self, milliseconds: int = 90_000) -> None:
        self._function_name = "acme-step"
        self._memory_limit_in_mb = 512
        self._invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:acme-step"
        self._aws_request_id = "request-1"
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override] # Powertools has it without self
        return self._milliseconds
