#!/usr/bin/env python3
"""Kills a process that writes ledgers, again and again, and verifies that everything it acknowledged is there.

    scripts/kill_ledger.py PROGRAM [N] [SEED]

PROGRAM is kumiko-bench-ledger. Each round it writes three lanes until kill -9 strikes between 5 and 400 ms after the first
acknowledgement; then it is started again to verify: the lanes lead to their heads, the last entries' signatures and bodies
hold, the state that was set with them is of the same transaction, and no lane is shorter than was acknowledged. In every tenth
round a second process is started beside the first, and must be refused. At the end one lane is written as files of tlog-tiles and
verified by scripts/check_ledger.py, where Python has the package cryptography.
"""
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    program, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100
    dice = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    began, lost, torn, refused, held = time.monotonic(), 0, 0, 0, {}
    acknowledged = {}
    with tempfile.TemporaryDirectory() as directory:
        path = str(pathlib.Path(directory) / "ledger")
        for number in range(rounds):
            child = subprocess.Popen([program, "hammer", path], stdout=subprocess.PIPE, text=True)
            first = child.stdout.readline()
            lines = [first]
            reader = threading.Thread(target=lambda: lines.extend(child.stdout))
            reader.start()
            if number % 10 == 0:
                second = subprocess.run([program, "hold", path], capture_output=True, text=True)
                if second.returncode != 0 and "in use" in second.stderr + second.stdout:
                    refused += 1
                else:
                    print(f"round {number}: a second process was not refused: {second.stdout}{second.stderr}")
                    return 1
            time.sleep(dice.uniform(0.005, 0.4))
            child.kill()
            child.wait()
            reader.join()
            for line in lines:
                parts = line.split()
                if len(parts) == 2 and parts[1].isdigit() and line.endswith("\n"):
                    acknowledged[parts[0]] = max(acknowledged.get(parts[0], 0), int(parts[1]))
                elif line.startswith("error"):
                    print(f"round {number}: {line}")
                    return 1
            check = subprocess.run([program, "hold", path], capture_output=True, text=True)
            if check.returncode != 0:
                print(f"round {number}: does not verify: {check.stdout}{check.stderr}")
                return 1
            held = {}
            for line in check.stdout.splitlines():
                lane, size, state = line.split()
                held[lane] = int(size)
                torn += state != size
            lost += sum(held.get(lane, 0) < size for lane, size in acknowledged.items())
        folder = str(pathlib.Path(directory) / "log")
        subprocess.run([program, "hold", path, folder], check=True, capture_output=True)
        script = pathlib.Path(__file__).with_name("check_ledger.py")
        try:
            import cryptography  # noqa: F401
        except ImportError:
            print("check_ledger.py was not run: Python has no package cryptography")
        else:
            check = subprocess.run([sys.executable, script, folder], capture_output=True, text=True)
            print(check.stdout.strip())
            if check.returncode != 0:
                return 1
    entries = sum(held.values())
    print(f"{rounds} kills, {entries} entries in {len(held)} lanes, {refused} second processes refused; "
          f"lanes with lost entries: {lost}, torn transactions: {torn}; {time.monotonic() - began:.0f} s")
    return 1 if lost or torn or not entries else 0


if __name__ == "__main__":
    sys.exit(main())
