"""Simulated crowds for measurements: each participant a cookie jar and a kept connection, following forms.

Works on any survey of one form a page. Only ever aims at this machine, and ends by itself.
"""

import asyncio
import html
import random
import re
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin, urlsplit

FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.S)
FIELD = re.compile(r"<(input|button)\b([^>]*)>", re.S)
ATTRIBUTE = re.compile(r'([\w-]+)(?:="([^"]*)"|=\'([^\']*)\')?')
LINK = re.compile(r'<a class="button" href="([^"]+)"')
IMAGE = re.compile(r'<img\b[^>]*?src="([^"]+)"')
END = re.compile(r"[Cc]ompletion code|data-bench-end")
MAX_PAGES = 80


@dataclass
class Crowd:
    """What a crowd did: `turns` in seconds, answers that were acknowledged as (address, choice)."""

    turns: list = field(default_factory=list)
    acknowledged: list = field(default_factory=list)
    failures: list = field(default_factory=list)
    completed: int = 0
    errors: int = 0
    images: int = 0
    seconds: float = 0.0


class Browser:
    def __init__(self, site):
        address = urlsplit(site)
        assert address.hostname in ("127.0.0.1", "localhost"), "this machine only"
        self.host, self.port = address.hostname, address.port
        self.cookies, self.reader, self.writer = {}, None, None

    async def fetch(self, method, url, fields=None):
        """The status, the redirect's target and the body of one request."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        address = urlsplit(url)
        path = address.path + (f"?{address.query}" if address.query else "")
        body = urlencode(fields).encode() if fields is not None else b""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if fields is not None:
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {}
        for line in head[1:]:
            name, _, value = line.partition(": ")
            if name.lower() == "set-cookie":
                key, _, content = value.split(";")[0].partition("=")
                self.cookies[key] = content
            headers[name.lower()] = value
        content = await self._body(headers)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return int(head[0].split()[1]), headers.get("location"), content.decode("utf-8", "replace")

    async def _body(self, headers):
        if headers.get("transfer-encoding") == "chunked":
            parts = []
            while size := int(await self.reader.readline(), 16):
                parts.append(await self.reader.readexactly(size))
                await self.reader.readline()
            await self.reader.readline()
            return b"".join(parts)
        return await self.reader.readexactly(int(headers.get("content-length", 0)))

    async def open(self, url):
        """The final address and body, redirects followed."""
        for _ in range(6):
            status, location, body = await self.fetch("GET", url)
            if status not in (301, 302, 303, 307, 308):
                break
            url = urljoin(url, location)
        if status != 200:
            raise ConnectionError(f"{status} at {url}")
        return url, body

    def close(self):
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None


def form_of(page, rng):
    """Action, fields and the choice made of a page's first form; None without one."""
    for opening, inside in FORM.findall(page):
        attributes = _attributes(opening)
        if attributes.get("method", "").lower() != "post":
            continue
        fields, choices = {}, {}
        for tag, rest in FIELD.findall(inside):
            one = _attributes(rest)
            kind = one.get("type", "submit" if tag == "button" else "text")
            if kind == "hidden":
                fields[one["name"]] = one.get("value", "")
            elif "name" in one and kind in ("radio", "submit"):
                choices.setdefault(one["name"], []).append(one.get("value", ""))
        chosen = {name: rng.choice(values) for name, values in choices.items()}
        return attributes.get("action", ""), fields | chosen, chosen
    return None


def _attributes(text):
    return {name: html.unescape(a or b) for name, a, b in ATTRIBUTE.findall(text)}


async def take_part(start, crowd, rng, *, images, patience, think):
    """One participation. With `patience` (seconds), what fails is tried again until it runs out.

    `think` is the mean time in seconds before an answer, exponentially distributed.
    """
    browser, url, page = Browser(start), start, None
    seen, deadline = set(), time.monotonic() + patience
    for _ in range(MAX_PAGES * (20 if patience else 1)):
        try:
            if page is None:
                url, page = await browser.open(url)
            if images:
                crowd.images += await _fetch_images(browser, url, page, seen)
            if END.search(page):
                crowd.completed += 1
                break
            form = form_of(page, rng)
            if form is None:
                url, page = await browser.open(urljoin(url, html.unescape(LINK.search(page)[1])))
                continue
            await asyncio.sleep(rng.expovariate(1 / think) if think else 0)
            url, page = await _send(browser, url, form, crowd)
        except (OSError, asyncio.IncompleteReadError) as error:
            browser.close()
            page = None  # whatever became of the answer, the same address shows it
            crowd.errors += 1
            if time.monotonic() > deadline:
                crowd.failures.append(f"{url}: {error}")
                break
            await asyncio.sleep(0.2)
    browser.close()


async def _send(browser, url, form, crowd):
    action, fields, chosen = form
    target, started = urljoin(url, action), time.perf_counter()
    status, location, body = await browser.fetch("POST", target, fields)
    if status not in (200, 302, 303):
        raise ConnectionError(f"{status} to an answer at {target}")
    if chosen and status != 200:
        crowd.acknowledged.append((urlsplit(target).path, *chosen.values()))
    url, page = await browser.open(urljoin(target, location)) if location else (target, body)
    crowd.turns.append(time.perf_counter() - started)
    return url, page


async def _fetch_images(browser, url, page, seen):
    new = [address for address in IMAGE.findall(page) if address not in seen]
    for address in new:
        await browser.fetch("GET", urljoin(url, html.unescape(address)))
    seen.update(new)
    return len(new)


async def gather(start, *, participants, at_once, images=False, patience=0, think=0, seed=1):
    """Lets `participants` take part, `at_once` of them at a time; returns the Crowd."""
    crowd, numbers, began = Crowd(), iter(range(participants)), time.perf_counter()

    async def worker(number):
        for _ in numbers:
            rng = random.Random(f"{seed}/{number}/{_}")
            await take_part(start, crowd, rng, images=images, patience=patience, think=think)

    await asyncio.gather(*(worker(number) for number in range(at_once)))
    crowd.seconds = time.perf_counter() - began
    return crowd
