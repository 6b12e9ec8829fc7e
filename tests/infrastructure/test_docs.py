"""The tables of inputs and outputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.docs import DocsError, insert, main, read, render

MODULE = """
variable "tags" {
  description = <<-EOT
    Tags | labels.
    - `a`: one.
      - `b`: two.
  EOT
  type = map(object({
    a = optional(string)
  }))
  default = {}

  validation {
    condition     = true
    error_message = "never"
  }
}

variable "name" {
  description = "A \\"name\\"."
  type        = string
}

variable "shop" {
  description = "A shop."
  type        = any # map(object)
}

output "arn" {
  description = "The ARN."
  value       = local.arn
}
"""


def test_the_tables_are_up_to_date() -> None:
    assert main(["--check"]) == 0, "`make docs` writes the tables."


def test_a_table_is_read_from_the_module(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(MODULE)
    assert render(read(tmp_path), "variable") == (
        "| name | type | default | |\n"
        "|---|---|---|---|\n"
        '| `name` | `string` | required | A "name". |\n'
        "| `shop` | `map(object)` | required | A shop. |\n"
        "| `tags` | `map(object)` | `{}` | Tags \\| labels. |\n\n"
        "<details>\n<summary>The fields of <code>tags</code></summary>\n\n- `a`: one.\n  - `b`: two.\n\n</details>"
    )
    assert render(read(tmp_path), "output") == "| name | |\n|---|---|\n| `arn` | The ARN. |"


def test_a_readme_without_a_place_for_the_table() -> None:
    with pytest.raises(DocsError, match="<!-- inputs -->"):
        insert("# Title", "inputs", "table")
