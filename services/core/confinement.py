"""What a child that reads strangers' pictures may not do 进程约束: no network, no programs, no files, bounded memory."""

import contextlib
import ctypes
import errno
import os
import platform
import resource
import struct
import sys
from typing import Any

CLONE_NEWNET, CLONE_NEWUSER = 0x40000000, 0x10000000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
SECCOMP_MODE_FILTER = 2
SECCOMP_ALLOW, SECCOMP_ERRNO, SECCOMP_KILL = 0x7FFF0000, 0x00050000, 0x80000000
# Machine: audit number and the calls refused: socket, socketpair, connect, execve, execveat, ptrace.
MACHINES = {
    "x86_64": (0xC000003E, (41, 53, 42, 59, 322, 101)),
    "aarch64": (0xC00000B7, (198, 199, 203, 221, 281, 117)),
}
X32_CALLS = 0x40000000
REFUSED_EVENTS = ("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.fork", "os.system")


def confine(memory_bytes: int) -> str:
    """Give up everything that reading pictures does not need; says how the network was cut off."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_AS, memory_bytes),
    ):
        resource.setrlimit(limit, (value, value))
    ways = [way for way, done in (("netns", _leave_network(libc)), ("seccomp", _filter_calls(libc))) if done]
    sys.addaudithook(_refuse_event)
    return "+".join([*ways, "audit"])


def allow_processor_seconds(seconds: int) -> None:
    """Let the process run this much longer before the kernel ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _leave_network(libc: Any) -> bool:
    """An empty network namespace, through a user namespace where that is needed."""
    return bool(libc.unshare(CLONE_NEWNET) == 0 or libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)


class _Program(ctypes.Structure):
    _fields_ = [("count", ctypes.c_ushort), ("rules", ctypes.c_char_p)]


def _filter_calls(libc: Any) -> bool:
    """A seccomp filter that answers the refused calls with EPERM."""
    if platform.machine() not in MACHINES or sys.maxsize < 2**32:
        return False
    audit_number, calls = MACHINES[platform.machine()]
    refuse = SECCOMP_ERRNO | errno.EPERM
    rules = [(0x20, 0, 0, 4), (0x15, 1, 0, audit_number), (0x06, 0, 0, SECCOMP_KILL), (0x20, 0, 0, 0)]
    rules += [(0x35, 0, 1, X32_CALLS), (0x06, 0, 0, refuse)] if platform.machine() == "x86_64" else []
    for call in calls:
        rules += [(0x15, 0, 1, call), (0x06, 0, 0, refuse)]
    rules.append((0x06, 0, 0, SECCOMP_ALLOW))
    code = b"".join(struct.pack("=HBBI", *rule) for rule in rules)
    program = _Program(len(rules), code)
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _refuse_event(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(REFUSED_EVENTS):
        raise PermissionError(f"{event} is refused in a confined process")


def quiet_streams() -> tuple[int, int]:
    """Keep the two pipes under numbers of their own; what libraries print goes to the error stream."""
    pipes = os.dup(0), os.dup(1)
    with contextlib.suppress(OSError):
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
    os.dup2(2, 1)
    return pipes
