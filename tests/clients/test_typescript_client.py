"""The TypeScript client: compiled, packed, and tried in Node against the real program.

Its tools are npm's: without `clients/typescript/node_modules` (make clients-check) it is skipped.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from program import Service, data_directory, environment

import openapi

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients" / "typescript"
TSC = CLIENT / "node_modules" / ".bin" / "tsc"
PAGE = (ROOT / "docs" / "how-to" / "typescript-client.md").read_text()
SERVICE = "http://127.0.0.1:8080"
STRICT = ["--strict", "--target", "ES2022", "--module", "NodeNext", "--skipLibCheck", "false"]

pytestmark = pytest.mark.skipif(not TSC.exists(), reason="npm ci --prefix clients/typescript")


def ran(*words: object, cwd: Path = CLIENT, **variables: str) -> str:
    """What a command writes; it has to succeed."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**environment(), **variables},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has installed what is packed, and nothing else of ours."""
    ran("npm", "run", "--silent", "build")
    place = tmp_path_factory.mktemp("project")
    ran("npm", "pack", "--silent", "--pack-destination", place)
    modules = place / "node_modules"
    for name in ("openapi-fetch", "openapi-typescript-helpers", "@types", "undici-types"):
        shutil.copytree(CLIENT / "node_modules" / name, modules / name)
    (modules / "sitewatt-client").mkdir()
    [packed] = place.glob("*.tgz")
    ran("tar", "-xzf", packed, "--strip-components=1", "-C", modules / "sitewatt-client")
    (place / "package.json").write_text('{"type": "module"}')
    return place


@pytest.fixture
def service() -> Iterator[Service]:
    with data_directory() as data, Service("--data-dir", data) as service:
        yield service


@pytest.fixture(scope="module")
def built() -> Path:
    """The client's own tests, beside node_modules, where Node looks for them."""
    ran(TSC, "--project", "tsconfig.json")
    return CLIENT / "build" / "tests"


def test_it_does_in_node_what_its_tests_say_against_the_real_program(
    service: Service, built: Path
) -> None:
    said = ran("node", "--test", built / "live.test.js", SITEWATT_URL=service.url)
    assert re.search(r"^# pass [1-9]", said, re.MULTILINE), said


def test_it_does_in_node_what_its_tests_say_when_what_answers_is_not_well_or_another(
    built: Path,
) -> None:
    for name in ("away", "stopped", "portals"):
        said = ran("node", "--test", built / f"{name}.test.js")
        assert re.search(r"^# pass [1-9]", said, re.MULTILINE), said


def test_the_page_compiles_strictly_and_answers_what_it_says(
    service: Service, project: Path
) -> None:
    blocks = re.findall(r"^```(ts|text)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    program = "".join(text for kind, text in blocks if kind == "ts")
    (project / "page.ts").write_text(program.replace(SERVICE, service.url))
    ran(TSC, *STRICT, "page.ts", cwd=project)
    said = ran("node", "page.js", cwd=project)
    assert said == "".join(text for kind, text in blocks if kind == "text")


def test_what_users_import_compiles_strictly_for_a_browser_too(project: Path) -> None:
    (project / "in_browser.ts").write_text('export * from "sitewatt-client";\n')
    options = {"strict": True, "noEmit": True, "types": [], "lib": ["ES2022", "DOM"]}
    options |= {"module": "ESNext", "moduleResolution": "Bundler", "target": "ES2022"}
    configuration = {"compilerOptions": options, "files": ["in_browser.ts"]}
    (project / "tsconfig.json").write_text(json.dumps(configuration))
    ran(TSC, "--project", "tsconfig.json", cwd=project)


def test_a_mistake_of_a_user_does_not_compile(project: Path) -> None:
    (project / "wrong.ts").write_text(
        'import type { Reading } from "sitewatt-client";\n'
        'export const reading: Reading = { "dt-stamp": "2023-01-01T00:00:00Z", sco: 1 };\n'
    )
    done = subprocess.run(
        [TSC, *STRICT, "--noEmit", "wrong.ts"], cwd=project, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "'sco' does not exist in type" in done.stdout


def test_the_package_holds_what_was_built_and_nothing_else() -> None:
    ran("npm", "run", "--silent", "build")
    [packed] = json.loads(ran("npm", "pack", "--dry-run", "--json"))
    files = {file["path"] for file in packed["files"]}
    sources = [file.stem for file in (CLIENT / "src").glob("*.ts")]
    built = {f"dist/{name}.{end}" for name in sources for end in ("js", "d.ts")}
    assert files == built | {"package.json", "README.md", "LICENSE"}


def test_its_types_are_those_of_the_contract_and_the_same_each_time(tmp_path: Path) -> None:
    contract = tmp_path / "openapi.json"
    contract.write_text(json.dumps(openapi.bundle()))
    made = ("contract.ts", "shapes.ts")
    for place in (tmp_path / "once", tmp_path / "twice"):
        place.mkdir()
        ran("node", "generate.mjs", contract, *(place / name for name in made))
    for name in made:
        once = (tmp_path / "once" / name).read_bytes()
        assert once == (tmp_path / "twice" / name).read_bytes()
        assert once == (CLIENT / "src" / name).read_bytes(), "make clients"
