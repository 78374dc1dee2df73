# SPDX-License-Identifier: Apache-2.0
"""A terminal for a program's standard error, and what its screen shows."""
import codecs
import fcntl
import os
import pty
import re
import struct
import termios
import threading
import tty

from .wait import until

PARTIAL = re.compile(r"(\x1b(\[[0-9;]*)?)?\Z")
CODE = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])")


class Screen:
    """What a terminal makes of what is written to it. Lines that are longer
    than a row are wrapped, anew when the width changes, as most terminals do.
    A code that is not known here is an error."""

    def __init__(self, columns):
        self.columns = columns
        self.lines, self.at = [""], 0	# the cursor: in the last line
        self.colors = set()

    def row(self):
        """Where the cursor's row begins in its line."""
        return self.at - self.at % self.columns

    def put(self, char):
        line = self.lines[-1].ljust(self.at)
        self.lines[-1] = line[:self.at] + char + line[self.at + 1:]
        self.at += 1

    def write(self, text):
        pos = 0
        while pos < len(text):
            char = text[pos]
            if char == "\x1b":
                found = CODE.match(text, pos)
                if not found:
                    raise AssertionError("a strange code: %r" % text[pos:])
                self.code(*found.groups())
                pos = found.end()
                continue
            pos += 1
            if char == "\r":
                # A full row keeps the cursor on it until something follows.
                if self.at and self.at % self.columns == 0:
                    self.at -= 1
                self.at = self.row()
            elif char == "\n":
                self.lines.append("")
                self.at = 0
            elif char == "\t":
                for _ in range(8 - self.at % self.columns % 8):
                    self.put(" ")
            elif char < " " or "\x7f" <= char < "\xa0":
                raise AssertionError("a control character: %r" % char)
            else:
                self.put(char)

    def code(self, numbers, letter):
        if letter == "J" and numbers == "":
            self.lines[-1] = self.lines[-1][:self.at]
        elif letter == "K" and numbers == "":
            line, end = self.lines[-1], self.row() + self.columns
            self.lines[-1] = line[:self.at].ljust(self.at) + \
                (" " * (end - self.at) + line[end:] if line[end:] else "")
        elif letter == "m":
            self.colors.add(numbers)
        else:
            raise AssertionError("a strange code: %r" % (numbers + letter))

    def rows(self):
        """The rows that a line at the cursor takes."""
        return max(1, -(-len(self.lines[-1]) // self.columns))


class Terminal:
    """A pseudo-terminal of so many columns; what is written to it is kept."""

    def __init__(self, columns):
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        mode = termios.tcgetattr(self.slave)
        mode[1] |= termios.OPOST | termios.ONLCR
        termios.tcsetattr(self.slave, termios.TCSANOW, mode)
        self.events = []	# bytes, or a new width
        self.resize(columns)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def resize(self, columns):
        self.events.append(columns)
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, columns, 0, 0))

    def read(self):
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            self.events.append(data)

    def screen(self):
        """The screen now."""
        screen, text = Screen(self.events[0]), ""
        decoder = codecs.getincrementaldecoder("utf-8")()
        for event in list(self.events):
            if isinstance(event, int):
                screen.columns = event
                continue
            text += decoder.decode(event)
            # What was read so far may end within a code.
            whole = len(text) - len(PARTIAL.search(text).group())
            screen.write(text[:whole])
            text = text[whole:]
        return screen

    def bytes(self):
        return b"".join(e for e in self.events if isinstance(e, bytes))

    def wait_for(self, what, check, seconds=20):
        """Until check(screen) is true."""
        return until(what, lambda: check(self.screen()), seconds)

    def stop_reading(self):
        """The program has ended: reads what is left."""
        if self.slave is not None:
            os.close(self.slave)
            self.slave = None
            self.thread.join(10)

    def stop(self):
        self.stop_reading()
        os.close(self.master)
