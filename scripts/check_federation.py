#!/usr/bin/env python3
"""Speaks to a node's federation port as a partner would who does not run Kumiko: gRPC's own Python library, and code made
from protocol/kumiko/federation/v1/federation.proto by gRPC's own tools.

    scripts/check_federation.py HOST PORT --ca jp-ca.pem --certificate au.pem --key au.key \\
        --nation au --realm test --node au-1 --partner jp

It says hello and reads the welcome, measures the clock's offset by a probe, counts for --seconds what is delivered, and then
tries what must be refused: no certificate, another nation's name, no hello, an older version that nobody speaks. Exits with
0 only if all of it went as described. A node to try it on: kumiko-bench-wire serve DIRECTORY PORT.

The libraries (check_federation.requirements.txt) are installed into .venv/federation the first time.
"""

import argparse
import importlib
import os
import pathlib
import queue
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv" / "federation"


def enter_venv():
    """Starts this script again in its own environment, with the libraries in it."""
    try:
        importlib.import_module("grpc_tools")
        return
    except ImportError:
        if os.environ.get("KUMIKO_CHECK_FEDERATION"):
            raise
    python = VENV / "bin" / "python"
    requirements = ROOT / "scripts" / "check_federation.requirements.txt"
    stamp = VENV / "installed"
    if not stamp.exists() or stamp.read_bytes() != requirements.read_bytes():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements], check=True)
        stamp.write_bytes(requirements.read_bytes())
    os.execve(python, [str(python), *sys.argv], {**os.environ, "KUMIKO_CHECK_FEDERATION": "1"})


def load_messages():
    """Makes the Python of the description, outside the project."""
    from grpc_tools import protoc

    folder = tempfile.mkdtemp(prefix="kumiko-federation-")
    code = protoc.main([
        "protoc", f"--proto_path={ROOT / 'protocol'}", f"--python_out={folder}", f"--grpc_python_out={folder}",
        "kumiko/federation/v1/federation.proto"])
    if code != 0:
        sys.exit("the description does not compile")
    sys.path.insert(0, folder)
    return (importlib.import_module("kumiko.federation.v1.federation_pb2"),
            importlib.import_module("kumiko.federation.v1.federation_pb2_grpc"))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--ca", required=True, help="the partner's authority, PEM")
    parser.add_argument("--certificate", required=True, help="this node's certificate, PEM")
    parser.add_argument("--key", required=True, help="its private key, PEM")
    parser.add_argument("--nation", required=True)
    parser.add_argument("--realm", default="live")
    parser.add_argument("--node", required=True)
    parser.add_argument("--partner", required=True)
    parser.add_argument("--server-name", help="the name in the partner's certificate, when it is not HOST")
    parser.add_argument("--seconds", type=float, default=2.0)
    return parser.parse_args()


class Check:
    def __init__(self, options):
        import grpc

        self.grpc = grpc
        self.options = options
        self.pb, self.stubs = load_messages()
        self.failures = 0

    def expect(self, what, is_so, found=""):
        print(("ok    " if is_so else "WRONG ") + what + (f": {found}" if found != "" else ""), flush=True)
        self.failures += 0 if is_so else 1

    def channel(self, with_certificate=True):
        read = lambda path: pathlib.Path(path).read_bytes()
        credentials = self.grpc.ssl_channel_credentials(
            root_certificates=read(self.options.ca),
            private_key=read(self.options.key) if with_certificate else None,
            certificate_chain=read(self.options.certificate) if with_certificate else None)
        settings = [("grpc.max_receive_message_length", 4194304), ("grpc.enable_retries", 0)]
        if self.options.server_name:
            settings.append(("grpc.ssl_target_name_override", self.options.server_name))
        return self.grpc.secure_channel(f"{self.options.host}:{self.options.port}", credentials, settings)

    def hello(self, **changes):
        fields = dict(
            oldest_version=1, newest_version=2, nation=self.options.nation, realm=self.options.realm,
            node=self.options.node, partner=self.options.partner, incarnation=time.time_ns())
        return self.pb.Request(hello=self.pb.Hello(**{**fields, **changes}))

    def converse(self, channel, requests, seconds, answer=None):
        """Says requests, hears deliveries for some seconds or to the end; `answer` may add requests to each."""
        waiting = queue.Queue()
        for request in requests:
            waiting.put(request)
        call = self.stubs.FederationStub(channel).Receive(iter(waiting.get, None), timeout=seconds)
        heard, code = [], None
        try:
            for delivery in call:
                heard.append(delivery)
                for request in answer(delivery) if answer else []:
                    waiting.put(request)
        except self.grpc.RpcError as error:
            code = error.code()
        waiting.put(None)
        return heard, code

    def refusal(self, name, requests, reason):
        with self.channel() as channel:
            heard, _ = self.converse(channel, requests, 10)
        found = [self.pb.Refusal.Reason.Name(d.refusal.reason) for d in heard if d.WhichOneof("say") == "refusal"]
        self.expect(name, found == [reason], ", ".join(found) or "no refusal")

    def run(self):
        pb = self.pb

        def answer(delivery):
            if delivery.WhichOneof("say") != "welcome":
                return []
            number = pb.BatchNumber(epoch=delivery.welcome.epoch, number=0)
            return [
                pb.Request(credit=pb.Credit(leaves_up_to=4096, taken=number)),
                pb.Request(probe=pb.Probe(number=1, sent_at=time.time_ns()))]

        with self.channel() as channel:
            heard, code = self.converse(channel, [self.hello()], self.options.seconds, answer)
        kinds = [delivery.WhichOneof("say") for delivery in heard]
        self.expect("the first answer is a welcome", kinds[:1] == ["welcome"], kinds[:1] or code)
        if kinds[:1] == ["welcome"]:
            welcome = heard[0].welcome
            self.expect("it is the partner", welcome.nation == self.options.partner, welcome.nation)
            self.expect("of this realm", welcome.realm == self.options.realm, welcome.realm)
            self.expect("it speaks a version that was offered", 1 <= welcome.version <= 2, welcome.version)
        for delivery in heard:
            if delivery.WhichOneof("say") == "echo":
                echo = delivery.echo
                offset = (echo.received_at + echo.sent_at) / 2 - echo.probe.sent_at
                self.expect("the probe came back", echo.probe.number == 1, f"{offset / 1e6:.2f} ms and half the way")
        for batch in (d.tracks for d in heard if d.WhichOneof("say") == "tracks"):
            well = len(batch.signature) == 64 and batch.lane.startswith(f"kumiko/{self.options.partner}/")
            self.expect("a batch of tracks", well, f"{len(batch.leaves)} leaves in {batch.lane}")
            break
        print("      heard " + (", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds))) or "nothing"))

        other = "us" if self.options.nation != "us" else "gb"
        self.refusal("another nation's name is refused", [self.hello(nation=other)], "WRONG_NATION")
        self.refusal("a first message that is no hello is refused", [pb.Request(credit=pb.Credit())], "OUT_OF_TURN")
        self.refusal("an empty message is refused", [pb.Request()], "MALFORMED")
        self.refusal(
            "versions that nobody speaks are refused", [self.hello(oldest_version=90, newest_version=91)],
            "NO_COMMON_VERSION")
        with self.channel(with_certificate=False) as channel:
            heard, code = self.converse(channel, [self.hello()], 5)
        self.expect("without a certificate nothing is said", not heard and code is not None, code)
        return self.failures


if __name__ == "__main__":
    enter_venv()
    failures = Check(arguments()).run()
    sys.exit(1 if failures else 0)
