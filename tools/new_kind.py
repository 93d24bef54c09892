"""Write the package, the row, the example and the sample of a new kind: `make new-kind PRODUCT=jitsu NAME=JitsuThing`.

The repository imports and lints afterwards. The tests of the new kind fail until the places marked FILL IN are filled
in; docs/adding-a-kind.md explains them.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from string import Template

TEMPLATES = Path(__file__).parent / "templates"
PARTS = ("__init__.py", "spec.py", "status.py", "adapter.py", "wire.py", "kind.py")
NAME = re.compile(r"[A-Z][a-z0-9]+([A-Z][a-z0-9]*)*")

PRODUCTS = {
    "jitsu": {
        "owner": "a workspace",
        "owner_noun": "workspace",
        "owner_field": "workspace_ref",
        "reference": "workspaceRef",
        "connection": "JitsuWorkspace",
        "connection_name": "acme",
        "connect": "connect_jitsu",
        "at_rest": '{"/api/workspace/acme": 1}',
    },
    "jitterbit": {
        "owner": "an organization",
        "owner_noun": "organization",
        "owner_field": "organization_ref",
        "reference": "organizationRef",
        "connection": "JitterbitOrganization",
        "connection_name": "org",
        "connect": "connect_jitterbit",
        "at_rest": "{}",
    },
}
"""What the templates say of each product's connection."""


class CannotWrite(Exception):
    """The kind can't be written; the message says why, and what to do."""


def names(product: str, kind: str) -> dict[str, str]:
    """Return the values of the templates for a kind; raise CannotWrite for a name that does not fit."""
    if not NAME.fullmatch(kind):
        raise CannotWrite(f"NAME={kind}: must be a singular in CamelCase, such as JitsuThing")
    if kind.startswith("Jitsu") != (product == "jitsu"):
        raise CannotWrite(f"NAME={kind}: kinds of Jitsu begin with Jitsu, and no others do")
    stem = kind.removeprefix("Jitsu")
    words = [word.lower() for word in re.findall(r"[A-Z][a-z0-9]*", stem)]
    if not words:
        raise CannotWrite(f"NAME={kind}: must name the kind after the product, such as JitsuThing")
    package, type_name = "_".join(words), "-".join(words)
    return {
        **PRODUCTS[product],
        "product": product,
        "kind": kind,
        "stem": stem,
        "noun": " ".join(words),
        "package": package,
        "constant": package.upper(),
        "name": type_name,
        "type_name": type_name,
        "singular": kind.lower(),
        "plural": f"{kind.lower()}s",
        "short": f"{'j' if product == 'jitsu' else 'jb'}{''.join(words)}",
        "listing": f"*/config/{type_name}" if product == "jitsu" else f"*/{type_name}",
        "spec_import": "from jitops.products.jitsu.wire import adopted_by_id\n" if product == "jitsu" else "",
        "spec_rule": f'adopted_by_id("{" ".join(words)}"),' if product == "jitsu" else "",
    }


def rendered(values: dict[str, str], number: int) -> dict[str, str]:
    """Return the new files by their paths in the repository; `number` is that of the example."""
    product, package = values["product"], values["package"]
    files = {
        f"operator/jitops/products/{product}/{package}/{part}": source
        for part in PARTS
        for source in (TEMPLATES / product / f"{part}.txt", TEMPLATES / f"{part}.txt")
        if source.is_file()
    }
    files[f"tests/harness/samples/{package}.py"] = TEMPLATES / "sample.py.txt"
    files[f"examples/{product}/{number:02}-{values['name']}.yaml"] = TEMPLATES / "example.yaml.txt"
    return {path: Template(source.read_text(encoding="utf-8")).substitute(values) for path, source in files.items()}


def with_row(table: str, values: dict[str, str]) -> str:
    """Return `kinds.py` with the row of the kind."""
    product, package = values["product"], values["package"]
    imported = f"from jitops.products.{product}.{package} import kind as {package}\n"
    table = table.replace("\nif TYPE_CHECKING:", f"{imported}\nif TYPE_CHECKING:", 1)
    return _appended(table, rf"^{product.upper()} = \(", f"{package}.KIND")


def with_sample(table: str, values: dict[str, str]) -> str:
    """Return the table of samples with the sample of the kind."""
    sample = f"{values['constant']}_SAMPLE"
    imported = f"from tests.harness.samples.{values['package']} import {sample}\n"
    return _appended(table.replace("\nSAMPLES:", f"{imported}\nSAMPLES:", 1), r"for sample in \(", sample)


def _appended(table: str, opening: str, item: str) -> str:
    """Return the text with one more item in the tuple that begins with `opening`."""
    found = re.search(opening, table, flags=re.MULTILINE)
    if found is None:
        raise CannotWrite(f"the table has no line like {opening}; add {item} by hand")
    end = table.index(")", found.end())
    inside = table[found.end() : end].rstrip().rstrip(",")
    return f"{table[: found.end()]}{inside}, {item}{table[end:]}"


def write(root: Path, product: str, kind: str) -> list[str]:
    """Write the kind into a repository, and return the paths that were written."""
    values = names(product, kind)
    files = rendered(values, 1 + len(list((root / "examples" / product).glob("*.yaml"))))
    if taken := [path for path in files if (root / path).exists()]:
        raise CannotWrite(f"exists already: {', '.join(taken)}; choose another NAME, or remove it")
    for path, edit in (("operator/jitops/kinds.py", with_row), ("tests/harness/samples/table.py", with_sample)):
        files[path] = edit((root / path).read_text(encoding="utf-8"), values)
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return list(files)


def finish(root: Path, paths: list[str]) -> None:
    """Sort imports and format, then generate the CRDs and the chart's copy of them."""
    sources = [path for path in paths if path.endswith(".py")]
    environment = {**os.environ, "PYTHONPATH": str(root / "operator")}
    for command in (
        ["-m", "ruff", "check", "--select", "I", "--fix", "--quiet", *sources],
        ["-m", "ruff", "format", "--quiet", *sources],
        ["-m", "jitops", "crds", "--write", "crds"],
        ["helm/generate.py"],
    ):
        subprocess.run([sys.executable, *command], cwd=root, env=environment, check=True)  # noqa: S603 - fixed commands


def main() -> None:
    """Write a kind into this repository, and print where to go on."""
    parser = argparse.ArgumentParser(description="Write the package, row, example and sample of a new kind.")
    parser.add_argument("product", choices=PRODUCTS, help="The product that the kind belongs to.")
    parser.add_argument("kind", help="The name of the kind, in CamelCase: JitsuThing.")
    arguments = parser.parse_args()
    root = Path(__file__).parents[1]
    try:
        paths = write(root, arguments.product, arguments.kind)
    except CannotWrite as error:
        sys.exit(str(error))
    finish(root, paths)
    print("\n".join(paths))
    print("Now fill in the places marked FILL IN: docs/adding-a-kind.md. `make test-quick` fails until then.")


if __name__ == "__main__":
    main()
