# SPDX-License-Identifier: Apache-2.0
"""A strict reader of the Prometheus text format 0.0.4, with the rules that promtool holds metrics to."""
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(r"^(%s)(\{.*\})? ([^ ]+)$" % NAME)
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
TYPES = ("counter", "gauge", "histogram")


class Broken(AssertionError):
    pass


def need(condition, said):
    if not condition:
        raise Broken(said)


def unescape(text):
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found.group(1), found.group(1)), text)


def labels_of(text):
    found = {}
    at = 1
    while at < len(text) - 1:
        match = LABEL.match(text, at)
        need(match, "labels: " + text)
        need(match.group(1) not in found, "label twice: " + text)
        found[match.group(1)] = unescape(match.group(2))
        at = match.end()
        need(text[at] in ",}", "labels: " + text)
        at += text[at] == ","
    need(text.endswith("}"), text)
    return found


def family_of(name, types):
    for suffix in ("_bucket", "_sum", "_count"):
        base = name[:-len(suffix)]
        if name.endswith(suffix) and types.get(base) == "histogram":
            return base, suffix
    return name, ""


def check_histogram(family, samples):
    series = {}
    for name, labels, value in samples:
        key = tuple(sorted((k, v) for k, v in labels.items() if k != "le"))
        series.setdefault(key, {"buckets": []})
        if name.endswith("_bucket"):
            series[key]["buckets"].append((float(labels["le"]), value))
        else:
            series[key][name[len(family):]] = value
    for key, one in series.items():
        bounds = [bound for bound, _ in one["buckets"]]
        counts = [count for _, count in one["buckets"]]
        need(bounds == sorted(bounds) and len(set(bounds)) == len(bounds), "%s: bounds %s" % (family, bounds))
        need(bounds[-1] == float("inf"), "%s: no +Inf" % family)
        need(counts == sorted(counts), "%s %s: not cumulative" % (family, key))
        need(one.get("_count") == counts[-1], "%s %s: _count is not the last bucket" % (family, key))
        need("_sum" in one, "%s %s: no _sum" % (family, key))


def parse(raw):
    """{family: {"type", "help", "samples": [(name, labels, value)]}}; raises Broken."""
    text = raw.decode("utf-8")
    need(text.endswith("\n"), "no line end at the end")
    families, types, seen, current = {}, {}, set(), None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            name, _, words = line[7:].partition(" ")
            need(re.fullmatch(NAME, name) and words, line)
            need(name not in families, "family twice: " + name)
            families[name] = {"help": words, "samples": []}
            current = name
        elif line.startswith("# TYPE "):
            name, _, kind = line[7:].partition(" ")
            need(name == current and kind in TYPES and not families[name]["samples"], line)
            types[name] = families[name]["type"] = kind
        else:
            match = SAMPLE.match(line)
            need(match, "line: %r" % line)
            name, labels, value = match.group(1), labels_of(match.group(2)) if match.group(2) else {}, float(match.group(3))
            family, suffix = family_of(name, types)
            need(family == current, "%s stands apart from its family" % name)
            need(types.get(family) != "histogram" or suffix, line)
            need(suffix != "_bucket" or "le" in labels, line)
            key = (name, tuple(sorted(labels.items())))
            need(key not in seen, "sample twice: " + line)
            seen.add(key)
            need(types[family] != "counter" or value >= 0, line)
            families[family]["samples"].append((name, labels, value))
    for name, family in families.items():
        need("type" in family, "no type: " + name)
        need((family["type"] == "counter") == name.endswith("_total"), "_total and counter go together: " + name)
        need(not re.search(r"_(ms|ns|milliseconds|kb|megabytes)(_|$)", name), "not a base unit: " + name)
        need(not name.endswith(("_count", "_sum", "_bucket")), "a suffix of histograms: " + name)
        if family["type"] == "histogram":
            check_histogram(name, family["samples"])
    return families


def value(families, family, **labels):
    """The one sample of the family whose labels agree."""
    found = [value for name, has, value in families[family]["samples"]
             if all(has.get(key) == wanted for key, wanted in labels.items())]
    need(len(found) == 1, "%s %s: %d samples" % (family, labels, len(found)))
    return found[0]
