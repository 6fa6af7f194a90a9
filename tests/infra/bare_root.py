"""Build a target of the Dockerfile without Docker: ``python -m tests.infra.bare_root cpu FOLDER``.

FOLDER holds a Debian with Python and venv (debootstrap makes one). Its lines are run in order, as root in a
chroot, each as the user, in the folder and with the variables that it would have in the image. Arguments of
the build (``CPU_INDEX``, ``COMMIT``) are taken from the environment.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]


def lines(text: str, target: str) -> Iterator[tuple[str, str]]:
    """Yield instruction and words of each line of the base and of the target."""
    joined = re.sub(r"\\\n", " ", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    stage = ""
    for line in filter(None, map(str.strip, joined.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stage = rest.rsplit(" ", 1)[-1]
        elif stage in ("base", target):
            yield word, " ".join(rest.split())


@dataclass
class Image:
    """What the lines so far have made."""

    root: Path
    user: str = "root"
    folder: str = "/"
    variables: dict[str, str] = field(
        default_factory=lambda: {"PATH": "/usr/local/bin:/usr/bin:/usr/sbin:/bin"}
    )

    def do(self, word: str, rest: str) -> None:
        """Carry one line out; what only describes the image is passed over."""
        if word == "RUN":
            self.run(rest)
        elif word == "USER":
            self.user = rest
        elif word == "WORKDIR":
            self.folder = rest
        elif word == "ENV":
            for name, value in re.findall(r"(\w+)=(\S+)", rest):
                self.variables[name] = os.path.expandvars(value.replace("$PATH", self.variables["PATH"]))
        elif word == "ARG":
            name, _, default = rest.partition("=")
            self.variables |= {name: os.environ.get(name, default.strip('"'))}
        elif word == "COPY":
            self.copy(rest.split()[1:])

    def run(self, command: str) -> None:
        """Run a command inside, failing as the build would."""
        who = [] if self.user == "root" else ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"]
        inside = ["chroot", str(self.root), *who, "sh", "-c", f"cd {self.folder} && {command}"]
        print(f"RUN {command}", flush=True)
        subprocess.run(inside, check=True, env=self.variables)

    def copy(self, names: list[str]) -> None:
        """Copy files and folders of the checkout, to be the user's."""
        *sources, to = names
        for name in sources:
            there = self.root / self.folder.lstrip("/") / (to if to != "./" else name)
            shutil.rmtree(there, ignore_errors=True)
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, there)
            subprocess.run(["chown", "-R", "1000", there], check=True)


def main(target: str, folder: str) -> None:
    """Build, then see that the image can do what it is for."""
    image = Image(Path(folder))
    for word, rest in lines((ROOT / "docker" / "Dockerfile").read_text(), target):
        image.do(word, rest)
    image.run("vf-ray --help > /dev/null && ray --version && prefect --version && id -u")


if __name__ == "__main__":
    main(*sys.argv[1:])
