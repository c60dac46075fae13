"""What a new user installs: the wheel of the client, alone in an empty environment."""

import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from program import ROOT, Service

SOURCE = ROOT / "clients" / "python"
PACKAGE = "sitewatt_client"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of the source, without what older builds have left."""
    tree = tmp_path_factory.mktemp("client") / "tree"
    shutil.copytree(
        SOURCE, tree, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "dist")
    )
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist"]
    built = subprocess.run(build, cwd=tree, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    [wheel] = (tree / "dist").glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment in which nothing is but the client and what it asks for."""
    place = tmp_path_factory.mktemp("user") / "venv"
    venv.create(place, with_pip=False)
    python = place / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    pinned = ["--require-hashes", "-r", str(ROOT / "requirements" / "client.txt")]
    fetched = subprocess.run([*pip, *pinned], capture_output=True, text=True)
    if fetched.returncode:
        pytest.skip("there is no index to install from: " + fetched.stderr[-200:])
    installed = subprocess.run([*pip, "--no-index", str(wheel)], capture_output=True, text=True)
    assert installed.returncode == 0, installed.stderr
    return python


def test_the_wheel_holds_the_package_whole_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    sources = {
        str(file.relative_to(SOURCE))
        for file in (SOURCE / PACKAGE).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert {name for name in names if ".dist-info/" not in name} == sources
    assert f"{PACKAGE}/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert (SOURCE / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_example_of_the_readme_runs_in_an_empty_environment(
    python: Path, service: Service, key: str, tmp_path: Path
) -> None:
    [example] = re.findall(
        r"^```python\n(.*?)^```", (SOURCE / "README.md").read_text(), re.M | re.S
    )
    inside = example[example.index("    async with") : example.index("asyncio.run")].strip()
    assert len(inside.splitlines()) <= 10
    assert 'Client("http://127.0.0.1:8080")' in example
    file = tmp_path / "example.py"
    file.write_text(
        example.replace('"http://127.0.0.1:8080"', f'"{service.url}", "{key}"').replace(
            "id=1", "id=4242"
        )
    )
    done = subprocess.run([str(python), "-I", file], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    receipt, latest = done.stdout.splitlines()
    assert "stored=1" in receipt
    assert latest.startswith("{'dt-stamp': '2023-01-02T00:00:00Z', 'soc': 10,")


USER = """
import sitewatt_client
from sitewatt_client import Buffer, Client, Receipt, errors, models, operations


async def use(url: str) -> float:
    async with Client(url, key="k", patience=5) as sites, Buffer("b.db", sites) as buffer:
        site: models.Site = await sites.create(name="Elm", location="north")
        receipt: Receipt = await sites.push(site["id"], {"dt-stamp": "2023-01-01 00:00:00"})
        async for batch in sites.push_all(site["id"], [{"soc": 1}]):
            print(batch.stored, [refused.faults[0]["detail"] for refused in batch.refused])
        async for reading in sites.readings(site["id"], order="desc"):
            print(reading["dt-stamp"], reading["soc"] + 1)
        async for found in sites.list(location="north"):
            print(found["name"].upper())
        await buffer.put(site["id"], {"soc": 1})
        version = (await sites.send(operations.get_version())).document["version"]
        try:
            await sites.push_fleet({1: {"soc": [1]}})
        except errors.InvalidBody as problem:
            print(problem.faults[0]["pointer"], version, sitewatt_client.Problem)
        return (await sites.latest(1))["soc"] + receipt.conflicts
"""
WRONG = {
    'reading["soc"]': 'reading["SOC"]',
    'found["name"].upper()': 'found["id"].upper()',
    'order="desc"': 'order="down"',
    'document["version"]': 'document["soc"]',
}


def checked(python: Path, text: str, place: Path) -> "subprocess.CompletedProcess[str]":
    file = place / "user.py"
    file.write_text(text)
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python)]
    return subprocess.run(
        [*command, "--config-file=", f"--cache-dir={place}", str(file)],
        cwd=place,
        capture_output=True,
        text=True,
    )


def test_what_users_import_is_clean_under_mypy_strict(python: Path, tmp_path: Path) -> None:
    assert checked(python, USER, tmp_path).stdout.startswith("Success")
    text = USER
    for right, wrong in WRONG.items():
        assert right in text
        text = text.replace(right, wrong)
    told = checked(python, text, tmp_path).stdout
    assert f"Found {len(WRONG)} errors" in told, told
