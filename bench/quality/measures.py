# SPDX-License-Identifier: Apache-2.0
"""What is measured, document by document. An article is the annotation (a dict with "text" put in), a record what Qanat made
of it with offsets in code points. Each measure adds to a tally: name -> [right, given, wanted], or [sum, number] for means."""
import collections

from words import bare, fold, plain_name, same_name, stems, trim

NAMES = ("PERSON", "ORGANIZATION", "LOCATION", "PRODUCT", "EVENT")
VALUES = ("MONEY", "PERCENT", "DATE", "QUANTITY")
TYPES = NAMES + VALUES


class Tally(collections.defaultdict):
    """Counts by name, to be added up over documents."""

    def __init__(self):
        super().__init__(lambda: [0.0, 0.0, 0.0])

    def add(self, name, right, given, wanted):
        row = self[name]
        row[0] += right
        row[1] += given
        row[2] += wanted

    def update_from(self, other):
        for name, row in other.items():
            self.add(name, *row)

    def precision(self, name):
        right, given, wanted = self[name]
        return right / given if given else float(not wanted)

    def recall(self, name):
        right, given, wanted = self[name]
        return right / wanted if wanted else float(not given)

    def f1(self, name):
        right, given, wanted = self[name]
        return 2 * right / (given + wanted) if given + wanted else 1.0

    def share(self, name):
        """right of wanted: an accuracy, or a mean if each document was wanted once."""
        right, _, wanted = self[name]
        return right / wanted if wanted else float("nan")


def within(spans, begin, end):
    return any(b <= begin and end <= e for b, e in spans)


def crosses(a, b):
    return min(a[1], b[1]) > max(a[0], b[0])


def pairs(wanted, given, is_same):
    """One-to-one, in order; for overlaps the greedy choice is the longest common part."""
    left = list(range(len(given)))
    found = []
    for i, want in enumerate(wanted):
        for j in left:
            if is_same(want, given[j]):
                found.append((i, j))
                left.remove(j)
                break
    return found


def entities_given(article, record):
    """The record's mentions that count: not in furniture or bylines, not merely on an optional mention."""
    skipped = [(x["start"], x["end"]) for x in article["boilerplate"]]
    skipped += [(x["start"], x["end"]) for x in article.get("neutral", []) if x["kind"] == "byline"]
    sure = [(m["start"], m["end"]) for m in article["mentions"] if not m.get("optional")]
    doubtful = [(m["start"], m["end"]) for m in article["mentions"] if m.get("optional")]
    given = []
    for entity in record["entities"]:
        span = (entity["begin"], entity["end"])
        if within(skipped, *span):
            continue
        if any(crosses(span, other) for other in doubtful) and not any(crosses(span, other) for other in sure):
            continue
        given.append(entity)
    return given


def amounts_agree(a, b):
    return a is not None and b is not None and abs(a - b) <= 0.005 * max(abs(a), abs(b)) + 1e-9


def value_right(mention, entity):
    """Is what the entity amounts to what the annotation says?"""
    wanted, value = mention["value"], entity.get("value")
    if value is None:
        return False
    if mention["type"] == "PERCENT":
        return amounts_agree(float(wanted), value.get("amount") if isinstance(value, dict) else value)
    if mention["type"] == "DATE":
        return str(value).upper() == str(wanted).upper()
    if not amounts_agree(wanted["amount"], value.get("amount")):
        return False
    if "amount_max" in wanted and not amounts_agree(wanted["amount_max"], value.get("amount_max")):
        return False
    return mention["type"] == "QUANTITY" or value.get("currency") == wanted["currency"]


def link_right(mention, entity):
    return bool(entity.get("link")) and any(same_name(entity["link"], name) for name in [mention["link"]] + mention.get("link_alt", []))


def measure_entities(tally, article, record):
    text = article["text"]
    wanted = [m for m in article["mentions"] if not m.get("optional")]
    given = entities_given(article, record)
    near_wanted = [bare(text, m["start"], m["end"]) for m in wanted]
    near_given = [bare(text, e["begin"], e["end"]) for e in given]
    for kind in TYPES:
        w = [span for span, m in zip(near_wanted, wanted) if m["type"] == kind]
        g = [span for span, e in zip(near_given, given) if e["type"] == kind]
        right = len(pairs(w, g, lambda a, b: a == b))
        tally.add("near " + kind, right, len(g), len(w))
        tally.add("near " + ("names" if kind in NAMES[:4] else "events" if kind == "EVENT" else "values"), right, len(g), len(w))
    spans = [(m["start"], m["end"], m) for m in wanted]
    n_right = 0
    for i, j in pairs(spans, [(e["begin"], e["end"], e) for e in given], crosses):
        mention, entity = wanted[i], given[j]
        if mention["type"] in VALUES and mention["type"] == entity["type"] and mention["value"] is not None and not mention.get("needs_ref"):
            tally.add("value " + mention["type"], value_right(mention, entity), 1, 1)
            tally.add("value", value_right(mention, entity), 1, 1)
        if mention["type"] in NAMES and mention.get("link"):
            tally.add("link", link_right(mention, entity), bool(entity.get("link")), 1)
            tally.add("link given", link_right(mention, entity), bool(entity.get("link")), bool(entity.get("link")))
            n_right += link_right(mention, entity)
        elif mention["type"] in NAMES:
            tally.add("no link", not entity.get("link"), 1, 1)
    tally.add("end to end", n_right, sum(1 for e in given if e["type"] in NAMES and e.get("link")),
              sum(1 for m in wanted if m["type"] in NAMES and m.get("link")))


def sentence_spans(article):
    """Where the annotated sentences stand; older annotations give them as texts only."""
    if "sentence_spans" in article:
        return article["sentence_spans"]
    skipped = [(x["start"], x["end"]) for x in article["boilerplate"] + article.get("neutral", [])]
    spans, at = [], 0
    for sentence in article["sentences"]:
        begin = article["text"].find(sentence, at)
        while begin >= 0 and within(skipped, begin, begin + len(sentence)):
            begin = article["text"].find(sentence, begin + 1)
        spans.append([begin, begin + len(sentence)])
        at = begin + len(sentence)
    return spans


def measure_sentences(tally, article, record):
    text = article["text"]
    wanted = [trim(text, *span) for span in sentence_spans(article)]
    given = [trim(text, s["begin"], s["end"]) for s in record["sentences"]]
    given = [g for g in given if g[0] < g[1] and any(crosses(g, w) for w in wanted)]
    ends_wanted, ends_given = {e for _, e in wanted}, {e for _, e in given}
    tally.add("sentence ends", len(ends_wanted & ends_given), len(ends_given), len(ends_wanted))


def measure_furniture(tally, article, record):
    text = article["text"]
    wanted = [(x["start"], x["end"]) for x in article["boilerplate"]]
    neutral = [(x["start"], x["end"]) for x in article.get("neutral", [])]
    given = [(x["begin"], x["end"]) for x in record["boilerplate"]]
    at = 0
    for word in text.split():
        begin = text.index(word, at)
        at = begin + len(word)
        if within(neutral, begin, at):
            continue
        is_wanted, is_given = within(wanted, begin, at), within(given, begin, at)
        tally.add("furniture", is_wanted and is_given, is_given, is_wanted)
        tally.add("content kept", not is_wanted and not is_given, not is_given, not is_wanted)


def speaker_names(article, speaker):
    """All that the text and the lexicon may call the one who is annotated as speaking."""
    names = {plain_name(speaker)}
    links = {m["link"] for m in article["mentions"] if m.get("link") and same_name(m["text"], speaker)}
    for mention in article["mentions"]:
        if mention.get("link") in links and mention.get("link"):
            names |= {plain_name(mention["link"])}
            # A short form of the name is right only where nothing longer stands for it.
            names |= {plain_name(mention["text"])} if len(mention["text"]) >= len(speaker) else set()
    return names


def measure_quotes(tally, article, record):
    text = article["text"]
    wanted = [(trim(text, q["start"], q["end"]), q["speaker"]) for q in article.get("quotes", [])]
    given = [(trim(text, q["begin"], q["end"]), q.get("speaker")) for q in record["quotes"]]
    skipped = [(x["start"], x["end"]) for x in article["boilerplate"] + article.get("neutral", [])]
    given = [g for g in given if not within(skipped, *g[0])]
    found = pairs(wanted, given, lambda a, b: a[0] == b[0])
    tally.add("quotes", len(found), len(given), len(wanted))
    right = 0
    for i, j in found:
        speaker, said = wanted[i][1], given[j][1]
        right += not said if speaker is None else bool(said) and plain_name(said) in speaker_names(article, speaker)
    tally.add("quotes with speaker", right, len(given), len(wanted))


def measure_summary(tally, article, summary):
    words = collections.Counter(stems(summary))
    facts = collections.Counter(stems(" ".join(article["key_facts"])))
    keys = collections.Counter(stems(" ".join(article["sentences"][i] for i in article["key_sentences"])))
    n = sum(words.values())
    tally.add("rouge-1", sum((words & facts).values()) / max(1, sum(facts.values())), 1, 1)
    common = sum((words & keys).values())
    tally.add("key words", 2 * common / (n + sum(keys.values())) if n else 0, 1, 1)
    hits = 0
    for i in article["key_sentences"]:
        key = collections.Counter(stems(article["sentences"][i]))
        hits += sum((words & key).values()) >= 0.6 * sum(key.values())
    tally.add("key sentences", hits, 1, len(article["key_sentences"]))
    tally.add("summary words", n, 1, 1)


def measure_keyphrases(tally, article, record):
    """An annotated phrase is found if a given one has the same words or all but one of them."""
    wanted = [set(stems(p)) for p in article.get("keyphrases", [])]
    given = [set(stems(p["text"])) for p in record.get("keyphrases", [])]
    same = lambda a, b: a == b or (len(a & b) >= 2 and len(a ^ b) <= 1)
    tally.add("keyphrases", len(pairs(wanted, given, same)), len(given), len(wanted))


def measure(article, record):
    tally = Tally()
    measure_entities(tally, article, record)
    measure_sentences(tally, article, record)
    measure_furniture(tally, article, record)
    measure_quotes(tally, article, record)
    measure_summary(tally, article, record["summary"]["text"] if record.get("summary") else "")
    measure_keyphrases(tally, article, record)
    return tally
