"""Three nations from nothing: Japan, the United States, Australia; what they agreed, what their sensors see."""
import datetime
import pathlib

from alliance.links import Links
from alliance.nations import Failure, Nation, free_port
from alliance.sky import METRES_A_DEGREE, Aircraft, Sender, Sky, grid

NATIONS = ("jp", "us", "au")
SAC = {"jp": 221, "us": 211, "au": 231}
PLACE = {"jp": (33, 135), "us": (25, 157), "au": (-15, 140)}
#: What Japan's agreement with Australia forbids, and where it takes identities out: south, west, north, east.
FORBIDDEN = (31, 137, 32, 138)
NAMELESS = (33, 131, 34, 132)
GRID_METRES = 5_000
#: Where nobody but Japan's second receiver sees anything, and where aircraft fly that all may know.
SECRET = (36.3, 129.5, 38.5, 133.5)
PLAIN = (34.5, 138.5, 36.2, 141.5)

CLAUSES = {
    ("jp", "us"): "  - {permit: [tracks, tracklets], areas: everywhere}",
    ("au", "us"): "  - {permit: [tracks, tracklets], areas: everywhere}",
    ("au", "jp"): """\
  - {{permit: [tracks], areas: everywhere, position_grid_m: {grid}}}
  - {{restrict: [tracks], areas: [{{box: {nameless}}}], withhold: [identities]}}
  - {{forbid: [tracks], areas: [{{box: {forbidden}}}]}}""",
}


def box(corners):
    return "{{south_deg: {}, west_deg: {}, north_deg: {}, east_deg: {}}}".format(*corners)


def agreement_files(nation, realm="test"):
    """policy.yaml and the agreements of one nation."""
    others = [other for other in NATIONS if other != nation]
    clearances = [f"  - {{audience: {other}, policy: trial, classification_max: restricted}}" for other in others]
    files = {"policy.yaml": "\n".join([
        f"nation: {nation}", f"realm: {realm}", "policies:",
        "  - {name: trial, classifications: [unclassified, restricted]}", "clearances:", *clearances]) + "\n"}
    day = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    for pair, clauses in CLAUSES.items():
        if nation in pair:
            text = clauses.format(grid=GRID_METRES, nameless=box(NAMELESS), forbidden=box(FORBIDDEN)) \
                if "{grid}" in clauses else clauses
            files[f"{'-'.join(pair)}.yaml"] = "\n".join([
                f"name: {'-'.join(pair)}-trial", f"between: [{', '.join(pair)}]", f"realm: {realm}",
                f"from: {day - datetime.timedelta(days=1):%Y-%m-%dT00:00:00Z}",
                f"to: {day + datetime.timedelta(days=30):%Y-%m-%dT00:00:00Z}", "policy: trial",
                "classification_max: restricted", "onward: never", "clauses:", text]) + "\n"
    return files


def label(*nations):
    return f"{{policy: trial, classification: restricted, releasable_to: [{', '.join(nations)}]}}"


class Alliance:
    """Three nations, the links between them, and a sky."""

    def __init__(self, kumiko, root, tracks=200, period=2.0, secret_to=("us",), history=True):
        """`secret_to` is whom the label of Japan's second receiver names."""
        self.root = pathlib.Path(root)
        self.root.mkdir(parents=True, exist_ok=True)
        self.nations = {name: Nation(kumiko, name, self.root) for name in NATIONS}
        self.links = Links()
        for one in self.nations.values():
            for other in self.nations.values():
                if one is not other:
                    one.introduce(other)
                    self.links.add(one.name, other.name, other.listen)
        for name, nation in self.nations.items():
            others = [other for other in NATIONS if other != name]
            nation.agree(agreement_files(name))
            sensors = [self._sensor(name, 1, f"{name} receiver")]
            if name == "jp":
                sensors.append(self._sensor(name, 2, "jp second receiver", label(*secret_to)))
            nation.configure(
                sensors, label(*others), [(other, self.links.links[name, other].port) for other in others],
                history=history)
        self._fill(tracks, period)

    @staticmethod
    def _sensor(nation, sic, name, label=None):
        latitude, longitude = PLACE[nation]
        worn = f", label: {label}" if label else ""
        return (f"{{id: {SAC[nation]}/{sic}, name: {name}, kind: receiver, "
                f"latitude: {latitude}, longitude: {longitude}{worn}}}")

    def _fill(self, tracks, period):
        """Half of the sky is Japan's, a quarter each of the others; some aircraft two nations see."""
        half, quarter = tracks // 2, tracks // 4
        plain = grid("OPENLYQ", min(10, half), 0x840000, 34.7, 139, 36, 141)
        japan = grid("JP", half - len(plain), 0x841000, 24, 125, 30.5, 145)
        self.secret = grid("SECRETQ", 10, 0x842000, 36.5, 130, 38, 133)
        self.forbidden = [
            Aircraft(f"FORBIDQ{i}", 0x843000 + i, 31.3 + 0.1 * (i % 5), 137.3 + 0.4 * (i // 5), phase=i)
            for i in range(10)]
        self.nameless = [
            Aircraft(f"HIDDENQ{i}", 0x844000 + i, 33.3 + 0.1 * (i % 5), 131.3 + 0.4 * (i // 5), phase=i)
            for i in range(10)]
        america = grid("US", quarter, 0xA00000, 20, 150, 30, 165)
        australia = grid("AU", quarter, 0x7C0000, -20, 130, -10, 150)
        shared = japan[:max(1, len(japan) // 10)]
        self.seen = {
            "jp": plain + japan + self.forbidden + self.nameless + self.secret,
            "us": america + shared, "au": australia}
        self.plain = plain
        jp = self.nations["jp"].feed
        self.sky = Sky([
            Sender(jp, SAC["jp"], 1, plain + japan + self.forbidden + self.nameless),
            Sender(jp, SAC["jp"], 2, self.secret),
            Sender(self.nations["us"].feed, SAC["us"], 1, self.seen["us"]),
            Sender(self.nations["au"].feed, SAC["au"], 1, self.seen["au"])], period)

    @property
    def pairs(self):
        return [(a, b) for a in NATIONS for b in NATIONS if a != b]

    def start(self, names=NATIONS):
        for name in names:
            self.nations[name].start()
        for name in names:
            self.nations[name].wait()
        self.sky.start()

    def stop(self):
        if self.sky.is_alive():
            self.sky.end()
        for nation in self.nations.values():
            nation.stop()

    def withheld(self, sender, receiver):
        """How many of its own tracks a nation does not show to another, by what they agreed."""
        if (sender, receiver) == ("jp", "au"):
            return len(self.secret) + len(self.forbidden)
        return 0

    def shown(self, sender, receiver):
        return len(self.seen[sender]) - self.withheld(sender, receiver)


__all__ = ["Alliance", "Failure", "NATIONS", "FORBIDDEN", "NAMELESS", "GRID_METRES", "METRES_A_DEGREE", "free_port"]
