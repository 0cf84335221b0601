"""The servers that rows compare: Krate as users run it, and Gitea."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

GIT_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "bench",
    "GIT_AUTHOR_EMAIL": "bench@krate.invalid",
    "GIT_COMMITTER_NAME": "bench",
    "GIT_COMMITTER_EMAIL": "bench@krate.invalid",
}


def git(*arguments: str, cwd: Path | None = None) -> str:
    environment = {**os.environ, **GIT_ENVIRONMENT}
    done = subprocess.run(["git", *arguments], cwd=cwd, env=environment, text=True, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"git {' '.join(arguments)}: {done.stderr}")
    return done.stdout.strip()


def free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait(what: str, holds: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.01)


class Krate:
    """`krate up`, and `krate` as its administrator."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.output = data.with_suffix(".out")
        self.web = f"http://127.0.0.1:{free_port()}"
        self.api = f"https://127.0.0.1:{free_port()}"
        self.kubeconfig = data / "admin.kubeconfig"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        listen = ["--listen", self.web.partition("//")[2], "--api-listen", self.api.partition("//")[2]]
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "krate_cli", "up", "--data", str(self.data), *listen],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        process = self._process

        def ready() -> bool:
            if process.poll() is not None:
                raise RuntimeError(self.output.read_text())
            return self.output.read_text().startswith("ready")

        wait("krate up", ready)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def pause_controllers(self) -> None:
        """Stop process B where it stands, for a row about the API server alone; it dies with its parent."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGSTOP)

    def run(self, *arguments: str, stdin: str = "") -> str:
        environment = {**os.environ, "KUBECONFIG": str(self.kubeconfig)}
        command = [sys.executable, "-m", "krate_cli", *arguments]
        done = subprocess.run(command, env=environment, input=stdin, text=True, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(f"krate {' '.join(arguments)}: {done.stderr}{done.stdout}")
        return done.stdout


@contextmanager
def krate(folder: Path) -> Iterator[Krate]:
    server = Krate(folder / "krate")
    server.start()
    try:
        yield server
    finally:
        server.stop()


def gitea_binary() -> Path | None:
    cache = os.environ.get("KRATE_TOOLS") or f"{os.environ.get('XDG_CACHE_HOME', Path.home() / '.cache')}/krate/tools"
    found = Path(cache) / "gitea"
    return found if found.exists() else None


_INI = """RUN_USER = {user}
RUN_MODE = prod
WORK_PATH = {work}
[server]
PROTOCOL = http
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
ROOT_URL = http://127.0.0.1:{port}/
STATIC_ROOT_PATH = {work}/static
APP_DATA_PATH = {work}/data
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
PATH = {work}/data/gitea.db
SQLITE_JOURNAL_MODE = WAL
[repository]
ROOT = {work}/repos
[security]
INSTALL_LOCK = true
SECRET_KEY = bench
INTERNAL_TOKEN = bench-internal-token
DISABLE_GIT_HOOKS = true
[service]
DISABLE_REGISTRATION = true
[oauth2]
JWT_SECRET = bGFzdCBuaWdodCBpIGRyZWFtdCBvZiBiZW5jaG1hcms
[cron.update_checker]
ENABLED = false
"""


class Gitea:
    """Gitea on SQLite with stock hooks, as an unprivileged user."""

    def __init__(self, binary: Path, work: Path) -> None:
        self.work = work
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._as = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
        self._user = "nobody" if self._as else pwd.getpwuid(os.geteuid()).pw_name
        self._process: subprocess.Popen[bytes] | None = None
        self.binary = work / "gitea"
        work.mkdir(parents=True)
        shutil.copy(binary, self.binary)
        self._static(work / "static")
        self.ini = work / "app.ini"
        self.ini.write_text(_INI.format(user=self._user, work=work, port=self.port))
        if self._as:
            subprocess.run(["chown", "-R", "nobody:nogroup", str(work)], check=True)
            for parent in [work, *work.parents][:-1]:
                parent.chmod(parent.stat().st_mode | 0o055)

    @staticmethod
    def _static(target: Path) -> None:
        """Templates and options lie in the module; a module cache under a private home is unreadable for others."""
        found = subprocess.run(
            ["go", "list", "-m", "-f", "{{.Dir}}", "code.gitea.io/gitea"],
            cwd="tests/cluster/tools/gitea",
            text=True,
            capture_output=True,
            check=True,
        ).stdout.strip()
        for name in ("templates", "options", "public"):
            shutil.copytree(Path(found) / name, target / name)

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "HOME": str(self.work), "USER": self._user, "GITEA_WORK_DIR": str(self.work)}

    def start(self) -> None:
        with (self.work.parent / "gitea.out").open("wb") as output:
            command = [*self._as, str(self.binary), "web", "--config", str(self.ini)]
            self._process = subprocess.Popen(command, env=self.environment, stdout=output, stderr=output)
        wait("gitea", self.healthy)

    def healthy(self) -> bool:
        url = f"{self.url}/api/healthz"
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1) as answer:
            return answer.status == 200
        return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)

    def cli(self, *arguments: str) -> str:
        command = [*self._as, str(self.binary), "--config", str(self.ini), *arguments]
        done = subprocess.run(command, env=self.environment, text=True, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(f"gitea {' '.join(arguments)}: {done.stderr}{done.stdout}")
        return done.stdout.strip()


@contextmanager
def gitea(binary: Path, folder: Path) -> Iterator[Gitea]:
    server = Gitea(binary, folder / "gitea")
    server.start()
    try:
        yield server
    finally:
        server.stop()
