"""The system calls that the code of a notebook needs.

What is not named here fails: with "operation not permitted", or with "not implemented" where the C library then takes
another way.
"""

from __future__ import annotations

# Each line: what for, then the calls. All are about the process itself, its memory, its threads and files that are
# open or that the file system shows; none makes a process, a socket to elsewhere, a namespace or a mount.
_ALLOWED = """
memory:   brk mmap munmap mprotect mremap madvise msync mlock munlock membarrier get_mempolicy
threads:  futex futex_wait futex_wake futex_waitv futex_requeue set_robust_list get_robust_list set_tid_address rseq
          sched_yield sched_getaffinity sched_getparam sched_getscheduler sched_get_priority_max
          sched_get_priority_min sched_rr_get_interval gettid arch_prctl set_thread_area restart_syscall getcpu
signals:  rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait sigaltstack pause kill
          tkill tgkill signalfd signalfd4
time:     nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times alarm getitimer setitimer
          timer_create timer_settime timer_gettime timer_getoverrun timer_delete timerfd_create timerfd_settime
          timerfd_gettime
files:    open openat openat2 creat close close_range read write readv writev pread64 pwrite64 preadv pwritev preadv2
          pwritev2 lseek dup dup2 dup3 fsync fdatasync sync_file_range ftruncate truncate fallocate fadvise64 readahead
          stat fstat lstat newfstatat statx statfs fstatfs access faccessat faccessat2 readlink readlinkat getdents
          getdents64 getcwd chdir fchdir mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat
          symlink symlinkat umask sendfile copy_file_range getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr
waiting:  poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old
          epoll_pwait epoll_pwait2 eventfd eventfd2 pipe pipe2
sockets:  sendto recvfrom sendmsg recvmsg shutdown getsockname getpeername getsockopt setsockopt sendmmsg recvmmsg
itself:   getpid getppid getuid geteuid getgid getegid getresuid getresgid getgroups getpgid getpgrp getsid capget
          uname sysinfo getrusage getrlimit getpriority getrandom wait4 waitid
ending:   exit exit_group
"""
ALLOWED = frozenset(word for word in _ALLOWED.split() if not word.endswith(":"))

# Of files, but only where the file system belongs to the process alone: Landlock does not guard them.
_CHANGE_METADATA = """
chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes utimensat futimesat setxattr lsetxattr
fsetxattr removexattr lremovexattr fremovexattr
"""
CHANGE_METADATA = frozenset(_CHANGE_METADATA.split())

# To other processes: only where none can be seen, or Landlock guards them.
SIGNAL_OTHERS = frozenset(["kill", "tkill", "tgkill"])

# "Not implemented" makes the C library, or h5py, do without; "not permitted" would make it fail. clone3 cannot be
# looked into, and clone can. flock on a file that all can read would lock out the others.
NOT_IMPLEMENTED = frozenset(
    ["clone3", "flock", "io_uring_setup", "memfd_create", "set_mempolicy", "mbind", "map_shadow_stack"]
)

# Allowed with some arguments only, see `seccomp.rules`: clone, prctl, fcntl, ioctl, prlimit64, socketpair.
