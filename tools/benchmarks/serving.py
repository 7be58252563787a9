"""A server under many clients: sentences per second, latency, answers that are wrong, a full queue, hostile requests,
memory.

    python tools/benchmarks/serving.py --model DIR --file FILE [--clients 32] [--seconds 60] [--requests 100000]

FILE has a sentence a line in the model's source language. Each client has its connection and asks for one line after
the other; every answer is compared with what file translation makes of the line. The clients share the machine with
the server. With `--requests`, so many short lines are asked for after 1,000, and the server's memory is told at both.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import itertools
import json
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil

import nmt
from nmt.errors import guard

BEAM = 5


class Client:
    """A connection to a server, that is kept."""

    def __init__(self, port: int, pair: tuple[str, str]) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.pair = pair

    def ask(self, text: str, **more: object) -> tuple[int, str]:
        """The status, and the translation or what is wrong."""
        body = json.dumps({"q": text, "source": self.pair[0], "target": self.pair[1], **more})
        self.connection.request("POST", "/translate", body, {"content-type": "application/json"})
        answer = self.connection.getresponse()
        found = json.load(answer)
        return answer.status, found.get("translatedText", found.get("error"))


@contextlib.contextmanager
def served(model: Path, *options: str) -> Iterator[tuple[int, psutil.Process]]:
    """The port and the process of a server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "nmt", "serve", "--model", str(model), "--port", str(port), "--beam", str(BEAM)]
    with subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None:
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                time.sleep(0.02)
            yield port, psutil.Process(process.pid)
        finally:
            process.terminate()


def together(count: int, work: Callable[[int], None]) -> None:
    """Has so many threads work at once."""
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def load(
    port: int, pair: tuple[str, str], lines: Sequence[str], clients: int, seconds: float, expected: Sequence[str]
) -> tuple[list[float], Counter[str]]:
    """The latencies of what clients asked for in a time, and how the answers were."""
    latencies: list[float] = []
    answers: Counter[str] = Counter()
    until = time.monotonic() + seconds

    def work(number: int) -> None:
        client = Client(port, pair)
        for place in itertools.count(number * 31):
            if time.monotonic() > until:
                return
            began = time.monotonic()
            status, text = client.ask(lines[place % len(lines)])
            latencies.append(time.monotonic() - began)
            right = text == expected[place % len(lines)]
            answers["right" if status == 200 and right else "another" if status == 200 else str(status)] += 1

    together(clients, work)
    return latencies, answers


def hostile(port: int, pair: tuple[str, str], process: psutil.Process) -> str:
    """What the server's memory grows by while it is sent what no one should."""
    before = process.memory_info().rss
    slow = socket.create_connection(("127.0.0.1", port))
    slow.sendall(b"POST /translate HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
    client = Client(port, pair)
    client.connection.putrequest("POST", "/translate")
    client.connection.putheader("Content-Length", str(100 * 2**20))
    client.connection.endheaders()
    for number in range(100):
        client.connection.send(b"a" * 2**20)
        if number % 20 == 0:
            slow.sendall(b"a")
            time.sleep(1)
    large = client.connection.getresponse().status
    nested = Client(port, pair).ask("<div><b>" * 2400 + "x", format="html")[0]
    grown = (process.memory_info().rss - before) / 2**20
    return f"100 MB: {large}; nested HTML: {nested}; a byte a second beside them; memory grew by {grown:.0f} MB"


def main() -> None:
    """Measures, and prints as it goes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--requests", type=int, default=0)
    arguments = parser.parse_args()
    lines = [line for line in arguments.file.read_text("utf-8").split("\n") if line.strip()]
    translator = nmt.load(arguments.model)
    data = translator.config.data
    pair = (str(data.source), str(data.target))
    expected = [found.text for found in translator.translate(lines, beam=BEAM)]
    del translator
    began = time.monotonic()
    with served(arguments.model) as (port, process):
        Client(port, pair).ask(lines[0])
        print(f"from its start to the first translation: {time.monotonic() - began:.1f} s", flush=True)
        speeds = []
        for clients in (1, arguments.clients):
            latencies, answers = load(port, pair, lines, clients, arguments.seconds, expected)
            speeds.append(len(latencies) / arguments.seconds)
            milliseconds = [1000 * value for value in sorted(latencies)]
            tail = milliseconds[int(0.95 * len(milliseconds))]
            print(
                f"{clients} clients: {speeds[-1]:.1f} sentences/s ({speeds[-1] / speeds[0]:.2f} times one client's), "
                f"median {statistics.median(milliseconds):.0f} ms, 95 % within {tail:.0f} ms; answers {dict(answers)}",
                flush=True,
            )
        print(hostile(port, pair, process), flush=True)
    with served(arguments.model, "--queue", "8") as (port, _):
        _, answers = load(port, pair, lines, arguments.clients, 5, expected)
        after = Client(port, pair).ask(lines[0])
        print(
            f"a queue of 8: {dict(answers)}; afterwards {after[0]}, {'right' if after[1] == expected[0] else 'wrong'}"
        )
    if arguments.requests:
        _memory(arguments, pair, lines)


def _memory(arguments: argparse.Namespace, pair: tuple[str, str], lines: Sequence[str]) -> None:
    with served(arguments.model, "--beam", "1") as (port, process):
        for count in (1000, arguments.requests):

            def work(number: int, count: int = count) -> None:
                client = Client(port, pair)
                for place in range(number, count, arguments.clients):
                    client.ask(" ".join(lines[place % len(lines)].split()[: 1 + place % 12]))

            began = time.monotonic()
            together(arguments.clients, work)
            used = process.memory_info().rss / 2**20
            print(f"{count:,} requests, greedy: {time.monotonic() - began:.0f} s, memory {used:.0f} MB", flush=True)


if __name__ == "__main__":
    sys.exit(guard(main, "serving.py"))
