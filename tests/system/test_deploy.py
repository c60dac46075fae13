"""What the service is shipped and run with holds together, and with the program.

Names, ports, paths and times stand in many files, of which none reads another.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from deployment import COMPOSE, CONTAINER, DEPLOY, HAPROXY, IMAGE, KUBERNETES, POD, SERVICES, Unit
from program import ROOT, SITEWATT, environment

import openapi
from sitewatt import settings
from sitewatt.settings import SETTINGS

PAGE = (ROOT / "docs" / "how-to" / "deploy.md").read_text()
VERSION = re.search(r"^version = (.*)$", (ROOT / "setup.cfg").read_text(), re.MULTILINE)
BY_VARIABLE = {setting.variable: setting for setting in SETTINGS}
SECRETS = {"SITEWATT_MONGODB_URI": "mongodb_uri", "SITEWATT_ADMIN_KEY": "admin_key"}
"""What must never stand in a file of these, and the file that holds it."""
HARMLESS_MARGIN = 5

UNIT, OWN_MONGODB = Unit("sitewatt.service"), Unit("own-mongodb.conf")
POD_ENVIRONMENT = {entry["name"]: entry["value"] for entry in CONTAINER["env"]}
COMPOSE_ENVIRONMENT: dict[str, str] = SERVICES["sitewatt"]["environment"]
ENVIRONMENTS = {
    "image": IMAGE.pairs("ENV"),
    "compose": COMPOSE_ENVIRONMENT,
    "kubernetes": POD_ENVIRONMENT,
    "systemd": UNIT.environment,
    "systemd with a MongoDB of one's own": UNIT.environment | OWN_MONGODB.environment,
}
each_environment = pytest.mark.parametrize("name", ENVIRONMENTS)


def ours(name: str) -> dict[str, str]:
    """The settings in an environment."""
    return {key: text for key, text in ENVIRONMENTS[name].items() if key.startswith("SITEWATT_")}


def seconds(text: Any) -> int:
    return int(re.fullmatch(r"(\d+)s?", str(text))[1])  # type: ignore[index]  # fails if it is none


# Settings


@each_environment
def test_every_variable_is_a_setting_with_a_value_that_it_takes(name: str) -> None:
    assert ours(name)
    for variable, text in ours(name).items():
        BY_VARIABLE[variable].read(text)


@each_environment
def test_no_secret_is_given_by_its_value(name: str) -> None:
    assert not SECRETS.keys() & ENVIRONMENTS[name].keys()


@pytest.mark.parametrize("name", ["compose", "kubernetes"])
def test_what_listens_everywhere_has_a_key_and_its_port_is_the_images(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / "uri").write_text("mongodb://localhost/")
    given = ours("image") | ours(name) | {"SITEWATT_MONGODB_URI_FILE": str(tmp_path / "uri")}
    chosen = settings.load({}, given)
    assert (chosen.host, chosen.port) == ("0.0.0.0", int(IMAGE.last("EXPOSE")))
    assert chosen.admin_key_file is not None
    assert chosen.log_format == "json"


@pytest.mark.parametrize("name", ["compose", "kubernetes", "systemd"])
def test_the_service_keeps_connections_longer_than_haproxy(name: str) -> None:
    kept = int(ours(name)["SITEWATT_KEEP_ALIVE_TIMEOUT"])
    idle = re.search(r"timeout http-keep-alive (\d+)s", HAPROXY)
    assert idle
    assert kept > int(idle[1])


def test_a_process_takes_requests_until_haproxy_knows_that_it_is_not_ready() -> None:
    checks = re.search(r"check inter (\d+)s fastinter (\d+)ms .* fall 2 ", HAPROXY)
    assert checks
    seen_after = int(checks[1]) + int(checks[2]) / 1000
    assert int(COMPOSE_ENVIRONMENT["SITEWATT_DRAIN_TIME"]) > seen_after


def test_haproxy_waits_longer_than_the_service_does_for_its_database() -> None:
    server = re.search(r"timeout server (\d+)s", HAPROXY)
    default = BY_VARIABLE["SITEWATT_MONGODB_TIMEOUT"].default
    assert server
    assert default
    assert int(server[1]) > int(default) + HARMLESS_MARGIN


# The user, and what may be written


def test_the_user_is_a_number_and_the_same_everywhere() -> None:
    user, group = map(int, IMAGE.last("USER").split(":"))
    assert min(user, group) >= 10_000
    context = POD["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"]) == (user, group)
    assert context["runAsNonRoot"] is True
    made = next(words for name, words in IMAGE.stages[-1] if name == "RUN")
    assert f"--gid {group} sitewatt" in made
    assert f"--uid {user} --gid {group}" in made


def test_nothing_can_be_written_and_no_rights_can_be_had() -> None:
    for name, service in SERVICES.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert POD["automountServiceAccountToken"] is False
    assert KUBERNETES["service-account"]["automountServiceAccountToken"] is False


def test_everything_that_runs_on_in_compose_has_limits_and_a_health_check() -> None:
    for name, service in SERVICES.items():
        if service["restart"] != "no":
            assert service["deploy"]["resources"]["limits"].keys() >= {"cpus", "memory"}, name
            assert service["healthcheck"]["test"][0] == "CMD", name


# Secrets


def test_a_file_that_a_setting_names_is_a_secret_that_is_given() -> None:
    for variable, path in ours("compose").items():
        if variable.endswith("_FILE"):
            assert Path(path).parent == Path("/run/secrets")
            assert Path(path).name in SERVICES["sitewatt"]["secrets"]
    mount = CONTAINER["volumeMounts"][0]
    items = {item["path"] for item in POD["volumes"][0]["secret"]["items"]}
    for variable, path in ours("kubernetes").items():
        if variable.endswith("_FILE"):
            assert str(Path(path).parent) == mount["mountPath"]
            assert Path(path).name in items
    loaded = [UNIT.service["LoadCredential"], OWN_MONGODB.service["LoadCredential"]]
    named = [path for key, path in ENVIRONMENTS["systemd with a MongoDB of one's own"].items()
             if key.endswith("_FILE")]  # fmt: skip
    assert {f"%d/{each.partition(':')[0]}" for each in loaded} == set(named)


def test_every_secret_of_compose_is_used_and_lies_where_git_does_not_look() -> None:
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == COMPOSE["secrets"].keys()
    overlay = DEPLOY / "kubernetes" / "example"
    kustomization = yaml.safe_load((overlay / "kustomization.yaml").read_text())
    generated = kustomization["secretGenerator"][0]
    assert generated["name"] == POD["volumes"][0]["secret"]["secretName"]
    places = [ROOT / secret["file"] for secret in COMPOSE["secrets"].values()]
    places += [overlay / file.partition("=")[2] for file in generated["files"]]
    keys = {item["key"] for item in POD["volumes"][0]["secret"]["items"]}
    assert {file.partition("=")[0] for file in generated["files"]} == keys
    if shutil.which("git") and (ROOT / ".git").exists():
        told = subprocess.run(["git", "check-ignore", *places], cwd=ROOT, capture_output=True)
        assert len(told.stdout.splitlines()) == len(places)


# Probes


def test_every_probe_asks_an_operation_that_needs_no_key() -> None:
    operations = openapi.bundle()["paths"]
    asked = {
        "startup": CONTAINER["startupProbe"]["httpGet"]["path"],
        "liveness": CONTAINER["livenessProbe"]["httpGet"]["path"],
        "readiness": CONTAINER["readinessProbe"]["httpGet"]["path"],
        "haproxy": re.findall(r"http-check send meth GET uri (\S+)", HAPROXY)[0],
    }
    assert asked == {
        "startup": "/livez", "liveness": "/livez", "readiness": "/readyz", "haproxy": "/readyz",
    }  # fmt: skip
    for path in asked.values():
        assert operations[path]["get"]["security"] == []


def test_probes_and_services_find_the_port_by_its_name() -> None:
    port = CONTAINER["ports"][0]
    assert port["containerPort"] == int(IMAGE.last("EXPOSE"))
    probes = [CONTAINER[f"{kind}Probe"]["httpGet"]["port"] for kind in ("startup", "liveness")]
    backend = KUBERNETES["ingress"]["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    policy = KUBERNETES["network-policy"]["spec"]["ingress"][0]["ports"][0]["port"]
    target = KUBERNETES["service"]["spec"]["ports"][0]["targetPort"]
    assert {*probes, backend["port"]["name"], policy, target} == {port["name"]}
    assert backend["name"] == KUBERNETES["service"]["metadata"]["name"]


def test_whatever_selects_pods_selects_these() -> None:
    labels = KUBERNETES["deployment"]["spec"]["template"]["metadata"]["labels"]
    selectors = [
        KUBERNETES["deployment"]["spec"]["selector"]["matchLabels"],
        KUBERNETES["service"]["spec"]["selector"],
        KUBERNETES["pod-disruption-budget"]["spec"]["selector"]["matchLabels"],
        KUBERNETES["network-policy"]["spec"]["podSelector"]["matchLabels"],
        *(each["labelSelector"]["matchLabels"] for each in POD["topologySpreadConstraints"]),
    ]
    assert all(selector == labels for selector in selectors)
    scaled = KUBERNETES["horizontal-pod-autoscaler"]["spec"]["scaleTargetRef"]
    assert scaled["name"] == KUBERNETES["deployment"]["metadata"]["name"]
    assert "replicas" not in KUBERNETES["deployment"]["spec"]


# Times


@each_environment
def test_what_waits_for_the_database_has_its_answer_before_the_process_ends(name: str) -> None:
    waits = settings.one("mongodb_timeout", {}, ours(name))
    assert settings.one("shutdown_timeout", {}, ours(name)) >= waits + HARMLESS_MARGIN


def test_the_grace_time_is_enough_for_what_the_service_does_in_it() -> None:
    waits = int(CONTAINER["lifecycle"]["preStop"]["exec"]["command"][1])
    drains = int(POD_ENVIRONMENT["SITEWATT_SHUTDOWN_TIMEOUT"])
    assert POD["terminationGracePeriodSeconds"] >= waits + drains + HARMLESS_MARGIN
    drains = int(COMPOSE_ENVIRONMENT["SITEWATT_SHUTDOWN_TIMEOUT"])
    drains += int(COMPOSE_ENVIRONMENT["SITEWATT_DRAIN_TIME"])
    assert seconds(SERVICES["sitewatt"]["stop_grace_period"]) >= drains + HARMLESS_MARGIN
    assert seconds(SERVICES["haproxy"]["stop_grace_period"]) >= 30 + HARMLESS_MARGIN
    drains = int(UNIT.environment["SITEWATT_SHUTDOWN_TIMEOUT"])
    assert int(OWN_MONGODB.service["TimeoutStopSec"]) >= drains + HARMLESS_MARGIN
    # Its own mongod comes to its end after it, and may need 15 s for that.
    assert int(UNIT.service["TimeoutStopSec"]) >= drains + 15 + HARMLESS_MARGIN


# Versions


def test_the_image_is_of_this_version() -> None:
    assert VERSION
    labels = IMAGE.pairs("LABEL")
    assert labels["org.opencontainers.image.version"] == VERSION[1]
    assert labels["org.opencontainers.image.base.name"].endswith(IMAGE.arguments["PYTHON_IMAGE"])
    images = {service["image"] for service in SERVICES.values()} | {CONTAINER["image"]}
    assert {image for image in images if image.startswith("sitewatt")} == {f"sitewatt:{VERSION[1]}"}


def test_every_image_of_others_is_pinned_to_a_version_that_the_page_names() -> None:
    images = {service["image"] for service in SERVICES.values()}
    others = {image for image in images if not image.startswith("sitewatt")}
    others |= {IMAGE.arguments["PYTHON_IMAGE"]}
    assert len(others) == 3
    for image in others:
        assert re.fullmatch(r"[a-z]+:\d+\.\d+\.\d+(-[a-z-]+)?", image)
        assert f"`{image}`" in PAGE


def test_pythons_version_is_one_that_the_package_allows_and_names() -> None:
    minor = re.match(r"python:(\d+\.\d+)\.", IMAGE.arguments["PYTHON_IMAGE"])
    assert minor
    assert f"Programming Language :: Python :: {minor[1]}\n" in (ROOT / "setup.cfg").read_text()


# The page


COMMANDS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.split("\n")[0])
def test_a_command_of_the_page_does_what_it_says(command: str, tmp_path: Path) -> None:
    for word, program in {"kubectl": "kubectl", "certificate": "openssl"}.items():
        if word in command:
            tool(program)
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    path = f"{SITEWATT.parent}:{environment()['PATH']}"
    done = subprocess.run(
        ["sh", "-ec", command],
        env=environment() | {"PATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout or list(tmp_path.glob("secrets/*"))


def test_every_command_of_the_page_is_run_or_says_that_it_is_not() -> None:
    kinds = re.findall(r"^```(.+)$", PAGE, re.MULTILINE)
    assert set(kinds) == {"sh", "sh not-run", "js not-run"}
    assert kinds.count("sh") == len(COMMANDS) == 4


def test_the_page_names_no_variable_and_no_file_that_is_not_there() -> None:
    assert set(re.findall(r"SITEWATT_[A-Z_]*[A-Z]", PAGE)) <= BY_VARIABLE.keys()
    for place in set(re.findall(r"\bdeploy/[\w./-]+\w", PAGE)):
        assert (ROOT / place).exists(), place
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / "how-to" / target).exists(), target


def test_the_page_says_the_times_of_haproxys_configuration() -> None:
    for limit, said in (("http-request", "s, with 408;"), ("client", "s |")):
        time = re.search(rf"timeout {limit} (\d+) ?s", HAPROXY)
        assert time
        assert f"| {time[1]} {said}" in PAGE
    assert f"| {BY_VARIABLE['SITEWATT_BODY_TIMEOUT'].default} s, with 408 of the service" in PAGE


# What the tools of others say, where they are


def tool(name: str) -> str:
    """Return where a program is; the test is skipped when it is not there."""
    found = shutil.which(name)
    if not found:
        pytest.skip(f"there is no {name} here")
    return found


def test_haproxy_can_read_its_configuration_without_a_warning(tmp_path: Path) -> None:
    haproxy = tool("haproxy")
    tool("openssl")
    script = DEPLOY / "compose" / "make-certificate"
    subprocess.run(["sh", script, tmp_path], check=True)
    given = {"CERTIFICATE": str(tmp_path / "certificate")}
    given |= {"SERVER_1": "127.0.0.1:8080", "SERVER_2": "127.0.0.1:8081"}
    file = DEPLOY / "haproxy" / "haproxy.cfg"
    done = subprocess.run([haproxy, "-c", "-f", file], env=given, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr


def test_systemd_can_read_the_unit_with_and_without_its_addition(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze")
    unit = UNIT.file.read_text().replace("/opt/sitewatt/bin/sitewatt", shutil.which("true") or "")
    (tmp_path / "sitewatt.service").write_text(unit)
    for _ in range(2):
        words = [analyze, "verify", "--man=no", tmp_path / "sitewatt.service"]
        done = subprocess.run(words, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        (tmp_path / "sitewatt.service.d").mkdir(exist_ok=True)
        shutil.copy(OWN_MONGODB.file, tmp_path / "sitewatt.service.d")


def test_systemd_finds_little_that_the_unit_leaves_open() -> None:
    words = [tool("systemd-analyze"), "security", "--offline=true", "--threshold=20", UNIT.file]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def example(tmp_path: Path) -> list[dict[str, Any]]:
    """What the overlay of the example comes to, with secrets that are none."""
    shutil.copytree(DEPLOY / "kubernetes", tmp_path / "kubernetes")
    secrets = tmp_path / "kubernetes" / "example" / "secrets"
    secrets.mkdir()
    (secrets / "admin_key").write_text("k" * 43)
    (secrets / "mongodb_uri").write_text("mongodb://localhost/")
    done = subprocess.run([tool("kubectl"), "kustomize", secrets.parent], capture_output=True)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def test_the_example_is_whole_and_fits_the_schemas_of_kubernetes(
    example: list[dict[str, Any]],
) -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="make deploy-check installs it")
    by_kind = {document["kind"]: document for document in example}
    assert len(by_kind) == len(example) == len(KUBERNETES) - 1 + 2
    for document in example:
        for version in ("1.30", "1.37"):
            validate.validate(document, version, strict=True)
    assert all(d["metadata"].get("namespace", "sitewatt") == "sitewatt" for d in example)
    pod = by_kind["Deployment"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "registry.example/sitewatt:0.1.0"
    assert pod["volumes"][0]["secret"]["secretName"] == by_kind["Secret"]["metadata"]["name"]
    assert by_kind["Secret"]["data"].keys() == {"admin_key", "mongodb_uri"}


def test_the_schemas_refuse_what_is_misspelt() -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="make deploy-check installs it")
    wrong = yaml.safe_load(yaml.safe_dump(KUBERNETES["deployment"]))
    wrong["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(validate.ValidationError, match="readinesProbe"):
        validate.validate(wrong, "1.37", strict=True)
