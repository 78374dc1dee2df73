# SPDX-License-Identifier: Apache-2.0
"""What the manuals must say: every key of the configuration, every function
that scripts find and every limit. Used by tests/house/run."""
import os
import re

KEYS = r'REGISTRY_FIELD\(\w+, \w+, "(\w+)"|ROW\(\w+, "(\w+)"|RULE\(\w+, "(\w+)"'
FUNCTION = {
    "worker/modules": r'^\t\{ "([a-zA-Z]\w*)", \w+ \},$',
    "worker/library": r'\{ "([a-zA-Z]\w*)", \w+ \}',
}
# Methods that Lua or old scripts want, and nobody needs to write.
SILENT = {"close"}


def text(top, path):
    with open(os.path.join(top, path), encoding="utf-8") as f:
        return f.read()


def words(page):
    """All words of a manual's source, however they are marked up."""
    return set(re.findall(r"[A-Za-z_]\w*", page))


def missing_keys(top):
    page = words(text(top, "contrib/man/regbot.yml.5"))
    folder = "supervisor/config"
    for name in sorted(os.listdir(os.path.join(top, folder))):
        if not name.endswith((".c", ".h", ".def")):
            continue
        for found in re.findall(KEYS, text(top, f"{folder}/{name}")):
            key = "".join(found)
            if key not in page:
                yield f"contrib/man/regbot.yml.5: no word on \"{key}\""


def missing_functions(top):
    page = words(text(top, "contrib/man/regbot-lua.7"))
    for folder, pattern in FUNCTION.items():
        for name in sorted(os.listdir(os.path.join(top, folder))):
            if not name.endswith(".c"):
                continue
            code = text(top, f"{folder}/{name}")
            for key in re.findall(pattern, code, re.M):
                if key not in page and key not in SILENT:
                    yield (f"contrib/man/regbot-lua.7: no word on {key}() "
                           f"of {folder}/{name}")


def broken_markup(top):
    """Macros that print something else than they seem to."""
    folder = os.path.join(top, "contrib/man")
    for name in sorted(os.listdir(folder)):
        for number, line in enumerate(text(folder, name).split("\n"), 1):
            where = f"contrib/man/{name}:{number}"
            quoted = re.match(r"\.(?:[A-Z]q )?[QS]q?l? (.*)", line)
            inner = re.sub(r'"[^"]*"', "x", quoted[1]) if quoted else ""
            if " No " in inner or re.search(
                    r"(^|\s)[.,:;(|](\s+\S)|^[.,:;?!()\[\]]$", inner):
                yield f"{where}: a delimiter within a quotation: {line}"
            if len(line) > 80 and line.startswith("."):
                yield f"{where}: longer than 80 characters"


UNITS = {"KIB": 1 << 10, "MIB": 1 << 20}


def bounds(top):
    """Each limit of bounds.h and its value, as the manual writes it."""
    for m in re.finditer(r"^#define (\w+) +([^\t\n/]+?)\s*(?:/\*|$)",
                         text(top, "common/bounds.h"), re.M):
        name, value = m[1], m[2].strip()
        if name in UNITS or not re.fullmatch(r"[\w\s()*]+", value):
            continue
        value = re.sub(r"\b(\d+)u?l*\b", r"\1", value)
        number = eval(value, {}, UNITS)
        yield name, (size(number) if "IB" in value else shown(name, number))


def size(value):
    for step, unit in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if value % step == 0:
            return f"{value // step} {unit}"
    return f"{value:,} bytes"


def shown(name, value):
    if name.endswith("_MS"):
        for step, unit in ((60000, "minute"), (1000, "second")):
            if value % step == 0 and value >= step:
                return plural(value // step, unit)
        if value > 1000:
            return f"{value / 1000:g} seconds"
        return plural(value, "millisecond")
    if name.endswith("_S"):
        return shown("_MS", value * 1000)
    return f"{value:,}"


def plural(n, unit):
    return f"{n} {unit}" + ("s" if n != 1 else "")


def wrong_limits(top):
    """regbot-limits.7 names each limit in a comment before its row."""
    page = text(top, "contrib/man/regbot-limits.7")
    said = dict(re.findall(r'^\.\\" limit (\w+)\n(.*)', page, re.M))
    inside = set(re.findall(r"\w+", " ".join(
        re.findall(r'^\.\\" inside (.*)', page, re.M))))
    there = set()
    for name, value in bounds(top):
        there.add(name)
        if name in inside:
            continue
        if name not in said:
            yield (f"contrib/man/regbot-limits.7: no row for {name} "
                   f"({value}): a user meets it, or it stands in an "
                   "\"inside\" line")
        elif not re.search(rf"(^|\W){re.escape(value)}(\W|$)", said[name]):
            yield (f"contrib/man/regbot-limits.7: {name} is {value}, not "
                   f"\"{said[name]}\"")
    for name in sorted((set(said) | inside) - there):
        yield f"contrib/man/regbot-limits.7: there is no limit {name}"
