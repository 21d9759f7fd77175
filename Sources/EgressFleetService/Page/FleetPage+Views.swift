// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressFleet

extension FleetPage {
    static func frame(_ title: String, _ body: HTML, isLoggedIn: Bool) -> HTML {
        let logout: HTML = isLoggedIn ? "<form method=\"post\" action=\"/logout\"><button>Log out</button></form>" : ""
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(title)</title>
            <link rel="stylesheet" href="/style.css">
            <link rel="icon" href="/icon.svg" type="image/svg+xml">
            </head>
            <body>
            <header><a class="brand" href="/">egress fleet</a>\(logout)</header>
            <main>
            \(body)
            </main>
            </body>
            </html>

            """
    }

    static func login(failed: Bool) -> HTML {
        let notice: HTML = failed ? "<p class=\"notice\" role=\"alert\">That is no operator's token.</p>" : ""
        let body: HTML = """
            <section class="login">
            <h1>Log in</h1>
            \(notice)
            <form method="post" action="/login">
            <input name="username" autocomplete="username" value="operator" hidden>
            <label for="token">Operator token</label>
            <input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
            <button class="primary">Log in</button>
            </form>
            </section>
            """
        return frame("Log in - egress fleet", body, isLoggedIn: false)
    }

    static func overview(
        _ snapshot: FleetSnapshot,
        _ workers: [Worker],
        _ events: [FleetEvent],
        state: WorkerState?
    ) -> HTML {
        let all = tile("all", snapshot.total, href: "/", isCurrent: state == nil)
        let tiles = WorkerState.allCases.map {
            tile($0.rawValue, snapshot.counts[$0] ?? 0, href: "/?state=\($0.rawValue)", isCurrent: state == $0)
        }
        let heading = state.map { "Workers: \($0.rawValue)" } ?? "Workers"
        let body: HTML = """
            <h1>Fleet</h1>
            <p class="dim">As of <time datetime="\(snapshot.at.description)">\(clock(snapshot.at)) UTC</time></p>
            <nav aria-label="Workers by state"><ul class="tiles">
            \(HTML([all] + tiles))
            </ul></nav>
            <h2 id="workers">\(heading)</h2>
            \(table(workers, now: snapshot.at))
            \(next(workers, state))
            <h2 id="events">Recent events</h2>
            \(table(events))
            """
        return frame("egress fleet", body, isLoggedIn: true)
    }

    private static func tile(_ name: String, _ count: Int, href: String, isCurrent: Bool) -> HTML {
        let current: HTML = isCurrent ? " aria-current=\"page\"" : ""
        let quiet = count == 0 ? "none" : name
        return "<li><a class=\"tile \(quiet)\" href=\"\(href)\"\(current)><b>\(count)</b> \(name)</a></li>"
    }

    private static func next(_ workers: [Worker], _ state: WorkerState?) -> HTML {
        guard workers.count == workersPerPage, let last = workers.last else { return "" }
        let filter = state.map { "state=\($0.rawValue)&" } ?? ""
        return "<p><a href=\"/?\(filter)after=\(PercentEncoding.encode(last.id))\">Next \(workersPerPage)</a></p>"
    }

    private static func table(_ workers: [Worker], now: Timestamp) -> HTML {
        if workers.isEmpty { return "<p class=\"empty\">There are none.</p>" }
        let rows = workers.map { worker -> HTML in
            """
            <tr><th scope="row"><a href="/workers/\(PercentEncoding.encode(worker.id))">\(worker.id)</a></th>
            <td>\(badge(worker.state))</td>
            <td class="number">\(worker.running)</td>
            <td>\(ago(worker.heardAt, now))</td>
            <td class="wide">\(ago(worker.since, now))</td>
            <td class="wide">\(worker.facts.isolation)</td>
            <td class="note">\(worker.note ?? "")</td></tr>
            """
        }
        return """
            <div class="scroll" role="region" aria-labelledby="workers" tabindex="0"><table>
            <thead><tr><th scope="col">Worker</th><th scope="col">State</th><th scope="col" class="number">Running</th>
            <th scope="col">Heard</th><th scope="col" class="wide">In state</th><th scope="col" class="wide">Isolation</th>
            <th scope="col">Note</th></tr></thead>
            <tbody>
            \(HTML(rows))
            </tbody></table></div>
            """
    }

    private static func table(_ events: [FleetEvent]) -> HTML {
        if events.isEmpty { return "<p class=\"empty\">There are none.</p>" }
        let rows = events.map { event -> HTML in
            let arrow: HTML = "<span class=\"arrow\" role=\"img\" aria-label=\"to\">&rarr;</span>"
            let from: HTML = event.from.map { "\(badge($0)) \(arrow) " } ?? ""
            return """
                <tr><td><time datetime="\(event.at.description)">\(clock(event.at))</time></td>
                <th scope="row"><a href="/workers/\(PercentEncoding.encode(event.workerID))">\(event.workerID)</a></th>
                <td class="step">\(from)\(badge(event.to))</td>
                <td class="wide">\(event.actor.rawValue)</td>
                <td class="note">\(event.note ?? "")</td></tr>
                """
        }
        return """
            <div class="scroll" role="region" aria-labelledby="events" tabindex="0"><table>
            <thead><tr><th scope="col">Time (UTC)</th><th scope="col">Worker</th><th scope="col">State</th>
            <th scope="col" class="wide">By</th><th scope="col">Note</th></tr></thead>
            <tbody>
            \(HTML(rows))
            </tbody></table></div>
            """
    }

    static func worker(_ worker: Worker, _ events: [FleetEvent], now: Timestamp) -> HTML {
        let facts = worker.facts
        let rows: [(String, HTML)] = [
            ("State", badge(worker.state)), ("In this state", ago(worker.since, now)),
            ("Note", "\(worker.note ?? "-")"), ("Running", "\(worker.running)"),
            ("Last heard", ago(worker.heardAt, now)),
            ("Attested", ago(worker.attestedAt, now)), ("Registered", ago(worker.registeredAt, now)),
            ("Isolation", "\(facts.isolation)"),
            ("Egress bound to the policy", facts.egressProxy ? "yes, measured" : "no"),
            ("Policy", digest(facts.policyDigest)), ("egress-run", digest(facts.launcherDigest)),
            ("Version", "\(facts.softwareVersion)"), ("Executable", "\(facts.executablePath ?? "-")"),
            ("Executable digest", digest(facts.executableDigest)), ("Image (as stated)", digest(facts.imageDigest)),
            ("Build (as stated)", digest(facts.buildDigest)), ("Artifact (as stated)", digest(facts.artifactDigest)),
            ("Kernel", "\(facts.kernel ?? "-")"), ("Signed by key", "<code>\(facts.keyID)</code>"),
            ("Token", "<code>\(facts.tokenID)</code>"),
        ]
        let body: HTML = """
            <p><a href="/">All workers</a></p>
            <h1 class="id">\(worker.id)</h1>
            <dl>
            \(HTML(rows.map { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>" }))
            </dl>
            <h2 id="events">Events</h2>
            \(table(events))
            """
        return frame("\(worker.id) - egress fleet", body, isLoggedIn: true)
    }

    private static func badge(_ state: WorkerState) -> HTML {
        "<span class=\"badge \(state.rawValue)\">\(state.rawValue)</span>"
    }

    private static func digest(_ text: String?) -> HTML {
        text.map { "<code>\($0)</code>" } ?? "-"
    }

    /// How long ago, in the largest unit, with the moment itself for whoever asks.
    static func ago(_ moment: Timestamp, _ now: Timestamp) -> HTML {
        let seconds = now.milliseconds > moment.milliseconds ? (now.milliseconds - moment.milliseconds) / 1000 : 0
        let text =
            switch seconds {
            case ..<60: "\(seconds) s ago"
            case ..<3600: "\(seconds / 60) min ago"
            case ..<86_400: "\(seconds / 3600) h ago"
            default: "\(seconds / 86_400) d ago"
            }
        return "<time datetime=\"\(moment.description)\" title=\"\(moment.description)\">\(text)</time>"
    }

    /// `2026-01-31 23:59:59`.
    private static func clock(_ moment: Timestamp) -> String {
        String(moment.description.prefix(19).map { $0 == "T" ? " " : $0 })
    }
}
