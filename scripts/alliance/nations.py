"""Nations made by the commands that a user would type, and their nodes as processes."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.request


class Failure(Exception):
    """What went wrong, in a sentence."""


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Nation:
    """A nation's folder and its node."""

    def __init__(self, kumiko, name, root, realm="test"):
        self.kumiko, self.name, self.realm = str(kumiko), name, realm
        self.folder = pathlib.Path(root) / name
        self.folder.mkdir(parents=True)
        self.identity = self.folder / "identity"
        self.ledger = self.folder / "ledger"
        self.history = self.folder / "history"
        self.config = self.folder / "kumiko.yaml"
        self.log_file = self.folder / "node.log"
        self.listen = free_port()
        self.http = free_port()
        self.feed = free_port(socket.SOCK_DGRAM)
        self.process = None
        self.started = self.ready_in = None
        self.introduction = self.folder.parent / f"{name}.introduction"
        made = self.run("nation", "init", name, "--realm", realm, "--node", "one", "--host", "127.0.0.1",
                        "--folder", self.identity)
        self.introduction.write_bytes(made.stdout)
        self.fingerprint = made.stderr.decode().split("voice:")[1].strip().splitlines()[0].strip()

    def run(self, *arguments, status=0):
        done = subprocess.run([self.kumiko, *map(str, arguments)], capture_output=True, timeout=60)
        if status is not None and done.returncode != status:
            raise Failure(f"kumiko {' '.join(map(str, arguments))}: status {done.returncode}: {done.stderr.decode()}")
        return done

    def introduce(self, other):
        self.run("partner", "add", other.introduction, "--fingerprint", other.fingerprint, "--folder", self.identity)

    def agree(self, files):
        folder = self.folder / "agreements"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text)

    def configure(self, sensors, label, partners, history=True):
        """Writes kumiko.yaml. `sensors` are lines of YAML, `partners` pairs of a nation and a port."""
        lines = [f"  - {{nation: {nation}, address: \"127.0.0.1:{port}\"}}" for nation, port in partners]
        self.config.write_text("\n".join([
            f"node: {{name: Alliance {self.name}, nation: {self.name}, realm: {self.realm}}}",
            f"http: {{host: 127.0.0.1, port: {self.http}}}",
            f"history: {{enabled: {str(history).lower()}, directory: {self.history}}}",
            "sensors:", *[f"  - {sensor}" for sensor in sensors],
            "feeds:", f"  - {{name: receivers, format: asterix, listen: \"127.0.0.1:{self.feed}\"}}",
            "release:", f"  agreements: {self.folder / 'agreements'}", f"  label: {label}",
            "federation:", f"  identity: {self.identity}", f"  ledger: {self.ledger}",
            f"  listen: \"127.0.0.1:{self.listen}\"", "  partners:", *["  " + l for l in lines],
        ]) + "\n")

    # The process.

    def start(self):
        """Starts the node; `wait` tells when it answers."""
        self.started, self.ready_in = time.monotonic(), None
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [self.kumiko, "serve", "--config", str(self.config)], stdout=subprocess.PIPE, stderr=log,
                stdin=subprocess.DEVNULL, cwd=self.folder)
        threading.Thread(target=self._watch, args=(self.process, self.started), daemon=True).start()

    def _watch(self, process, started):
        """The address on standard output says that the node can be used."""
        if process.stdout.readline() and process is self.process:
            self.ready_in = time.monotonic() - started

    def wait(self, seconds=30):
        end = time.monotonic() + seconds
        while self.ready_in is None:
            if self.process.poll() is not None:
                raise Failure(f"{self.name}: the node ended with status {self.process.returncode}: {self.last_words()}")
            if time.monotonic() > end:
                raise Failure(f"{self.name}: the node is not ready after {seconds} s")
            time.sleep(0.01)
        return self.ready_in

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """Ends the node in order."""
        if self.process is None or self.process.poll() is not None:
            return None
        self.process.terminate()
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    @property
    def is_up(self):
        return self.process is not None and self.process.poll() is None

    def last_words(self, count=3):
        try:
            return " | ".join(self.log_file.read_text(errors="replace").strip().splitlines()[-count:])
        except OSError:
            return ""

    def log_lines(self, text):
        """The lines of the node's log that hold a text."""
        try:
            return [line for line in self.log_file.read_text(errors="replace").splitlines() if text in line]
        except OSError:
            return []

    def memory(self):
        """Resident memory, MB, now and at most."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return tuple(int(re.search(rf"{key}:\s+(\d+)", text)[1]) / 1024 for key in ("VmRSS", "VmHWM"))

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # What it tells.

    def get(self, path, seconds=10):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=seconds) as answer:
            return answer.read()

    def metrics(self):
        """The figures by name and labels, as Prometheus spells them."""
        found = {}
        for line in self.get("/metrics").decode().splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                found[name] = float(value)
        return found

    def tracks(self):
        return json.loads(self.get("/api/tracks", 30))["features"]


def partner(metrics, name, nation, **labels):
    """A figure of a partner."""
    wanted = [f'partner="{nation}"', *[f'{key}="{value}"' for key, value in labels.items()]]
    for key, value in metrics.items():
        if key.startswith(f"kumiko_partner_{name}{{") and all(one in key for one in wanted):
            return value
    return 0.0
