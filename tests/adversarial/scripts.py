#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Scripts that want out, or want everything: each must end as its line says,
in time, and the script after it must run."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "integration"))
from lib import images  # noqa: E402
from lib.fakeregistry import FakeRegistry  # noqa: E402
from lib.run import Box, config, creds  # noqa: E402

# name, script, whether it fails (None: either), most seconds
SCRIPTS = [
    ("strings without end", 'local s = "x" while true do s = s .. s end',
     True, 20),
    ("tables without end",
     "local t = {} while true do t[#t + 1] = {{}, {}} end", True, 40),
    ("coroutines without end", "local t = {} while true do\n"
     "t[#t + 1] = coroutine.create(function() end)\n"
     "coroutine.resume(t[#t]) end", True, 40),
    ("recursion", "local function f() return 1 + f() end f()", True, 20),
    ("recursion in C", "local function f() return string.gsub('a', 'a', f) "
     "end f()", True, 20),
    ("deep nesting", 'load(("("):rep(100000) .. "1")()', True, 20),
    ("pattern bomb", 'string.find(("a"):rep(30000), (".-"):rep(40) .. "b")',
     True, 8),
    ("rep bomb", '("x"):rep(1 << 40)', True, 20),
    ("format bomb", 'string.format("%99999999d", 1)', True, 20),
    ("concat bomb", 'table.concat({}, "x", 1, 1 << 40)', True, 20),
    ("unpack bomb", "table.unpack({}, 1, 1 << 30)", True, 20),
    ("sort with a liar", "local t = {} for i = 1, 20000 do t[i] = i end\n"
     "table.sort(t, function() return math.random() > 0.5 end)", None, 20),
    ("log flood", 'for i = 1, 200000 do log("line " .. i) end', None, 30),
    ("log of a megabyte", 'for i = 1, 50 do log(("x"):rep(1 << 20)) end',
     None, 30),
    ("print flood", 'for i = 1, 100000 do print(i) end', None, 30),
    ("error that is huge", 'error(("e"):rep(10 << 20))', True, 20),
    ("error in error", "error(setmetatable({}, {__tostring = function() "
     "error('again') end}))", True, 20),
    ("error in gc", "setmetatable({}, {__gc = function() error('gc') end}) "
     "collectgarbage()", None, 20),
    ("loop in gc", "setmetatable({}, {__gc = function() while true do end "
     "end})", None, 8),
    ("loop in tostring", "log(tostring(setmetatable({}, {__tostring = "
     "function() while true do end end})))", True, 8),
    ("loop in the error handler", "xpcall(error, function() while true do "
     "end end)", True, 8),
    ("pcall after the deadline", "while true do pcall(function() while true "
     "do end end) end", True, 8),
    ("thousand calls", 'for i = 1, 1000 do tag.ls("REG/a/b") end', False, 30),
    ("many registries", 'for i = 1, 100 do pcall(tag.ls, "host" .. i .. '
     '".invalid:1/x") end', None, 70),
    ("strange names", 'for _, n in ipairs({"REG/../../x:y", "REG/a/b:v1?x=y",'
     ' "REG/a%2fb", "REG/a\\nb", "REG/a b", "REG/a\\0b", ("x"):rep(99999), '
     '"", "REG", "@", ":", "/", "REG/a@sha256:00"}) do\n'
     "assert(not pcall(tag.ls, n), n) end", None, 20),
    ("strange option types", 'for _, o in ipairs({1, "x", true, {limit = {}},'
     ' {limit = -1}, {limit = 1e300}, {last = {}}}) do\n'
     'pcall(tag.ls, "REG/a/b", o) end', False, 20),
    ("metatables of strings", 'getmetatable("").__index = function() while '
     "true do end end local x = (\"\").y", True, 8),
    ("globals replaced", "log = nil tag = nil image = nil pairs = nil "
     "error = nil", False, 20),
    ("own index of objects", 'local m = getmetatable(reference.new("a/b"))\n'
     "if type(m) == 'table' then m.__gc = nil m.__index = nil end\n"
     'reference.new("a/b"):tag("x")', None, 20),
    ("wrong self", 'local r = reference.new("a/b")\n'
     "assert(not pcall(r.tag, 1)) assert(not pcall(r.tag, {})) "
     "assert(not pcall(r.tag))", False, 20),
    ("gc by hand", 'local m = getmetatable(reference.new("a/b"))\n'
     "if type(m) == 'table' and m.__gc then local r = reference.new('a/b') "
     "m.__gc(r) m.__gc(r) pcall(tostring, r) end", None, 20),
    ("call from a coroutine", 'log(coroutine.wrap(function() return '
     '#tag.ls("REG/a/b") end)())', False, 20),
    ("coroutine that dies in a call", 'for i = 1, 20 do\n'
     'local c = coroutine.create(function() tag.ls("REG/a/b") end)\n'
     "coroutine.resume(c) c = nil collectgarbage() end", None, 20),
]


def main(args):
    failed = 0
    with FakeRegistry() as registry:
        registry.add("a/b", "v1", images.image())
        for name, script, fails, seconds in SCRIPTS:
            if args and not any(word in name for word in args):
                continue
            box = Box()
            try:
                box.write("r.yml", config([creds(registry.host)], [
                    {"name": "evil", "timeout": "4s" if seconds < 10
                     else "60s",
                     "script": script.replace("REG", registry.host)},
                    {"name": "next", "script": 'log "alive"'}]))
                result = box.run("once", "-c", "r.yml", seconds=seconds + 30)
                wrong = None
                if result.messages("next") != ["alive"]:
                    wrong = "the next script did not run"
                elif fails is not None and fails != (
                        result.error("evil") is not None):
                    wrong = "it %s" % ("passed" if fails else "failed")
                elif result.seconds > seconds:
                    wrong = "it took %.1f s" % result.seconds
                elif result.code not in (0, 1):
                    wrong = "exit status %d" % result.code
                elif "Sanitizer" in result.err:
                    wrong = "a sanitizer spoke"
            except AssertionError as late:
                wrong, result = "it is stuck", late
            finally:
                box.close()
            if wrong:
                failed += 1
                print("FAIL %s: %s\n%s" % (name, wrong, str(result)[-3000:]))
    print("%d passed, %d failed" % (len(SCRIPTS) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
