"""The driver against the real Terraform and a configuration that needs no provider from outside."""

from pathlib import Path

import pytest

from scripts.terraform import CHANGES, NO_CHANGES, Terraform, TerraformError

CONFIGURATION = """
variable "words" { type = map(list(string)) }
variable "refuse" {
  type    = bool
  default = false
}
resource "terraform_data" "this" {
  input = var.words
  lifecycle {
    precondition {
      condition     = !var.refuse
      error_message = "refused, as asked"
    }
  }
}
output "words" { value = terraform_data.this.output }
output "count" { value = length(var.words) }
"""

TEST = """
run "plans" {
  command = plan
  variables { words = { a = ["b"] } }
  assert {
    condition     = output.count == 1
    error_message = "expected 1"
  }
}
"""

WORDS = {"words": {"greeting": ["good", "morning"]}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "configuration"
    (folder / "tests").mkdir(parents=True)
    (folder / "main.tf").write_text(CONFIGURATION)
    (folder / "tests" / "words.tftest.hcl").write_text(TEST)
    return folder


def test_a_life(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "missing.tfrc"))
    lines: list[str] = []
    terraform = Terraform(folder, tmp_path / "work", WORDS, on_line=lines.append)

    terraform.init()
    terraform.validate()
    assert terraform.plan()[0] == CHANGES
    terraform.apply()
    assert terraform.outputs() == {"words": WORDS["words"], "count": 1}
    code, text = terraform.plan()
    assert code == NO_CHANGES
    assert "No changes" in text
    terraform.destroy()
    assert terraform.outputs() == {}

    assert "terraform_data.this: Creation complete after 0s" in " ".join(lines)
    assert "terraform_data.this: Destruction complete after 0s" in lines
    assert (tmp_path / "work" / "terraform.tfstate").is_file()
    assert {path.name for path in folder.iterdir()} <= {"main.tf", "tests", ".terraform.lock.hcl"}


def test_runs_the_configurations_own_tests(folder: Path, tmp_path: Path) -> None:
    terraform = Terraform(folder, tmp_path / "work")
    terraform.init()
    assert "Success! 1 passed, 0 failed." in terraform.test(["tests/words.tftest.hcl"])


def test_a_failure_carries_terraforms_own_words(folder: Path, tmp_path: Path) -> None:
    terraform = Terraform(folder, tmp_path / "work", {**WORDS, "refuse": True})
    terraform.init()
    with pytest.raises(TerraformError, match="refused, as asked") as caught:
        terraform.apply()
    assert (caught.value.command, caught.value.exit_code) == ("apply", 1)


def test_says_when_terraform_is_missing(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TerraformError, match="installed and on the PATH"):
        Terraform(folder, tmp_path / "work").init()
