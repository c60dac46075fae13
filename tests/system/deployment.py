"""The files that the service is shipped and run with, read as what they are."""

import configparser
import re
import shlex
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from program import ROOT

DEPLOY = ROOT / "deploy"
HAPROXY = (DEPLOY / "haproxy" / "haproxy.cfg").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
KUBERNETES: dict[str, Any] = {
    file.stem: yaml.safe_load(file.read_text())
    for file in (DEPLOY / "kubernetes" / "base").glob("*.yaml")
}
POD: dict[str, Any] = KUBERNETES["deployment"]["spec"]["template"]["spec"]
CONTAINER: dict[str, Any] = POD["containers"][0]


class Instruction(NamedTuple):
    """One instruction of a Dockerfile, on one line."""

    name: str
    words: str


class Dockerfile:
    """The stages of a Dockerfile, each with what comes after its FROM."""

    def __init__(self, file: Path) -> None:
        lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
        joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
        each = [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines() if line]
        self.stages: list[list[Instruction]] = []
        self.arguments: dict[str, str] = {}
        for instruction in each:
            if instruction.name == "FROM":
                self.stages.append([])
            elif self.stages:
                self.stages[-1].append(instruction)
            else:
                name, _, value = instruction.words.partition("=")
                self.arguments[name] = value

    def last(self, name: str) -> str:
        """The words of an instruction of the image itself."""
        return next(words for each, words in reversed(self.stages[-1]) if each == name)

    def pairs(self, name: str, stage: int = -1) -> dict[str, str]:
        """What all ENV or LABEL of a stage say."""
        words = [
            word for each, text in self.stages[stage] if each == name for word in shlex.split(text)
        ]
        return dict(word.split("=", 1) for word in words)


IMAGE = Dockerfile(ROOT / "Dockerfile")


class Unit:
    """A systemd unit, or a part of one."""

    def __init__(self, name: str) -> None:
        self.file = DEPLOY / "systemd" / name
        parser = configparser.RawConfigParser(strict=False, interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign]  # names are case-sensitive
        text = self.file.read_text()
        self.environment = dict(re.findall(r"^Environment=(\w+)=(.*)$", text, re.MULTILINE))
        parser.read_string(text)
        self.service = parser["Service"]
