/* SPDX-License-Identifier: BSD-2-Clause */
#include "build_message.h"

#include <string.h>

#include <linux/netlink.h>

#include "wire/abi.h"

void draft_begin(struct draft *d, uint16_t type, const void *header, size_t len)
{
	d->type = type;
	d->flags = NLM_F_REQUEST | NLM_F_ACK;
	d->seq = d->pid = 0;
	d->header_len = len;
	if (len)
		memcpy(d->header, header, len);
	d->n_attrs = d->n_bytes = d->n_tail = 0;
	d->spoilt_len = false;
}

void draft_attr(struct draft *d, uint16_t type, const void *data, size_t len)
{
	struct draft_attr *a = &d->attr[d->n_attrs];

	if (d->n_attrs == DRAFT_ATTRS_MAX || len > DRAFT_BYTES_MAX - d->n_bytes)
		return;
	a->type = type;
	a->len = (uint16_t)(NLA_HDRLEN + len);
	a->at = (uint32_t)d->n_bytes;
	a->n = (uint32_t)len;
	if (len)
		memcpy(d->bytes + d->n_bytes, data, len);
	d->n_bytes += len;
	d->n_attrs++;
}

void draft_u8(struct draft *d, uint16_t type, uint8_t value)
{
	draft_attr(d, type, &value, sizeof(value));
}

void draft_u32(struct draft *d, uint16_t type, uint32_t value)
{
	draft_attr(d, type, &value, sizeof(value));
}

void draft_u64(struct draft *d, uint16_t type, uint64_t value)
{
	draft_attr(d, type, &value, sizeof(value));
}

void draft_algo(struct draft *d, uint16_t type, const char *name, const uint8_t *key,
		uint32_t key_bits, bool wide, uint32_t icv_bits)
{
	uint8_t bytes[64 + 8 + 256];
	size_t len = 64, n = (key_bits + 7) / 8;

	memset(bytes, 0, 64);
	memcpy(bytes, name, strnlen(name, 64));
	memcpy(bytes + len, &key_bits, 4);
	len += 4;
	if (wide) {
		memcpy(bytes + len, &icv_bits, 4);
		len += 4;
	}
	if (n > 256)
		n = 256;
	memcpy(bytes + len, key, n);
	draft_attr(d, type, bytes, len + n);
}

void draft_shuffle(struct draft *d, struct rng *r)
{
	for (size_t i = d->n_attrs; i > 1; i--) {
		size_t k = below(r, (uint32_t)i);
		struct draft_attr t = d->attr[k];

		d->attr[k] = d->attr[i - 1];
		d->attr[i - 1] = t;
	}
}

struct draft_attr *draft_find(struct draft *d, uint16_t type)
{
	for (size_t i = d->n_attrs; i > 0; i--)
		if (d->attr[i - 1].type == type)
			return &d->attr[i - 1];
	return NULL;
}

void draft_remove(struct draft *d, size_t i)
{
	d->n_attrs--;
	memmove(&d->attr[i], &d->attr[i + 1], (d->n_attrs - i) * sizeof(d->attr[0]));
}

size_t draft_write(const struct draft *d, uint8_t *to, size_t room)
{
	struct nlmsghdr h = {.nlmsg_type = d->type,
			     .nlmsg_flags = d->flags,
			     .nlmsg_seq = d->seq,
			     .nlmsg_pid = d->pid};
	size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(d->header_len);

	if (room < at + d->n_bytes + d->n_attrs * 8 + sizeof(d->tail) + 8)
		return 0;
	memset(to, 0, at);
	if (d->header_len)
		memcpy(to + NLMSG_HDRLEN, d->header, d->header_len);
	for (size_t i = 0; i < d->n_attrs; i++) {
		const struct draft_attr *a = &d->attr[i];
		size_t n = NLA_ALIGN(NLA_HDRLEN + a->n);

		memset(to + at, 0, n);
		memcpy(to + at, &a->len, 2);
		memcpy(to + at + 2, &a->type, 2);
		memcpy(to + at + NLA_HDRLEN, d->bytes + a->at, a->n);
		at += n;
	}
	memcpy(to + at, d->tail, d->n_tail);
	at += d->n_tail;
	h.nlmsg_len = d->spoilt_len ? d->spoilt_to : (uint32_t)at;
	memcpy(to, &h, sizeof(h));
	memset(to + at, 0, NLMSG_ALIGN(at) - at);
	return NLMSG_ALIGN(at);
}

static void spoil_header(struct draft *d, struct rng *r)
{
	if (!d->header_len)
		return;
	if (chance(r, 40)) {
		d->header_len = below(r, (uint32_t)d->header_len);
		return;
	}
	d->header[below(r, (uint32_t)d->header_len)] =
	    (uint8_t)ONE_OF(r, 0, 1, 2, 10, 255, rng_u32(r) & 0xff);
}

static void spoil_attr_len(struct draft *d, struct rng *r)
{
	struct draft_attr *a;

	if (!d->n_attrs)
		return;
	a = &d->attr[below(r, (uint32_t)d->n_attrs)];
	if (chance(r, 35)) {
		a->len =
		    (uint16_t)ONE_OF(r, 0, 1, 3, 4, 5, a->len - 1, a->len + 1, a->len + 4, 0xffff);
		return;
	}
	/* another payload: cut, or longer by what stands behind it */
	if (chance(r, 60))
		a->n = below(r, a->n + 1);
	else if (a->at + a->n + 64 <= d->n_bytes)
		a->n += (uint32_t)ONE_OF(r, 1, 4, 8, 64);
	a->len = (uint16_t)(NLA_HDRLEN + a->n);
}

static void spoil_attr_bytes(struct draft *d, struct rng *r)
{
	struct draft_attr *a;

	if (!d->n_attrs)
		return;
	a = &d->attr[below(r, (uint32_t)d->n_attrs)];
	if (a->n)
		d->bytes[a->at + below(r, a->n)] =
		    (uint8_t)ONE_OF(r, 0, 1, 2, 255, rng_u32(r) & 0xff);
}

/* An attribute too many. */
static void add_attr(struct draft *d, struct rng *r)
{
	static const uint8_t bytes[64] = {1, 1};
	size_t len = (size_t)ONE_OF(r, 0, 1, 2, 4, 8, 15, 16, 64);
	uint16_t type =
	    (uint16_t)(chance(r, 70) ? 1 + below(r, 35) : ONE_OF(r, 0, 42, 60, 900, 0x3fff));

	if (chance(r, 10))
		type |= (uint16_t)ONE_OF(r, 0x8000, 0x4000);
	draft_attr(d, type, bytes, len);
	if (chance(r, 60))
		draft_shuffle(d, r);
}

/* Another type of message, most often of one that has no handler or another header. */
static void spoil_type(struct draft *d, struct rng *r)
{
	d->type =
	    (uint16_t)(chance(r, 70) ? 16 + below(r, 25) : ONE_OF(r, 0, 1, 2, 3, 4, 15, 42, 60));
}

static void spoil_flags(struct draft *d, struct rng *r)
{
	d->flags =
	    (uint16_t)(d->flags ^ ONE_OF(r, 1, 2, 4, 8, 16, 32, 0x100, 0x200, 0x300, 0x400, 0x800));
}

void draft_spoil(struct draft *d, struct rng *r)
{
	switch (below(r, 11)) {
	case 0:
		spoil_type(d, r);
		break;
	case 1:
	case 2:
		spoil_header(d, r);
		break;
	case 3:
	case 4:
		spoil_attr_len(d, r);
		break;
	case 5:
		spoil_attr_bytes(d, r);
		break;
	case 6:
		add_attr(d, r);
		break;
	case 7:
		if (d->n_attrs)
			draft_remove(d, below(r, (uint32_t)d->n_attrs));
		break;
	case 8:
		d->n_tail = 1 + below(r, 7);
		memset(d->tail, (int)ONE_OF(r, 0, 1, 255), sizeof(d->tail));
		break;
	case 9:
		spoil_flags(d, r);
		break;
	default:
		if (d->n_attrs)
			d->attr[below(r, (uint32_t)d->n_attrs)].type |=
			    (uint16_t)ONE_OF(r, 0x8000, 0x4000);
		break;
	}
}
