/* SPDX-License-Identifier: BSD-2-Clause */

/* One packet per read and write, whole and with all checksums. */

#include "io/tun_plain.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define WRITE_RETRIES 3

struct tun_port {
	struct ux_port port;
	struct ux_tun_facts facts;
};

static size_t tun_receive(struct ux_port *port, struct uxfrm_packet *const *packets, size_t n)
{
	const struct tun_port *tun = (const struct tun_port *)port;
	size_t got = 0;

	while (got < n) {
		struct uxfrm_packet *p = packets[got];
		ssize_t len = read(port->fd, ux_port_start(p), ux_port_room(p));

		if (len < 0)
			break;
		p->data = ux_port_start(p);
		p->len = (uint32_t)len;
		p->mark = port->mark;
		p->ifindex = tun->facts.underlay_ifindex;
		p->if_id = tun->facts.if_id;
		got++;
	}
	return got;
}

static void tun_send(struct ux_port *port, struct uxfrm_packet *const *packets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		ssize_t len = -1;

		for (int retry = 0; len < 0 && retry < WRITE_RETRIES; retry++) {
			len = write(port->fd, packets[i]->data, packets[i]->len);
			if (len < 0 && errno != EAGAIN && errno != EINTR && errno != ENOMEM)
				break;
		}
		if (len < 0)
			ux_port_refuse(packets[i], UXFRM_DROP_PORT_SEND);
	}
}

static void tun_free(struct ux_port *port)
{
	close(port->fd);
	free(port);
}

static const struct ux_port_ops tun_ops = {
    .receive = tun_receive, .send = tun_send, .free = tun_free};

struct ux_port *ux_tun_plain_port_new(int fd, const struct ux_tun_facts *facts)
{
	struct tun_port *tun = calloc(1, sizeof(*tun));

	if (!tun)
		return NULL;
	tun->port = (struct ux_port){
	    .ops = &tun_ops, .fd = fd, .side = UX_PORT_HOST, .if_id = facts->if_id};
	tun->facts = *facts;
	return &tun->port;
}
