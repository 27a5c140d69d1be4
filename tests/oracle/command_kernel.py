#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The first process of the kernel that `command` starts: runs the cases of `uxfrm --kernel` there, puts what they print into the
host's directory ORACLE_WORK, and ends the kernel."""
import ctypes
import os
import pathlib
import subprocess
import sys

libc = ctypes.CDLL(None, use_errno=True)
RB_POWER_OFF = 0x4321fedc
CASES = pathlib.Path(__file__).resolve().parents[1] / 'shim' / 'kernel_cases.py'


def mount(kind, where, data=None):
    if libc.mount(b'none', where.encode(), kind.encode(), 0, data):
        sys.exit(f'mount {where}: ' + os.strerror(ctypes.get_errno()))


def main():
    program, work = os.environ['ORACLE_PROGRAM'], os.environ['ORACLE_WORK']
    mount('proc', '/proc')
    mount('tmpfs', '/run')
    os.mkdir('/run/work')
    mount('hostfs', '/run/work', work.encode())
    with open('/run/work/said', 'wb') as said:
        subprocess.run(['/usr/bin/python3', CASES, program, '--full'], stdout=said, stderr=said, check=False,
                       env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'TMPDIR': '/run', 'UXFRM_DAEMON': '/nonexistent'})
    os.sync()
    libc.reboot(RB_POWER_OFF)


main()
