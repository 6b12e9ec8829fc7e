"""A local Amazon Personalize: a library without HTTP. `Personalize.call` is the way in."""

from local.personalize.errors import ServiceError
from local.personalize.service import Personalize

__all__ = ["Personalize", "ServiceError"]
