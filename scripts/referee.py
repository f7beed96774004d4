#!/usr/bin/env python3
"""Runs the tracker over the referee's scenarios and prints its scores beside those of Stone Soup.

    scripts/referee.py [--only mix20,prim20,mix200] [--seed 1]
    scripts/referee.py --seeds 1-20 [--targets 20,200,1000] [--kinds mix,prim,hard] [--ready DIR]
                       [--baselines gnn-ekf,jpda-ekf] [--clairvoyant size] [--run-baselines] [--budget MINUTES]
                       [--judge kumiko|referee] [--rows FILE]

The first form tracks single scenarios and judges them by the referee itself, beside the published rows of its README.
The second tracks every scenario of these seeds, sizes and kinds and prints a summary: docs/tracking-scores.md.

Scenarios, tracks and scores stay in the work directory, and nothing is done twice: Kumiko's side is done again when the
program is newer than its scores; Stone Soup's trackers and the clairvoyant, which take minutes to hours, run only with
--run-baselines. --ready names a directory with scenarios that need not be made (mix20-1, hard200-3 ...). After --budget
no slow run begins (with 0 none at all), and what is missing is told. The judge of the second form is `kumiko score`,
whose figures are the referee's to the printed digit (scripts/compare_referee.py) in seconds where that takes minutes.

Both need the referee's directory (--referee) and `kumiko` (--kumiko). A virtual environment with the referee's
requirements is made in the work directory (--work) on the first run, unless --python names one.
"""
import argparse
import json
import math
import os
import pathlib
import subprocess
import sys
import time
import venv

SCENARIOS = {"mix20": ["--targets", "20"], "prim20": ["--targets", "20", "--coop", "0"], "mix200": ["--targets", "200"]}
KINDS = {"mix": [], "prim": ["--coop", "0"], "hard": ["--bias", "--merge", "--latency"]}

# Stone Soup's trackers with the parameters of the referee's README, and the filters that are told the truth.
TRACKERS = {
    "gnn-ekf": ["baseline_stonesoup.py", "--associator", "gnn", "--filter", "ekf", "--q", "150", "--gate", "6"],
    "jpda-ekf": ["baseline_stonesoup.py", "--associator", "jpda", "--filter", "ekf", "--q", "150", "--gate", "6"],
    "gnn-imm": ["baseline_stonesoup.py", "--associator", "gnn", "--filter", "imm", "--gate", "6"],
    "jpda-imm": ["baseline_stonesoup.py", "--associator", "jpda", "--filter", "imm", "--gate", "6"],
    "size": ["clairvoyant.py", "--know", "size"],
    "turn": ["clairvoyant.py", "--know", "turn"],
}

# Column of the referee's README, key of its JSON, decimals.
COLUMNS = [
    ("compl.", "SIAP Completeness", 3), ("ambig.", "SIAP Ambiguity", 3), ("spur.", "SIAP Spuriousness", 3),
    ("pos m", "SIAP Position Accuracy", 0), ("vel m/s", "SIAP Velocity Accuracy", 1),
    ("number changes /s", "SIAP Rate of Track Number Change", 5), ("GOSPA", "GOSPA", 0),
    ("missed", "GOSPA missed (targets)", 2), ("false", "GOSPA false (tracks)", 2), ("OSPA", "OSPA", 0),
    ("RMS m", "RMS position all", 0), ("straight", "RMS position straight", 0),
    ("manoeuvre", "RMS position manoeuvre", 0), ("NEES/4", "NEES / 4 (target 1)", 2),
]

# The measures of the summary: name, key, decimals, and how far a value is from ideal (less is better).
MEASURES = [
    ("GOSPA, m", "GOSPA", 0, lambda x: x),
    ("SIAP completeness", "SIAP Completeness", 4, lambda x: -x),
    ("SIAP ambiguity", "SIAP Ambiguity", 4, lambda x: abs(x - 1)),
    ("SIAP spuriousness", "SIAP Spuriousness", 4, lambda x: x),
    ("SIAP position, m", "SIAP Position Accuracy", 1, lambda x: x),
    ("SIAP velocity, m/s", "SIAP Velocity Accuracy", 2, lambda x: x),
    ("SIAP number changes, /s", "SIAP Rate of Track Number Change", 5, lambda x: x),
    ("NEES / 4 straight", "NEES / 4 straight (target 1)", 2, lambda x: abs(x - 1)),
    ("NEES / 4 manoeuvre", "NEES / 4 manoeuvre (target 1)", 2, lambda x: abs(x - 1)),
]


def environment(referee, work):
    """A Python with the referee's requirements."""
    python = work / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(work / "venv", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", referee / "requirements.txt"], check=True)
    return python


def published(referee):
    """The rows of the README's table of scores: [scenario, tracker, values...]."""
    rows = []
    for line in (referee / "README.md").read_text().splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if len(cells) >= len(COLUMNS) + 3 and cells[0] in SCENARIOS:
            rows.append(cells)
    return rows


def arguments(description, only, more=lambda parser: None):
    """The options that all comparisons with the referee share, and more."""
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--referee", type=pathlib.Path, default=root.parent / "shared" / "referee")
    parser.add_argument("--work", type=pathlib.Path, default=root / ".build" / "referee")
    parser.add_argument("--kumiko", type=pathlib.Path, default=root / ".build" / "release" / "kumiko")
    parser.add_argument("--only", default=only)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--python", type=pathlib.Path, help="a Python that already has the referee's requirements")
    more(parser)
    return parser.parse_args()


def line(cells):
    return "| " + " | ".join(cells) + " |"


def head(cells):
    return line(cells) + "\n|" + "---|" * len(cells)


def cells(score, columns):
    """The printed values of these columns; a dash for what is not a number or was not measured."""
    values = [score.get(key) for _, key, *_ in columns]
    return ["–" if v is None or math.isnan(v) else f"{v:.{column[2]}f}" for v, column in zip(values, columns)]


# ---------------------------------------------------------------- single scenarios

def single(options, python):
    header = ["scenario", "tracker"] + [name for name, _, _ in COLUMNS] + ["plots/s"]
    print(head(header))
    others = published(options.referee) if options.seed == 1 else []
    for name in options.only.split(","):
        directory = options.work / f"{name}-{options.seed}"
        if not (directory / "plots.jsonl").exists():
            subprocess.run([python, options.referee / "scenario.py", *SCENARIOS[name], "--seed", str(options.seed),
                            "--out", directory], check=True, stdout=subprocess.DEVNULL)
        tracks, score = directory / "tracks.jsonl", directory / "score.json"
        run = subprocess.run([options.kumiko, "track", directory, "--out", tracks], check=True, capture_output=True,
                             text=True)
        words = (run.stdout + run.stderr).replace(",", "").split()
        rates = [words[i - 1] for i, word in enumerate(words) if word.rstrip(".;") == "plots/s" and i > 0]
        subprocess.run([python, options.referee / "referee.py", directory, tracks, "--json", score], check=True,
                       stdout=subprocess.DEVNULL)
        result = json.loads(score.read_text())
        print(line([name, "**Kumiko**", *cells(result, COLUMNS), rates[0] if rates else "–"]))
        for row in others:
            if row[0] == name:
                print(line(row))
        sys.stdout.flush()


# ---------------------------------------------------------------- many seeds

def numbers(text):
    """[1, 2, 3, 7] of 1-3,7."""
    spans = [part.split("-") for part in text.split(",")]
    return [n for span in spans for n in range(int(span[0]), int(span[-1]) + 1)]


class Runs:
    """What was made, tracked and scored, by scenario; each step is done when its result is missing or out of date."""

    def __init__(self, options, python):
        self.options, self.python = options, python
        self.end = time.monotonic() + 60 * options.budget

    def slow(self, command):
        """Runs it at low priority on one core; False if there is no time left to begin it or if it fails."""
        if time.monotonic() > self.end:
            return False
        return subprocess.run([str(c) for c in command], stdout=subprocess.DEVNULL, preexec_fn=lambda: os.nice(19),
                              env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}).returncode == 0

    def scenario(self, kind, targets, seed):
        """The scenario's directory, or None if it would have to be made and there is no time."""
        name = f"{kind}{targets}-{seed}"
        for parent in (self.options.ready, self.options.work):
            if parent and (parent / name / "hidden.json").exists():        # what the generator writes last
                return parent / name
        made = self.slow([self.python, self.options.referee / "scenario.py", "--targets", targets, "--seed", seed,
                          *KINDS[kind], "--out", self.options.work / name])
        return self.options.work / name if made else None

    def score(self, directory, tracker):
        """The tracker's scores, or None if it would have to run and is not to."""
        folder = self.options.work / directory.name
        folder.mkdir(exist_ok=True)
        tracks, score = folder / f"{tracker}.jsonl", folder / f"{tracker}.{self.options.judge}.json"
        part = folder / f"{tracker}.part"
        if tracker == "kumiko":
            if not tracks.exists() or tracks.stat().st_mtime < self.options.kumiko.stat().st_mtime:
                subprocess.run([self.options.kumiko, "track", directory, "--out", part], check=True,
                               capture_output=True)
                part.rename(tracks)
        elif not tracks.exists():
            program, *parameters = TRACKERS[tracker]
            if not (self.options.run_baselines and self.slow([self.python, self.options.referee / program, directory,
                                                              *parameters, "--out", part])):
                return None
            part.rename(tracks)
        if not score.exists() or score.stat().st_mtime < tracks.stat().st_mtime:
            judge = [self.options.kumiko, "score"]
            if self.options.judge == "referee":
                judge = [self.python, self.options.referee / "referee.py"]
            subprocess.run([*judge, directory, tracks, "--json", part], check=True, stdout=subprocess.DEVNULL)
            part.rename(score)
        return json.loads(score.read_text())


def geometric(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def ratios(rows, other):
    """GOSPA of Kumiko over that of another, by scenario; `other` gives the other's scores or None."""
    pairs = [(name, scores["kumiko"], other(scores)) for name, scores in rows.items()]
    return {name: ours["GOSPA"] / theirs["GOSPA"] for name, ours, theirs in pairs if theirs}


def ratio_cell(rows, other):
    found = ratios(rows, other)
    if not found:
        return "–"
    worst = max(found, key=found.get)
    return f"{geometric(found.values()):.3f} ({len(found)}; {found[worst]:.2f} {worst})"


def best(baselines):
    """The baseline of the least GOSPA of those that were run."""
    return lambda scores: min((scores[b] for b in baselines if scores[b]), key=lambda s: s["GOSPA"], default=None)


def mean(values):
    known = [v for v in values if v is not None and not math.isnan(v)]
    return sum(known) / len(known) if known else None


def summary(groups, baselines, clairvoyants):
    print("\nKumiko's GOSPA over that of others: geometric mean (number of seeds; the worst of them):\n")
    print(head(["scenarios", "seeds", *(f"clairvoyant `{c}`" for c in clairvoyants),
                *(f"Stone Soup {b.upper()}" for b in baselines), "best baseline of those run"]))
    for group, rows in groups.items():
        print(line([group, str(len(rows)), *(ratio_cell(rows, lambda s, t=t: s[t]) for t in clairvoyants + baselines),
                    ratio_cell(rows, best(baselines))]))

    print("\nMeans over the seeds. Beside each other tracker: Kumiko's mean / its mean (the seeds that it ran on).\n"
          "“best” counts the seeds on which Kumiko is as good as every baseline that ran, or better:\n")
    others = baselines + clairvoyants
    print(head(["scenarios", "measure", "Kumiko", *others, "best"]))
    for group, rows in groups.items():
        for measure in MEASURES:
            name, key, _, distance = measure

            def pair(tracker):
                both = [s for s in rows.values() if s[tracker]]
                means = [cells({key: mean(s[t].get(key) for s in both)}, [measure])[0] for t in ("kumiko", tracker)]
                return f"{' / '.join(means)} ({len(both)})" if both else "–"

            rivals = [(s["kumiko"], [s[b] for b in baselines if s[b]]) for s in rows.values()]
            rivals = [(ours, theirs) for ours, theirs in rivals if theirs]
            good = sum(not behind(ours, theirs, key, distance) for ours, theirs in rivals)
            print(line([group, name, *cells({key: mean(s["kumiko"].get(key) for s in rows.values())}, [measure]),
                        *map(pair, others), f"{good} of {len(rivals)}" if rivals else "–"]))


def behind(ours, theirs, key, distance):
    """Whether one of the others is better."""
    mine, known = ours.get(key), [s[key] for s in theirs if s.get(key) is not None]
    return mine is not None and bool(known) and distance(mine) > min(map(distance, known)) + 1e-12


def worst(groups, baselines, clairvoyants):
    """The scenarios to look at."""
    for tracker in clairvoyants:
        found = {n: r for rows in groups.values() for n, r in ratios(rows, lambda s, t=tracker: s[t]).items()}
        if not found:
            continue
        near, far = sum(r <= 1.15 for r in found.values()), sorted(found, key=found.get, reverse=True)[:15]
        print(f"\nGOSPA is at most 1.15 times the clairvoyant's (`{tracker}`) on {near} of {len(found)} scenarios; "
              f"farthest from it: {', '.join(f'{name} {found[name]:.2f}' for name in far)}.")
    for name, key, digits, distance in MEASURES:
        found = []
        for rows in groups.values():
            for scenario, scores in rows.items():
                theirs = [scores[b] for b in baselines if scores[b]]
                if behind(scores["kumiko"], theirs, key, distance):
                    rival = min((s[key] for s in theirs), key=distance)
                    found.append(f"{scenario} {scores['kumiko'][key]:.{digits}f} ({rival:.{digits}f})")
        compared = sum(any(s[b] for b in baselines) for rows in groups.values() for s in rows.values())
        if compared:
            print(f"\n{name}, behind a baseline (its value) on {len(found)} of {compared} scenarios"
                  f"{': ' if found else ''}{', '.join(found)}.")


def many(options, python):
    baselines = [b for b in options.baselines.split(",") if b]
    clairvoyants = [c for c in options.clairvoyant.split(",") if c]
    trackers = clairvoyants + baselines
    runs = Runs(options, python)
    kinds, sizes, seeds = options.kinds.split(","), numbers(options.targets), numbers(options.seeds)
    if unknown := [x for x in trackers if x not in TRACKERS] + [k for k in kinds if k not in KINDS]:
        sys.exit(f"no such tracker or kind: {', '.join(unknown)}; trackers are {', '.join(TRACKERS)}, "
                 f"kinds {', '.join(KINDS)}")
    wanted = [(size, seed, kind) for size in sizes for seed in seeds for kind in kinds]
    directories = {key: runs.scenario(key[2], key[0], key[1]) for key in wanted}
    found = {key: {"kumiko": runs.score(directory, "kumiko")} for key, directory in directories.items() if directory}
    for key in found:
        for tracker in trackers:
            found[key][tracker] = runs.score(directories[key], tracker)

    groups = {f"{kind}{size}": {directories[size, seed, kind].name: found[size, seed, kind] for seed in seeds
                                if (size, seed, kind) in found} for kind in kinds for size in sizes}
    groups = {name: rows for name, rows in groups.items() if rows}
    if options.rows:
        with open(options.rows, "w") as out:
            print(head(["scenario", "tracker", *(name for name, *_ in COLUMNS), "NEES straight", "NEES manoeuvre"]),
                  file=out)
            columns = COLUMNS + MEASURES[-2:]
            for rows in groups.values():
                for name, scores in rows.items():
                    for tracker, score in scores.items():
                        print(line([name, tracker, *cells(score or {}, columns)]), file=out)
    print(f"{len(found)} of {len(wanted)} scenarios; "
          + ", ".join(f"{t} ran on {sum(bool(s[t]) for s in found.values())}" for t in ["kumiko", *trackers])
          + f"; judged by {'kumiko score' if options.judge == 'kumiko' else 'the referee'}")
    summary(groups, baselines, clairvoyants)
    worst(groups, baselines, clairvoyants)


def more(parser):
    parser.add_argument("--seeds", help="many seeds, as 1-20 or 1,5,7")
    parser.add_argument("--targets", default="20,200")
    parser.add_argument("--kinds", default=",".join(KINDS), help="hard: biased, merged and late plots")
    parser.add_argument("--ready", type=pathlib.Path, help="a directory with scenarios that need not be made")
    parser.add_argument("--baselines", default="gnn-ekf,jpda-ekf")
    parser.add_argument("--clairvoyant", default="size")
    parser.add_argument("--run-baselines", action="store_true", help="run what is slow and missing")
    parser.add_argument("--budget", type=float, default=math.inf, metavar="MINUTES", help="then begin no slow run")
    parser.add_argument("--judge", choices=["kumiko", "referee"], default="kumiko")
    parser.add_argument("--rows", help="write a row for each scenario and tracker to this file")


def main():
    options = arguments(__doc__, ",".join(SCENARIOS), more)
    if not (options.referee / "referee.py").exists():
        sys.exit(f"no referee at {options.referee}: give its directory with --referee")
    if not options.kumiko.exists():
        sys.exit(f"no program at {options.kumiko}: build it with swift build -c release, or give it with --kumiko")
    options.work.mkdir(parents=True, exist_ok=True)
    python = options.python or environment(options.referee, options.work)
    (many if options.seeds else single)(options, python)


if __name__ == "__main__":
    main()
