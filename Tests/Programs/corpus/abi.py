# SPDX-License-Identifier: Apache-2.0
"""Asks the C ABI about one request as a caller would: the URL, then its name, its answers, and each address.

usage: abi.py LIBEGRESS < {"url", "allow": [...], "deny": [...], "allow_private", "answers": [{"aliases", "addresses"}...]}

Each of the answers is one look-up of the URL's name. Prints the first decision that denies, or the last that allows, as
{"decision": "allow"|"deny", "reason", "message", "line"}.
"""

import ctypes
import ipaddress
import json
import sys
from ctypes import byref, c_char, c_char_p, c_int, c_size_t, c_uint16, c_uint32, c_uint64, sizeof

TCP, ALLOW_PRIVATE = 6, 1


class Options(ctypes.Structure):
    """egress_options"""

    _fields_ = [("struct_size", c_size_t)]
    for _name in ("path", "text", "allow", "deny"):
        _fields_ += [(_name, c_char_p), (_name + "_length", c_size_t)]
    _fields_ += [("flags", c_uint32), ("reserved", c_uint32)]


class Decision(ctypes.Structure):
    """egress_decision"""

    _fields_ = [
        ("struct_size", c_size_t), ("reason", c_char * 40), ("rule", c_char * 304), ("message", c_char * 256),
        ("line", c_char * 256),
    ]


library = ctypes.CDLL(sys.argv[1])
library.egress_open.restype = c_uint64
library.egress_open.argtypes = [ctypes.POINTER(Options), ctypes.POINTER(Decision)]
for name, arguments in (
    ("egress_decide_url", []), ("egress_decide_host", []), ("egress_decide_alias", []),
    ("egress_pin", [c_char_p, c_size_t, c_uint32]), ("egress_decide_connect", [c_uint16, c_int]),
):
    function = getattr(library, name)
    function.restype = c_int
    function.argtypes = [c_uint64, c_char_p, c_size_t, *arguments, ctypes.POINTER(Decision)]


def finish(decision, is_allowed):
    """Prints the decision and ends."""
    print(json.dumps({
        "decision": "allow" if is_allowed else "deny", "reason": decision.reason.decode(),
        "message": decision.message.decode(), "line": decision.line.decode(),
    }))
    sys.exit(0)


def ask(function, text, *arguments):
    """Asks one thing; ends with the answer when that is no."""
    decision = Decision(sizeof(Decision))
    if getattr(library, function)(policy, text.encode(), len(text.encode()), *arguments, byref(decision)) != 1:
        finish(decision, False)
    return decision


question = json.load(sys.stdin)
decision = Decision(sizeof(Decision))
rules = {name: "\n".join(question[name]).encode() for name in ("allow", "deny")}
policy = library.egress_open(
    byref(Options(sizeof(Options), allow=rules["allow"], allow_length=len(rules["allow"]), deny=rules["deny"],
                  deny_length=len(rules["deny"]), flags=ALLOW_PRIVATE if question["allow_private"] else 0)),
    byref(decision),
)
if not policy:
    finish(decision, False)
decision = ask("egress_decide_url", question["url"])
# Allowed, so it is plain: a scheme, a host without tricks, perhaps a port.
authority = question["url"].partition("://")[2].partition("/")[0].partition("?")[0].partition("#")[0]
host, _, port = authority.rpartition(":") if authority.rpartition(":")[2].isdigit() else (authority, "", "80")
host = host.strip("[]")
for answer in question["answers"]:
    ask("egress_decide_host", host)
    for alias in answer.get("aliases", []):
        ask("egress_decide_alias", alias)
    addresses = [ipaddress.ip_address(text) for text in answer.get("addresses", [])]
    packed = b"".join(a.packed if a.version == 6 else bytes(10) + b"\xff\xff" + a.packed for a in addresses)
    decision = Decision(sizeof(Decision))
    if library.egress_pin(policy, host.encode(), len(host), packed, len(addresses), 0, byref(decision)) != 1:
        finish(decision, False)
    for address in addresses:
        decision = ask("egress_decide_connect", str(address), int(port), TCP)
finish(decision, True)
