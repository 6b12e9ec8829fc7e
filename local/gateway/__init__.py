"""The ASGI app before ministack: one endpoint for the whole account."""
