"""Where ministack falls short for Terraform and for our chain: each module is one shim, with its reason.

Delete a shim when ministack no longer needs it; the tests of the gateway show whether it does.
"""
