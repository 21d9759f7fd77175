// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

extension FetchWorldTests {
    @Suite struct Redirects {
        @Test(arguments: [
            Row("/chain/10", 0, "the end"), Row("/chain/11", 3, "there were 10 before it"),
            Row("/chain/1", 0, "the end", ["--max-redirects", "1"]),
            Row("/chain/1", 3, "there were 0", ["--max-redirects", "0"]),
            Row("/loop", 3, "in a circle"), Row("/ping", 3, "in a circle"), Row("/no-location", 3, "no place to go to"),
            Row("/two-locations", 3, "2 places to go to"), Row("/utf8-location", 0, "accented"),
            Row("/to/302?/", 0, "hello"), Row("/to/302?../../", 0, "hello"),
            Row("/to/302?//v4.example:7100/", 0, "hello"),
            Row("/to/302?http://[::1/", 3, "denied"), Row("/to/302?http://v4.example:99999/", 3, "missing_port"),
            Row("/to/302?file:///etc/passwd", 3, "unsupported_scheme"), Row("/to/302?", 3, "redirect_blocked"),
            Row("/to/302?http://u:p@v4.example:7100/", 3, "url_credentials_forbidden"),
            Row("/to/302?http://v4.example%5C@denied.example/", 3, "denied"),
            Row("/to/302?/a%20b", 3, "redirect_blocked"),
            Row("/to/302?http://2130706433/", 3, "non_canonical_address"),
            Row("/to/302?http://denied.example/", 3, "host_not_allowlisted"),
            Row("/to/302?http://169.254.169.254/latest/", 3, "denied"), Row("/to/302?http://127.0.0.1/", 3, "denied"),
        ])
        func `a redirect is followed if it is allowed, leads to a place and ends`(row: Row) throws { try row.expect() }

        /// RFC 9110, section 15.4.
        @Test(arguments: [
            (301, "POST", "GET", false), (302, "POST", "GET", false), (303, "POST", "GET", false),
            (307, "POST", "POST", true),
            (308, "POST", "POST", true), (301, "GET", "GET", false), (303, "HEAD", "HEAD", false),
            (307, "HEAD", "HEAD", false),
        ])
        func `the method and the body follow as the status says`(
            status: Int,
            method: String,
            next: String,
            keepsBody: Bool
        ) throws {
            let world = try FetchWorld.shared()
            let data = method == "POST" ? ["--data", "a=b", "-H", "content-type: text/x"] : []
            let requests = try world.requests {
                let outcome = try world.get("/to/\(status)?/echo", ["-X", method] + data)
                #expect(outcome.succeeded, "\(outcome)")
            }
            let last = try #require(requests.last)
            #expect(requests.count == 2)
            #expect(last.contains("\"method\": \"\(next)\""), "\(last)")
            #expect(last.contains("\"body\": \"\(keepsBody ? "a=b" : "")\""), "\(last)")
            #expect(last.contains("text/x") == keepsBody && last.contains("content-length") == keepsBody, "\(last)")
        }

        @Test(arguments: [("http://v4.example:7100/echo", true), ("http://also.allowed.example:7100/echo", false)])
        func `what the caller gave goes to its own origin only`(target: String, isKept: Bool) throws {
            let world = try FetchWorld.shared()
            let requests = try world.requests {
                _ = try world.get(
                    "/to/302?\(target)",
                    [
                        "--allow", "also.allowed.example", "-H", "Authorization: Basic own-1", "-H", "Cookie: own-2",
                        "-H", "X-Mine: own-3", "-H", "Accept-Language: sv",
                    ]
                )
            }
            try #require(requests.count == 2)
            for value in ["own-1", "own-2", "own-3"] {
                #expect(requests[0].contains(value))
                #expect(requests[1].contains(value) == isKept, "\(requests[1])")
            }
            #expect(requests[1].contains("\"accept-language\": \"sv\""))
        }

        @Test func `a body is not sent on in the clear`() throws {
            let outcome = try FetchWorld.shared().fetch(
                FetchWorld.usual + ["--data", "private", "https://v4.example:7443/to/307?http://v4.example:7100/echo"]
            )
            #expect(outcome.status == 3, "\(outcome)")
            #expect(outcome.standardError.contains("in the clear"), "\(outcome)")
        }

        @Test(arguments: [
            "Host: x", "Content-Length: 1", "Transfer-Encoding: chunked", "Connection: x", "X-Forwarded-For: 127.0.0.1",
            "Accept-Encoding: br", "Proxy-Authorization: x", "Upgrade: x", "X-Real-IP: 1", "TE: x", "Sec-Fetch-Site: x",
            "X-HTTP-Method-Override: DELETE", "unheard-of: x", "bad name: x", "X-A: a\r\nX-B: b", "X-A: a\nb", ": x",
            "no colon",
        ])
        func `a header that frames, steers or splits the request is a usage error`(header: String) throws {
            let world = try FetchWorld.shared()
            let requests = try world.requests {
                let outcome = try world.get("/echo", ["-H", header])
                #expect(outcome.status == 64, "\(outcome)")
            }
            #expect(requests == [])
        }
    }
}
