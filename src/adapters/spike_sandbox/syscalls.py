"""The system calls of a child at work: which it may make, and their numbers by processor architecture.

Allowed is what Python, image libraries and threads need to compute, to read files that Landlock allows, and to use open
descriptors. What isn't listed fails as on a kernel that lacks it. A call that an attack would make, and a library
wouldn't, ends the process.
"""

import os
import platform
import sys
from collections.abc import Mapping
from typing import Final

from spike_sandbox.seccomp import Architecture, Argument, Policy

_CLONE_THREAD: Final = 0x0001_0000
_CLONE_NEW: Final = 0x7E02_0000  # all namespaces
_WRITES: Final = 0o1 | 0o2 | 0o100 | 0o1000 | 0o2000 | 0o20000000  # O_WRONLY RDWR CREAT TRUNC APPEND, __O_TMPFILE
_TERMINAL_OR_PIPE: Final = (0x5401, 0x5421, 0x541B, 0x5450, 0x5451)  # TCGETS FIONBIO FIONREAD FIONCLEX FIOCLEX
_DESCRIPTORS: Final = (0, 1, 2, 3, 1030)  # F_DUPFD GETFD SETFD GETFL DUPFD_CLOEXEC; not F_SETOWN, which sends signals
_NAMES_AND_STATE: Final = (
    3,
    15,
    16,
    21,
    39,
    0x53564D41,
)  # PR_GET_DUMPABLE SET_NAME GET_NAME GET_SECCOMP GET_NO_NEW_PRIVS SET_VMA

# fmt: off
_MEMORY: Final = (
    "brk", "madvise", "mbind", "get_mempolicy", "mincore", "mlock", "mmap", "mprotect", "mremap", "munlock", "munmap",
    "set_mempolicy",
)
_THREADS: Final = (
    "arch_prctl", "exit", "exit_group", "futex", "get_robust_list", "getcpu", "getpriority", "gettid", "membarrier",
    "restart_syscall", "rseq", "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity",
    "sched_getparam", "sched_getscheduler", "sched_yield", "set_robust_list", "set_tid_address",
)
_SIGNALS: Final = (
    "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
    "sigaltstack",
)
_TIME_AND_IDENTITY: Final = (
    "clock_getres", "clock_gettime", "clock_nanosleep", "getegid", "geteuid", "getgid", "getpgid", "getpgrp",
    "getpid", "getppid", "getrandom", "getresgid", "getresuid", "getrlimit", "getrusage", "getsid", "gettimeofday",
    "getuid", "nanosleep", "sysinfo", "time", "times", "uname",
)
_FILES: Final = (
    "access", "close", "close_range", "dup", "dup2", "dup3", "epoll_create1", "epoll_ctl", "epoll_pwait",
    "epoll_wait", "eventfd2", "faccessat", "faccessat2", "fadvise64", "fstat", "fstatfs", "getcwd", "getdents64",
    "lseek", "lstat", "newfstatat", "pipe", "pipe2", "poll", "ppoll", "pread64", "preadv", "pselect6", "read",
    "readlink", "readlinkat", "readv", "select", "stat", "statfs", "statx", "write", "writev",
)
_OPEN_SOCKETS: Final = (
    "getpeername", "getsockname", "getsockopt", "recvfrom", "recvmsg", "sendmsg", "sendto", "shutdown",
)
_NEW_PROCESSES: Final = ("fork", "vfork")
_NEW_SOCKETS: Final = ("accept", "accept4", "bind", "connect", "listen", "socket", "socketpair")
_NEVER_BY_ACCIDENT: Final = (
    "add_key", "bpf", "delete_module", "execve", "execveat", "finit_module", "init_module", "kexec_load", "keyctl",
    "mount", "open_by_handle_at", "pidfd_getfd", "pivot_root", "process_vm_readv", "process_vm_writev", "ptrace",
    "request_key", "setns", "umount2", "unshare", "userfaultfd",
)
# fmt: on


def policy_of_child() -> Policy:
    """Return the policy for this process, which may send signals to itself alone."""
    own = Argument(0, (os.getpid(),))
    return Policy(
        allowed=(*_MEMORY, *_THREADS, *_SIGNALS, *_TIME_AND_IDENTITY, *_FILES, *_OPEN_SOCKETS),
        allowed_if={
            "clone": Argument(0, (_CLONE_THREAD,), mask=_CLONE_THREAD | _CLONE_NEW),  # clone3's flags can't be seen
            "fcntl": Argument(1, _DESCRIPTORS),
            "ioctl": Argument(1, _TERMINAL_OR_PIPE),
            "kill": own,
            "open": Argument(1, (0,), mask=_WRITES),
            "openat": Argument(2, (0,), mask=_WRITES),
            "prctl": Argument(0, _NAMES_AND_STATE),
            "prlimit64": Argument(0, (0, os.getpid())),
            "sched_setaffinity": Argument(0, (0, os.getpid())),
            "tgkill": own,
        },
        refused=(*_NEW_PROCESSES, *_NEW_SOCKETS),
        killed=_NEVER_BY_ACCIDENT,
    )


def architecture() -> Architecture:
    """Return this machine's architecture.

    Raises:
        OSError: its system calls aren't known here, or this isn't Linux.
    """
    if sys.platform != "linux" or platform.machine() not in _ARCHITECTURES or sys.maxsize < 2**32:
        raise OSError(f"no list of system calls for {platform.machine()} on {sys.platform}")
    return _ARCHITECTURES[platform.machine()]


# fmt: off
# asm/unistd_64.h
_X86_64: Final[Mapping[str, int]] = {
    "accept": 43, "accept4": 288, "access": 21, "add_key": 248, "arch_prctl": 158, "bind": 49, "bpf": 321, "brk": 12,
    "clock_getres": 229, "clock_gettime": 228, "clock_nanosleep": 230, "clone": 56, "close": 3, "close_range": 436,
    "connect": 42, "delete_module": 176, "dup": 32, "dup2": 33, "dup3": 292, "epoll_create1": 291, "epoll_ctl": 233,
    "epoll_pwait": 281, "epoll_wait": 232, "eventfd2": 290, "execve": 59, "execveat": 322, "exit": 60,
    "exit_group": 231, "faccessat": 269, "faccessat2": 439, "fadvise64": 221, "fcntl": 72, "finit_module": 313,
    "fork": 57, "fstat": 5, "fstatfs": 138, "futex": 202, "get_mempolicy": 239, "get_robust_list": 274,
    "getcpu": 309, "getcwd": 79, "getdents64": 217, "getegid": 108, "geteuid": 107, "getgid": 104, "getpeername": 52,
    "getpgid": 121, "getpgrp": 111, "getpid": 39, "getppid": 110, "getpriority": 140, "getrandom": 318,
    "getresgid": 120, "getresuid": 118, "getrlimit": 97, "getrusage": 98, "getsid": 124, "getsockname": 51,
    "getsockopt": 55, "gettid": 186, "gettimeofday": 96, "getuid": 102, "init_module": 175, "ioctl": 16,
    "kexec_load": 246, "keyctl": 250, "kill": 62, "listen": 50, "lseek": 8, "lstat": 6, "madvise": 28, "mbind": 237,
    "membarrier": 324, "mincore": 27, "mlock": 149, "mmap": 9, "mount": 165, "mprotect": 10, "mremap": 25,
    "munlock": 150, "munmap": 11, "nanosleep": 35, "newfstatat": 262, "open": 2, "open_by_handle_at": 304,
    "openat": 257, "pidfd_getfd": 438, "pipe": 22, "pipe2": 293, "pivot_root": 155, "poll": 7, "ppoll": 271,
    "prctl": 157, "pread64": 17, "preadv": 295, "prlimit64": 302, "process_vm_readv": 310, "process_vm_writev": 311,
    "pselect6": 270, "ptrace": 101, "read": 0, "readlink": 89, "readlinkat": 267, "readv": 19, "recvfrom": 45,
    "recvmsg": 47, "request_key": 249, "restart_syscall": 219, "rseq": 334, "rt_sigaction": 13, "rt_sigpending": 127,
    "rt_sigprocmask": 14, "rt_sigreturn": 15, "rt_sigsuspend": 130, "rt_sigtimedwait": 128,
    "sched_get_priority_max": 146, "sched_get_priority_min": 147, "sched_getaffinity": 204, "sched_getparam": 143,
    "sched_getscheduler": 145, "sched_setaffinity": 203, "sched_yield": 24, "seccomp": 317, "select": 23,
    "sendmsg": 46, "sendto": 44, "set_mempolicy": 238, "set_robust_list": 273, "set_tid_address": 218, "setns": 308,
    "shutdown": 48, "sigaltstack": 131, "socket": 41, "socketpair": 53, "stat": 4, "statfs": 137, "statx": 332,
    "sysinfo": 99, "tgkill": 234, "time": 201, "times": 100, "umount2": 166, "uname": 63, "unshare": 272,
    "userfaultfd": 323, "vfork": 58, "write": 1, "writev": 20,
}
# asm-generic/unistd.h, which 64-bit ARM shares with newer architectures
_GENERIC: Final[Mapping[str, int]] = {
    "accept": 202, "accept4": 242, "add_key": 217, "bind": 200, "bpf": 280, "brk": 214, "clock_getres": 114,
    "clock_gettime": 113, "clock_nanosleep": 115, "clone": 220, "close": 57, "close_range": 436, "connect": 203,
    "delete_module": 106, "dup": 23, "dup3": 24, "epoll_create1": 20, "epoll_ctl": 21, "epoll_pwait": 22,
    "eventfd2": 19, "execve": 221, "execveat": 281, "exit": 93, "exit_group": 94, "faccessat": 48, "faccessat2": 439,
    "fadvise64": 223, "fcntl": 25, "finit_module": 273, "fstat": 80, "fstatfs": 44, "futex": 98,
    "get_mempolicy": 236, "get_robust_list": 100, "getcpu": 168, "getcwd": 17, "getdents64": 61, "getegid": 177,
    "geteuid": 175, "getgid": 176, "getpeername": 205, "getpgid": 155, "getpid": 172, "getppid": 173,
    "getpriority": 141, "getrandom": 278, "getresgid": 150, "getresuid": 148, "getrlimit": 163, "getrusage": 165,
    "getsid": 156, "getsockname": 204, "getsockopt": 209, "gettid": 178, "gettimeofday": 169, "getuid": 174,
    "init_module": 105, "ioctl": 29, "kexec_load": 104, "keyctl": 219, "kill": 129, "listen": 201, "lseek": 62,
    "madvise": 233, "mbind": 235, "membarrier": 283, "mincore": 232, "mlock": 228, "mmap": 222, "mount": 40,
    "mprotect": 226, "mremap": 216, "munlock": 229, "munmap": 215, "nanosleep": 101, "newfstatat": 79,
    "open_by_handle_at": 265, "openat": 56, "pidfd_getfd": 438, "pipe2": 59, "pivot_root": 41, "ppoll": 73,
    "prctl": 167, "pread64": 67, "preadv": 69, "prlimit64": 261, "process_vm_readv": 270, "process_vm_writev": 271,
    "pselect6": 72, "ptrace": 117, "read": 63, "readlinkat": 78, "readv": 65, "recvfrom": 207, "recvmsg": 212,
    "request_key": 218, "restart_syscall": 128, "rseq": 293, "rt_sigaction": 134, "rt_sigpending": 136,
    "rt_sigprocmask": 135, "rt_sigreturn": 139, "rt_sigsuspend": 133, "rt_sigtimedwait": 137,
    "sched_get_priority_max": 125, "sched_get_priority_min": 126, "sched_getaffinity": 123, "sched_getparam": 121,
    "sched_getscheduler": 120, "sched_setaffinity": 122, "sched_yield": 124, "seccomp": 277, "sendmsg": 211,
    "sendto": 206, "set_mempolicy": 237, "set_robust_list": 99, "set_tid_address": 96, "setns": 268, "shutdown": 210,
    "sigaltstack": 132, "socket": 198, "socketpair": 199, "statfs": 43, "statx": 291, "sysinfo": 179, "tgkill": 131,
    "times": 153, "umount2": 39, "uname": 160, "unshare": 97, "userfaultfd": 282, "write": 64, "writev": 66,
}
# fmt: on
_ARCHITECTURES: Final[Mapping[str, Architecture]] = {
    "x86_64": Architecture(audit=0xC000_003E, numbers=_X86_64),
    "aarch64": Architecture(audit=0xC000_00B7, numbers=_GENERIC),
}
