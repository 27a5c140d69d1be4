/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: sequences of PF_KEY messages to one engine, by two sockets, and of netlink datagrams
 * by a third client that hears all groups; some often have no room; time passes in between.
 *
 * Input: pieces of { op, length (16 bits, little endian), bytes }. Op bits 0..2 say what is done,
 * bit 7 makes the message's length, version and reserved field right, so that mutations of the rest
 * get past them. pfkey_mutator.c changes inputs extension by extension.
 *
 * Checked beside memory errors, undefined behaviour and leaks: each message that comes back is well
 * formed with well-formed extensions, or a request that a promiscuous socket sees as it was; what
 * the send fails with is one of Linux's errors; nothing is sent to a socket that has gone.
 */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linux/pfkeyv2.h>
#include <uxfrm/engine.h>

enum op { OP_SEND_P, OP_SEND_Q, OP_NETLINK, OP_TICK, OP_ROOM, OP_RESUME, OP_REOPEN, OP_NOTHING };

struct client {
	struct uxfrm_pfkey *handle;
	struct fuzz *fuzz;
	unsigned int room; /* messages it still takes */
};

struct fuzz {
	struct uxfrm *u;
	struct client client[2];
	struct uxfrm_client *netlink;
	const uint8_t *request; /* under way */
	size_t request_len;
	uint64_t now_ns;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In the messages about policies the length in the header is Linux's, not always the true one, and
 * the reserved field is used. */
static int tells_its_length(uint8_t type)
{
	switch (type) {
	case SADB_X_SPDADD:
	case SADB_X_SPDUPDATE:
	case SADB_X_SPDDELETE:
	case SADB_X_SPDDELETE2:
	case SADB_X_SPDGET:
	case SADB_X_SPDDUMP:
		return 0;
	default:
		return 1;
	}
}

static void check_message(const uint8_t *p, size_t len)
{
	struct sadb_msg m;

	if (len < sizeof(m) || len % 8)
		abort();
	memcpy(&m, p, sizeof(m));
	if (m.sadb_msg_version != PF_KEY_V2)
		abort();
	if (tells_its_length(m.sadb_msg_type) && (m.sadb_msg_len != len / 8 || m.sadb_msg_reserved))
		abort();
	for (size_t at = sizeof(m); at < len;) {
		struct sadb_ext e;

		memcpy(&e, p + at, sizeof(e));
		if (!e.sadb_ext_len || e.sadb_ext_len * 8u > len - at || !e.sadb_ext_type ||
		    e.sadb_ext_type > SADB_EXT_MAX)
			abort();
		at += e.sadb_ext_len * 8u;
	}
}

/* The request itself, to promiscuous sockets; X_PROMISC passes it on with its errno cleared. */
static int is_the_request(const struct fuzz *f, const uint8_t *p, size_t len)
{
	return len == f->request_len && len > 3 && memcmp(p, f->request, 2) == 0 &&
	       memcmp(p + 3, f->request + 3, len - 3) == 0;
}

static int deliver(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	struct client *c = opaque;

	if (!c->handle || group > 1)
		abort();
	if (c->room == 0)
		return -ENOBUFS;
	c->room--;
	if (!is_the_request(c->fuzz, datagram, len))
		check_message(datagram, len);
	return 0;
}

static int deliver_netlink(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	(void)opaque;
	(void)datagram;
	(void)group;
	if (len < 16)
		abort();
	return 0;
}

static const struct uxfrm_client_ops ops = {.deliver = deliver};
static const struct uxfrm_client_ops netlink_ops = {.deliver = deliver_netlink};

static void open_client(struct fuzz *f, struct client *c)
{
	c->handle = uxfrm_pfkey_close(c->handle);
	c->fuzz = f;
	if (uxfrm_pfkey_open(f->u, &ops, c, &c->handle) < 0)
		abort();
}

static void make_right(uint8_t *message, size_t len)
{
	struct sadb_msg m;

	if (len < sizeof(m))
		return;
	memcpy(&m, message, sizeof(m));
	m.sadb_msg_version = PF_KEY_V2;
	m.sadb_msg_reserved = 0;
	m.sadb_msg_len = (uint16_t)(len / 8);
	memcpy(message, &m, sizeof(m));
}

static void send_message(struct fuzz *f, struct client *c, uint8_t *copy, size_t len)
{
	int err;

	f->request = copy;
	f->request_len = len;
	err = uxfrm_pfkey_request(c->handle, copy, len);
	if (err && err != -EINVAL && err != -EMSGSIZE)
		abort();
	f->request_len = 0;
}

/* A copy of exactly this size, so that reading beyond it is seen. */
static void send_bytes(struct fuzz *f, uint8_t op, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	uint32_t n = (uint32_t)len;

	if (!copy)
		abort();
	if (len)
		memcpy(copy, bytes, len);
	if ((op & 7) == OP_NETLINK) {
		if ((op & 0x80) && len >= 16)
			memcpy(copy, &n, sizeof(n));
		uxfrm_client_request(f->netlink, copy, len);
	} else {
		if (op & 0x80)
			make_right(copy, len);
		send_message(f, &f->client[op & 1], copy, len);
	}
	free(copy);
}

static void step(struct fuzz *f, uint8_t op, const uint8_t *bytes, size_t len)
{
	uint8_t first = len ? bytes[0] : 0, second = len > 1 ? bytes[1] : 0;
	struct client *c = &f->client[first & 1];

	switch ((enum op)(op & 7)) {
	case OP_SEND_P:
	case OP_SEND_Q:
	case OP_NETLINK:
		send_bytes(f, op, bytes, len);
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
		(void)uxfrm_pfkey_resume(c->handle);
		break;
	case OP_REOPEN:
		open_client(f, c);
		break;
	case OP_NOTHING:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = {.client = {{.room = 100}, {.room = 100}}, .now_ns = 1};
	struct uxfrm_params params;

	uxfrm_params_init(&params);
	params.now_ns = f.now_ns;
	params.real_s = 1700000000;
	params.max_sa = 64;
	params.max_policy = 64;
	if (uxfrm_new(&params, &f.u) < 0)
		abort();
	for (size_t i = 0; i < 2; i++)
		open_client(&f, &f.client[i]);
	if (uxfrm_client_open(f.u, 0x1001, true, &netlink_ops, &f, &f.netlink) < 0)
		abort();
	uxfrm_client_set_groups(f.netlink, 0xff);
	while (size >= 3) {
		size_t len = data[1] | (size_t)data[2] << 8;

		if (len > size - 3)
			len = size - 3;
		step(&f, data[0], data + 3, len);
		data += 3 + len;
		size -= 3 + len;
	}
	uxfrm_pfkey_close(f.client[0].handle);
	uxfrm_pfkey_close(f.client[1].handle);
	uxfrm_client_close(f.netlink);
	uxfrm_free(f.u);
	return 0;
}
