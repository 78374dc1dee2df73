# SPDX-License-Identifier: Apache-2.0
"""`regbot server`: runs on intervals, skips what still runs, ends cleanly."""
import datetime
import signal
import threading

from lib import images, misbehave
from lib.case import Case
from lib.wait import until


class Server(Case):
    def serve(self, scripts, *servers, defaults=None, flags=()):
        return self.begin(servers, scripts, *flags, command="server",
                          defaults=defaults)

    def end(self, running, number=signal.SIGTERM, seconds=8):
        family = running.family()
        running.signal(number)
        result = running.wait(seconds)
        self.gone(family, 1)
        self.assertEqual(len(result.lines("Stopping server")), 1, result)
        return result

    def ticks(self, running, count, text="message=tick", seconds=15):
        until("%d runs" % count,
              lambda: running.err.count(text) >= count, seconds)

    def test_interval(self):
        running = self.serve({"tick": 'log "tick"'},
                             defaults={"interval": "1s"})
        self.ticks(running, 3)
        result = self.end(running)
        self.assertEqual(result.code, 0, result)
        times = [line["time"] for line in
                 result.lines("User script message")]
        seconds = [t[17:19] for t in times]
        # One run a second, none of them doubled.
        self.assertEqual(len(set(seconds)), len(seconds), times)

    def test_never_runs_at_the_start(self):
        running = self.serve([
            {"name": "hourly", "interval": "1h", "script": 'log "early"'},
            {"name": "tick", "interval": "1s", "script": 'log "tick"'}])
        self.ticks(running, 2)
        result = self.end(running)
        self.assertEqual(result.messages("hourly"), [])

    def test_own_interval_beats_the_default(self):
        running = self.serve([
            {"name": "tick", "interval": "1s", "script": 'log "tick"'}],
            defaults={"interval": "1h"})
        self.ticks(running, 1)
        self.end(running)

    def test_run_that_is_not_over_is_not_started_again(self):
        fake, gate, seen = self.fake(), threading.Event(), threading.Event()
        fake.add("x/y", "v1", images.image())
        fake.on("GET", "/tags/list", misbehave.hold(gate, seen))
        running = self.serve([
            {"name": "slow", "interval": "1s",
             "script": 'log "begin" tag.ls("%s/x/y")' % fake.host},
            {"name": "tick", "interval": "1s", "script": 'log "tick"'}],
            fake)
        self.assertTrue(seen.wait(20))
        begun = running.err.count("message=tick")
        self.ticks(running, begun + 3)
        self.assertEqual(running.err.count("message=begin"), 1)
        self.assertEqual(running.err.count(
            'level=WARN msg="Skipped task, it is still running" name=slow '
            'since='), 1)
        until("only the slow one runs",
              lambda: len(running.children("regbot-worker")) == 1)
        gate.set()
        self.ticks(running, 2, "message=begin")
        self.end(running)

    def test_failing_script_is_run_again_and_told_in_the_end(self):
        running = self.serve({"tick": 'error "tock"'},
                             defaults={"interval": "1s"})
        self.ticks(running, 2, "Error running script")
        result = self.end(running, signal.SIGINT)
        self.assertEqual(result.code, 1, result)
        self.assertIn("<string>:1: tock", result.err.split("\n"))

    def test_stop_cancels_what_runs(self):
        fake, seen = self.fake(), threading.Event()
        fake.on("GET", "/tags/list", misbehave.hang(seen))
        running = self.serve({"t": 'tag.ls("%s/x/y")' % fake.host}, fake,
                             defaults={"interval": "1s"})
        self.assertTrue(seen.wait(20))
        result = self.end(running)
        # To be told to stop is no failure of a service.
        self.assertEqual(result.code, 0, result)
        self.assertRegex(result.error("t"), ": stopped by SIGTERM\n")

    def test_says_what_it_will_do(self):
        running = self.serve([
            {"name": "hourly", "interval": "1h", "script": 'log "x"'},
            {"name": "every", "schedule": "@every 90s", "interval": "5m",
             "script": 'log "x"'},
            {"name": "tick", "interval": "1s", "script": 'log "tick"'}])
        self.ticks(running, 1)
        lines = self.end(running).lines("Scheduled task")
        self.assertEqual([(one["level"], one["name"], one["interval"])
                          for one in lines], [
            ("INFO", "hourly", "1h0m0s"), ("INFO", "every", "1m30s"),
            ("INFO", "tick", "1s")])
        for line, seconds in zip(lines, (3600, 90, 1)):
            begun = datetime.datetime.fromisoformat(
                line["time"].replace("Z", "+00:00"))
            self.assertRegex(line["next"], r"T\d\d:\d\d:\d\dZ$")
            left = datetime.datetime.fromisoformat(
                line["next"].replace("Z", "+00:00")) - begun
            self.assertLessEqual(abs(left.total_seconds() - seconds), 1.1)

    def test_nothing_to_schedule(self):
        """A server that would never do anything is a mistake."""
        result = self.serve({"t": 'log "x"'}).wait()
        self.assertEqual(result.code, 2, result)
        self.assertRegex(result.err.rstrip("\n").split("\n")[-1],
                         'regbot.yml.*"interval"')

    def test_runs_at_the_start(self):
        running = self.serve([
            {"name": "yearly", "schedule": "TZ=Asia/Tokyo @yearly",
             "jitter": "1h", "runAtStart": True, "script": 'log "now"'},
            {"name": "hourly", "interval": "1h", "script": 'log "never"'}])
        self.ticks(running, 1, "message=now")
        result = self.end(running)
        self.assertEqual(result.code, 0, result)
        self.assertEqual(result.messages("hourly"), [])
        line = result.lines("Scheduled task")[0]
        self.assertEqual((line["schedule"], line["jitter"]),
                         ("TZ=Asia/Tokyo @yearly", "1h0m0s"))
        self.assertRegex(line["next"], r"-01-01T00:\d\d:\d\d\+09:00$")

    def test_wrong_schedule(self):
        """Nothing runs, and all that is wrong is told, in once too."""
        for command in ("server", "once"):
            result = self.begin((), [
                {"name": "good", "interval": "1s", "script": 'log "ran"'},
                {"name": "a", "schedule": "0 25 * * *", "script": "log(1)"},
                {"name": "b", "schedule": "TZ=UTC", "script": "log(1)"},
                {"name": "c", "schedule": "0 0 30 2 *", "script": "log(1)"}],
                command=command).wait()
            self.assertEqual(result.code, 2, result)
            told = result.err.rstrip("\n").split("\n")
            self.assertEqual(len(told), 3, result)
            for line, what in zip(told, ('hour "25"', "says no time",
                                         "never happens")):
                self.assertRegex(line, 'regbot.yml:\\d+:\\d+: key "schedule" '
                                 'is ".*": .*' + what)

    def test_syntax_error_is_told_at_the_start(self):
        """And at each run."""
        running = self.serve([
            {"name": "never", "interval": "1h", "script": "log = = 1"},
            {"name": "wrong", "interval": "1s", "script": 'log "x" end'},
            {"name": "tick", "interval": "1s", "script": 'log "tick"'}],
            flags=("-v", "debug"))
        self.ticks(running, 2)
        self.ticks(running, 2, 'msg="Error running script" script=wrong')
        result = self.end(running)
        self.assertEqual(result.code, 1, result)
        told = result.lines("Syntax error in script", "never")[0]
        self.assertRegex(told["error"], "^<string>:1: ")
        self.assertIn("regbot.yml:", told["position"])
        self.assertIn('script "wrong" failed', result.err)

    def test_script_without_schedule(self):
        running = self.serve([
            {"name": "never", "script": 'log "never"'},
            {"name": "tick", "interval": "1s", "script": 'log "tick"'}])
        self.ticks(running, 1)
        result = self.end(running)
        line = result.lines("No schedule or interval found, ignoring")[0]
        self.assertEqual((line["level"], line["name"]), ("ERROR", "never"))
        self.assertEqual(result.messages("never"), [])

    def test_dry_run(self):
        registry = self.registry()
        made = images.image()
        made.push(registry.client, "x/y", "v1")
        proxy = self.proxy(registry)
        running = self.serve(
            {"t": 'tag.delete("%s/x/y:v1") log "tick"' % proxy.host}, proxy,
            defaults={"interval": "1s"}, flags=["--dry-run"])
        self.ticks(running, 1)
        self.end(running)
        self.assertEqual(proxy.writes(), [])
        self.assertEqual(registry.client.tags("x/y"), ["v1"])

    def test_bad_configuration(self):
        self.box.write("r.yml", "version: 2\n")
        result = self.box.run("server", "-c", "r.yml")
        self.assertEqual(result.code, 2, result)
