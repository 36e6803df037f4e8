"""The temperatures that the sensors of this host report."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from sensu_check.finding import Finding, Measure, Status, Unknown
from sensu_check.flags import add_thresholds
from sensu_check.ranges import PLAIN, plain

EXAMPLES = ("", "-w 70 -c 85", "--sensor coretemp")
SENSORS = "/sys/class/hwmon"


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    add_thresholds(parser, "each temperature in degrees Celsius", PLAIN, warning="75", critical="90")
    parser.add_argument("--sensor", metavar="TEXT", help="only sensors whose name contains this")
    parser.add_argument("--sensors", default=SENSORS, metavar="PATH", help=f"the kernel's folder (default: {SENSORS})")


def check(args: Namespace) -> Finding:
    """Compare each sensor with the ranges."""
    measures = []
    for path in sorted(Path(args.sensors).glob("*/temp*_input")):
        try:
            value = int(path.read_text()) / 1000
            label = path.with_name(path.name.replace("_input", "_label"))
            part = label.read_text().strip() if label.exists() else path.name.removesuffix("_input")
            name = f"{(path.parent / 'name').read_text().strip()} {part}"
        except (OSError, ValueError):  # a sensor without a value, such as that of a sleeping device
            continue
        if args.sensor is None or args.sensor in name:
            measures.append(Measure(name, value, "", args.warning, args.critical))
    if not measures:
        raise Unknown("this host reports no temperature" + ("" if args.sensor is None else f' of "{args.sensor}"'))
    hottest = max(measures, key=lambda each: each.value)
    shown = [each for each in measures if each.status != Status.OK] or [hottest]
    return Finding(", ".join(f"{each.label} {plain(each.value)} °C" for each in shown), measures)
