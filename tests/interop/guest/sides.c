/* SPDX-License-Identifier: BSD-2-Clause */

/* The two namespaces, and how netlink bytes get to uxfrmd in one and to the kernel in the other. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <uxfrm/control.h>

#include "guest.h"

#define ENCAP_PORT 4500

static int namespaces[2];
static int requests[2]; /* where requests go: a data channel, a netlink socket */
static int control;	/* of the data channel */

void side_enter(enum side side)
{
	static int entered = -1;

	if (entered == (int)side)
		return;
	if (setns(namespaces[side], CLONE_NEWNET) < 0)
		die("setns");
	entered = (int)side;
}

static void open_kernel(void)
{
	const int on = 1;

	side_enter(THEIRS);
	requests[THEIRS] = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);
	if (requests[THEIRS] < 0 ||
	    setsockopt(requests[THEIRS], SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) < 0 ||
	    setsockopt(requests[THEIRS], SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) < 0)
		die("netlink");
}

/* What arrives at the socket may come in clear, whatever the policies want for its addresses: they
 * are for what is inside. IKE daemons do the same. */
static int let_pass(int fd, int family, uint8_t direction)
{
	struct xfrm_userpolicy_info policy = {.dir = direction, .action = XFRM_POLICY_ALLOW};

	policy.sel.family = (uint16_t)family;
	if (family == AF_INET6)
		return setsockopt(fd, IPPROTO_IPV6, IPV6_XFRM_POLICY, &policy, sizeof(policy));
	return setsockopt(fd, IPPROTO_IP, IP_XFRM_POLICY, &policy, sizeof(policy));
}

/* The kernel takes ESP out of UDP where a socket says so. */
static void open_encapsulation(int family)
{
	struct sockaddr_in six_less = {.sin_family = AF_INET, .sin_port = htons(ENCAP_PORT)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(ENCAP_PORT)};
	const int kind = UDP_ENCAP_ESPINUDP, on = 1;
	int fd = open_socket(THEIRS, family, SOCK_DGRAM, 0), err;

	if (family == AF_INET6) {
		err = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
		err = err ? err : bind(fd, (struct sockaddr *)&six, sizeof(six));
	} else {
		err = bind(fd, (struct sockaddr *)&six_less, sizeof(six_less));
	}
	err = err ? err : let_pass(fd, family, XFRM_POLICY_IN);
	err = err ? err : let_pass(fd, family, XFRM_POLICY_OUT);
	if (err || setsockopt(fd, IPPROTO_UDP, UDP_ENCAP, &kind, sizeof(kind)) < 0)
		die("UDP_ENCAP");
}

/* One request on the control channel; its answer's result. */
static int control_ask(const struct uxfrm_control_msg *request, int passed, char *text, size_t room)
{
	struct uxfrm_control_msg reply;
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} ancillary = {0};
	struct iovec out = {.iov_base = (void *)request, .iov_len = sizeof(*request)};
	struct iovec in[2] = {{&reply, sizeof(reply)}, {text, room}};
	struct msghdr m = {.msg_iov = &out, .msg_iovlen = 1};
	ssize_t n;

	if (passed >= 0) {
		m.msg_control = ancillary.bytes;
		m.msg_controllen = sizeof(ancillary.bytes);
		ancillary.header = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
						    .cmsg_type = SCM_RIGHTS,
						    .cmsg_len = CMSG_LEN(sizeof(int))};
		memcpy(CMSG_DATA(&ancillary.header), &passed, sizeof(passed));
	}
	if (sendmsg(control, &m, 0) < 0)
		die("control channel");
	do {
		m = (struct msghdr){.msg_iov = in, .msg_iovlen = 2};
		if (!wait_for(control, POLLIN))
			die("uxfrmd does not answer");
		n = recvmsg(control, &m, 0);
		if (n < (ssize_t)sizeof(reply))
			die("uxfrmd has ended");
	} while (reply.op != request->op);
	if (room)
		text[(size_t)n - sizeof(reply)] = '\0';
	return reply.result;
}

static void control_say(uint16_t op, uint32_t first, uint32_t second, int passed)
{
	const struct uxfrm_control_msg m = {.magic = UXFRM_CONTROL_MAGIC,
					    .version = UXFRM_CONTROL_VERSION,
					    .op = op,
					    .value = {first, second}};

	if (control_ask(&m, passed, NULL, 0) < 0)
		die("uxfrmd refuses");
}

static void open_daemon(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	const size_t len = sizeof(UXFRM_CONTROL_NAME) - 1;
	int pair[2];

	memcpy(name.sun_path + 1, UXFRM_CONTROL_NAME, len);
	control = open_socket(OURS, AF_UNIX, SOCK_SEQPACKET, 0);
	if (connect(control, (struct sockaddr *)&name,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		die("uxfrmd");
	control_say(UXFRM_CONTROL_OPEN, 0, 0, pair[1]);
	close(pair[1]);
	control_say(UXFRM_CONTROL_OPTION, NETLINK_EXT_ACK, 1, -1);
	control_say(UXFRM_CONTROL_OPTION, NETLINK_CAP_ACK, 1, -1);
	requests[OURS] = pair[0];
}

void sides_open(void)
{
	namespaces[OURS] = open("/run/netns/ours", O_RDONLY | O_CLOEXEC);
	namespaces[THEIRS] = open("/run/netns/theirs", O_RDONLY | O_CLOEXEC);
	if (namespaces[OURS] < 0 || namespaces[THEIRS] < 0)
		die("namespaces");
	open_daemon();
	open_kernel();
	open_encapsulation(AF_INET);
	open_encapsulation(AF_INET6);
}

/* The text of an acknowledgement without the request's copy. */
static void read_text(const struct nlmsghdr *h, char *ret_text, size_t room)
{
	const size_t head = NLMSG_LENGTH(sizeof(struct nlmsgerr));
	const struct nlattr *a = (const void *)((const char *)h + head);
	size_t left = h->nlmsg_len - head;

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	while (left >= sizeof(*a) && a->nla_len >= sizeof(*a) && a->nla_len <= left) {
		size_t step = NLMSG_ALIGN(a->nla_len);

		if (a->nla_type == NLMSGERR_ATTR_MSG)
			snprintf(ret_text, room, "%.*s", (int)(a->nla_len - sizeof(*a)),
				 (const char *)(a + 1));
		if (step >= left)
			return;
		a = (const void *)((const char *)a + step);
		left -= step;
	}
}

static void forget_processed(void)
{
	struct uxfrm_control_msg m;

	while (recv(control, &m, sizeof(m), MSG_DONTWAIT) > 0)
		;
}

void side_ask(enum side side, const uint8_t *message, size_t len, struct answer *ret_answer)
{
	static _Alignas(struct nlmsghdr) uint8_t reply[DATAGRAM_MAX];
	const struct nlmsghdr *h = (const struct nlmsghdr *)reply;
	const struct nlmsgerr *e = NLMSG_DATA(h);

	*ret_answer = (struct answer){0};
	if (send(requests[side], message, len, 0) < 0)
		die("request");
	do {
		ssize_t n = -1;

		if (wait_for(requests[side], POLLIN))
			n = recv(requests[side], reply, sizeof(reply), 0);
		if (n < (ssize_t)sizeof(*h))
			die("no answer to a request");
	} while (h->nlmsg_type != NLMSG_ERROR);
	ret_answer->error = -e->error;
	read_text(h, ret_answer->text, sizeof(ret_answer->text));
	if (side == OURS)
		forget_processed();
}

static void flush(enum side side, uint16_t type, size_t body)
{
	struct {
		struct nlmsghdr h;
		struct xfrm_usersa_flush flush; /* of SAs: all protocols */
	} m = {.h = {.nlmsg_len = (uint32_t)NLMSG_LENGTH(body),
		     .nlmsg_type = type,
		     .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK}};
	struct answer a;

	side_ask(side, (const uint8_t *)&m, NLMSG_ALIGN(m.h.nlmsg_len), &a);
}

static void flush_sub_policies(enum side side)
{
	struct {
		struct nlmsghdr h;
		struct nlattr a;
		struct xfrm_userpolicy_type type;
	} m = {.h = {.nlmsg_len = sizeof(m),
		     .nlmsg_type = XFRM_MSG_FLUSHPOLICY,
		     .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
	       .a = {.nla_len = sizeof(m.a) + sizeof(m.type), .nla_type = XFRMA_POLICY_TYPE},
	       .type = {.type = XFRM_POLICY_TYPE_SUB}};
	struct answer a;

	side_ask(side, (const uint8_t *)&m, sizeof(m), &a);
}

void side_flush(enum side side)
{
	flush_sub_policies(side);
	flush(side, XFRM_MSG_FLUSHPOLICY, 0);
	flush(side, XFRM_MSG_FLUSHSA, sizeof(struct xfrm_usersa_flush));
}

static void print_kernel_counters(FILE *out)
{
	char name[64];
	unsigned long long value;
	FILE *f;

	side_enter(THEIRS);
	f = fopen("/proc/thread-self/net/xfrm_stat", "re");
	if (!f)
		die("xfrm_stat");
	fprintf(out, "counters");
	while (fscanf(f, "%63s %llu", name, &value) == 2)
		fprintf(out, " %s=%llu", name, value);
	fprintf(out, "\n");
	fclose(f);
}

void sides_print_counters(FILE *out)
{
	static char text[UXFRM_CONTROL_STATUS_MAX + 1];
	const struct uxfrm_control_msg m = {.magic = UXFRM_CONTROL_MAGIC,
					    .version = UXFRM_CONTROL_VERSION,
					    .op = UXFRM_CONTROL_STATUS};

	print_kernel_counters(out);
	if (control_ask(&m, -1, text, sizeof(text) - 1) < 0)
		die("status");
	fprintf(out, "status %s\n", text);
}
