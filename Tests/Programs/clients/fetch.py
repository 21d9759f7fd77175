# SPDX-License-Identifier: Apache-2.0
"""Web clients of Python's standard library. usage: fetch.py urllib|asyncio|threads URL"""

import asyncio
import concurrent.futures
import sys
import urllib.parse
import urllib.request


def with_urllib(url):
    with urllib.request.urlopen(url, timeout=5) as response:
        return response.read().decode()


async def with_asyncio(url):
    parts = urllib.parse.urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    writer.write(f"GET {parts.path or '/'} HTTP/1.0\r\nHost: {parts.hostname}\r\n\r\n".encode())
    body = (await reader.read()).decode().partition("\r\n\r\n")[2]
    writer.close()
    return body


def with_threads(url):
    """Fifty at once; all must see the same."""
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        bodies = set(pool.map(with_urllib, [url] * 50))
    return bodies.pop() if len(bodies) == 1 else f"{len(bodies)} different answers"


kind, url = sys.argv[1:]
try:
    if kind == "asyncio":
        print(asyncio.run(with_asyncio(url)), end="")
    else:
        print({"urllib": with_urllib, "threads": with_threads}[kind](url), end="")
except OSError as error:
    sys.exit(f"{type(error).__name__}: {error}")
