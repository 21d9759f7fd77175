# SPDX-License-Identifier: Apache-2.0
"""Looks at the page of a registry with a real Chromium: what a person sees, in a network namespace whose only link is lo.
usage: browser.py EGRESS [FOLDER for pictures]"""

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

if os.environ.get("EGRESS_BROWSER_WORLD") != "1":
    os.environ["EGRESS_BROWSER_WORLD"] = "1"
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    os.execvp("unshare", ["unshare", *user, "--net", "--", sys.executable, *sys.argv])
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)

from registry import Registry  # noqa: E402

SCRIPT = "<script>alert(1)</script>"
IMAGE = "\"><img/src=x/onerror=alert(2)>"
failures = []


def expect(truth, what):
    if not truth:
        failures.append(what)


class Browser:
    """Chromium over its debugging pipe: https://chromedevtools.github.io/devtools-protocol/"""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="egress-browser-")
        read, self.output = os.pipe()
        self.input, write = os.pipe()

        def descriptors():
            # Over 3 and 4, which may be one another's.
            ours, theirs = os.dup2(read, 100), os.dup2(write, 101)
            os.dup2(ours, 3)
            os.dup2(theirs, 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run",
             "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync",
             f"--user-data-dir={self.profile}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False,
            preexec_fn=descriptors, start_new_session=True, env={**os.environ, "TMPDIR": self.profile},
        )
        os.close(read)
        os.close(write)
        self.buffer, self.number, self.events, self.session = b"", 0, [], None
        target = next(t for t in self.send("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(domain + ".enable")

    def close(self):
        os.killpg(self.process.pid, signal.SIGKILL)  # with its helpers, which write to the profile as well
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self, deadline):
        while b"\0" not in self.buffer:
            if not select.select([self.input], [], [], max(0, deadline - time.monotonic()))[0]:
                raise SystemExit("the browser does not answer")
            data = os.read(self.input, 1 << 16)
            if not data:
                raise SystemExit("the browser ended")
            self.buffer += data
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def send(self, method, **parameters):
        self.number += 1
        call = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            call["sessionId"] = self.session
        os.write(self.output, json.dumps(call).encode() + b"\0")
        deadline = time.monotonic() + 30
        while True:
            answer = self.message(deadline)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, event):
        deadline = time.monotonic() + 30
        while not any(e.get("method") == event for e in self.events):
            self.events.append(self.message(deadline))

    def load(self, action):
        """Does something that loads a page, and waits until it is there."""
        self.events = [e for e in self.events if e.get("method") != "Page.loadEventFired"]
        action()
        self.wait("Page.loadEventFired")

    def go(self, url):
        self.load(lambda: self.send("Page.navigate", url=url))

    def eval(self, code):
        result = self.send("Runtime.evaluate", expression=code, returnByValue=True)
        return result["result"].get("value")

    def complaints(self):
        """All that the console, the log of violations, or a dialog tells."""
        kinds = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded", "Page.javascriptDialogOpening")
        return [e["params"] for e in self.events if e.get("method") in kinds]

    def look(self, name, width, height, scheme):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        expect(self.eval("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} is wider than the screen")
        if len(sys.argv) > 2:
            picture = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=False)
            with open(os.path.join(sys.argv[2], f"{name}-{scheme}-{width}.png"), "wb") as file:
                file.write(base64.b64decode(picture["data"]))


# The ratio of WCAG 2.2, 1.4.3, of every text against the nearest background that is not transparent.
CONTRAST = """(() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
  let worst = [99, ''];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.data.trim()) continue;
    let at = node.parentElement, back = [0, 0, 0, 0];
    const ink = parse(getComputedStyle(at).color);
    for (; at; at = at.parentElement) {
      back = parse(getComputedStyle(at).backgroundColor);
      if (back.length < 4 || back[3] > 0) break;
    }
    const [a, b] = [light(ink), light(back)].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < worst[0]) worst = [ratio, node.data.trim().slice(0, 40)];
  }
  return worst;
})()"""


def fill(registry):
    leases = {name: registry.register(name) for name in
              ["build-eu-1", "build-eu-2", "build-us-1", "agent-7f3a", "agent-91c0", SCRIPT, IMAGE]}
    for name, running in (("build-eu-1", 3), ("agent-7f3a", 1)):
        registry.call("POST", f"/v1/workers/{name}/heartbeat", {"lease": leases[name], "running": running}, registry.worker)
    registry.call("POST", "/v1/workers/build-us-1/drain", {"note": "kernel update"}, registry.operator)
    registry.call("POST", "/v1/workers/agent-91c0/quarantine",
                  {"note": "unexpected egress attempts <b>bold</b> \u202ereversed & 'quoted'"}, registry.operator)
    registry.call("POST", "/v1/workers/build-eu-2/heartbeat",
                  {"lease": leases["build-eu-2"], "status": "failed", "note": "out of disk"}, registry.worker)


def look(registry, browser):
    browser.go(registry.url + "/")
    expect(browser.eval("location.pathname") == "/login", "who is not logged in is sent to log in")
    browser.look("login", 1280, 800, "light")
    browser.eval(f"document.querySelector('#token').value = {json.dumps(registry.worker)}")
    browser.load(lambda: browser.eval("document.querySelector('.login form').submit()"))
    expect("no operator" in (browser.eval("document.querySelector('[role=alert]')?.innerText") or ""),
           "a worker's token logs nobody in")
    # The browser notes the status 403 of that answer, and should.
    complaints = [c for c in browser.complaints() if "403" not in json.dumps(c)]
    browser.events = []
    browser.eval(f"document.querySelector('#token').value = {json.dumps(registry.operator)}")
    browser.load(lambda: browser.eval("document.querySelector('.login form').submit()"))
    expect(browser.eval("location.pathname") == "/", "an operator's token logs in")
    cookies = browser.send("Network.getCookies")["cookies"]
    expect(len(cookies) == 1 and cookies[0]["httpOnly"] and cookies[0]["sameSite"] == "Strict",
           f"the cookie is HttpOnly and SameSite=Strict: {cookies}")
    expect(browser.eval("document.cookie") == "", "scripts can't read the cookie")

    workers = browser.eval("[...document.querySelectorAll('#workers ~ .scroll tbody')][0].innerText")
    for text in ("build-eu-1", SCRIPT, IMAGE, "ready", "draining", "failed", "quarantined", "kernel update", "<b>bold</b>"):
        expect(text in workers, f"the workers show {text}: {workers}")
    expect("\u202e" not in workers, "marks that turn text are not shown")
    expect(browser.eval("document.querySelectorAll('script, img, b b').length") == 0, "nothing of a worker's is markup")
    events = browser.eval("[...document.querySelectorAll('#events ~ .scroll tbody')].at(-1).innerText")
    expect("out of disk" in events and "quarantined" in events, "the events are shown")
    expect(browser.eval("document.querySelector('.tile.quarantined b').innerText") == "1", "the states are counted")
    expect(browser.eval("[...document.querySelectorAll('table')].every(t => t.querySelectorAll('thead th[scope=col]').length"
                        " && t.querySelectorAll('tbody th[scope=row]').length)"), "tables have headings for both ways")
    for scheme in ("light", "dark"):
        browser.look("fleet", 1280, 900, scheme)
        ratio, text = browser.eval(CONTRAST)
        expect(ratio >= 4.5, f"'{text}' has a contrast of {ratio:.2f} in {scheme}")
        browser.look("fleet", 390, 844, scheme)

    browser.go(registry.url + "/?state=quarantined")
    expect(browser.eval("document.querySelectorAll('#workers ~ .scroll tbody tr')[0].innerText").startswith("agent-91c0"),
           "the list can be narrowed to a state")
    browser.go(registry.url + "/")
    browser.load(lambda: browser.eval("[...document.querySelectorAll('#workers ~ .scroll tbody a')]"
                                      f".find(a => a.innerText === {json.dumps(SCRIPT)}).click()"))
    expect(browser.eval("document.querySelector('h1').innerText") == SCRIPT, "a worker has a page of its own")
    expect("sha256:aaaa" in browser.eval("document.querySelector('dl').innerText"), "it shows the digests")
    for scheme in ("light", "dark"):
        browser.look("worker", 1280, 900, scheme)
        ratio, text = browser.eval(CONTRAST)
        expect(ratio >= 4.5, f"'{text}' has a contrast of {ratio:.2f} in {scheme}")
        browser.look("worker", 390, 844, scheme)
    complaints += browser.complaints()
    expect(complaints == [], f"the console is empty: {complaints}")
    browser.load(lambda: browser.eval("document.querySelector('header form').submit()"))
    expect(browser.eval("location.pathname") == "/login" and not browser.send("Network.getCookies")["cookies"],
           "one can log out")


with Registry(sys.argv[1]) as registry:
    fill(registry)
    browser = Browser()
    try:
        look(registry, browser)
    finally:
        browser.close()
print("\n".join(failures) or "the page is as it should be")
sys.exit(1 if failures else 0)
