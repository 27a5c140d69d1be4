/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: sequences of netlink datagrams to one engine, by two clients, one of which hears all
 * groups and often has no room; time passes in between.
 *
 * Input: pieces of { op, length (16 bits, little endian), bytes }. Op bits 0..2 say what is done,
 * bit 7 corrects the length field of the (first) message to that of the datagram, so that mutations
 * of the rest get past the framing.
 *
 * Checked beside memory errors, undefined behaviour and leaks: each datagram that comes back is a
 * well-formed run of messages with well-formed attributes, a dump ends, and nothing is sent to a
 * client that has gone.
 */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <uxfrm/engine.h>

#include "wire/abi.h"

enum op { OP_SEND_A, OP_SEND_B, OP_TICK, OP_ROOM, OP_RESUME, OP_OPTION, OP_GROUPS, OP_REOPEN };

struct client {
	struct uxfrm_client *handle;
	uint32_t port_id;
	unsigned int room; /* datagrams it still takes */
};

struct fuzz {
	struct uxfrm *u;
	struct client client[2];
	uint64_t now_ns;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes in front of the attributes in what the engine sends, or SIZE_MAX when it has none. */
static size_t header_len(const struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case XFRM_MSG_NEWSA:
	case XFRM_MSG_UPDSA:
		return sizeof(struct xfrm_usersa_info);
	case XFRM_MSG_DELSA:
		return sizeof(struct xfrm_usersa_id);
	case XFRM_MSG_NEWPOLICY:
	case XFRM_MSG_UPDPOLICY:
		return sizeof(struct xfrm_userpolicy_info);
	case XFRM_MSG_DELPOLICY:
		return sizeof(struct xfrm_userpolicy_id);
	case XFRM_MSG_NEWSADINFO:
	case XFRM_MSG_NEWSPDINFO:
		return sizeof(uint32_t);
	case UX_XFRM_MSG_MIGRATE_STATE:
		return sizeof(struct ux_xfrm_user_migrate_state);
	case XFRM_MSG_FLUSHSA:
		return sizeof(struct xfrm_usersa_flush);
	case XFRM_MSG_NEWAE:
		return sizeof(struct xfrm_aevent_id);
	case XFRM_MSG_EXPIRE:
		return sizeof(struct xfrm_user_expire);
	case XFRM_MSG_POLEXPIRE:
		return sizeof(struct xfrm_user_polexpire);
	case XFRM_MSG_ACQUIRE:
		return sizeof(struct xfrm_user_acquire);
	case UX_XFRM_MSG_GETDEFAULT:
		return sizeof(struct xfrm_userpolicy_default);
	default:
		return SIZE_MAX;
	}
}

static void check_attrs(const uint8_t *msg, uint32_t len, size_t pos)
{
	if (pos > len)
		abort();
	while (pos < len) {
		struct nlattr a;

		if (len - pos < sizeof(a))
			abort();
		memcpy(&a, msg + pos, sizeof(a));
		if (a.nla_len < sizeof(a) || a.nla_len > len - pos)
			abort();
		pos += NLA_ALIGN(a.nla_len);
	}
}

static int deliver(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	struct client *c = opaque;
	const uint8_t *p = datagram;

	if (!c->handle || group > UX_XFRM_GROUP_MAX)
		abort();
	if (c->room == 0)
		return -ENOBUFS;
	c->room--;
	while (len) {
		struct nlmsghdr h;

		if (len < sizeof(h))
			abort();
		memcpy(&h, p, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || NLMSG_ALIGN(h.nlmsg_len) > len)
			abort();
		/* the reply of GETAE has the port id that the request gave */
		if (group == 0 && h.nlmsg_type != XFRM_MSG_NEWAE && h.nlmsg_pid != c->port_id)
			abort();
		size_t header = header_len(&h);
		if (header != SIZE_MAX)
			check_attrs(p, h.nlmsg_len, NLMSG_HDRLEN + NLMSG_ALIGN(header));
		p += NLMSG_ALIGN(h.nlmsg_len);
		len -= NLMSG_ALIGN(h.nlmsg_len);
	}
	return 0;
}

static const struct uxfrm_client_ops ops = {.deliver = deliver};

static void open_client(struct fuzz *f, struct client *c, bool privileged)
{
	c->handle = uxfrm_client_close(c->handle);
	if (uxfrm_client_open(f->u, c->port_id, privileged, &ops, c, &c->handle) < 0)
		abort();
}

static void send_datagram(struct client *c, const uint8_t *bytes, size_t len, bool correct_length)
{
	/* a copy of exactly this size, so that reading beyond it is seen */
	uint8_t *copy = malloc(len ? len : 1);
	uint32_t n = (uint32_t)len;

	if (!copy)
		abort();
	if (len)
		memcpy(copy, bytes, len);
	if (correct_length && len >= sizeof(struct nlmsghdr))
		memcpy(copy, &n, sizeof(n));
	uxfrm_client_request(c->handle, copy, len);
	free(copy);
}

static void step(struct fuzz *f, uint8_t op, const uint8_t *bytes, size_t len)
{
	uint8_t first = len ? bytes[0] : 0, second = len > 1 ? bytes[1] : 0;
	struct client *c = &f->client[first & 1];

	switch ((enum op)(op & 7)) {
	case OP_SEND_A:
	case OP_SEND_B:
		send_datagram(&f->client[op & 1], bytes, len, op & 0x80);
		break;
	case OP_TICK:
		f->now_ns += (uint64_t)first * second * 50000000;
		uxfrm_tick(f->u, f->now_ns, 1700000000 + f->now_ns / 1000000000);
		break;
	case OP_ROOM:
		c->room = second;
		break;
	case OP_RESUME:
		c->room += second;
		(void)uxfrm_client_resume(c->handle);
		break;
	case OP_OPTION:
		(void)uxfrm_client_set_option(c->handle, second & 15, first >> 7);
		break;
	case OP_GROUPS:
		uxfrm_client_set_groups(c->handle, second);
		break;
	case OP_REOPEN:
		open_client(f, c, (second & 7) != 0);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = {
	    .client = {{.port_id = 0x1001, .room = 100}, {.port_id = 0x1002, .room = 4}},
	    .now_ns = 1};
	struct uxfrm_params params;

	uxfrm_params_init(&params);
	params.now_ns = f.now_ns;
	params.real_s = 1700000000;
	params.max_sa = 64;
	params.max_policy = 64;
	if (uxfrm_new(&params, &f.u) < 0)
		abort();
	for (size_t i = 0; i < 2; i++)
		open_client(&f, &f.client[i], true);
	uxfrm_client_set_option(f.client[0].handle, NETLINK_EXT_ACK, 1);
	uxfrm_client_set_groups(f.client[1].handle, 0xff);
	while (size >= 3) {
		size_t len = data[1] | (size_t)data[2] << 8;

		if (len > size - 3)
			len = size - 3;
		step(&f, data[0], data + 3, len);
		data += 3 + len;
		size -= 3 + len;
	}
	for (size_t i = 0; i < 2; i++) {
		f.client[i].room = 1000;
		if (uxfrm_client_resume(f.client[i].handle))
			abort(); /* at most 64 of each: no dump is so long */
		f.client[i].handle = uxfrm_client_close(f.client[i].handle);
	}
	f.u = uxfrm_free(f.u);
	return 0;
}
