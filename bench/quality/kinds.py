# SPDX-License-Identifier: Apache-2.0
"""Errors by kind, as counts: what to work on next. Nothing of the texts is shown."""
import collections

from measures import NAMES, VALUES, crosses, entities_given, link_right, speaker_names, value_right, within
from words import bare, plain_name, trim

COLUMNS = ("right", "missed", "other type", "too long", "too short", "shifted", "false")


def entity_kinds(counts, article, record):
    """One kind for each annotated mention, and "false" for what no mention touches."""
    text = article["text"]
    wanted = [(bare(text, m["start"], m["end"]), m["type"]) for m in article["mentions"] if not m.get("optional")]
    given = [(bare(text, e["begin"], e["end"]), e["type"]) for e in entities_given(article, record)]
    for span, kind in wanted:
        same = [g for g in given if g[0] == span]
        touching = [g for g in given if crosses(g[0], span)]
        if any(g[1] == kind for g in same):
            counts[kind, "right"] += 1
        elif not touching:
            counts[kind, "missed"] += 1
        elif same or touching[0][1] != kind:
            counts[kind, "other type"] += 1
        else:
            counts[kind, extent(touching[0][0], span)] += 1
    for span, kind in given:
        counts[kind, "false"] += not any(crosses(span, w[0]) for w in wanted)


def extent(given, wanted):
    if given[0] <= wanted[0] and given[1] >= wanted[1]:
        return "too long"
    return "too short" if given[0] >= wanted[0] and given[1] <= wanted[1] else "shifted"


def other_kinds(counts, article, record):
    """Links, values and speakers that are wrong or missing."""
    text = article["text"]
    given = entities_given(article, record)
    for mention in article["mentions"]:
        if mention.get("optional"):
            continue
        touching = [e for e in given if crosses((e["begin"], e["end"]), (mention["start"], mention["end"]))]
        if mention["type"] in NAMES and mention.get("link") and touching:
            linked = bool(touching[0].get("link"))
            counts["links", "right" if link_right(mention, touching[0]) else "wrong" if linked else "none given"] += 1
        if mention["type"] in VALUES and mention.get("value") is not None and touching and touching[0]["type"] == mention["type"]:
            counts["values", "right" if value_right(mention, touching[0]) else "wrong"] += 1
    skipped = [(x["start"], x["end"]) for x in article["boilerplate"] + article.get("neutral", [])]
    given = {trim(text, q["begin"], q["end"]): q.get("speaker") for q in record["quotes"]}
    wanted = {trim(text, q["start"], q["end"]): q["speaker"] for q in article.get("quotes", [])}
    for span, speaker in wanted.items():
        if span not in given:
            counts["quotes", "missed"] += 1
        elif speaker is None or given[span] is None:
            counts["quotes", "right" if speaker == given[span] else "no speaker" if speaker else "speaker of nobody's"] += 1
        else:
            counts["quotes", "right" if plain_name(given[span]) in speaker_names(article, speaker) else "other speaker or form"] += 1
    counts["quotes", "false"] += sum(1 for span in given if span not in wanted and not within(skipped, *span))


def kinds_print(articles, records):
    entities, others = collections.Counter(), collections.Counter()
    for path, article in articles.items():
        entity_kinds(entities, article, records[path])
        other_kinds(others, article, records[path])
    print("%-14s" % "errors by kind" + "".join("%12s" % name for name in COLUMNS))
    for kind in NAMES + VALUES:
        if any(entities[kind, name] for name in COLUMNS):
            print("%-14s" % kind.lower() + "".join("%12d" % entities[kind, name] for name in COLUMNS))
    for part in ("links", "values", "quotes"):
        print("%-14s" % part + ", ".join("%s %d" % (name, n) for (what, name), n in sorted(others.items()) if what == part))
    print()
