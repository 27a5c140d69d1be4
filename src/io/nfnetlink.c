/* SPDX-License-Identifier: BSD-2-Clause */

/* The kernel works on a message while it is being sent: what it has to say is there afterwards. */

#include "io/nfnetlink.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "io/netlink.h"

int ux_nfnl_open(struct ux_nfnl *nl)
{
	const int size = 4 * UX_NFNL_BUFFER;

	nl->len = nl->message = 0;
	nl->overflow = false;
	nl->seq = 0;
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (nl->fd < 0)
		return -errno;
	(void)setsockopt(nl->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return 0;
}

void ux_nfnl_close(struct ux_nfnl *nl)
{
	if (nl->fd >= 0)
		close(nl->fd);
	nl->fd = -1;
}

/* Room for @len bytes, zero, aligned to 4; NULL when there is none. */
static uint8_t *take(struct ux_nfnl *nl, size_t len)
{
	size_t room = (len + 3) & ~(size_t)3;
	uint8_t *at = nl->bytes + nl->len;

	if (nl->overflow || room > sizeof(nl->bytes) - nl->len) {
		nl->overflow = true;
		return NULL;
	}
	memset(at, 0, room);
	nl->len += room;
	return at;
}

void ux_nfnl_begin(struct ux_nfnl *nl, uint16_t type, uint16_t flags, uint8_t family,
		   uint16_t resource)
{
	const struct nlmsghdr header = {
	    .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags, .nlmsg_seq = ++nl->seq};
	const struct nfgenmsg general = {.nfgen_family = family, .res_id = htobe16(resource)};
	uint8_t *at;

	nl->message = nl->len;
	at = take(nl, sizeof(header) + sizeof(general));
	if (!at)
		return;
	memcpy(at, &header, sizeof(header));
	memcpy(at + sizeof(header), &general, sizeof(general));
}

void ux_nfnl_end(struct ux_nfnl *nl)
{
	uint32_t len = (uint32_t)(nl->len - nl->message);

	if (!nl->overflow)
		memcpy(nl->bytes + nl->message, &len, sizeof(len));
}

void ux_nfnl_put(struct ux_nfnl *nl, uint16_t type, const void *data, size_t len)
{
	const struct nlattr a = {.nla_len = (uint16_t)(sizeof(a) + len), .nla_type = type};
	uint8_t *at = take(nl, sizeof(a) + len);

	if (!at)
		return;
	memcpy(at, &a, sizeof(a));
	if (len)
		memcpy(at + sizeof(a), data, len);
}

void ux_nfnl_put_be16(struct ux_nfnl *nl, uint16_t type, uint16_t value)
{
	uint8_t bytes[2];

	ux_put_be16(bytes, value);
	ux_nfnl_put(nl, type, bytes, sizeof(bytes));
}

void ux_nfnl_put_be32(struct ux_nfnl *nl, uint16_t type, uint32_t value)
{
	uint8_t bytes[4];

	ux_put_be32(bytes, value);
	ux_nfnl_put(nl, type, bytes, sizeof(bytes));
}

void ux_nfnl_put_text(struct ux_nfnl *nl, uint16_t type, const char *text)
{
	ux_nfnl_put(nl, type, text, strlen(text) + 1);
}

size_t ux_nfnl_nest(struct ux_nfnl *nl, uint16_t type)
{
	size_t nest = nl->len;

	ux_nfnl_put(nl, type | NLA_F_NESTED, NULL, 0);
	return nest;
}

void ux_nfnl_nest_end(struct ux_nfnl *nl, size_t nest)
{
	uint16_t len = (uint16_t)(nl->len - nest);

	if (!nl->overflow)
		memcpy(nl->bytes + nest, &len, sizeof(len));
}

/* The first error among the answers in one datagram; 0: none. */
static int first_error(const uint8_t *bytes, size_t len)
{
	const struct nlmsghdr *h;
	size_t at = 0;

	while ((h = ux_netlink_next(bytes, len, &at))) {
		int error;

		if (h->nlmsg_type != NLMSG_ERROR || h->nlmsg_len < NLMSG_LENGTH(sizeof(error)))
			continue;
		memcpy(&error, NLMSG_DATA(h), sizeof(error));
		if (error)
			return error;
	}
	return 0;
}

static int read_answers(int fd)
{
	_Alignas(struct nlmsghdr) uint8_t answer[8192];
	ssize_t len;
	int err = 0;

	while ((len = recv(fd, answer, sizeof(answer), MSG_DONTWAIT)) > 0) {
		int error = first_error(answer, (size_t)len);

		err = err ? err : error;
	}
	return err;
}

int ux_nfnl_send(struct ux_nfnl *nl)
{
	size_t len = nl->len;
	bool overflow = nl->overflow;

	nl->len = nl->message = 0;
	nl->overflow = false;
	if (overflow)
		return -EMSGSIZE;
	if (send(nl->fd, nl->bytes, len, 0) < 0)
		return -errno;
	return read_answers(nl->fd);
}
