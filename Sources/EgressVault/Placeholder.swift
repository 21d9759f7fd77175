// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Crypto
import CryptoExtras
import NIOSSL
