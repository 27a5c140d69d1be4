# SPDX-License-Identifier: BSD-2-Clause
"""Policies with templates that a program gives one of its sockets."""
import os
import pathlib
import signal
import sys

from cells import OUTER, Cell, algorithm_words
from lab.namespaces import CommandFailed, until
from lab.processes import Daemon, LineProcess

HERE = pathlib.Path(__file__).resolve().parent
PORT = 7007
TRANSPORT = {4: Cell("transport", 4, 4, "plain", "gcm128", "esn"), 6: Cell("transport", 6, 6, "plain", "gcm128", "esn")}


class Client:
    """The program at the left end, and the echo service at the right one."""

    def __init__(self, lab, daemons, version):
        self.lab, self.left, self.version = lab, daemons["left"], version
        self.here, self.there = OUTER["left"][version][0], OUTER["right"][version][0]
        self.echo = self._start("right", lab.inside("right", [sys.executable, str(HERE / "echo.py"), str(PORT)]))
        self.program = self._start("left", lab.under_uxfrm("left", [sys.executable, str(HERE / "socket_policy_client.py")]))
        self.says(f"new_socket({version}, {self.here!r}) > 0", True)

    def _start(self, name, argv):
        process = self.lab.keep(LineProcess(f"socket policy, {name}", argv, os.path.join(self.lab.logs, f"socket-{name}.log")))
        process.expect("ready")
        return process

    def says(self, expression, expected):
        said = self.program.ask(expression)
        if said != str(expected):
            raise CommandFailed(f"{expression} is {said}, not {expected}")

    def policy(self, direction, **more):
        words = "".join(f", {k}={v}" for k, v in more.items())
        return f"policy({self.version}, {direction}, {self.here!r}, {self.there!r}{words})"

    def give(self, direction, error=0, **more):
        self.says(f"give({self.version}, {self.policy(direction, **more)})", error)

    def asks(self, answered, protected):
        """One datagram; by an SA or in clear."""
        before = self.left.stats()["packets"]["out_packets"]
        self.says(f"ask({self.there!r}, {PORT}{'' if answered else ', 0.3'})", answered)
        sent = self.left.stats()["packets"]["out_packets"] - before
        if sent != protected:
            raise CommandFailed(f"{sent} packets were protected, not {int(protected)}")

    def end(self):
        for process in (self.program, self.echo):
            process.end()


def n_policies(lab):
    return sum(line.startswith("src ") for line in lab.xfrm_show("left", "policy").splitlines())


def install_sas(lab, cell):
    states = [cell.state(sender, algorithm_words("gcm128")) for sender in ("left", "right")]
    for end in ("left", "right"):
        lab.xfrm(end, *states)
    lab.xfrm("right", cell.policies("right")[1] + " level use")  # takes what is protected, and what is not


def answer_by_sa(lab, client, does):
    """The right end answers by its SA, or in clear again."""
    add = TRANSPORT[client.version].policies("right")[0]
    lab.xfrm("right", add if does else add.split(" tmpl")[0].replace("policy add", "policy delete"))


def out_only(lab, client):
    client.asks(True, False)
    client.give("OUT")
    client.asks(True, True)
    # what others send is not concerned, nor is this by what others do
    before = client.left.stats()["packets"]["out_packets"]
    lab.run("left", ["ping", "-q", "-c", "1", "-W", "2", client.there])
    if client.left.stats()["packets"]["out_packets"] != before:
        raise CommandFailed("the policy of a socket is for others' packets, too")
    lab.xfrm("left", "policy flush")
    client.asks(True, True)
    client.says("s.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, 5)", None)
    client.says("s.getsockopt(socket.SOL_SOCKET, socket.SO_MARK)", 5)
    client.asks(True, True)
    # a policy that is refused changes nothing
    client.give("OUT", error=22, templates=7)
    client.give("OUT", error=22, action=9)
    client.asks(True, True)
    client.give("OUT", reqid=99)
    client.asks(False, False)
    if not client.left.stats()["drops"].get("out_no_sa"):
        raise CommandFailed("without an SA it was not dropped")
    client.says(f"end_policies({client.version})", 0)
    client.says("s.getsockopt(socket.SOL_SOCKET, socket.SO_MARK)", 5)
    client.asks(True, False)


def in_as_well(lab, client):
    client.give("OUT")
    client.give("IN")
    client.asks(False, True)  # the answer comes in clear
    answer_by_sa(lab, client, True)
    client.asks(True, True)
    answer_by_sa(lab, client, False)
    # another socket gets its answers in clear all the same, and takes no policy away that is not its own
    client.says(f"(globals().update(first=s), new_socket({client.version}, {client.here!r}))[1] > 0", True)
    client.asks(True, False)
    family, port = ("0.0.0.0/0", "::/0")[client.version == 6], "s.getsockname()[1]"
    theirs = f"src {family} dst {family} proto udp dport {client.program.ask(port)} dir in"
    lab.xfrm("left", f"policy add {theirs} action allow priority 5")
    client.give("IN", error=17)
    if "priority 5" not in lab.xfrm_show("left", "policy", "get", *theirs.split()):
        raise CommandFailed("a client's policy is not as it was")
    lab.xfrm("left", f"policy delete {theirs}")
    client.says("(s.close(), globals().update(s=first))[1]", None)
    client.asks(False, True)
    # one without a port would decide for all others
    client.says(f"(globals().update(s=socket.socket(OPTIONS[{client.version}][0], socket.SOCK_DGRAM)))", None)
    client.give("IN", error=95)
    client.says("(s.close(), globals().update(s=first))[1]", None)


def ends(lab, client):
    """With the last of the socket's descriptors, wherever that is."""
    client.says("(globals().update(t=s.dup()), s.close(), globals().update(s=t))[1]", None)
    if n_policies(lab) != 2:
        raise CommandFailed("another descriptor did not keep the policies")
    answer_by_sa(lab, client, True)
    before = client.left.stats()["packets"]["out_packets"]
    client.says(f"child_asks({client.there!r}, {PORT})", True)
    if client.left.stats()["packets"]["out_packets"] != before + 1:
        raise CommandFailed("a child's packets were not protected")
    if not until(lambda: n_policies(lab) == 0, 5):
        raise CommandFailed("the policies are there without their socket")
    client.says(f"new_socket({client.version}, {client.here!r}) > 0", True)
    answer_by_sa(lab, client, False)
    client.says("s.set_inheritable(True)", None)
    client.give("OUT")
    before = client.left.stats()["packets"]["out_packets"]
    client.says(f"program_asks({client.there!r}, {PORT})", True)
    if client.left.stats()["packets"]["out_packets"] != before + 1:
        raise CommandFailed("the packets of a program that was started with the socket were not protected")
    if not until(lambda: n_policies(lab) == 0, 5):
        raise CommandFailed("the policies are there without that program")
    client.says(f"new_socket({client.version}, {client.here!r}) > 0", True)
    client.give("OUT")
    os.kill(client.program.process.pid, signal.SIGKILL)
    if not until(lambda: n_policies(lab) == 0, 5):
        raise CommandFailed("the policies are there without their program")


def policies_of_sockets(lab, daemons):
    for version in (4, 6):
        install_sas(lab, TRANSPORT[version])
        client = Client(lab, daemons, version)
        try:
            out_only(lab, client)
            in_as_well(lab, client)
            ends(lab, client)
        finally:
            client.end()
        for end in ("left", "right"):
            lab.xfrm(end, "policy flush", "state flush")


def policies_of_sockets_without_uxfrmd(lab, daemons):
    """They are gone with it, and nothing goes out instead; set again they are as before."""
    for kill in (False, True):
        without_uxfrmd(lab, daemons, kill)


def without_uxfrmd(lab, daemons, kill):
    client = Client(lab, daemons, 4)
    try:
        install_sas(lab, TRANSPORT[4])
        client.give("OUT")
        client.asks(True, True)
        if kill:
            os.kill(daemons["left"].process.pid, signal.SIGKILL)
        daemons["left"].end()
        client.says(f"ask({client.there!r}, {PORT}, 0.3)", False)
        client.left = daemons["left"] = Daemon(lab, "left")
        client.asks(False, False)
        for end in ("left", "right"):
            lab.xfrm(end, "policy flush", "state flush")
        install_sas(lab, TRANSPORT[4])
        client.give("OUT")
        client.asks(True, True)
    finally:
        client.end()
        for end in ("left", "right"):
            lab.xfrm(end, "policy flush", "state flush")


def policies_of_sockets_need_rights(lab, daemons):
    """CAP_NET_ADMIN, as in the kernel."""
    program = f"""
import sys; sys.argv[0] = ''; sys.stdin = iter(())
exec(open({str(HERE / 'socket_policy_client.py')!r}).read())
new_socket(4, '')
print(give(4, policy(4, OUT, '192.0.2.1', '192.0.2.2')))
"""
    words = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin", sys.executable, "-c", program]
    said = lab.run("left", [lab.program("uxfrm"), "run", "--", *words]).stdout.split()
    if said != ["ready", "1"]:
        raise CommandFailed(f"without rights: {said}")


TESTS = (policies_of_sockets, policies_of_sockets_without_uxfrmd, policies_of_sockets_need_rights)
