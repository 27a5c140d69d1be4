# SPDX-License-Identifier: BSD-2-Clause
"""Clients that mean no good: none of them may harm the daemon or keep others from it."""
import os
import random
import resource
import signal
import socket
import struct
import tempfile
import time

import attack_client as ac
import xfrm_bytes as xb
from lab.namespaces import CommandFailed, until
from lab.processes import Daemon

NOBODY = 65534
SO_SNDBUFFORCE = 32
rng = random.Random(20)


def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.pid}/fd"))


def resident_kib(daemon):
    with open(f"/proc/{daemon.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def require(what, message):
    if not what:
        raise CommandFailed(message)


def slowest_while(processes, seconds):
    """The longest that a well-behaved client waits for an answer in that time."""
    worst, end = 0.0, time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            begin = time.monotonic()
            require(ac.works(), "an ordinary client was not served")
            worst = max(worst, time.monotonic() - begin)
    finally:
        for pid in processes:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return worst


def child(body):
    """Run @body in a process of its own."""
    pid = os.fork()
    if pid:
        return pid
    try:
        body()
        os._exit(0)
    except BaseException as error:  # its only word is its exit status
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        os._exit(1)


def succeeds(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def thousand_clients(daemon):
    clients = [ac.Client() for _ in range(1000)]
    require(len({c.port for c in clients}) == 1000, "port ids are not unique")
    for i, c in enumerate(clients):
        require(c.request(ac.new_sa(0x10000 + i)) == 0, f"client {i} was refused")
    require(clients[0].request(xb.msg(xb.FLUSHSA, struct.pack("=B", 0))) == 0, "flush")
    for c in clients:
        c.close()


def beyond_the_limit(daemon):
    """Half-open connections up to the limit and beyond: those too many are hung up on, and when they go
    there is room again."""
    held = []
    for _ in range(1200):
        held.append(ac.connect())
    refused = 0
    for s in held:
        s.setblocking(False)
    until(lambda: False, 0.3)
    for s in held:
        try:
            refused += s.recv(64) == b""
        except BlockingIOError:
            pass
    for s in held:
        s.close()
    require(150 <= refused <= 200, f"{refused} of 1200 were refused")
    require(until(ac.works, 2), "no service after they were gone")


def garbage_on_control(daemon):
    shapes = [b"", b"x", bytes(24), bytes(23), bytes(25), os.urandom(24), os.urandom(4096), bytes(65000),
              ac.control_message(1, magic=1), ac.control_message(1, version=9)]
    shapes += [ac.control_message(op, rng.getrandbits(32), rng.getrandbits(32)) for op in range(12)]
    for n in range(600):
        s = ac.connect()
        for _ in range(rng.randrange(4)):
            try:
                s.send(rng.choice(shapes))
            except OSError:
                break
        s.close()
        require(n % 100 or ac.works(), "no service")


def garbage_on_data(daemon):
    valid = [ac.new_sa(77), ac.del_sa(77), ac.move_sa(77, "10.0.0.2", "10.0.0.3", "10.0.0.1"),
             xb.msg(xb.GETSA, flags=xb.REQUEST | xb.DUMP), xb.msg(xb.FLUSHSA, b"\0")]
    for n in range(150):
        c = ac.Client()
        c.data.setblocking(False)
        for _ in range(20):
            message = bytearray(rng.choice(valid) + rng.choice(valid))
            for _ in range(rng.randrange(1, 6)):
                message[rng.randrange(len(message))] = rng.getrandbits(8)
            try:
                c.data.send(rng.choice((bytes(message), message[:rng.randrange(len(message))],
                                        os.urandom(rng.randrange(200)), b"")))
            except OSError:
                break
        c.close()
    c = ac.Client()
    c.data.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 8 << 20)
    for size in (1 << 20, (1 << 20) + 1, 3 << 20):
        c.data.send(struct.pack("=IHHII", size, xb.NEWSA, 5, 1, 0) + bytes(size - 16))
    require(c.request(xb.msg(xb.FLUSHSA, b"\0")) >= 0, "no answer after huge datagrams")
    c.close()


def wrong_descriptors(daemon):
    def pair(kind):
        return socket.socketpair(socket.AF_UNIX, kind)

    with tempfile.TemporaryFile() as file:
        dead, other = pair(socket.SOCK_SEQPACKET)
        other.close()
        stream, datagram, twice = pair(socket.SOCK_STREAM), pair(socket.SOCK_DGRAM), pair(socket.SOCK_SEQPACKET)
        listening, lonely = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(2)]
        listening.bind(b"\0attack-listening")
        listening.listen()
        own = ac.connect()
        tcp = socket.socket()
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 60))
        pipe = os.pipe()
        several = [s.fileno() for s in twice]
        for fds in ([file.fileno()], [dead.fileno()], [stream[0].fileno()], [datagram[0].fileno()], several,
                    several * 2, several * 20, [listening.fileno()], [lonely.fileno()], [own.fileno()],
                    [tcp.fileno()], [pipe[0]], [pipe[1]], []):
            s = ac.connect()
            try:
                ac.pass_fds(s, fds)
                ac.pass_fds(s, fds)
                ac.read_answer(s)
            except (OSError, struct.error):
                pass
            s.close()
        s = ac.connect()
        for _ in range(3):  # descriptors with what takes none
            ac.pass_fds(s, [file.fileno()], ac.control_message(ac.STATUS))
            require(ac.read_answer(s)[2] == 0, "status with a descriptor")
        s.close()
        for s in (dead, *stream, *datagram, *twice, listening, lonely, own, tcp):
            s.close()
        for fd in pipe:
            os.close(fd)


def never_reads(daemon):
    """Dumps asked for and not read, and events subscribed to and not read."""
    filler = ac.Client()
    filler.bulk([ac.new_sa(0x20000 + i, flags=xb.REQUEST) for i in range(2000)])
    deaf = []
    for _ in range(20):
        c = ac.Client()
        c.control.send(ac.control_message(ac.BIND, 0, 0x7f))
        c.data.setblocking(False)
        try:
            for _ in range(1000):
                c.data.send(xb.msg(xb.GETSA, flags=xb.REQUEST | xb.DUMP))
        except BlockingIOError:
            pass
        deaf.append(c)
    before = resident_kib(daemon)
    for i in range(20):
        filler.bulk([ac.new_sa(0x30000 + i, flags=xb.REQUEST), ac.del_sa(0x30000 + i, flags=xb.REQUEST)] * 500)
    require(slowest_while([], 0.5) < 0.2, "others wait")
    require(resident_kib(daemon) - before < 40 * 1024, "memory without bounds")
    filler.bulk([xb.msg(xb.FLUSHSA, struct.pack("=B", 0), flags=xb.REQUEST)])
    for c in (*deaf, filler):
        c.close()


def killed_at_every_stage(daemon):
    def stages(k):
        s = ac.connect()
        steps = [lambda: None,
                 lambda: ac.pass_fds(s, [ends[1].fileno()]),
                 lambda: ends[1].close(),
                 lambda: ac.read_answer(s),
                 lambda: s.send(ac.control_message(ac.BIND, 0, 0x7f)),
                 lambda: ends[0].send(ac.new_sa(5) + ac.del_sa(5)),
                 lambda: ends[0].send(xb.msg(xb.GETSA, flags=xb.REQUEST | xb.DUMP)),
                 s.close,
                 lambda: ends[0].send(ac.new_sa(6))]
        ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for step in steps[:k + 1]:
            try:
                step()
            except OSError:
                pass
        os.kill(os.getpid(), signal.SIGKILL)

    for _ in range(15):
        for k in range(9):
            succeeds(child(lambda k=k: stages(k)))
    c = ac.Client()
    c.request(xb.msg(xb.FLUSHSA, struct.pack("=B", 0)))
    c.close()


def as_nobody(body):
    def run():
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        body()
    return child(run)


def not_root(daemon):
    def body():
        c = ac.Client()
        for message in (ac.new_sa(9), xb.msg(xb.GETSA, flags=xb.REQUEST | xb.DUMP), xb.msg(xb.FLUSHSA, b"\0"),
                        ac.move_sa(9, "10.0.0.2", "10.0.0.3", "10.0.0.1")):
            assert c.request(message) == 1, "EPERM expected"
        c.control.send(ac.control_message(ac.BIND, 0, 4))
        assert ac.read_answer(c.control)[2] == -1

    require(succeeds(as_nobody(body)), "another user was not refused")


def not_root_shares_with_set_user_id(daemon):
    """A connection is not worth more because the process that made it now runs a set-user-ID program."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    go, stop = os.pipe(), os.pipe()
    os.kill(daemon.pid, signal.SIGSTOP)

    def body():
        s = ac.connect()
        socket.send_fds(theirs, [b"x"], [s.fileno()])
        os.set_inheritable(stop[0], True)
        os.dup2(stop[0], 0)
        os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
        os.execvp("su", ["su", "-s", "/bin/cat", "root"])  # asks for a password, and waits

    pid = as_nobody(body)
    fds = []
    try:
        _, fds, _, _ = socket.recv_fds(ours, 1, 1)
        until(lambda: b"Uid:\t65534\t0\t" in open(f"/proc/{pid}/status", "rb").read(), 2)
    finally:
        os.kill(daemon.pid, signal.SIGCONT)
    s = socket.socket(fileno=fds[0])
    s.settimeout(5)
    data, end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ac.pass_fds(s, [end.fileno()])
    ac.read_answer(s)
    data.send(ac.new_sa(0x666))
    data.settimeout(5)
    error = struct.unpack_from("=i", data.recv(4096), 16)[0]
    for fd in (*go, *stop):
        os.close(fd)
    for each in (s, data, end, ours, theirs):
        each.close()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    require(error == -1, f"NEWSA gave {error}")


def floods(daemon):
    """Connections and messages as fast as four processes can, by another user and by root."""
    def knock():
        while True:
            try:
                ac.connect().close()
            except OSError:
                pass

    def hold():
        held = []
        while True:
            try:
                held.append(ac.connect())
            except OSError:
                held.clear()

    def ask():
        while True:
            try:
                s = ac.connect()
                while True:
                    s.send(ac.control_message(ac.OPTION, 1, 1))
                    s.recv(4096)
            except OSError:
                pass

    def ask_on_data():
        while True:
            try:
                c = ac.Client(timeout=60)
                while True:
                    c.request(ac.new_sa(1))
            except OSError:
                pass

    # A client's own processor time counts too: four that never sleep share two processors with it.
    worst = slowest_while([as_nobody(f) for f in (knock, hold, ask, ask_on_data)], 2)
    require(worst < 1.0, f"an ordinary client waited {worst:.2f} s")


def memory_stays(daemon):
    c = ac.Client()
    churn = [m for i in range(2000) for m in (ac.new_sa(0x40000 + i, flags=xb.REQUEST),
                                              ac.del_sa(0x40000 + i, flags=xb.REQUEST))]
    require(c.request(ac.new_sa(0x50000)) == 0, "an SA to move")
    places = ("10.0.0.2", "10.0.0.3")
    moves = [ac.move_sa(0x50000, places[i % 2], places[1 - i % 2], "10.0.0.1", flags=xb.REQUEST)
             for i in range(4000)]
    for kind, work in (("NEWSA and DELSA", churn), ("moves", moves)):
        levels = []
        for _ in range(25):
            c.bulk(work)
            levels.append(resident_kib(daemon))
        # Grace objects live two seconds: the level is reached after a while, and then stays.
        require(levels[-1] - levels[12] < 3000, f"{kind}: resident {levels}")
    require(c.request(ac.del_sa(0x50000)) == 0, "the moved SA is not where it should be")
    c.close()
    before = resident_kib(daemon)
    for _ in range(10000):
        ac.Client().close()
    require(resident_kib(daemon) - before < 2000, "clients leave memory behind")


TESTS = (thousand_clients, beyond_the_limit, garbage_on_control, garbage_on_data, wrong_descriptors,
         never_reads, killed_at_every_stage, not_root, not_root_shares_with_set_user_id, floods, memory_stays)


def run_all(lab, words):
    """(name, why it failed or None)"""
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    lab.add("clients")
    daemon = Daemon(lab, "clients")
    ac.enter(lab.full_name("clients"))
    for test in TESTS:
        name = test.__name__.replace("_", " ")
        if words and not any(word in name for word in words):
            continue
        before = descriptors(daemon.process)
        why = None
        try:
            test(daemon.process)
            require(until(lambda: descriptors(daemon.process) <= before, 5),
                    f"{before} descriptors before, {descriptors(daemon.process)} after")
            require(ac.works(), "no service afterwards")
        except Exception as error:  # a broken test must not pass for the others
            why = f"{type(error).__name__}: {error}"
        yield name, why
        if not daemon.alive():
            yield "the daemon lives", daemon.last_words()
            return
    status = daemon.end()
    yield "the daemon ends well", f"{status}: {daemon.last_words()}" if status else None
