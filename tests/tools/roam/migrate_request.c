/* SPDX-License-Identifier: BSD-2-Clause */
#include "migrate_request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* Numbers newer than the system's headers. */
#define MIGRATE_STATE 41
#define ATTR_ENCAP 4
#define ATTR_MARK 21
#define ESP_IN_UDP 2

struct mark {
	uint32_t v, m;
};

/* The fixed part, 132 bytes. Multi-byte fields are in host order unless they say otherwise. */
struct migrate_state {
	uint8_t daddr[16];
	uint32_t spi_be;
	uint16_t family;
	uint8_t proto, pad;
	uint8_t new_daddr[16], new_saddr[16];
	struct mark old_mark;
	uint8_t new_selector[56];
	uint32_t new_reqid, flags;
	uint16_t new_family, reserved;
};
_Static_assert(sizeof(struct migrate_state) == 132, "as the protocol has it");

struct encap {
	uint16_t type, sport_be, dport_be, pad;
	uint8_t original[16];
};

struct message {
	struct nlmsghdr header;
	struct migrate_state state;
	uint8_t attributes[64];
};

int migrate_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 6 /* NETLINK_XFRM */), one = 1;
	struct sockaddr_nl any = {.nl_family = AF_NETLINK};

	if (fd < 0 || setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any))) {
		perror("netlink socket");
		exit(2);
	}
	return fd;
}

static void put(struct message *m, uint16_t type, const void *payload, uint16_t len)
{
	struct nlattr a = {(uint16_t)(sizeof(a) + len), type};
	uint8_t *at = (uint8_t *)m + m->header.nlmsg_len;

	memcpy(at, &a, sizeof(a));
	memcpy(at + sizeof(a), payload, len);
	m->header.nlmsg_len += NLMSG_ALIGN(sizeof(a) + len);
}

static void build(struct message *m, const struct migrate_request *r, uint32_t seq)
{
	struct migrate_state *s = &m->state;

	*m = (struct message){
	    .header = {.nlmsg_len = sizeof(m->header) + sizeof(*s),
		       .nlmsg_type = MIGRATE_STATE,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		       .nlmsg_seq = seq},
	    .state = {.spi_be = htonl(r->spi),
		      .family = (uint16_t)r->dst.family,
		      .proto = IPPROTO_ESP,
		      .old_mark = {r->mark_v, r->mark_m},
		      .new_reqid = r->reqid,
		      .new_family = (uint16_t)r->new_dst.family},
	};
	memcpy(s->daddr, r->dst.bytes, 16);
	memcpy(s->new_daddr, r->new_dst.bytes, 16);
	memcpy(s->new_saddr, r->new_src.bytes, 16);
	if (r->has_encap) {
		struct encap e = {r->sport || r->dport ? ESP_IN_UDP : 0,
				  htons(r->sport),
				  htons(r->dport),
				  0,
				  {0}};

		put(m, ATTR_ENCAP, &e, sizeof(e));
	}
	if (r->has_new_mark) {
		struct mark mark = {r->new_mark_v, r->new_mark_m};

		put(m, ATTR_MARK, &mark, sizeof(mark));
	}
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The sentence of an extended ACK, if there is one: behind the header the error repeats, whole or
 * not. */
static void read_text(const uint8_t *p, size_t n, struct migrate_answer *answer)
{
	const struct nlmsghdr *h = (const void *)p;
	size_t at = sizeof(*h) + sizeof(struct nlmsgerr);
	struct nlattr a;

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		at += ((const struct nlmsgerr *)(const void *)(p + sizeof(*h)))->msg.nlmsg_len -
		      sizeof(struct nlmsghdr);
	for (at = NLMSG_ALIGN(at); at + sizeof(a) <= n; at += NLMSG_ALIGN(a.nla_len)) {
		memcpy(&a, p + at, sizeof(a));
		if (a.nla_len < sizeof(a) || at + a.nla_len > n)
			return;
		if ((a.nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG)
			snprintf(answer->text, sizeof(answer->text), "%.*s",
				 (int)(a.nla_len - sizeof(a)), (const char *)p + at + sizeof(a));
	}
}

static bool is_answer(const uint8_t *p, ssize_t n, uint32_t seq)
{
	const struct nlmsghdr *h = (const void *)p;

	return n >= (ssize_t)(sizeof(*h) + sizeof(struct nlmsgerr)) &&
	       h->nlmsg_type == NLMSG_ERROR && h->nlmsg_seq == seq;
}

struct migrate_answer migrate_send(int fd, const struct migrate_request *r)
{
	static uint32_t seq;
	struct migrate_answer answer = {0};
	_Alignas(struct nlmsghdr) uint8_t reply[4096];
	struct message m;
	double begin;
	ssize_t n;

	build(&m, r, ++seq);
	begin = now_us();
	if (send(fd, &m, m.header.nlmsg_len, 0) < 0) {
		answer.error = errno;
		return answer;
	}
	do {
		n = recv(fd, reply, sizeof(reply), 0);
	} while (n > 0 && !is_answer(reply, n, seq));
	answer.us = now_us() - begin;
	if (n <= 0) {
		answer.error = n < 0 ? errno : EPIPE;
		return answer;
	}
	answer.error =
	    -((const struct nlmsgerr *)(const void *)(reply + sizeof(struct nlmsghdr)))->error;
	read_text(reply, (size_t)n, &answer);
	return answer;
}
