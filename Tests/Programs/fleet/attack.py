# SPDX-License-Identifier: Apache-2.0
"""Attacks on a registry: what must not get in, must not cost, and must not win a race. usage: attack.py EGRESS"""

import json
import os
import socket
import sys
import threading
import time

from registry import Registry

failures = []


def expect(truth, what):
    if not truth:
        failures.append(str(what))


def raw(r, data, seconds=3.0):
    """Sends bytes as they are; all that comes back until the end, or until the time is up."""
    with socket.create_connection(("127.0.0.1", r.port), timeout=seconds) as link:
        answer = b""
        try:
            link.sendall(data)
            while True:
                part = link.recv(1 << 16)
                if not part:
                    break
                answer += part
        except (TimeoutError, ConnectionError):
            pass
        return answer


def no_way_in(r):
    good = r.operator
    wrong = [
        {}, {"Authorization": good}, {"Authorization": "Bearer"}, {"Authorization": "Bearer "}, {"Authorization": "Basic " + good},
        {"Authorization": f"Bearer  {good}"}, {"Authorization": f"Bearer {good}x"}, {"Authorization": f"Bearer {good[:-1]}"},
        {"Authorization": f"Bearer {good.upper()}"}, {"Authorization": f"Bearer {good},{good}"}, {"Authorization": f"Bearer '{good}'"},
        {"X-Forwarded-For": "127.0.0.1"}, {"Cookie": f"egress-fleet={good}"}, {"Cookie": "egress-fleet=99999999999."},
        {"Cookie": "egress-fleet=99999999999." + "0" * 64},
    ]
    for headers in wrong:
        expect(r.call("GET", "/v1/snapshot", headers=headers)[0] == 401, f"{headers} gets in")
        time.sleep(0.2)  # Five strangers a second are answered, and this is not what is tested here.
        if "Cookie" in headers:
            expect(r.call("GET", "/", headers=headers)[0] == 303, f"{headers} sees the page")
    # Two different headers of which one is right: a proxy and we could each believe another.
    two = f"GET /v1/snapshot HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\nAuthorization: Bearer {good}\r\nConnection: close\r\n\r\n"
    expect(b" 401 " in raw(r, two.encode())[:20], "two Authorization headers get in")
    for path in ("/v1/snapshot?token=" + good, "/v1/snapshot?access_token=" + good, f"/v1/snapshot/{good}"):
        expect(r.call("GET", path)[0] in (401, 404, 429), path)
    # The cookie of the page opens nothing of the API.
    status, headers, _ = r.call("POST", "/login", f"token={good}", headers={"Content-Type": "application/x-www-form-urlencoded"})
    cookie = headers.get("Set-Cookie", "").split(";")[0]
    expect(status == 303 and cookie, "an operator logs in")
    expect(r.call("GET", "/", headers={"Cookie": cookie})[0] == 200, "and sees the page")
    expect(r.call("POST", "/v1/workers/w/quarantine", {"note": "n"}, headers={"Cookie": cookie})[0] in (401, 429),
           "the page's cookie changes a worker")


def guesses_are_counted(r):
    answers = [r.call("GET", "/v1/snapshot", token="x" * 40)[0] for _ in range(60)]
    expect(answers.count(429) >= 30, f"guesses: {answers}")
    expect(r.call("GET", "/v1/snapshot", token=r.operator)[0] == 200, "a good token is not held up by guesses")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answers = [r.call("POST", "/login", "token=guess", headers=form)[0] for _ in range(30)]
    expect(answers.count(429) >= 15, f"guesses at the login: {answers}")


def strange_requests(r):
    auth = f"Host: a\r\nAuthorization: Bearer {r.operator}\r\n"
    cases = {
        "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" + os.urandom(100),
        "endless head": b"GET /v1/health HTTP/1.1\r\n" + b"A: " + b"x" * 200_000,
        "many headers": b"GET /v1/health HTTP/1.1\r\nHost: a\r\n" + b"".join(b"H%d: x\r\n" % i for i in range(5000)) + b"\r\n",
        "long path": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        "two lengths": f"POST /v1/workers/w/drain HTTP/1.1\r\n{auth}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}".encode(),
        "length and chunks": f"POST /v1/workers/w/drain HTTP/1.1\r\n{auth}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode(),
        "bad chunk": f"POST /v1/workers/w/drain HTTP/1.1\r\n{auth}Transfer-Encoding: chunked\r\n\r\nzz\r\n".encode(),
        "negative length": f"POST /v1/workers/w/drain HTTP/1.1\r\n{auth}Content-Length: -1\r\n\r\n".encode(),
        "NUL in path": f"GET /v1/workers/a\0b HTTP/1.1\r\n{auth}\r\n".encode(),
        "absolute form": f"GET http://evil.example/v1/snapshot HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode(),
        "CONNECT": f"CONNECT 127.0.0.1:1 HTTP/1.1\r\n{auth}\r\n".encode(),
        "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    }
    for name, data in cases.items():
        answer = raw(r, data, 2)
        expect(b" 200 " not in answer[:20], f"{name}: {answer[:80]}")
    # Many requests that one connection may not smuggle past the count.
    pipelined = (f"GET /v1/snapshot HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {'x' * 40}\r\n\r\n" * 50).encode()
    expect(b" 200 " not in raw(r, pipelined, 2), "pipelined guesses")


def sizes(r):
    token = f"Authorization: Bearer {r.worker}\r\nHost: a\r\nContent-Type: application/json\r\n"
    began = time.monotonic()
    head = f"POST /v1/workers HTTP/1.1\r\n{token}Content-Length: 9000000000\r\n\r\n".encode()
    expect(b" 413 " in raw(r, head, 2)[:20], "a length of 9 GB")
    head = f"POST /v1/workers HTTP/1.1\r\n{token}Transfer-Encoding: chunked\r\n\r\n".encode()
    answer = raw(r, head + b"10000\r\n" + b"x" * 65536 + b"\r\n", 2)
    expect(b" 413 " in answer[:20], f"chunks without end: {answer[:60]}")
    # Goes on sending what nobody wants: it is cut off, not read to its end.
    sent = 0
    with socket.create_connection(("127.0.0.1", r.port), timeout=5) as link:
        try:
            link.sendall(head)
            for _ in range(2000):
                link.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                sent += 65536
        except (ConnectionError, TimeoutError):
            pass
    expect(sent < 50 << 20, f"{sent} bytes of an unwanted body were taken")
    with open(f"/proc/{r.process.pid}/status", encoding="ascii") as file:
        peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    expect(peak < 200_000, f"memory rose to {peak} KiB")
    expect(time.monotonic() - began < 30, "all of it took long")


def slow(r):
    """A byte a second on many connections: each is closed after ten seconds, and others are served meanwhile."""
    links = [socket.create_connection(("127.0.0.1", r.port), timeout=30) for _ in range(200)]
    silent, trickling, body, strange = links[:50], links[50:100], links[100:150], links[150:]
    began = time.monotonic()
    for link in trickling:
        link.sendall(b"GET /v1/health HTTP/1.1\r\n")
    for link in body:
        link.sendall(f"POST /v1/workers HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {r.worker}\r\n"
                     "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n".encode())
    # Answered long before their end, with 401 and soon with 429, which gives them no more time.
    for link in strange:
        link.sendall(b"POST /v1/workers HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
    open_links = list(links)
    while open_links and time.monotonic() - began < 16:
        time.sleep(0.5)
        expect(r.call("GET", "/v1/health")[0] == 200, "others are served")
        for link in list(open_links):
            try:
                if link not in silent:
                    link.send(b"x")
                link.setblocking(False)
                while link.recv(4096):
                    pass
                open_links.remove(link)
            except BlockingIOError:
                pass
            except OSError:
                open_links.remove(link)
            finally:
                link.setblocking(True)
    expect(not open_links, f"{len(open_links)} slow connections are still open after 16 s")
    for link in links:
        link.close()


def injections(r):
    names = ["w'; DROP TABLE workers; --", "w\" OR \"1\"=\"1", "%", "_", "w%00", "../../etc/passwd", "${jndi:ldap://x}", "{{7*7}}"]
    names = [name.replace(" ", "/**/") for name in names]
    for name in names:
        r.register(name)
    from urllib.parse import quote
    for name in names:
        path = "/v1/workers/" + quote(name, safe="")
        expect(r.call("GET", path, token=r.operator)[2].get("id") == name, f"{name} is found by its name alone")
        status, _, found = r.call("POST", path + "/drain", {"note": name}, r.operator)
        expect(status == 200 and found["note"] == name, f"{name} is drained")
        events = r.call("GET", "/v1/events?worker=" + quote(name, safe=""), token=r.operator)[2]["events"]
        expect({e["worker"] for e in events} == {name}, f"the events of {name}: {events}")
    found = r.call("GET", "/v1/workers", token=r.operator)[2]["workers"]
    expect(sorted(w["id"] for w in found) == sorted(names), "all tables are there")


def replays_race(r):
    """Of many who present one token at once, one is accepted."""
    for _ in range(5):
        token = r.statement("replayed")
        answers = []
        threads = [
            threading.Thread(target=lambda: answers.append(r.call("POST", "/v1/workers", {"attestation": token}, r.worker)[0]))
            for _ in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect(answers.count(201) == 1 and answers.count(409) == 11, f"one token, at once: {answers}")


def quarantine_races(r):
    """After the answer to a quarantine no heartbeat is accepted, however many are under way."""
    for number in range(5):
        name = f"race-{number}"
        lease = r.register(name)
        answers, stop = [], threading.Event()

        def beat():
            while not stop.is_set():
                began = time.monotonic()
                answers.append((began, r.call("POST", f"/v1/workers/{name}/heartbeat", {"lease": lease}, r.worker)[0]))

        threads = [threading.Thread(target=beat) for _ in range(6)]
        for thread in threads:
            thread.start()
        time.sleep(0.15)
        while r.call("POST", f"/v1/workers/{name}/quarantine", {"note": "now"}, r.operator)[0] == 503:
            pass
        done = time.monotonic()
        time.sleep(0.15)
        stop.set()
        for thread in threads:
            thread.join()
        after = {status for began, status in answers if began > done}
        expect(200 in {status for began, status in answers if began < done}, "heartbeats were accepted before")
        # 429 is for too many at once.
        expect(after <= {403, 429}, f"after the quarantine heartbeats were answered {after}")
        while (last := r.call("POST", f"/v1/workers/{name}/heartbeat", {"lease": lease}, r.worker)[0]) == 429:
            time.sleep(0.1)
        expect(last == 403, f"after the quarantine a heartbeat was answered {last}")
        found = r.call("GET", f"/v1/workers/{name}", token=r.operator)[2]
        expect(found["state"] == "quarantined", found)


def nothing_is_told(r):
    log = r.output()
    expect(r.worker not in log and r.operator not in log, "a token stands in the log")
    with open(r.path("fleet.db"), "rb") as file, open(r.path("fleet.db-wal"), "rb") as more:
        stored = file.read() + more.read()
    expect(r.worker.encode() not in stored and r.operator.encode() not in stored, "a token stands in the file")
    expect(r.last_lease.encode() not in stored, "a lease stands in the file")
    expect("Fatal" not in log and r.process.poll() is None, "it still runs: " + log[-400:])


with Registry(sys.argv[1]) as registry:
    for attack in (no_way_in, guesses_are_counted, strange_requests, sizes, injections, replays_race, quarantine_races, slow):
        began = time.monotonic()
        attack(registry)
        if "-v" in sys.argv:
            print(f"{attack.__name__}: {time.monotonic() - began:.1f} s", flush=True)
    registry.last_lease = registry.register("last")
    nothing_is_told(registry)
print("\n".join(failures) or "every attack failed")
sys.exit(1 if failures else 0)
