#!/usr/bin/env python3
"""A partner who does not run Kumiko: takes what a node sends it for some seconds, and keeps each message as it came.

    scripts/alliance/receiver.py HOST PORT --record FILE … the other arguments as of scripts/check_federation.py

What is kept is what was inside TLS, so it can be searched. gRPC's own library and code made from the published description;
entries are not acknowledged.
"""
import pathlib
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import check_federation  # noqa: E402


def main():
    at = sys.argv.index("--record")
    record = pathlib.Path(sys.argv[at + 1])
    del sys.argv[at:at + 2]
    options = check_federation.arguments()
    check = check_federation.Check(options)
    pb = check.pb
    leaves = 0

    def answer(delivery):
        nonlocal leaves
        say = delivery.WhichOneof("say")
        with open(record, "ab") as file:
            file.write(delivery.SerializeToString())
        if say == "welcome":
            number = pb.BatchNumber(epoch=delivery.welcome.epoch, number=0)
            return [pb.Request(credit=pb.Credit(leaves_up_to=4096, taken=number))]
        if say == "tracks":
            leaves += len(delivery.tracks.leaves)
            return [pb.Request(credit=pb.Credit(leaves_up_to=leaves + 4096, taken=delivery.tracks.number)),
                    pb.Request(probe=pb.Probe(number=leaves + 1, sent_at=time.time_ns()))]
        return []

    with check.channel() as channel:
        heard, code = check.converse(channel, [check.hello()], options.seconds, answer)
    kinds = [delivery.WhichOneof("say") for delivery in heard]
    print(", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds))) or f"nothing, {code}")
    sys.exit(0 if "tracks" in kinds else 1)


if __name__ == "__main__":
    check_federation.enter_venv()
    main()
