# SPDX-License-Identifier: Apache-2.0
"""What is easily had: the figures that Qanat's must be seen beside. Each baseline makes a record of the same form."""
import collections
import math
import pathlib
import re

from words import IS_ARABIC, fold, stems

LEXICON_FILES = ("people", "organisations", "places", "tech")
MARKS = re.compile(r"«([^«»\n]{10,})»|“([^“”\n]{10,})”|\"([^\"\n]{10,})\"")
VALUE_PATTERNS = (
    ("PERCENT", re.compile(r"[\d٠-٩]+(?:[.,٫][\d٠-٩]+)?\s?(?:%|٪|في المائة|في المئة|بالمئة|بالمائة)")),
    ("MONEY", re.compile(r"[\d٠-٩]+(?:[.,٫][\d٠-٩]+)?\s(?:(?:مليون|مليار|تريليون|ملايين|مليارات|ألف)\s)?(?:دولار|يورو|ريال|درهم|دينار|جنيه)\w*")),
    ("DATE", re.compile(r"(?:عام|سنة)\s[\d٠-٩]{4}|[\d٠-٩]{1,2}\s[\u0621-\u064a]+\s[\d٠-٩]{4}")),
    ("QUANTITY", re.compile(r"[\d٠-٩]+(?:[.,٫][\d٠-٩]+)?\s(?:(?:مليون|مليار|ألف)\s)?[\u0621-\u064a]+")),
)


class BareLexicon:
    """The longest alias that stands in the text, by its folded words, with one-letter clitics and the article tried off. No
    context, no model: what a list of names gives by itself."""

    def __init__(self, folder):
        self.names, self.longest = {}, 1
        for name in LEXICON_FILES:
            for line in (pathlib.Path(folder) / (name + ".tsv")).read_text(encoding="utf-8").splitlines():
                columns = line.split("\t")
                if line.startswith("#") or len(columns) < 3:
                    continue
                aliases = [re.sub(r"\([^)]*\)", "", columns[0])] + [a for c in columns[3:5] for a in c.split("|")]
                for alias in aliases:
                    key = tuple(re.findall(r"\w+", fold(alias)))
                    if key and not alias.startswith("~"):
                        self.names.setdefault(key, (columns[1], columns[0]))
                        self.longest = max(self.longest, len(key))

    def at(self, words, i):
        """(words, letters cut from the first, type, link) of the longest name that begins here."""
        first = words[i][0]
        starts = [0] + [n for n in (1, 2) if IS_ARABIC.match(first[0]) and len(first) > n + 2 and first[0] in "وفبكل"][:2]
        for n in range(min(self.longest, len(words) - i), 0, -1):
            for cut in starts:
                for spelled in (first[cut:], "ال" + first[cut:]) if cut else (first,):
                    found = self.names.get((spelled,) + tuple(w[0] for w in words[i + 1:i + n]))
                    if found:
                        return (n, cut) + found
        return None

    def mark(self, text):
        words = [(fold(m.group()), m.start(), m.end()) for m in re.finditer(r"\w+", text)]
        words = [w for w in words if w[0]]
        found, i = [], 0
        while i < len(words):
            name = self.at(words, i)
            if name is None:
                i += 1
                continue
            n, cut, kind, link = name
            found.append({"begin": words[i][1] + cut, "end": words[i + n - 1][2], "type": kind, "link": link})
            i += n
        return found


def values_by_pattern(text):
    found = []
    for kind, pattern in VALUE_PATTERNS:
        for m in pattern.finditer(text):
            if not any(m.start() < e["end"] and e["begin"] < m.end() for e in found):
                found.append({"begin": m.start(), "end": m.end(), "type": kind, "link": None, "value": {"amount": number(m.group())}})
    return sorted(found, key=lambda e: e["begin"])


def number(text):
    digits = re.search(r"\d+(?:[.,٫]\d+)?", text)
    return float(re.sub("[,٫]", ".", digits.group())) if digits else None


def sentences_by_stops(text):
    return [{"begin": m.start(), "end": m.end()} for m in re.finditer(r"[^\n.!?؟…]+[.!?؟…]*[\"”»]*", text) if m.group().strip()]


def furniture_by_length(text):
    """Short lines without a stop, except the first."""
    lines = list(re.finditer(r"[^\n]+", text))
    return [{"begin": m.start(), "end": m.end()} for m in lines[1:] if len(m.group().split()) < 8 and m.group().strip()[-1:] not in ".؟!»”\":"]


def quotes_by_marks(record):
    """Everything between marks, said by the last person named before it."""
    text, found = record["text"], []
    persons = [e for e in record["entities"] if e["type"] == "PERSON"]
    for m in MARKS.finditer(text):
        group = next(i for i in (1, 2, 3) if m.group(i))
        before = [e for e in persons if e["begin"] < m.start()]
        name = (before[-1].get("link") or text[before[-1]["begin"]:before[-1]["end"]]) if before else None
        found.append({"begin": m.start(group), "end": m.end(group), "speaker": name})
    return found


def body_sentences(record):
    return [record["text"][s["begin"]:s["end"]] for s in record["sentences"] if s.get("kind") != "heading"]


def lead(record, n=3):
    return " ".join(body_sentences(record)[:n])


def textrank(record, n=3):
    """Mihalcea and Tarau, 2004: sentences that share words vote for each other."""
    sentences = body_sentences(record)
    bags = [collections.Counter(stems(s)) for s in sentences]
    size = len(sentences)
    ties = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(size):
            if i != j and len(bags[i]) > 1 and len(bags[j]) > 1:
                ties[i][j] = len(bags[i].keys() & bags[j].keys()) / (math.log(len(bags[i])) + math.log(len(bags[j])))
    out = [sum(row) for row in ties]
    rank = [1.0] * size
    for _ in range(50):
        rank = [0.15 + 0.85 * sum(ties[j][i] / out[j] * rank[j] for j in range(size) if out[j]) for i in range(size)]
    best = sorted(sorted(range(size), key=lambda i: (-rank[i], i))[:n])
    return " ".join(sentences[i] for i in best)


def plain_record(record, lexicon):
    """The record of somebody in a hurry: a list of names, patterns, stops, line lengths."""
    text = record["text"]
    return {"text": text, "entities": sorted(lexicon.mark(text) + values_by_pattern(text), key=lambda e: e["begin"]),
            "sentences": sentences_by_stops(text), "boilerplate": furniture_by_length(text), "quotes": quotes_by_marks(record),
            "summary": {"text": lead(record)}, "keyphrases": []}


def textrank_record(record):
    return dict(record, summary={"text": textrank(record)})
