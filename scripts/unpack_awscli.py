"""`python scripts/unpack_awscli.py`: take version 2 of the AWS CLI out of the package that brings it.

For the virtual environment that runs this, which has the package (`tests/awscli2.in`). The program is `bin/aws` there
afterwards. It needs nothing but Python's own library.
"""

from __future__ import annotations

import io
import sys
import tarfile
import zipfile
from pathlib import Path


def unpack(environment: Path) -> Path:
    """Unpack the program into a virtual environment; answers its path. Raises FileNotFoundError without the package."""
    archives = list(environment.glob("lib/python*/site-packages/aws_cdk/asset_awscli_v2/_jsii/*.tgz"))
    if not archives:
        raise FileNotFoundError(f"{environment} has no package aws-cdk-asset-awscli-v2")
    with tarfile.open(archives[0]) as package:
        layer = package.extractfile("package/lib/layer.zip")
        if layer is None:
            raise FileNotFoundError(f"{archives[0]} has no lib/layer.zip")
        with zipfile.ZipFile(io.BytesIO(layer.read())) as files:
            members = [name for name in files.namelist() if "/dist/" in name]
            files.extractall(environment, members)  # noqa: S202 - AWS's own, checked by its hash
    (built,) = environment.glob("awscli/v2/*/dist/aws")
    built.chmod(0o755)  # a zip file's permissions are lost
    program = environment / "bin" / "aws"
    program.unlink(missing_ok=True)
    program.symlink_to(built)
    return program


if __name__ == "__main__":
    unpack(Path(sys.prefix))
