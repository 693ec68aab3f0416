"""Makes the same calls of two endpoints and compares the shapes of the answers.

    main.py HERE THERE OUT

OUT gets a JSON object a line for each call: its flow, service, operation, and
the differences as [place, here, there].
"""

import concurrent.futures
import json
import sys

import containers
import instances
import networks
import scaling
import shapes
from client import Side

FLOWS = [*networks.FLOWS, *instances.FLOWS, *scaling.FLOWS, *containers.FLOWS]


def play(endpoint, strict):
    side = Side(endpoint, strict)
    for flow in FLOWS:
        side.flow = flow.__name__
        flow(side)
    return side.answers


def main():
    here, there, out = sys.argv[1:]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        ours, theirs = pool.map(play, [here, there], [True, False])
    if len(ours) != len(theirs):
        sys.exit(f"{len(ours)} calls here and {len(theirs)} there")
    with open(out, "w") as lines:
        for (flow, service, operation, shape, a, error_a), (*_, b, error_b) in zip(ours, theirs):
            differences = set()
            if error_a != error_b:
                differences.add((f"{operation} error", error_a or shapes.NONE, error_b or shapes.NONE))
            elif shape is not None and a is not None and b is not None:
                shapes.compare(shape, [a], [b], differences)
            line = {"flow": flow, "service": service, "operation": operation, "differences": sorted(differences)}
            print(json.dumps(line), file=lines)


main()
