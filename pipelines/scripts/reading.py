# SPDX-License-Identifier: Apache-2.0
"""How hard a text is to read: words, minutes, words a sentence; and its hard sentences, of more than 30 words.

A program for the stage `exec`: a request a line on standard input, its reply a line on standard output. The protocol is
in docs/exec.md."""
import json
import sys

HARD_WORDS = 30
WORDS_A_MINUTE = 180


def read(document):
    text = document["text"]
    sentences = [(s["begin"], s["end"], len(text[s["begin"]:s["end"]].split())) for s in document.get("sentences", [])]
    words = sum(n for _, _, n in sentences)
    return {
        "fields": {
            "words": words,
            "minutes": round(words / WORDS_A_MINUTE, 1),
            "words_a_sentence": round(words / max(1, len(sentences)), 1),
        },
        "layers": {"reading.hard/1": [{"begin": begin, "end": end, "words": n} for begin, end, n in sentences if n > HARD_WORDS]},
    }


for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps({"id": request["id"], **read(request["document"])}), flush=True)
