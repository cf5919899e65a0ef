"""Apache Jena as Debian packages it (libapache-jena-java), for tests and benchmarks that need another reader."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

_JARS = Path("/usr/share/java")


def is_installed() -> bool:
    """Whether Java and Jena are there."""
    return shutil.which("java") is not None and (_JARS / "jena-core.jar").exists()


def java_command(folder: Path) -> list[str]:
    """The command that runs a Java class, or a single source file, with Debian's jars on the class path.

    Args:
        folder: an empty folder, for files that Jena needs.
    """
    # Debian moved the classes of Jena's XML library but not its messages, without which it does not start.
    moved_from = "org/apache/jena/ext/"
    with zipfile.ZipFile(_JARS / "jena-core.jar") as jar:
        for name in jar.namelist():
            if name.startswith(moved_from) and name.endswith(".properties"):
                target = folder / name.removeprefix(moved_from)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(jar.read(name))
    # Debian puts the jars of all its packages into one folder; of the logging back ends there, two must not meet.
    loggers = ("log4j", "slf4j-", "maven", "jcl-over", "jul-to")
    jars = [str(jar) for jar in sorted(_JARS.glob("*.jar")) if not jar.name.startswith(loggers)]
    path = ":".join([str(folder), *jars, str(_JARS / "slf4j-api.jar"), str(_JARS / "slf4j-nop.jar")])
    return ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", path]
