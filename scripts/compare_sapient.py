#!/usr/bin/env python3
"""Compares Kumiko's SAPIENT messages with Google's protobuf runtime and the classes of sapient-msg (both PyPI).

    scripts/compare_sapient.py [--messages N] [--seed S] [--tool COMMAND]

N messages (3,000) with random contents of every kind are made there; each must be read here with the same fields, must
be written here with the same bytes, and must be found to lack the same mandatory fields. What a session answers must
be read there. The tool is `kumiko-frames` of the pure rooms. Exit status: 0 if all agree, 1 if not, 2 if the comparison
cannot be made.
"""
import argparse
import json
import math
import os
import random
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
HOME = os.path.join(ROOT, ".venv", "sapient")
VERSION = "0.2.1"
SESSION = 100
TEXTS = ["", "Radar", "01HZX4M3Q2J8K7N6P5R4S3T2V1", "7b1f2c1e-6a54-4f0e-9a3a-0d1e2f3a4b5c", "雷達 \"é\" \\ \n", "x" * 300]


def fail(sentence):
    print(f"compare_sapient: {sentence}", file=sys.stderr)
    sys.exit(2)


def use_sapient():
    """Runs this script in an environment of its own, with the classes in it."""
    python = os.path.join(HOME, "bin", "python")
    if os.path.realpath(sys.prefix) == os.path.realpath(HOME):
        return
    if not os.path.exists(os.path.join(HOME, VERSION)):
        subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
        done = subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check",
                               f"sapient-msg=={VERSION}", "protobuf"], check=False)
        if done.returncode != 0:
            fail("sapient-msg cannot be installed from PyPI")
        open(os.path.join(HOME, VERSION), "w").close()
    os.execv(python, [python, *sys.argv])


# --------------------------------------------------------------------------------------------------- messages

def fill(message, source, depth):
    """Sets random fields of a message."""
    from google.protobuf.descriptor import FieldDescriptor as F
    full = source.random() < 0.4
    for field in message.DESCRIPTOR.fields:
        if depth > 0 and not full and source.random() < 0.5 or depth > 5 and field.message_type:
            continue
        count = source.choice([1, 1, 2, 3]) if field.is_repeated else 1
        for _ in range(count):
            if field.message_type:
                target = getattr(message, field.name)
                if field.is_repeated:
                    target = target.add()
                elif field.message_type.full_name == "google.protobuf.Timestamp":
                    target.seconds = source.randrange(0, 4_000_000_000)
                    target.nanos = source.choice([0, 250_000_000, source.randrange(10 ** 9)])
                    continue
                target.SetInParent()
                fill(target, source, depth + 1)
                continue
            value = {
                F.CPPTYPE_STRING: lambda: source.randbytes(5) if field.type == F.TYPE_BYTES else source.choice(TEXTS),
                F.CPPTYPE_BOOL: lambda: source.random() < 0.5,
                F.CPPTYPE_INT32: lambda: source.choice([0, 1, -1, 2 ** 31 - 1, -2 ** 31, source.randrange(100)]),
                F.CPPTYPE_ENUM: lambda: source.choice([v.number for v in field.enum_type.values] + [77]),
                F.CPPTYPE_DOUBLE: lambda: source.choice([0.0, -1.5, 1e-7, 1e300, math.inf, source.uniform(-180, 180)]),
                F.CPPTYPE_FLOAT: lambda: source.choice([0.0, 0.1, math.nan, source.uniform(0, 1)]),
            }[field.cpp_type]()
            if field.is_repeated:
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)


def made(count, seed):
    from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage
    source = random.Random(seed)
    contents = [field.name for field in SapientMessage.DESCRIPTOR.oneofs_by_name["content"].fields]
    for i in range(count):
        message = SapientMessage()
        fill(message, source, 1)
        # One content, each kind in turn.
        name = contents[i % len(contents)]
        content = getattr(message, name)
        content.SetInParent()
        content.Clear()
        content.SetInParent()
        fill(content, source, 1)
        yield message


# ------------------------------------------------------------------------------------------------- comparison

def expected(message):
    """The fields of a message as Kumiko's JSON has them."""
    from google.protobuf.descriptor import FieldDescriptor as F
    result = {}

    def one(field, value):
        if field.message_type:
            if field.message_type.full_name == "google.protobuf.Timestamp":
                return ("time", value.seconds * 10 ** 9 + value.nanos)
            if field.message_type.name in ("Task", "TaskAck"):
                return value.SerializeToString().hex()
            return expected(value)
        if field.type == F.TYPE_BYTES:
            return value.hex()
        if field.enum_type:
            known = field.enum_type.values_by_number.get(value)
            return known.name if known else value
        if isinstance(value, float) and not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        if field.type == F.TYPE_FLOAT:
            return ("float", value)
        return value

    for field, value in message.ListFields():
        result[field.name] = [one(field, v) for v in value] if field.is_repeated else one(field, value)
    return result


def difference(mine, other, path=""):
    """The path of the first difference, or nothing."""
    if isinstance(other, dict):
        if not isinstance(mine, dict) or mine.keys() != other.keys():
            return f"{path}: fields {sorted(mine) if isinstance(mine, dict) else mine} and {sorted(other)}"
        return next(filter(None, (difference(mine[key], other[key], f"{path}.{key}") for key in other)), None)
    if isinstance(other, list):
        if len(mine) != len(other):
            return f"{path}: {len(mine)} and {len(other)} elements"
        return next(filter(None, (difference(a, b, f"{path}[{i}]") for i, (a, b) in enumerate(zip(mine, other)))), None)
    if isinstance(other, tuple) and other[0] == "time":
        return None if round(float(mine) * 1e9) - other[1] in range(-500, 500) else f"{path}: {mine} and {other}"
    if isinstance(other, tuple):
        same = struct.pack("<f", mine) == struct.pack("<f", other[1])
        return None if same else f"{path}: {mine} and {other[1]}"
    same = mine == other and isinstance(mine, bool) == isinstance(other, bool)
    return None if same else f"{path}: {mine!r} and {other!r}"


def lacking(message, path=""):
    """The mandatory fields that a message lacks, by the options of its classes."""
    from sapient_msg import proto_options_pb2 as options
    for field in message.DESCRIPTOR.fields:
        if field.message_type and field.message_type.name in ("Task", "TaskAck"):
            continue
        name = f"{path}.{field.name}" if path else field.name
        is_mandatory = field.GetOptions().Extensions[options.field_options].is_mandatory
        value = getattr(message, field.name)
        is_there = len(value) > 0 if field.is_repeated else (
            message.HasField(field.name) if field.has_presence else bool(value))
        if is_mandatory and not is_there:
            yield f"{name} is missing"
        if not is_there:
            continue
        if is_mandatory and not field.is_repeated and (field.enum_type and value == 0 or value == ""):
            yield f"{name} is missing"
        for i, inner in enumerate(value if field.is_repeated else [value]):
            here = f"{name}[{i}]" if field.is_repeated else name
            if field.message_type and field.message_type.file.package != "google.protobuf":
                yield from lacking(inner, here)
            elif field.is_repeated and is_mandatory and (field.enum_type and inner == 0 or inner == ""):
                yield f"{here} is missing"
    for choice in message.DESCRIPTOR.oneofs:
        if choice.GetOptions().Extensions[options.oneof_options].is_mandatory and not message.WhichOneof(choice.name):
            members = "|".join(field.name for field in choice.fields)
            yield f"{path + '.' if path else ''}{members} has none of its choices"


def framed(messages):
    return b"".join(struct.pack("<I", len(one)) + one for one in messages)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tool", default=os.path.join(ROOT, ".build-core/release/kumiko-frames"))
    options = parser.parse_args()
    use_sapient()
    from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage

    def run(command, content):
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            return subprocess.run([*options.tool.split(), command, file.name], capture_output=True, check=False)

    messages = list(made(options.messages, options.seed))
    done = run("sapient", framed(one.SerializeToString() for one in messages))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if not lines:
        fail(f"{options.tool} gave nothing: {done.stderr.decode(errors='replace')[:300]}")
    differences = []
    if len(lines) != len(messages):
        differences.append(f"{len(lines)} of {len(messages)} messages were read")
    rules = 0
    for number, (line, message) in enumerate(zip(lines, messages)):
        encoded = bytes.fromhex(line.pop("encoded"))
        violations = line.pop("violations", [])
        line.pop("offset")
        wrong = difference(line, expected(message))
        if wrong:
            differences.append(f"message {number}: read {wrong}")
        if encoded != message.SerializeToString():
            differences.append(f"message {number}: written {encoded.hex()}, not {message.SerializeToString().hex()}")
        elif SapientMessage.FromString(encoded).SerializeToString() != message.SerializeToString():
            differences.append(f"message {number}: read there as another")
        theirs = sorted(lacking(message))
        # Kumiko names at most sixteen broken rules, forms of identifiers among them.
        mine = sorted(one for one in violations if "UUID" not in one and "ULID" not in one)
        rules += len(mine)
        if len(violations) < 16 and mine != theirs or not set(mine) <= set(theirs):
            differences.append(f"message {number}: lacks {mine}, not {theirs}")

    # A session answers 256 registrations and no more; a connection of a well-behaved node sends one.
    answers = []
    asked = [one.SerializeToString() for one in messages if one.HasField("registration")]
    for first in range(0, len(asked), SESSION):
        output, at = run("session", framed(asked[first:first + SESSION])).stdout, 0
        while at + 4 <= len(output):
            length = struct.unpack_from("<I", output, at)[0]
            answers.append(SapientMessage.FromString(output[at + 4:at + 4 + length]))
            at += 4 + length
    if len(answers) != len(asked) or any(not one.HasField("registration_ack") for one in answers):
        differences.append(f"{len(answers)} answers to {len(asked)} registrations")
    for one in answers:
        if [rule for rule in lacking(one) if not rule.startswith("destination_id")]:
            differences.append(f"the answer {one} lacks {list(lacking(one))}")
    for one in differences[:20]:
        print(one[:600])
    print(f"compare_sapient: {len(messages)} messages read, written and checked ({rules} rules broken alike), "
          f"{len(answers)} answers read there; {len(differences)} differences")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
