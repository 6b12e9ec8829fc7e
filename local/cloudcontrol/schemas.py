"""CloudFormation's own schemas of the Personalize types, as the cfn-lint package ships them."""
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True)
class TypeSchema:
    """The schema of a resource type, with the questions Cloud Control asks of it."""

    document: Document

    @property
    def type_name(self) -> str:
        """Such as AWS::Personalize::DatasetGroup."""
        return str(self.document["typeName"])

    @property
    def properties(self) -> Mapping[str, Document]:
        """The schemas of the top-level properties, references resolved."""
        return {name: self.resolve(schema) for name, schema in self.document["properties"].items()}

    @property
    def identifier(self) -> str:
        """The property that identifies a resource: its ARN."""
        (pointer,) = self.document["primaryIdentifier"]
        return _property(pointer)

    @property
    def create_only(self) -> frozenset[str]:
        """Properties that an update may not change."""
        return self._names("createOnlyProperties")

    @property
    def read_only(self) -> frozenset[str]:
        """Properties that the service sets."""
        return self._names("readOnlyProperties")

    @property
    def write_only(self) -> frozenset[str]:
        """Properties that are never read back."""
        return self._names("writeOnlyProperties")

    @property
    def deleted_first(self) -> bool:
        """Whether CloudFormation deletes a resource before it makes the one that replaces it."""
        return self.document.get("replacementStrategy") == "delete_then_create"

    def supports(self, handler: str) -> bool:
        """Whether the type can be updated, listed and so on."""
        return handler in self.document["handlers"]

    def resolve(self, schema: Document) -> Document:
        """Follow a reference to the type's definitions."""
        reference = str(schema.get("$ref", ""))
        return self.document["definitions"][reference.rpartition("/")[2]] if reference else schema

    def faults(self, properties: Document) -> Iterator[str]:
        """Say where the properties break the schema, as Cloud Control words it."""
        from cfnlint.jsonschema import StandardValidator

        for error in StandardValidator(self.document).iter_errors(properties):
            where = "/".join(["#", *(str(part) for part in error.path)])
            yield f"{where}: {error.message}"

    def _names(self, key: str) -> frozenset[str]:
        return frozenset(_property(pointer) for pointer in self.document.get(key) or ())


def _property(pointer: str) -> str:
    return pointer.removeprefix("/properties/")


@functools.cache
def find_schema(region: str, type_name: str) -> TypeSchema | None:
    """Return the schema of a type in a region, or None if there is no such type."""
    # Imported here: it takes a second, and only Terraform's Cloud Control resources need it.
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError

    try:
        return TypeSchema(PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, type_name).schema)
    except ResourceNotFoundError:
        return None
