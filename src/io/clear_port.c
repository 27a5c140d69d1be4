/* SPDX-License-Identifier: BSD-2-Clause */

/* nfnetlink_queue: packets come as messages, verdicts go as messages, many in one datagram. */

#include "io/clear_port.h"

#include <errno.h>
#include <netinet/in.h> /* linux/netfilter.h needs it first */
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "io/netlink.h"
#include "io/nfnetlink.h"

#define MESSAGE(name) ((uint16_t)(NFNL_SUBSYS_QUEUE << 8 | (name)))
#define QUEUE_LEN 1024
#define RECEIVE_BUFFER (4 << 20)
#define SEND_ATTEMPTS 3
#define MESSAGE_MAX (65536 + 1024)

struct clear_port {
	struct ux_port port;
	uint16_t queue;
	uint32_t ids[UXFRM_BURST]; /* of the packets received last */
	struct ux_nfnl nl;
	_Alignas(8) uint8_t message[MESSAGE_MAX];
};

static uint32_t be32_attr(const struct nlmsghdr *h, uint16_t type)
{
	const uint8_t *v = ux_netlink_attr(h, sizeof(struct nfgenmsg), type, 4);

	return v ? ux_get_be32(v) : 0;
}

/* Bytes of an attribute found by ux_netlink_attr. */
static uint32_t attr_len(const uint8_t *value)
{
	struct nlattr a;

	memcpy(&a, value - sizeof(a), sizeof(a));
	return a.nla_len - (uint32_t)sizeof(a);
}

/* One packet out of a message; false: the message holds none. */
static bool take_packet(struct clear_port *c, size_t len, struct uxfrm_packet *p, uint32_t *ret_id)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)c->message;
	const uint8_t *payload;
	uint32_t payload_len;

	if (len < NLMSG_LENGTH(sizeof(struct nfgenmsg)) || h->nlmsg_len > len ||
	    h->nlmsg_type != MESSAGE(NFQNL_MSG_PACKET))
		return false;
	*ret_id = be32_attr(h, NFQA_PACKET_HDR);
	payload = ux_netlink_attr(h, sizeof(struct nfgenmsg), NFQA_PAYLOAD, 0);
	payload_len = payload ? attr_len(payload) : 0;
	p->data = ux_port_start(p);
	/* One that is cut short is no IP packet to the engine, and is dropped. */
	p->len = payload_len < ux_port_room(p) ? payload_len : 0;
	if (p->len)
		memcpy(p->data, payload, p->len);
	p->mark = be32_attr(h, NFQA_MARK);
	p->ifindex = (int32_t)be32_attr(h, NFQA_IFINDEX_INDEV);
	p->if_id = 0;
	return true;
}

static size_t clear_receive(struct ux_port *port, struct uxfrm_packet *const *packets, size_t n)
{
	struct clear_port *c = (struct clear_port *)port;
	size_t got = 0;

	while (got < n) {
		ssize_t len = recv(port->fd, c->message, sizeof(c->message), MSG_DONTWAIT);

		if (len <= 0)
			break;
		if (take_packet(c, (size_t)len, packets[got], &c->ids[got]))
			got++;
	}
	return got;
}

/* Of packets received in sequence. */
static uint32_t newest(const uint32_t *ids, size_t n)
{
	return n ? ids[n - 1] : 0;
}

/*
 * Packets without a verdict keep their places in the queue for ever, so it is tried again, and
 * where that does not help one short message drops all up to the last of them.
 * The answers of single packets are read with the next packets.
 */
static bool send_verdicts(struct clear_port *c, size_t n)
{
	uint8_t verdict[8];

	for (int attempt = 0; attempt < SEND_ATTEMPTS; attempt++)
		if (send(c->port.fd, c->nl.bytes, c->nl.len, 0) >= 0)
			return true;
	c->nl.len = 0;
	ux_put_be32(verdict, NF_DROP);
	ux_put_be32(verdict + 4, newest(c->ids, n));
	ux_nfnl_begin(&c->nl, MESSAGE(NFQNL_MSG_VERDICT_BATCH), 0, AF_UNSPEC, c->queue);
	ux_nfnl_put(&c->nl, NFQA_VERDICT_HDR, verdict, sizeof(verdict));
	ux_nfnl_end(&c->nl);
	(void)send(c->port.fd, c->nl.bytes, c->nl.len, 0);
	return false;
}

static void clear_send(struct ux_port *port, struct uxfrm_packet *const *packets, size_t n)
{
	struct clear_port *c = (struct clear_port *)port;

	for (size_t i = 0; i < n; i++) {
		bool pass = packets[i]->verdict == UXFRM_DELIVER;
		uint8_t verdict[8];

		ux_put_be32(verdict, pass ? NF_ACCEPT : NF_DROP);
		ux_put_be32(verdict + 4, c->ids[i]);
		ux_nfnl_begin(&c->nl, MESSAGE(NFQNL_MSG_VERDICT), 0, AF_UNSPEC, c->queue);
		ux_nfnl_put(&c->nl, NFQA_VERDICT_HDR, verdict, sizeof(verdict));
		ux_nfnl_end(&c->nl);
	}
	if (!send_verdicts(c, n)) {
		for (size_t i = 0; i < n; i++)
			ux_port_refuse(packets[i], UXFRM_DROP_PORT_SEND);
	}
	c->nl.len = 0;
}

static void clear_free(struct ux_port *port)
{
	struct clear_port *c = (struct clear_port *)port;

	ux_nfnl_close(&c->nl);
	free(c);
}

static const struct ux_port_ops clear_ops = {
    .receive = clear_receive, .send = clear_send, .free = clear_free};

static int configure(struct clear_port *c)
{
	const struct nfqnl_msg_config_cmd cmd = {.command = NFQNL_CFG_CMD_BIND};
	uint8_t params[5] = {0, 0, 0xff, 0xff, NFQNL_COPY_PACKET};

	ux_nfnl_begin(&c->nl, MESSAGE(NFQNL_MSG_CONFIG), NLM_F_ACK, AF_UNSPEC, c->queue);
	ux_nfnl_put(&c->nl, NFQA_CFG_CMD, &cmd, sizeof(cmd));
	ux_nfnl_end(&c->nl);
	ux_nfnl_begin(&c->nl, MESSAGE(NFQNL_MSG_CONFIG), NLM_F_ACK, AF_UNSPEC, c->queue);
	ux_nfnl_put(&c->nl, NFQA_CFG_PARAMS, params, sizeof(params));
	ux_nfnl_put_be32(&c->nl, NFQA_CFG_QUEUE_MAXLEN, QUEUE_LEN);
	ux_nfnl_end(&c->nl);
	return ux_nfnl_send(&c->nl);
}

int ux_clear_port_open(uint16_t queue, enum ux_port_side side, struct ux_port **ret_port)
{
	struct clear_port *c = calloc(1, sizeof(*c));
	const int size = RECEIVE_BUFFER, on = 1;
	int err;

	if (!c)
		return -ENOMEM;
	c->queue = queue;
	err = ux_nfnl_open(&c->nl);
	if (err) {
		free(c);
		return err;
	}
	c->port = (struct ux_port){.ops = &clear_ops, .fd = c->nl.fd, .side = side};
	if (setsockopt(c->nl.fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(c->nl.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	/* Lost packets are dropped packets; an error for each would tell nothing new. */
	(void)setsockopt(c->nl.fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof(on));
	err = configure(c);
	if (err) {
		clear_free(&c->port);
		return err;
	}
	*ret_port = &c->port;
	return 0;
}
