// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressFleet
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// The fleet for people: pages that only show, without any script.
struct FleetPage: Sendable {
    static let workersPerPage = 100

    let manager: WorkerFleetManager
    let sessions: Sessions

    func respond(
        _ request: Request,
        _ segments: [String],
        _ context: FleetContext,
        _ responder: FleetResponder
    ) async throws -> Response {
        let isPost = request.method == .post
        guard isPost || request.method == .get else { throw FleetResponder.wrongMethod(["GET", "POST"]) }
        switch (segments, isPost) {
        case (["style.css"], false):
            return .answer(
                Array(Self.style.utf8),
                type: "text/css; charset=utf-8",
                headers: [.cacheControl: "public, max-age=300"]
            )
        case (["icon.svg"], false):
            return .answer(
                Array(Self.icon.utf8),
                type: "image/svg+xml",
                headers: [.cacheControl: "public, max-age=86400"]
            )
        case (["login"], false): return html(Self.login(failed: false))
        case (["login"], true): return try await logIn(request, context, responder)
        case (["logout"], true): return redirect("/login", cookie: sessions.end())
        case (["logout"], false): throw FleetResponder.wrongMethod(["POST"])
        case ([""], false):
            guard isLoggedIn(request) else { return redirect("/login") }
            return html(try await overview(try FleetCall.query(request.uri.query, known: ["state", "after"])))
        case _ where segments.count == 2 && segments[0] == "workers" && !isPost:
            guard isLoggedIn(request) else { return redirect("/login") }
            return try await worker(segments[1])
        default: throw ServiceError.notFound
        }
    }

    private func isLoggedIn(_ request: Request) -> Bool {
        sessions.isOpen(request.headers[values: .cookie].joined(separator: "; "), at: .now())
    }

    /// The form is answered alike for no token, a wrong one, and a worker's.
    private func logIn(
        _ request: Request,
        _ context: FleetContext,
        _ responder: FleetResponder
    ) async throws -> Response {
        let type = "application/x-www-form-urlencoded"
        let body = try await FleetResponder.body(request, type: type)
        let form = (try? FleetCall.query(String(decoding: body, as: UTF8.self), known: ["username", "token"])) ?? [:]
        // A newline comes with many ways to copy.
        let token = (form["token"] ?? "").filter { !$0.isWhitespace }
        if let found = responder.tokens.find(token.utf8), found.role == .operator {
            return redirect("/", cookie: sessions.begin(at: .now()))
        }
        try responder.admitStranger(context)
        return html(Self.login(failed: true), status: .forbidden)
    }

    private func overview(_ query: [String: String]) async throws -> HTML {
        let state = query["state"].flatMap(WorkerState.init(rawValue:))
        let snapshot = try await manager.snapshot()
        let workers = try await manager.workers(
            WorkerQuery(state: state, after: query["after"], limit: Self.workersPerPage)
        )
        let events = try await manager.events(EventQuery(limit: 20))
        return Self.overview(snapshot, workers, events, state: state)
    }

    private func worker(_ id: String) async throws -> Response {
        do {
            let worker = try await manager.worker(id)
            let events = try await manager.events(EventQuery(workerID: id, limit: 50))
            return html(Self.worker(worker, events, now: manager.now))
        } catch FleetError.unknownWorker {
            let body: HTML = """
                <h1>No such worker</h1>
                <p>No worker is registered as <b>\(id)</b>. <a href="/">All workers</a></p>
                """
            return html(Self.frame("No such worker", body, isLoggedIn: true), status: .notFound)
        }
    }

    private func html(_ page: HTML, status: HTTPResponse.Status = .ok) -> Response {
        .answer(Array(page.source.utf8), type: "text/html; charset=utf-8", status: status, headers: Self.headers)
    }

    private func redirect(_ path: String, cookie: String? = nil) -> Response {
        var headers = Self.headers
        headers[.location] = path
        if let cookie { headers[.setCookie] = cookie }
        return .answer([], type: "text/plain; charset=utf-8", status: .seeOther, headers: headers)
    }

    /// Nothing is run, nothing is loaded but our own style, and no other site may frame or be told of the page.
    private static let headers: HTTPFields = {
        var headers: HTTPFields = [
            .contentSecurityPolicy:
                "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ]
        for (name, value) in [("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin")] {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return headers
    }()
}
