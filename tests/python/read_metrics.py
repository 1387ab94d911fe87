"""Reads a metrics page from standard input with Prometheus' own parser, and says what it found as JSON."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

found = {}
for family in text_string_to_metric_families(sys.stdin.read()):
    entry = found.setdefault(family.name, {"type": family.type, "samples": 0})
    entry["samples"] += len(family.samples)
json.dump(found, sys.stdout)
