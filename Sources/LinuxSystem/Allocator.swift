// SPDX-License-Identifier: Apache-2.0

internal import CLinux

/// Keeps what is freed for the next allocation, up to 64 MiB, instead of giving it back to the kernel at once (mallopt(3)).
///
/// For a process in which large buffers come on one thread and go on another: to fault their pages in anew each time costs
/// as much as all the rest of a transfer.
public func keepFreedMemory() {
    mallopt(M_TRIM_THRESHOLD, 64 << 20)
    mallopt(M_MMAP_THRESHOLD, 32 << 20)
}
