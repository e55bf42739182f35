# SPDX-License-Identifier: Apache-2.0
"""Words and spans as the measures see them: what a reader would not call a difference is none here."""
import re
import unicodedata

ARABIC = "\u0621-\u063a\u0641-\u064a\u064b-\u0652\u0670\u0671"
IS_ARABIC = re.compile("[" + ARABIC + "]")
EDGES = frozenset(" \t\r\n\"'«»“”„‘’‹›()[]{}<>.,،;؛:!؟?…-–—_/\\|*•\ufeff\u200f\u200e")
SILENT = re.compile("[\u064b-\u065f\u0670\u0640\u200c-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
FOLDED = str.maketrans("أإآٱىةؤئ", "ااااي" + "هوي")
PREFIXES = (re.compile("[وف]?(?:لل|[بكل]?ال|[بكل])"), re.compile("[وفبكل]"))


def fold(text):
    """Arabic without vowel signs and spelling variants, in lower case."""
    return SILENT.sub("", unicodedata.normalize("NFKC", text)).translate(FOLDED).lower()


def stems(text):
    """The words of a text, without the article and what is attached before it."""
    found = []
    for word in re.findall(r"\w+(?:[.,]\d+)*%?", fold(text)):
        if IS_ARABIC.match(word):
            prefix = re.match("[وف]?(?:لل|[بكل]?ال)", word)
            if prefix and len(word) - prefix.end() >= 3:
                word = word[prefix.end():]
            elif word[0] == "و" and len(word) >= 5:
                word = word[1:]
        found.append(word)
    return found


def trim(text, begin, end):
    """A span without quotation marks, stops and spaces at its ends."""
    while begin < end and text[begin] in EDGES:
        begin += 1
    while end > begin and text[end - 1] in EDGES:
        end -= 1
    return begin, end


def bare(text, begin, end):
    """A span trimmed, and without the clitics and the article that its first word begins with, counted from that word's begin."""
    begin, end = trim(text, begin, end)
    if begin == end or not IS_ARABIC.match(text[begin]):
        return begin, end
    first = begin
    while first > 0 and (IS_ARABIC.match(text[first - 1]) or text[first - 1].isalnum()):
        first -= 1
    last = begin
    while last < len(text) and (IS_ARABIC.match(text[last]) or text[last].isalnum()):
        last += 1
    for prefix in PREFIXES:
        met = prefix.match(text[first:last])
        if met and last - first - met.end() >= 2:
            return max(begin, min(first + met.end(), end)), end
    return begin, end


def same_name(a, b):
    """Case, accents, punctuation, a leading "the" and what stands in parentheses make no difference."""
    return plain_name(a) == plain_name(b)


def plain_name(name):
    name = unicodedata.normalize("NFKD", fold(str(name)).replace("_", " ").replace("ı", "i"))
    name = "".join(char for char in name if not unicodedata.combining(char))
    name = re.sub(r"\([^)]*\)", " ", name).replace("&", " and ")
    name = re.sub(r"\s+", " ", re.sub(r"[^\w\s+]", " ", name)).strip()
    return name[4:] if name.startswith("the ") else name
