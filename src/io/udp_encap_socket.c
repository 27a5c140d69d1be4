/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The shared port. An IKE message that reaches us because the program guessed the group's order
 * wrong is not lost: the guess is changed and the message is sent again to the same port over the
 * loopback path, with its own source address. Our mark on it tells one that comes back.
 */

#include "io/udp_encap_socket.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "io/datagram.h"
#include "io/raw_receive.h"
#include "io/raw_send.h"
#include "io/udp_demux.h"
#include "io/udp_gro.h"
#include "packet/ip.h"
#include "packet/udp.h"

#define GUESS_HOLDS_MS 100 /* longer than a message waits in our queue */
#define ROUNDS_MAX 64

struct encap_port {
	struct ux_port port;
	struct ux_encap_socket *encap;
	struct ux_udp_gro *gro;
};

struct ux_encap_socket {
	int family;
	struct ux_addr addr; /* zeros: all */
	uint16_t number;     /* host order */
	uint32_t own_mark;
	enum ux_demux_ike ike;
	/* when the guess was last changed by a message from outside, by one that came back */
	int64_t changed_ms, changed_back_ms;
	uint32_t rounds; /* messages that came back and were sent again since */
	struct encap_port shared[UX_ENCAP_SOCKET_PORTS];
	struct ux_port *raw;	/* instead, when the port is not to be shared */
	struct ux_port *resend; /* IKE messages go back by this */
	struct ux_datagram_info infos[UXFRM_BURST];
};

static uint32_t header_len(const struct ux_encap_socket *e)
{
	return (e->family == AF_INET ? UX_IP4_LEN : UX_IP6_LEN) + UX_UDP_LEN;
}

/* Put back the headers that a UDP socket takes away. */
static void rebuild(struct ux_encap_socket *e, struct uxfrm_packet *p,
		    const struct ux_datagram_info *info)
{
	uint32_t ip_len = header_len(e) - UX_UDP_LEN;
	struct ux_ip_build b = {.saddr = &info->source,
				.daddr = &info->destination,
				.tos = info->traffic_class,
				.ttl = info->hop_limit,
				.proto = IPPROTO_UDP};

	p->len += ip_len + UX_UDP_LEN;
	p->mark = info->mark;
	p->ifindex = info->ifindex;
	b.total_len = p->len;
	if (e->family == AF_INET)
		ux_ip4_build(p->data, &b);
	else
		ux_ip6_build(p->data, &b);
	ux_udp_build(p->data + ip_len, info->source_port, htobe16(e->number), p->len - ip_len);
}

static bool is_ike(const struct ux_encap_socket *e, const struct uxfrm_packet *p)
{
	return p->len >= header_len(e) + 4 && ux_get_be32(p->data + header_len(e)) == 0;
}

static bool is_to_link_local(const struct ux_encap_socket *e, const struct uxfrm_packet *p)
{
	return e->family == AF_INET6 &&
	       IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)(const void *)(p->data + 24));
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * An IKE message came to us, so the guess is wrong - or was, when the message was put in our queue:
 * others that came by the same guess may wait behind the one that showed it, and must not turn it
 * back. So a message from outside changes the guess once in a while, and is sent again. One that
 * then comes back with our mark shows that the guess is wrong now; that too changes it once in a
 * while. Where there is no IKE socket, messages would go round: their number is limited.
 */
static bool may_send_again(struct ux_encap_socket *e, bool came_back)
{
	int64_t now = now_ms();
	int64_t *changed_ms = came_back ? &e->changed_back_ms : &e->changed_ms;

	if (*changed_ms && now - *changed_ms < GUESS_HOLDS_MS)
		return !came_back || e->rounds++ < ROUNDS_MAX;
	*changed_ms = now;
	e->rounds = 0;
	e->ike = e->ike == UX_DEMUX_IKE_FIRST ? UX_DEMUX_IKE_LAST : UX_DEMUX_IKE_FIRST;
	return ux_demux_attach(e->shared[0].port.fd, e->ike) == 0;
}

static void give_back_ike(struct ux_encap_socket *e, struct uxfrm_packet *p)
{
	struct ux_ip_info ip;

	if (!may_send_again(e, p->mark & e->own_mark) || !ux_ip_parse(p->data, p->len, &ip))
		return;
	ux_transport_checksum(p->data, &ip);
	/* The address may belong to another device than that by which it came, and only a
	 * link-local one means something else there. */
	if (!is_to_link_local(e, p))
		p->ifindex = 0;
	p->verdict = UXFRM_BYPASS;
	p->may_fragment = 1;
	ux_port_send(e->resend, &p, 1);
}

static size_t encap_receive(struct ux_port *port, struct uxfrm_packet *const *packets, size_t n)
{
	struct encap_port *shared = (struct encap_port *)port;
	struct ux_encap_socket *e = shared->encap;
	size_t got = ux_udp_gro_receive(shared->gro, packets, n, e->infos, &port->pending);

	for (size_t i = 0; i < got; i++) {
		rebuild(e, packets[i], &e->infos[i]);
		if (!is_ike(e, packets[i]))
			continue;
		give_back_ike(e, packets[i]);
		/* For the engine it becomes what it ignores: one byte of 0xff (RFC 3948
		 * section 2.3). */
		packets[i]->len = 1;
		packets[i]->data[header_len(e)] = 0xff;
		rebuild(e, packets[i], &e->infos[i]);
	}
	return got;
}

/* The two ports are parts of a ux_udp_encap and end with it. */
static void encap_port_free(struct ux_port *port)
{
	ux_port_unshare(port);
	if (port->fd >= 0)
		close(port->fd);
	port->fd = -1;
	((struct encap_port *)port)->gro = ux_udp_gro_free(((struct encap_port *)port)->gro);
}

static size_t encap_waiting(struct ux_port *port)
{
	return ux_datagram_waiting(port->fd);
}

static const struct ux_port_ops encap_ops = {
    .receive = encap_receive, .free = encap_port_free, .waiting = encap_waiting};

static int open_shared(struct ux_encap_socket *e, struct encap_port *shared)
{
	const int on = 1;
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htobe16(e->number)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htobe16(e->number)};
	int fd = socket(e->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return -errno;
	shared->port.fd = fd;
	shared->gro = ux_udp_gro_new(fd, e->family, header_len(e));
	if (!shared->gro)
		return -ENOMEM;
	err = ux_datagram_prepare(fd, e->family, e->own_mark);
	if (err)
		return err;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0)
		return -errno;
	if (e->family == AF_INET6) {
		memcpy(&six.sin6_addr, &e->addr, sizeof(six.sin6_addr));
		if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0 ||
		    bind(fd, (struct sockaddr *)&six, sizeof(six)) < 0)
			return -errno;
		return 0;
	}
	four.sin_addr.s_addr = e->addr.w[0];
	return bind(fd, (struct sockaddr *)&four, sizeof(four)) < 0 ? -errno : 0;
}

static int open_all(struct ux_encap_socket *e)
{
	int err = 0;

	for (int i = 0; i < UX_ENCAP_SOCKET_PORTS && !err; i++)
		err = open_shared(e, &e->shared[i]);
	if (!err)
		err = ux_demux_attach(e->shared[0].port.fd, e->ike);
	if (!err)
		return ux_raw_send_open(e->own_mark, NULL, &e->resend);
	for (int i = 0; i < UX_ENCAP_SOCKET_PORTS; i++)
		encap_port_free(&e->shared[i].port);
	if (err != -EADDRINUSE || !ux_addr_is_any(&e->addr, (uint16_t)e->family))
		return err;
	return ux_raw_udp_open(e->family, e->number, e->own_mark, &e->raw);
}

int ux_encap_socket_open(int family, const struct ux_addr *addr, uint16_t port, uint32_t own_mark,
			 struct ux_encap_socket **ret_encap)
{
	struct ux_encap_socket *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	e->family = family;
	if (addr)
		e->addr = *addr;
	e->number = port;
	e->own_mark = own_mark;
	e->ike = UX_DEMUX_IKE_LAST;
	for (int i = 0; i < UX_ENCAP_SOCKET_PORTS; i++)
		e->shared[i] = (struct encap_port){
		    .port = {.ops = &encap_ops, .fd = -1, .side = UX_PORT_UNDERLAY},
		    .encap = e,
		};
	err = open_all(e);
	if (err) {
		ux_encap_socket_free(e);
		return err;
	}
	*ret_encap = e;
	return 0;
}

struct ux_encap_socket *ux_encap_socket_free(struct ux_encap_socket *e)
{
	if (!e)
		return NULL;
	for (int i = 0; i < UX_ENCAP_SOCKET_PORTS; i++)
		encap_port_free(&e->shared[i].port);
	ux_port_free(e->raw);
	ux_port_free(e->resend);
	free(e);
	return NULL;
}

struct ux_port *ux_encap_socket_port(struct ux_encap_socket *e, unsigned int i)
{
	if (i == 0 && e->raw)
		return e->raw;
	return i < UX_ENCAP_SOCKET_PORTS && e->shared[i].port.fd >= 0 ? &e->shared[i].port : NULL;
}
