# SPDX-License-Identifier: Apache-2.0
"""Reads the declarations of the ABI's headers (include/qanat/): constants, structs and the functions in them.

Only what those headers use of C is understood; anything else is an error, so that nothing is left out silently."""

import re


class Field:
    """kind "value" (type, name), "function" (result, params) or "union" (fields)."""

    def __init__(self, kind, name, **parts):
        self.kind = kind
        self.name = name
        self.__dict__.update(parts)


class Header:
    def __init__(self):
        self.constants = []  # (name, C text of the value)
        self.typedefs = []  # (name, C type)
        self.opaque = []  # names
        self.structs = []  # (name, [Field])


def without_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def split_params(text):
    """At the commas that are in no inner parentheses."""
    parts, depth, start = [], 0, 0
    for at, c in enumerate(text):
        depth += {"(": 1, ")": -1}.get(c, 0)
        if c == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip() not in ("", "void")]


def read_field(text):
    text = " ".join(text.split())
    union = re.fullmatch(r"union \{(.*)\} (\w+)", text)
    if union:
        return Field("union", union[2], fields=read_fields(union[1]))
    function = re.fullmatch(r"(.+?)\(\*(\w+)\)\((.*)\)", text)
    if function:
        params = [read_param(part) for part in split_params(function[3])]
        return Field("function", function[2], result=function[1].strip(), params=params)
    value = re.fullmatch(r"(.+?)(\w+)", text)
    if not value:
        raise ValueError(f"not understood: {text}")
    return Field("value", value[2], type=value[1].strip())


def read_param(text):
    return read_field(text)


def read_fields(body):
    """Members end with a semicolon outside all braces."""
    fields, depth, start = [], 0, 0
    for at, c in enumerate(body):
        depth += {"{": 1, "}": -1}.get(c, 0)
        if c == ";" and depth == 0:
            fields.append(read_field(body[start:at]))
            start = at + 1
    if body[start:].strip():
        raise ValueError(f"not understood: {body[start:].strip()}")
    return fields


def closing(text, opening):
    depth = 0
    for at in range(opening, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return at
    raise ValueError("unbalanced braces")


def read_enum(header, body):
    last = -1
    for part in split_params(body):
        name, _, value = (piece.strip() for piece in part.partition("="))
        last = int(value, 0) if value else last + 1
        header.constants.append((name, str(last)))


def read_text(header, text):
    for name, value in re.findall(r"^#define (QN_[A-Z0-9_]+) +([^\s(].*?)\s*$", text, flags=re.M):
        if name not in ("QN_EXPORT",) and not value.endswith("\\"):
            header.constants.append((name, value))
    text = re.sub(r"\\\n", " ", text)
    text = re.sub(r"^#.*$", "", text, flags=re.M)
    at = 0
    while True:
        found = re.compile(r"(typedef )?(struct|enum)( \w+)? \{|typedef struct (\w+) (\w+);|typedef (\w+) (\w+);").search(text, at)
        if not found:
            return
        at = found.end()
        if found[5]:
            header.opaque.append(found[5])
        elif found[7]:
            header.typedefs.append((found[7], found[6]))
        else:
            end = closing(text, found.end() - 1)
            body = text[found.end():end]
            at = end + 1
            if found[2] == "enum":
                read_enum(header, body)
            else:
                header.structs.append((found[3].strip(), read_fields(body)))


def read(paths):
    header = Header()
    for path in paths:
        with open(path, encoding="utf-8") as file:
            read_text(header, without_comments(file.read()))
    defined = {name for name, _ in header.structs}
    header.opaque = [name for name in header.opaque if name not in defined]
    return header
