"""What the parts promise each other: table and code, roles and calls, adapters and their twins."""
