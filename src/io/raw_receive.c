/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Raw sockets. An IPv4 one gives whole packets, reassembled by the kernel; an IPv6 one gives what
 * is behind the headers, so an IPv6 header is put in front of it again. AH authenticates extension
 * headers as well; the kernel tells them beside the packet, in their order.
 */

#include "io/raw_receive.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/datagram.h"
#include "packet/ip.h"

struct raw_port {
	struct ux_port port;
	int family;
	uint8_t proto;
	bool extensions; /* IPv6: the extension headers are wanted too */
	struct ux_datagram_burst burst;
};

/* The IPv6 header, and the extension headers as they came, in front of the payload. */
static void rebuild_ip6(struct raw_port *raw, size_t i, struct uxfrm_packet *p,
			const struct ux_datagram_info *info)
{
	uint8_t proto = raw->proto, *at = p->data + UX_IP6_LEN;
	uint32_t n = 0;

	p->len += UX_IP6_LEN;
	if (raw->extensions)
		n = ux_datagram_extensions(&raw->burst, i, at - UXFRM_HEADROOM, UXFRM_HEADROOM,
					   &proto);
	p->data -= n;
	p->len += n;
	ux_ip6_build(p->data, &(struct ux_ip_build){.saddr = &info->source,
						    .daddr = &info->destination,
						    .total_len = p->len,
						    .tos = info->traffic_class,
						    .ttl = info->hop_limit,
						    .proto = proto});
}

/* Errors are reported (see open_raw): nobody reads them, but while there are any the socket is
 * ready. */
static void drop_errors(int fd)
{
	uint8_t dummy;

	while (recv(fd, &dummy, sizeof(dummy), MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
		;
}

static size_t raw_receive(struct ux_port *port, struct uxfrm_packet *const *packets, size_t n)
{
	struct raw_port *raw = (struct raw_port *)port;
	uint32_t gap = raw->family == AF_INET6 ? UX_IP6_LEN : 0;
	size_t got = ux_datagram_receive(port->fd, &raw->burst, packets, n, gap);

	if (!got)
		drop_errors(port->fd);
	for (size_t i = 0; i < got; i++) {
		struct uxfrm_packet *p = packets[i];
		struct ux_datagram_info info;

		ux_datagram_info_get(&raw->burst, i, raw->family, &info);
		p->mark = info.mark;
		p->ifindex = info.ifindex;
		if (gap)
			rebuild_ip6(raw, i, p, &info);
	}
	return got;
}

static void raw_free(struct ux_port *port)
{
	close(port->fd);
	free(port);
}

static size_t raw_waiting(struct ux_port *port)
{
	return ux_datagram_waiting(port->fd);
}

static const struct ux_port_ops raw_ops = {
    .receive = raw_receive, .free = raw_free, .waiting = raw_waiting};

static int open_raw(int family, uint8_t proto, uint32_t own_mark, const struct sock_fprog *filter,
		    struct ux_port **ret_port)
{
	struct raw_port *raw = calloc(1, sizeof(*raw));
	const int on = 1;
	int err;

	if (!raw)
		return -ENOMEM;
	raw->family = family;
	raw->proto = proto;
	raw->port = (struct ux_port){.ops = &raw_ops, .side = UX_PORT_UNDERLAY};
	raw->port.fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, proto);
	if (raw->port.fd < 0) {
		err = -errno;
		free(raw);
		return err;
	}
	err = ux_datagram_prepare(raw->port.fd, family, own_mark);
	/* The kernel learns from "packet too big" only if the socket wants to know of it. */
	if (!err && family == AF_INET6 &&
	    setsockopt(raw->port.fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on)) < 0)
		err = -errno;
	if (!err && filter &&
	    setsockopt(raw->port.fd, SOL_SOCKET, SO_ATTACH_FILTER, filter, sizeof(*filter)) < 0)
		err = -errno;
	if (err) {
		raw_free(&raw->port);
		return err;
	}
	*ret_port = &raw->port;
	return 0;
}

int ux_raw_open(int family, uint8_t proto, uint32_t own_mark, struct ux_port **ret_port)
{
	struct ux_port *port;
	int err = open_raw(family, proto, own_mark, NULL, &port);

	if (!err && family == AF_INET6 && proto == IPPROTO_AH) {
		((struct raw_port *)port)->extensions = true;
		err = ux_datagram_want_extensions(port->fd);
		if (err)
			raw_free(port);
	}
	if (!err)
		*ret_port = port;
	return err;
}

int ux_raw_udp_open(int family, uint16_t port, uint32_t own_mark, struct ux_port **ret_port)
{
	/* The filter sees the IPv4 packet from its header, the IPv6 one from the UDP header. A load
	 * beyond the end (a keepalive has one byte) rejects the packet. */
	struct sock_filter ip4[] = {
	    BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),	     BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 2), BPF_STMT(BPF_LD | BPF_W | BPF_IND, 8),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),    BPF_STMT(BPF_RET | BPF_K, 0),
	    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_filter ip6[] = {
	    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 2), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 2),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 8), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, 0),	   BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog filter = {.len = sizeof(ip4) / sizeof(ip4[0]), .filter = ip4};

	if (family == AF_INET6)
		filter = (struct sock_fprog){.len = sizeof(ip6) / sizeof(ip6[0]), .filter = ip6};
	return open_raw(family, IPPROTO_UDP, own_mark, &filter, ret_port);
}
