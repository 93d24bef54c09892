"""The command line: what a person did wrong is one line and exit code 2, never a traceback."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import yaml
from tests.harness.command_line import ENVIRONMENT, FREE_PORTS
from tests.harness.repository import ROOT

import jitops
from jitops import crds
from jitops.cli.app import SANDBOX_COMMANDS, main
from jitops.cli.deferred import PLUGINS
from jitops.runtime.settings import Settings

COMMANDS = ("run", "release", "apply", "destroy", "import", "crds", "adapter-contract", "version", "demo", "sandbox")


def jitops_(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a user does."""
    command = [sys.executable, "-m", "jitops", *arguments]
    return subprocess.run(  # noqa: S603 - ours
        command, capture_output=True, text=True, env={**ENVIRONMENT, **environment}, timeout=60, check=False
    )


def ended(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run a command in this process; give exit code, output and complaints."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as error:
        main(arguments)
    captured = capsys.readouterr()
    assert isinstance(error.value.code, int)
    return error.value.code, captured.out, captured.err


def test_version() -> None:
    """The version is that of the package, and telling it takes no time."""
    told = jitops_("version")
    assert (told.returncode, told.stdout, told.stderr) == (0, f"jitops {jitops.__version__}\n", "")


def test_adapter_contract() -> None:
    """The contract is printed as it is, and says whose it is."""
    told = jitops_("adapter-contract")
    assert (told.returncode, told.stderr) == (0, "")
    document = yaml.safe_load(told.stdout)
    assert document["openapi"] == "3.1.0"
    assert "no API of Jitterbit's" in document["info"]["description"]


@pytest.mark.parametrize("command", ["version", "--help"])
def test_a_version_does_not_wait_for_kopf(command: str) -> None:
    """Neither the version nor the list of commands imports what only some command needs."""
    heavy = {"kopf", "kubernetes", "aiohttp", "httpx", "pydantic_settings", "jitops_sandbox"}
    interpreter = [sys.executable, "-X", "importtime", "-m", "jitops", command]
    told = subprocess.run(interpreter, capture_output=True, text=True, env=ENVIRONMENT, check=True)  # noqa: S603 - ours
    imported = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines()}
    assert "jitops.cli.app" in imported
    assert not heavy & imported


def test_help_names_the_environment(capsys: pytest.CaptureFixture[str]) -> None:
    """Each setting of `run` has an option, and its help names the variable that does the same."""
    told = ended(capsys, "run", "--help")[1]
    words = " ".join(told.split())
    assert [name for name in Settings.model_fields if f"JITOPS_{name.upper()}]" not in words] == ["lease_name"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help(capsys: pytest.CaptureFixture[str], command: str) -> None:
    """Each command is listed with the first line of its own help."""
    listed = ended(capsys, "--help")[1]
    code, told, _ = ended(capsys, command, "--help")
    assert (code, told.partition(" [OPTIONS]")[0]) == (0, f"Usage: jitops {command}")
    first = told.splitlines()[2].strip()
    assert [line.split(maxsplit=1) for line in listed.splitlines() if line.startswith(f"  {command} ")] == [
        [command, first]
    ]


def test_all_commands_are_known(capsys: pytest.CaptureFixture[str]) -> None:
    """The commands are those tested here, and each command of a plug-in is one of the sandbox's."""
    listed = ended(capsys, "--help")[1].partition("Commands:\n")[2]
    assert tuple(line.split()[0] for line in listed.splitlines()) == COMMANDS
    assert {point.name for point in entry_points(group=PLUGINS)} == set(SANDBOX_COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Missing command. Try: jitops --help"),
        (["nope"], "No such command 'nope'"),
        (["demo", "--what"], "No such option: --what"),
        (["apply"], "Missing option '-f' / '--filename'. Try: jitops apply --help"),
        (["apply", "-f", "x"], "Missing option '--state'"),
        (["apply", "-f", "x", "--state", "y", "--max-deletions", "-1"], "--max-deletions"),
        (["destroy"], "Missing option '--state'. Try: jitops destroy --help"),
        (["apply", "-f", "x", "--state", "y", "--timeout", "soon"], "--timeout"),
        (["crds", "--write", "a", "--check", "b"], "use either --write or --check"),
        (["sandbox", "--build", "C"], "'C' is not one of 'A', 'B'"),
        (["sandbox", "--seed", "nope"], "'nope' does not exist"),
        (["sandbox", "--jitsu-port", "70000"], "--jitsu-port"),
        (["sandbox", "replay", "nope"], "'nope' does not exist"),
        (["run", "--workers", "0"], "--workers"),
        (["run", "--resync-period", "5x"], "write a duration such as 90s, 10m or 1h30m"),
        (["run", "--log-format", "xml"], "--log-format"),
        (["release", "--timeout", "0"], "--timeout"),
    ],
)
def test_usage_errors(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    """One line that names the option, and exit code 2."""
    code, told, complaint = ended(capsys, *arguments)
    assert (code, told, complaint.count("\n")) == (2, "", 1)
    assert complaint.startswith("jitops: ")
    assert words in complaint


@pytest.mark.parametrize(
    ("option", "content", "words"),
    [
        ("--seed", "jitsuu: {}", "jitsuu: Extra inputs are not permitted"),
        ("--faults", "- {kind: nonsense}", "0.kind: Input should be 'latency', 'error'"),
        ("--faults", "[", "is not valid YAML"),
    ],
)
def test_wrong_files(capsys: pytest.CaptureFixture[str], tmp_path: Path, option: str, content: str, words: str) -> None:
    """A seed or fault file that can't be used is refused by field, before anything listens."""
    (tmp_path / "file.yaml").write_text(content)
    code, told, complaint = ended(capsys, "sandbox", option, str(tmp_path / "file.yaml"))
    assert (code, told, complaint.count("\n")) == (2, "", 1)
    assert words in complaint


def test_wrong_environment(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that can't be read is named."""
    monkeypatch.setenv("JITOPS_SLOW_RETRY", "soon")
    code, _, complaint = ended(capsys, "run")
    assert (code, complaint.count("\n")) == (2, 1)
    assert "JITOPS_SLOW_RETRY='soon' can't be read: write a duration" in complaint


@pytest.mark.parametrize("command", ["run", "release"])
def test_no_cluster(tmp_path: Path, command: str) -> None:
    """Without a cluster what needs one says so, in a line."""
    told = jitops_(command, "--kubeconfig", str(tmp_path / "none"))
    assert (told.returncode, told.stderr.count("\n")) == (1, 1)
    assert "Traceback" not in told.stderr


def test_crds(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """They are printed as one stream, written into a folder, and what is outdated there is named."""
    _, told, _ = ended(capsys, "crds")
    assert [one["metadata"]["name"] for one in yaml.safe_load_all(told)] == [
        one["metadata"]["name"] for one in crds.manifests()
    ]
    assert ended(capsys, "crds", "--write", str(tmp_path)) == (0, "", "")
    assert ended(capsys, "crds", "--check", str(tmp_path)) == (0, "", "")
    (tmp_path / "jitops.dev_connectors.yaml").write_text("edited")
    code, _, complaint = ended(capsys, "crds", "--check", str(tmp_path))
    assert (code, "jitops.dev_connectors.yaml; run `make crds`" in complaint) == (1, True)


def test_sandbox_announces_itself() -> None:
    """One JSON line tells addresses and credentials; SIGTERM ends it with 0."""
    command = [sys.executable, "-m", "jitops", "sandbox", *FREE_PORTS, "--build", "B"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:  # noqa: S603 - ours
        assert process.stdout is not None
        announced = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stdout.read() == ""
    assert announced["jitsu"].startswith("http://127.0.0.1:")
    assert announced["credentials"]["api_key"] == "demokey:demo-secret-not-real"


def test_sandbox_port_taken() -> None:
    """A port that is in use is said in a line."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        told = jitops_("sandbox", *FREE_PORTS, "--jitsu-port", str(taken.getsockname()[1]))
    assert (told.returncode, told.stdout, told.stderr.count("\n")) == (1, "", 1)
    assert "the sandbox can't listen" in told.stderr


def test_replay() -> None:
    """The recorded rows of authentication, workspaces, routing and streams match."""
    prefixes = ["auth/", "workspace/", "routing/", "stream/"]
    options = [part for prefix in prefixes for part in ("--prefix", prefix)]
    told = jitops_("sandbox", "replay", str(ROOT / "tests/recordings/jitsu.jsonl"), *options)
    matched, total = told.stdout.split()[1::2][:2]
    assert (told.returncode, matched) == (0, total)


def test_replay_in_vain(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A file that is no recording, and a sandbox that isn't there, are each a line."""
    recording = str(ROOT / "tests/recordings/jitsu.jsonl")
    code, _, complaint = ended(capsys, "sandbox", "replay", recording, "--url", "http://127.0.0.1:1")
    assert (code, complaint.count("\n")) == (1, 1)
    (tmp_path / "x.jsonl").write_text("{}")
    code, _, complaint = ended(capsys, "sandbox", "replay", str(tmp_path / "x.jsonl"))
    assert (code, complaint.count("\n")) == (2, 1)


def test_operator_is_no_package() -> None:
    """An operator/__init__.py would shadow the standard library's `operator` for everyone."""
    assert not (ROOT / "operator/__init__.py").exists()


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheels of both distributions from a copy of the sources, and return their folder."""
    folder = tmp_path_factory.mktemp("wheels")
    ignored = shutil.ignore_patterns(".*", "__pycache__", "tests", "docs", "benchmarks")
    shutil.copytree(ROOT, folder / "sources", ignore=ignored, symlinks=True)
    for place in (folder / "sources", folder / "sources/operator/jitops_sandbox"):
        pip("wheel", "--no-build-isolation", "--wheel-dir", str(folder), str(place))
    return folder


def pip(command: str, *arguments: str) -> None:
    """Run pip without a network."""
    options = ["--disable-pip-version-check", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([sys.executable, "-m", "pip", command, *options, *arguments], check=True)  # noqa: S603 - ours


def installed(wheels: Path, folder: Path, *names: str) -> str:
    """Install wheels into a folder, and return a PYTHONPATH with it and the libraries, without this tree."""
    target, libraries = folder / "installed", folder / "libraries"
    pip("install", "--target", str(target), *(str(one) for name in names for one in wheels.glob(f"{name}-*.whl")))
    libraries.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "jitops" not in path.name:
            (libraries / path.name).symlink_to(path)
    return f"{target}:{libraries}"


def alone(path: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program without the site-packages of this environment, in which this tree is installed."""
    command = [sys.executable, "-S", "-m", "jitops", *arguments]
    environment = {**ENVIRONMENT, "PYTHONPATH": path}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)  # noqa: S603 - ours


def test_the_wheel_has_no_stand_ins(wheels: Path, tmp_path: Path) -> None:
    """A production install has neither stand-ins, examples nor Go; its demo says in a line how to get them."""
    path = installed(wheels, tmp_path, "jitops")
    assert {one.name for one in (tmp_path / "installed").iterdir()} == {
        "bin",
        "jitops",
        f"jitops-{jitops.__version__}.dist-info",
    }
    assert not [*tmp_path.glob("installed/**/*.go"), *tmp_path.glob("installed/**/examples")]
    told = alone(path, "version")
    assert (told.returncode, told.stdout) == (0, f"jitops {jitops.__version__}\n"), told.stderr
    for command in ("demo", "sandbox"):
        told = alone(path, command, "--help")
        missing = f"jitops: `jitops {command}` is not installed: pip install 'jitops[sandbox]'\n"
        assert (told.returncode, told.stdout, told.stderr) == (2, "", missing)


def test_the_wheel_of_the_sandbox(wheels: Path, tmp_path: Path) -> None:
    """It has the examples and the Go sources, and installed beside jitops it runs the demo."""
    path = installed(wheels, tmp_path, "jitops", "jitops_sandbox")
    package = tmp_path / "installed/jitops_sandbox"
    assert (package / "controlplane/server/go.sum").exists()
    examples = {one.relative_to(ROOT / "examples") for one in (ROOT / "examples").rglob("*.yaml")}
    assert {one.relative_to(package / "demo/examples") for one in package.rglob("demo/examples/*/*")} == examples
    shown = alone(path, "demo")
    assert (shown.returncode, "both products hold what people had made" in shown.stdout) == (0, True), shown.stderr


def test_the_versions_agree() -> None:
    """Each distribution asks for the other one of its own version."""
    for place, other in ((ROOT, "sandbox"), (ROOT / "operator/jitops_sandbox", "jitops")):
        text = (place / "pyproject.toml").read_text(encoding="utf-8")
        assert re.findall(r'"jitops(?:-sandbox)?==(.*)"', text) == [jitops.__version__], other


@pytest.mark.parametrize(
    ("options", "environment", "said"),
    [
        ((), {}, "JITTERBIT_EMAIL"),
        (("--email", "a@example.com"), {}, "JITTERBIT_PASSWORD"),
        (("--email", "a@example.com"), {"JITTERBIT_PASSWORD": "password-of-someone"}, "spec.region"),
    ],
    ids=["no account", "no password", "no region"],
)
def test_what_an_import_lacks_is_named(options: tuple[str, ...], environment: dict[str, str], said: str) -> None:
    """One line says what to set; nothing is asked of Harmony, and the exit code is 2."""
    told = jitops_("import", "jitterbit", "--organization", "100200", *options, **environment)
    assert (told.returncode, told.stdout) == (2, "")
    assert said in told.stderr
    assert "password-of-someone" not in told.stderr
