#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""firmware_test.py <firmware_server> [--compiler C++] [--emulator QEMU] [--keep FOLDER]: builds examples/firmware for a bare
Cortex-M3, runs it under an emulator against the loopback server and against peers that misbehave, and checks what it prints,
how it ends, and the flash, heap and stack it takes.
"""

import argparse
import concurrent.futures
import os
import pathlib
import queue
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = [ROOT / "examples/firmware/main.cpp", ROOT / "examples/firmware/board.cpp"]
FLAGS = (
    "-std=c++20 -mcpu=cortex-m3 -mthumb -Os -fno-exceptions -fno-rtti -fno-threadsafe-statics -ffunction-sections -fdata-sections "
    "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -nostartfiles --specs=nano.specs -Wl,--gc-sections -Wl,--fatal-warnings"
).split()

KIB = 1024
# Of each program: the most flash in bytes.
PROGRAMS = {"read": ([], 40 * KIB), "update": (["-DFIRMWARE_UPDATES"], 96 * KIB)}
DOES = {"read": "list + get + test", "update": "list + get + test + update"}
MOST_STATIC = 12 * KIB  # RAM without heap and stack
MOST_HEAP = 0
MOST_STACK = 3 * KIB
RESERVED = 16 * KIB  # what the linker script sets aside for heap and stack
MOST_SECONDS = 170  # of one run

failures = []


def expect(is_so, what):
    if not is_so:
        failures.append(what)
        print(f"NOT SO: {what}")


def figure(text):
    """A measurement; CI prints these lines."""
    print(f"firmware: {text}")


def tool(compiler, name):
    return subprocess.run([compiler, f"-print-prog-name={name}"], check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout.strip()


def build(compiler, folder, name):
    """Builds one program. Gives its path, and its bytes of flash and static RAM."""
    program = folder / f"{name}.elf"
    definitions, most_flash = PROGRAMS[name]
    subprocess.run(
        [compiler, *FLAGS, *definitions, f"-I{ROOT / 'include'}", "-T", ROOT / "examples/firmware/link.ld", *SOURCES, "-o", program], check=True
    )
    sizes = subprocess.run([tool(compiler, "size"), program], check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
    text, data, bss = (int(number) for number in sizes.splitlines()[1].split()[:3])
    static = data + bss - RESERVED
    figure(f"{DOES[name]}: {text + data} bytes of flash (limit {most_flash}), {static} bytes of RAM besides heap and stack (limit {MOST_STATIC})")
    expect(text + data <= most_flash, f"{name}: flash within {most_flash} bytes")
    expect(0 < static <= MOST_STATIC, f"{name}: static RAM within {MOST_STATIC} bytes")
    symbols = subprocess.run([tool(compiler, "nm"), "-C", program], check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
    for word in ("malloc", "operator new", "__throw", "nlohmann"):
        expect(word not in symbols, f"{name}: links no {word}")
    return program


class Peer:
    """What stands at the other end of the line: sends some bytes for each request, then is silent, closes, or goes on for ever."""

    def __init__(self, answers, then="silent", pause=0.0):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(60)
        self.port = self.listener.getsockname()[1]
        self.answers, self.then, self.pause = answers, then, pause
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        try:
            connection, _ = self.listener.accept()
            with connection:
                for answer in self.answers:
                    self.read_request(connection)
                    if not self.pause:
                        connection.sendall(answer)
                        continue
                    while True:
                        for byte in answer:
                            connection.sendall(bytes((byte,)))
                            time.sleep(self.pause)
                if self.then == "silent":
                    while connection.recv(4096):
                        pass
        except OSError:
            pass

    @staticmethod
    def read_request(connection):
        got = b""
        while b"\r\n\r\n" not in got:
            piece = connection.recv(4096)
            if not piece:
                raise OSError
            got += piece

    def close(self):
        self.listener.close()


class Server:
    """The loopback server, in one dialect."""

    def __init__(self, program, dialect):
        self.process = subprocess.Popen([program, dialect], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        lines = queue.Queue()
        threading.Thread(target=lambda: lines.put(self.process.stdout.readline()), daemon=True).start()
        self.port = int(lines.get(timeout=60).split()[1])

    def answer_to(self, target):
        """The bytes that it answers to a GET."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            got = b""
            while piece := connection.recv(65536):
                got += piece
        return got

    def close(self):
        """Gives what it counted of careless writes."""
        said, _ = self.process.communicate("", timeout=60)
        return said.strip()


def run(emulator, program, port, words=""):
    """Runs the firmware. Gives its exit code (None where it had to be stopped) and the lines it printed."""
    with tempfile.TemporaryDirectory() as name:
        console = pathlib.Path(name, "console")
        command = [emulator, "-M", "mps2-an385", "-cpu", "cortex-m3", "-nographic", "-monitor", "none", "-kernel", program]
        command += ["-serial", f"file:{console}", "-serial", f"tcp:127.0.0.1:{port}"]
        command += ["-semihosting-config", f"enable=on,target=native,arg=firmware{',arg=' + words if words else ''}"]
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            code = process.wait(MOST_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = None
        return code, console.read_text(encoding="utf-8", errors="replace").splitlines() if console.exists() else []


def check_memory(what, lines):
    figures = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("heap: ", "stack: "))}
    expect(figures.get("heap", MOST_HEAP + 1) <= MOST_HEAP, f"{what}: heap within {MOST_HEAP} bytes: {figures}")
    expect(256 < figures.get("stack", 0) <= MOST_STACK, f"{what}: stack within {MOST_STACK} bytes: {figures}")
    return figures


def check_run(emulator, program, server_program, name, dialect):
    server = Server(server_program, dialect)
    begin = time.monotonic()
    code, lines = run(emulator, program, server.port)
    seconds = time.monotonic() - begin
    careless = server.close()
    observed = dialect == "observed"
    version = (lambda number: number) if observed else (lambda number: 0)
    before = f'get c-0500: Näme "0500", openai, active, version {version(1)}, settings of 75 bytes'
    wanted = ["list: 1000 of 1000, active 667", before, "test c-0500: success"]
    if name == "update":
        wanted += [
            before,
            f'get c-0500: Renamed "on the board", openai, inactive, version {version(2)}, settings of 75 bytes',
            "update c-0500: applied, settings as they were",
            f"get plain-key: Plain, openai, active, version {version(1)}, settings of {36 if observed else 19} bytes",
            "put back plain-key: applied" if observed else "put back plain-key: refused, settings.apiKey is masked",
        ]
    what = f"{name}, {dialect}"
    expect(code == 0 and lines[: len(wanted)] == wanted and len(lines) == len(wanted) + 2, f"{what}: exit code {code}, printed {lines}")
    expect(careless == "careless 0", f"{what}: no careless write: {careless}")
    figures = check_memory(what, lines)
    figure(
        f"{DOES[name]}, a page of 1000 connections, {dialect} dialect: {figures.get('heap')} bytes of heap (limit {MOST_HEAP}), "
        f"{figures.get('stack')} bytes of stack (limit {MOST_STACK}), {seconds:.1f} s"
    )


def json_answer(body, type_="application/json"):
    body = body if isinstance(body, bytes) else body.encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: " + type_.encode() + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body


def faulty_peers(page):
    """Each with a name, a peer, and the beginning of what the firmware must print."""
    chance = random.Random(20261122)
    noise = bytes(chance.randrange(256) for _ in range(4000))
    silent = "FAILED list: timeout: The line is silent. (code 108"
    decode = "FAILED list: decode: "
    body = page[page.index(b"\r\n\r\n") + 4 :]
    item = body[body.index(b"{", body.index(b"[")) : body.index(b"}") + 1]
    yield "nothing", Peer([b""]), silent
    for cut in (1, 15, page.index(b"\r\n\r\n") + 2, page.index(b"\r\n\r\n") + 30, len(page) // 2, len(page) - 3):
        yield f"cut at byte {cut}", Peer([page[:cut]], "close"), silent
    yield "cut in the second answer", Peer([page, json_answer("{}")[:-1]]), "FAILED get: timeout: The line is silent. (code 108"
    yield "a drop at a time", Peer([b"HTTP/1.1 200 OK\r\n" + b"X-Drop: drop\r\n" * 1000], pause=0.05), "FAILED list: timeout: The answer takes too long. (code 108"
    yield "noise", Peer([noise]), "FAILED list: transport: malformed HTTP response (code 103"
    yield "noise behind a status", Peer([b"HTTP/1.1 200 OK\r\n" + noise]), "FAILED list: transport: "
    yield "noise in the body", Peer([json_answer(noise)]), decode
    yield "a broken page", Peer([page.replace(b'"total"', b'"total}')]), decode
    yield "TLS", Peer([b"\x15\x03\x01\x00\x02\x02\x46"]), "FAILED list: transport: malformed HTTP response (code 103"
    yield "a long line", Peer([b"HTTP/1.1 200 " + b"x" * 5000 + b"\r\n\r\n"]), "FAILED list: transport: response header too large (code 104"
    yield "a long header", Peer([b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 9000]), "FAILED list: transport: response header too large (code 104"
    yield "a long body", Peer([b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n"]), "FAILED list: transport: response body too large (code 105"
    yield "no end of interim answers", Peer([b"HTTP/1.1 103 Early\r\n\r\n" * 100]), "FAILED list: transport: too many interim responses (code 106"
    yield "a page that is cut", Peer([json_answer(b'{"items":[' + item)]), decode + "malformed JSON (code 400"
    yield "nested deep", Peer([json_answer("[" + '{"a":[' * 500)]), decode + "nested too deep (code 404"
    yield "not UTF-8", Peer([json_answer(b'{"\xff":1}')]), decode + "invalid UTF-8 (code 405"
    yield "an item without end", Peer([json_answer('[{"a":"' + "x" * 5000)]), "FAILED list: usage: An item does not fit into the buffer"
    yield "a total that is no number", Peer([json_answer('{"items":[],"total":"1"}')]), decode + "total: wrong JSON type (code 401"
    yield "an item without id", Peer([json_answer('[{"alias":"a"}]')]), decode + "id: missing member (code 402"
    yield "an empty body", Peer([json_answer("")]), decode + "empty body (code 406"
    yield "a login page", Peer([json_answer("<html>", "text/html; charset=utf-8")]), "FAILED list: authentication: The server answered an HTML page"
    yield "another type", Peer([json_answer("hello", "text/plain")]), decode + "not JSON (code 407"
    yield "not signed in", Peer([b"HTTP/1.1 401 -\r\nContent-Length: 0\r\n\r\n"]), "FAILED list: authentication: The server asks to sign in"
    yield "a server that fails", Peer([b"HTTP/1.1 500 -\r\nContent-Length: 4\r\n\r\noops"]), "FAILED list: server: "
    page_of_none = json_answer('{"items":[],"total":0}')
    yield "a connection that is too large", Peer([page_of_none, json_answer('{"name":"' + "x" * 2000 + '"}')]), "FAILED get: usage: The answer does not fit"
    yield "a connection that is an array", Peer([page_of_none, json_answer("[]")]), "FAILED get: decode: An object is expected"
    yield "no such connection", Peer([page_of_none, b"HTTP/1.1 404 -\r\nContent-Length: 0\r\n\r\n"]), "FAILED get: server: The server knows no such connection"


def check_faults(emulator, program, page):
    def check(case):
        name, peer, wanted = case
        code, lines = run(emulator, program, peer.port, "hurried")
        peer.close()
        wanted_second = name in ("cut in the second answer",) or "FAILED get" in wanted
        shown = lines[1:] if wanted_second else lines
        ok = code == 1 and len(shown) == 3 and shown[0].startswith(wanted) and shown[1] == "heap: 0 bytes at most"
        return f"{name}: exit code {code}, printed {lines}" if not ok else None

    count = 0
    with concurrent.futures.ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        for wrong in pool.map(check, list(faulty_peers(page))):
            count += 1
            expect(wrong is None, wrong)
    print(f"{count} peers that misbehave")


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Runs the firmware of examples/firmware under an emulator.")
    parser.add_argument("server", type=pathlib.Path)
    parser.add_argument("--compiler", default=shutil.which("arm-none-eabi-g++"))
    parser.add_argument("--emulator", default=shutil.which("qemu-system-arm"))
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for the programs")
    options = parser.parse_args(arguments)
    if not options.compiler or not options.emulator:
        sys.exit("arm-none-eabi-g++ and qemu-system-arm are needed")
    with tempfile.TemporaryDirectory() as name:
        folder = options.keep or pathlib.Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            programs = dict(zip(PROGRAMS, pool.map(lambda each: build(options.compiler, folder, each), PROGRAMS)))
        check_run(options.emulator, programs["update"], options.server, "update", "documented")
        check_run(options.emulator, programs["update"], options.server, "update", "observed")
        check_run(options.emulator, programs["read"], options.server, "read", "documented")

        server = Server(options.server, "observed")
        page = server.answer_to("/umbraco/ai/management/api/v1/connections?take=20")
        code, lines = run(options.emulator, programs["update"], server.port, "small")
        server.close()
        wanted = "FAILED list: usage: An item does not fit into the buffer; give a larger one. (code 7, HTTP 200)"
        expect(code == 1 and lines[:1] == [wanted], f"a buffer too small: exit code {code}, printed {lines}")
        check_faults(options.emulator, programs["update"], page)
    print(f"{len(failures)} findings")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    sys.exit(main())
