/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/pfkey_writer.h"

#include <netinet/in.h>
#include <string.h>

#define WORD sizeof(uint64_t)

/* Room for @len bytes, zeroed up to the next word; NULL and overflow when there is none. */
static uint8_t *take(struct ux_pfkey_writer *w, size_t len)
{
	uint8_t *start = w->buf + w->len;
	size_t whole = (len + WORD - 1) & ~(WORD - 1);

	if (w->overflow || whole > w->cap - w->len) {
		w->overflow = true;
		return NULL;
	}
	memset(start, 0, whole);
	w->len += whole;
	return start;
}

void ux_pfkey_begin(struct ux_pfkey_writer *w, void *buf, size_t cap, const struct sadb_msg *head)
{
	*w = (struct ux_pfkey_writer){.buf = buf, .cap = cap};
	uint8_t *p = take(w, sizeof(*head));

	if (p)
		memcpy(p, head, sizeof(*head));
}

/* The length of the extension that is built, after each change. */
static void set_ext_len(struct ux_pfkey_writer *w)
{
	uint16_t words = (uint16_t)((w->len - w->ext) / WORD);

	memcpy(w->buf + w->ext, &words, sizeof(words));
}

void ux_pfkey_ext(struct ux_pfkey_writer *w, uint16_t type, const void *ext, size_t len)
{
	size_t at = w->len;
	uint8_t *p = take(w, len);

	if (!p)
		return;
	w->ext = at;
	memcpy(p, ext, len);
	memcpy(p + offsetof(struct sadb_ext, sadb_ext_type), &type, sizeof(type));
	set_ext_len(w);
}

void ux_pfkey_append(struct ux_pfkey_writer *w, const void *bytes, size_t len)
{
	uint8_t *p = take(w, len);

	if (!p)
		return;
	if (len)
		memcpy(p, bytes, len);
	set_ext_len(w);
}

size_t ux_pfkey_sockaddr_len(uint16_t family)
{
	switch (family) {
	case AF_INET:
		return sizeof(struct sockaddr_in);
	case AF_INET6:
		return sizeof(struct sockaddr_in6);
	default:
		return 0;
	}
}

/* Into @to, which has room for any. The length. */
static size_t fill_sockaddr(uint8_t *to, uint16_t family, const struct ux_addr *addr, __be16 port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = port};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = port};

	memcpy(&in.sin_addr, addr, sizeof(in.sin_addr));
	memcpy(&in6.sin6_addr, addr, sizeof(in6.sin6_addr));
	if (family == AF_INET)
		memcpy(to, &in, sizeof(in));
	else if (family == AF_INET6)
		memcpy(to, &in6, sizeof(in6));
	return ux_pfkey_sockaddr_len(family);
}

void ux_pfkey_put_address(struct ux_pfkey_writer *w, uint16_t type, uint16_t family,
			  const struct ux_addr *addr, __be16 port, struct sadb_address head)
{
	uint8_t sockaddr[sizeof(struct sockaddr_in6)];
	size_t len = fill_sockaddr(sockaddr, family, addr, port);

	ux_pfkey_ext(w, type, &head, sizeof(head));
	ux_pfkey_append(w, sockaddr, len);
}

void ux_pfkey_put_key(struct ux_pfkey_writer *w, uint16_t type, const uint8_t *key,
		      uint32_t key_bits)
{
	/* the field is narrower than a key may be long; Linux cuts it too */
	struct sadb_key head = {.sadb_key_bits = (uint16_t)key_bits};

	ux_pfkey_ext(w, type, &head, sizeof(head));
	ux_pfkey_append(w, key, (key_bits + 7) / 8);
}

void ux_pfkey_append_pair(struct ux_pfkey_writer *w, uint16_t family, const struct ux_addr *saddr,
			  const struct ux_addr *daddr)
{
	uint8_t pair[2 * sizeof(struct sockaddr_in6)];
	size_t len = fill_sockaddr(pair, family, saddr, 0);

	len += fill_sockaddr(pair + len, family, daddr, 0);
	ux_pfkey_append(w, pair, len);
}

bool ux_pfkey_end(struct ux_pfkey_writer *w)
{
	uint16_t words = (uint16_t)(w->len / WORD);

	if (w->overflow)
		return false;
	memcpy(w->buf + offsetof(struct sadb_msg, sadb_msg_len), &words, sizeof(words));
	return true;
}
