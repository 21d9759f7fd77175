# SPDX-License-Identifier: Apache-2.0
"""How a Python program asks the policy engine, through ctypes. usage: ask.py LIBEGRESS RULES URL"""

import ctypes
import sys
from ctypes import byref, c_char, c_char_p, c_int, c_size_t, c_uint32, c_uint64, sizeof


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


class Policy:
    """A policy that is open."""

    def __init__(self, library, rules):
        self.library = ctypes.CDLL(library)
        self.library.egress_open.restype = c_uint64
        self.library.egress_open.argtypes = [ctypes.POINTER(Options), ctypes.POINTER(Decision)]
        self.library.egress_decide_url.restype = c_int
        self.library.egress_decide_url.argtypes = [c_uint64, c_char_p, c_size_t, ctypes.POINTER(Decision)]
        self.library.egress_close.argtypes = [c_uint64]
        decision = Decision(sizeof(Decision))
        options = Options(sizeof(Options), allow=rules, allow_length=len(rules))
        self.handle = self.library.egress_open(byref(options), byref(decision))
        if not self.handle:
            raise ValueError(decision.message.decode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.library.egress_close(self.handle)

    def decide_url(self, url):
        """Whether the URL may be fetched, and the decision."""
        decision = Decision(sizeof(Decision))
        return self.library.egress_decide_url(self.handle, url, len(url), byref(decision)) == 1, decision


library, rules, url = sys.argv[1:]
with Policy(library, rules.encode()) as policy:
    is_allowed, decision = policy.decide_url(url.encode())
    print(decision.reason.decode(), decision.rule.decode() if is_allowed else decision.message.decode())
    sys.exit(0 if is_allowed else 1)
