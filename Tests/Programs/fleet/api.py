# SPDX-License-Identifier: Apache-2.0
"""Walks every operation of a running registry and holds each answer to Fixtures/openapi/fleet.yaml: the operation and the
status must be documented, the body must fit the schema, and at the end no operation and no status may be left unseen, save
those that OUT_OF_REACH names. usage: api.py EGRESS"""

import json
import os
import re
import sys
import urllib.parse

import jsonschema
import yaml

from registry import ROOT, Registry

# A full table takes 100,000 workers here and is tested in Swift; the rest is one code path, seen once below.
OUT_OF_REACH = {"503"}

with open(os.path.join(ROOT, "Fixtures/openapi/fleet.yaml"), encoding="utf-8") as file:
    DOCUMENT = yaml.safe_load(file)

failures, seen = [], set()


def resolve(node):
    while "$ref" in node:
        target = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def operation(method, path):
    path = path.split("?")[0]
    for template, item in DOCUMENT["paths"].items():
        pattern = "^" + re.sub(r"\\\{id\\\}", "[^/]+", re.escape(template)) + "$"
        if re.match(pattern, path) and method.lower() in item:
            return template, item[method.lower()]
    return None, None


def check(registry, expected, method, path, body=None, token=None, reason=None, headers=None):
    status, answered, data = registry.call(method, path, body, token, headers)
    name = f"{method} {path[:80]}"
    if status != expected or (reason and data.get("reason") != reason):
        failures.append(f"{name}: {status} {data}, expected {expected} {reason or ''}")
    template, known = operation(method, path)
    if known is None:
        if status not in (404, 405):
            failures.append(f"{name}: not documented, and answers {status}")
        return data
    if str(status) not in known["responses"]:
        failures.append(f"{name}: the status {status} is not documented")
        return data
    seen.add((template, method.lower(), str(status)))
    response = resolve(known["responses"][str(status)])
    for header in response.get("headers", {}):
        if header not in answered:
            failures.append(f"{name}: {status} without {header}")
    schema = {"$ref": "#/root", "root": response["content"]["application/json"]["schema"],
              "components": DOCUMENT["components"]}
    for error in jsonschema.Draft202012Validator(schema).iter_errors(data):
        failures.append(f"{name}: {status} {error.message} at {list(error.absolute_path)}")
    if answered.get("Cache-Control") != "no-store" or answered.get("X-Content-Type-Options") != "nosniff":
        failures.append(f"{name}: lacks its headers")
    return data


def walk(r):
    w, o = r.worker, r.operator
    check(r, 200, "GET", "/v1/health")
    check(r, 400, "GET", "/v1/health?x=1", reason="invalid_request")
    check(r, 201, "POST", "/v1/challenges", token=w)
    check(r, 400, "POST", "/v1/challenges?x=1", token=w)
    check(r, 415, "POST", "/v1/challenges", "x", w)

    token = r.statement("w/1 <b>".replace(" ", "-"))
    path = "/v1/workers/" + urllib.parse.quote("w/1-<b>", safe="")
    lease = check(r, 201, "POST", "/v1/workers", {"attestation": token}, w)["lease"]
    check(r, 409, "POST", "/v1/workers", {"attestation": token}, w, "replayed")
    check(r, 400, "POST", "/v1/workers", {"attestation": "no token"}, w, "malformed_token")
    check(r, 400, "POST", "/v1/workers", {"attestation": 7}, w, "invalid_request")
    check(r, 400, "POST", "/v1/workers", {"attestation": None}, w, "invalid_request")
    check(r, 400, "POST", "/v1/workers", {"attestation": "x", "more": 1}, w, "invalid_request")
    check(r, 400, "POST", "/v1/workers", {}, w, "invalid_request")
    for broken in (b"", b"{", b"[]", b"\xff", b"null", b"{" * 20_000, b'{"attestation":"\\ud800"}'):
        check(r, 400, "POST", "/v1/workers", broken, w, "invalid_request", {"Content-Type": "application/json"})
    check(r, 415, "POST", "/v1/workers", b"attestation=x", w, "unsupported_media_type",
          {"Content-Type": "application/x-www-form-urlencoded"})
    check(r, 403, "POST", "/v1/workers", {"attestation": token[:-8] + "AAAAAAAA"}, w, "invalid_signature")
    stale = r.signer.claims("w2", r.nonce())
    stale["iat"] -= 4000
    check(r, 403, "POST", "/v1/workers", {"attestation": r.signer.sign(stale)}, w, "too_old")
    loose = r.signer.claims("w2", r.nonce())
    loose["egress_run"]["isolation"] = "preload"
    check(r, 403, "POST", "/v1/workers", {"attestation": r.signer.sign(loose)}, w, "missing_egress_proxy_binding")
    foreign = r.signer.sign(r.signer.claims("w2", "A" * 54))
    check(r, 403, "POST", "/v1/workers", {"attestation": foreign}, w, "unknown_nonce")

    beat = path + "/heartbeat"
    check(r, 200, "POST", beat, {"lease": lease, "running": 3, "note": "busy"}, w)
    check(r, 200, "POST", beat, {"lease": lease, "running": None, "status": None, "note": None}, w)
    check(r, 403, "POST", beat, {"lease": "x"}, w, "lease_refused")
    check(r, 404, "POST", "/v1/workers/nobody/heartbeat", {"lease": "x"}, w, "unknown_worker")
    for wrong in ({"running": -1}, {"running": 1.5}, {"running": 10**30}, {"status": "x"}, {"note": "n" * 501}):
        check(r, 400, "POST", beat, {"lease": lease, **wrong}, w, "invalid_request")
    check(r, 415, "POST", beat, "{}", w)

    again = path + "/attestation"
    check(r, 400, "POST", again, {}, w)
    check(r, 415, "POST", again, "{}", w)
    check(r, 403, "POST", again, {"lease": "x", "attestation": r.statement("w/1-<b>")}, w, "lease_refused")
    check(r, 403, "POST", again, {"lease": lease, "attestation": r.statement("w2")}, w, "worker_id_mismatch")
    check(r, 404, "POST", "/v1/workers/w2/attestation", {"lease": "x", "attestation": r.statement("w2")}, w)
    fresh = r.statement("w/1-<b>")
    lease = check(r, 200, "POST", again, {"lease": lease, "attestation": fresh}, w)["lease"]
    check(r, 409, "POST", again, {"lease": lease, "attestation": fresh}, w, "replayed")

    check(r, 200, "GET", path, token=o)
    check(r, 404, "GET", "/v1/workers/nobody", token=o, reason="unknown_worker")
    check(r, 400, "GET", path + "?x=1", token=o)
    for query in ("", "?state=ready", "?limit=1", "?limit=1000&after=a", "?after=%F0%9F%98%80", "?after="):
        check(r, 200, "GET", "/v1/workers" + query, token=o)
    for query in ("?state=x", "?limit=0", "?limit=1001", "?limit=01", "?limit=+1", "?limit=", "?limit", "?limit=1&limit=2",
                  "?after=%zz", "?after=%ff", "?x", "?state=%27%3B--"):
        check(r, 400, "GET", "/v1/workers" + query, token=o, reason="invalid_request")
    check(r, 200, "GET", "/v1/snapshot", token=o)
    check(r, 400, "GET", "/v1/snapshot?x=1", token=o)
    worker = urllib.parse.quote("w/1-<b>")
    for query in ("", "?limit=1", "?before=2", "?worker=" + worker, "?before=9223372036854775807"):
        check(r, 200, "GET", "/v1/events" + query, token=o)
    check(r, 400, "GET", "/v1/events?before=9223372036854775808", token=o)

    for verb in ("drain", "quarantine", "release"):
        check(r, 404, "POST", f"/v1/workers/nobody/{verb}", {"note": "n"}, o, "unknown_worker")
        check(r, 400, "POST", f"{path}/{verb}", {"x": 1}, o)
        check(r, 415, "POST", f"{path}/{verb}", "x", o)
    check(r, 400, "POST", path + "/quarantine", None, o)
    check(r, 400, "POST", path + "/quarantine", {"note": "  "}, o)
    check(r, 409, "POST", path + "/release", None, o, "illegal_transition")
    check(r, 200, "POST", path + "/drain", None, o)
    check(r, 409, "POST", path + "/drain", {}, o, "illegal_transition")
    check(r, 200, "POST", path + "/quarantine", {"note": "odd traffic"}, o)
    check(r, 409, "POST", path + "/quarantine", {"note": "again"}, o, "illegal_transition")
    check(r, 403, "POST", beat, {"lease": lease}, w, "quarantined")
    check(r, 403, "POST", "/v1/workers", {"attestation": r.statement("w/1-<b>")}, w, "quarantined")
    check(r, 200, "POST", path + "/release", {"note": None}, o)
    check(r, 409, "POST", beat, {"lease": lease}, w, "attestation_needed")


def for_all(r):
    """What holds for every operation alike: tokens, sizes, methods, paths."""
    for template, item in DOCUMENT["paths"].items():
        path = template.replace("{id}", "nobody")
        for method in ("get", "post"):
            if method not in item:
                continue
            security = item[method].get("security", DOCUMENT["security"])
            if security:
                role = next(iter(security[0]))
                other = r.operator if role == "worker" else r.worker
                check(r, 401, method.upper(), path, reason="unauthorized")
                check(r, 403, method.upper(), path, token=other, reason="forbidden")
            if method == "post":
                mine = r.worker if role == "worker" else r.operator
                check(r, 413, "POST", path, b'{"x":"' + b"x" * 40_000, mine, "body_too_large",
                      {"Content-Type": "application/json"})
        for method in ("PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"):
            status, headers, _ = r.call(method, path, token=r.operator)
            if status != 405 or "Allow" not in headers:
                failures.append(f"{method} {path}: {status}")
    for path in ("/v1", "/v1/", "/v1/worker", "/v2/workers", "/v1/workers/", "/v1//workers", "/v1/workers/a/b", "/V1/workers",
                 "/v1/workers/a/drain/", "/v1/workers/../events", "/v1/%77orkers/%zz", "/v1/workers/%ff", "//v1/workers"):
        status, _, data = r.call("GET", path, token=r.operator)
        if status != 404 or data["reason"] != "not_found":
            failures.append(f"GET {path}: {status} {data}")


def limits(r):
    """Callers that ask too often are told to wait, each operation in its own words."""
    for template, item in DOCUMENT["paths"].items():
        for method in ("get", "post"):
            if "429" not in item.get(method, {}).get("responses", {}):
                continue
            path = template.replace("{id}", "nobody")
            role = next(iter(item[method].get("security", DOCUMENT["security"])[0]))
            token = r.worker if role == "worker" else r.operator
            for _ in range(20):
                if r.call(method.upper(), path, token=token)[0] == 429:
                    break
            check(r, 429, method.upper(), path, token=token, reason="rate_limited")


egress = sys.argv[1]
with Registry(egress) as registry:
    walk(registry)
with Registry(egress, tls=True) as registry:
    for_all(registry)
with Registry(egress, "version: 1\nlimits: { requests_per_second: 1, burst: 2 }\n") as registry:
    limits(registry)

for template, item in DOCUMENT["paths"].items():
    for method in ("get", "post"):
        for status in item.get(method, {}).get("responses", {}):
            if status not in OUT_OF_REACH and (template, method, status) not in seen:
                failures.append(f"{method.upper()} {template}: documented, but never answered: {status}")

print("\n".join(failures) or f"{len(seen)} answers of the document seen")
sys.exit(1 if failures else 0)
