/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A tunnel that protects nothing, to see what of a tunnel's cost is its input and output: the daemon's own ports, TUN
 * device and UDP socket, and a loop as its worker's, with as many bytes around a packet as AES-GCM needs and no
 * engine. bench/tunnel runs one at each end.
 *
 * usage: forward OWN-ADDRESS OTHER-ADDRESS DEVICE
 */

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/bytes.h"
#include "io/raw_send.h"
#include "io/tun.h"
#include "io/udp_encap_socket.h"
#include "packet/esp_header.h"
#include "packet/ip.h"
#include "packet/udp.h"

#define OWN_MARK 0x10000000u
#define PORT 4510
#define SPI 0x1001
#define TTL 64
#define MTU 1438 /* what is left of 1,500 */
#define QUEUE_LEN 10000
#define IV_LEN 8
#define ICV_LEN 16
#define OUTER_LEN (UX_IP4_LEN + UX_UDP_LEN)
#define FRONT_LEN (UX_ESP_HEADER_LEN + IV_LEN)
#define BUFFER_STRIDE ((UX_PORT_BUFFER + 4095) / 4096 * 4096 + 192)

struct forwarder {
	struct ux_addr own, other;
	struct ux_port *host, *underlay;
	struct ux_encap_socket *socket;
	uint64_t sequence;
	struct uxfrm_packet packets[UXFRM_BURST], *burst[UXFRM_BURST];
};

static void check(int err, const char *what, const char *why)
{
	if (!err)
		return;
	fprintf(stderr, "%s: %s%s%s\n", what, strerror(-err), why[0] ? ": " : "", why);
	exit(1);
}

static void make_packets(struct forwarder *f)
{
	uint8_t *memory = calloc(UXFRM_BURST, BUFFER_STRIDE);

	check(memory ? 0 : -ENOMEM, "packets", "");
	for (size_t i = 0; i < UXFRM_BURST; i++) {
		f->packets[i].buf = memory + i * BUFFER_STRIDE;
		f->packets[i].size = UX_PORT_BUFFER;
		f->burst[i] = &f->packets[i];
		memset(f->packets[i].buf, 0, 4096);
	}
}

static void open_ports(struct forwarder *f, const char *device)
{
	const struct ux_tun_params params = {.name = device, .mtu = MTU, .queue_len = QUEUE_LEN};
	struct ux_ext_ack ext = {0};
	struct ux_netlink nl;
	struct ux_tun tun;
	struct ux_udp_gso *gso = ux_udp_gso_new(OWN_MARK);

	check(gso ? 0 : -ENOMEM, "sockets", "");
	check(ux_netlink_open(&nl, 0), "netlink", "");
	check(ux_tun_open(&params, &nl, &tun, &ext), "TUN device", ext.msg);
	ux_netlink_close(&nl);
	check(ux_encap_socket_open(AF_INET, NULL, PORT, OWN_MARK, &f->socket), "UDP socket", "");
	check(ux_raw_send_open(OWN_MARK, gso, &f->underlay), "raw socket", "");
	if (!ux_udp_gso_add(gso, AF_INET, PORT,
			    (const int[]){ux_encap_socket_port(f->socket, 0)->fd,
					  ux_encap_socket_port(f->socket, 1)->fd}))
		check(-EOPNOTSUPP, "UDP_SEGMENT", "");
	f->host = tun.port;
}

/* As ESP has it: header, IV, padding, trailer, ICV. */
static void wrap(struct forwarder *f, struct uxfrm_packet *p)
{
	const uint32_t pad = -(p->len + UX_ESP_TRAILER_LEN) & 3;
	const uint64_t sequence = ++f->sequence;
	struct ux_ip_build b = {.saddr = &f->own, .daddr = &f->other, .ttl = TTL,
				.proto = IPPROTO_UDP, .df = true};

	memset(p->data + p->len, 0, pad + UX_ESP_TRAILER_LEN + ICV_LEN);
	p->data -= OUTER_LEN + FRONT_LEN;
	p->len += OUTER_LEN + FRONT_LEN + pad + UX_ESP_TRAILER_LEN + ICV_LEN;
	b.total_len = p->len;
	ux_ip4_build(p->data, &b);
	ux_udp_build(p->data + UX_IP4_LEN, htobe16(PORT), htobe16(PORT), p->len - UX_IP4_LEN);
	ux_esp_build(p->data + OUTER_LEN, htobe32(SPI), (uint32_t)sequence);
	memcpy(p->data + OUTER_LEN + UX_ESP_HEADER_LEN, &sequence, IV_LEN);
	p->mark = 0;
	p->ifindex = 0;
	p->mtu = 0;
	p->may_fragment = 0;
	p->verdict = UXFRM_UNDERLAY;
}

/* False: not ours. */
static bool unwrap(struct uxfrm_packet *p)
{
	const uint32_t around = OUTER_LEN + FRONT_LEN + UX_ESP_TRAILER_LEN + ICV_LEN;
	uint32_t len;

	if (p->len < around + UX_IP4_LEN || ux_esp_spi(p->data + OUTER_LEN) != htobe32(SPI))
		return false;
	p->data += OUTER_LEN + FRONT_LEN;
	len = ux_get_be16(p->data + 2);
	if (p->data[0] >> 4 != 4 || len > p->len - around)
		return false;
	p->len = len;
	p->verdict = UXFRM_DELIVER;
	return true;
}

static void carry(struct forwarder *f, struct ux_port *from)
{
	struct uxfrm_packet *good[UXFRM_BURST];
	size_t n = ux_port_receive(from, f->burst, UXFRM_BURST), m = 0;

	for (size_t i = 0; i < n; i++) {
		if (from == f->host)
			wrap(f, f->burst[i]);
		else if (!unwrap(f->burst[i]))
			continue;
		good[m++] = f->burst[i];
	}
	ux_port_send(from == f->host ? f->underlay : f->host, good, m);
}

static void run(struct forwarder *f, int epoll_fd)
{
	struct epoll_event ready[4];

	for (;;) {
		int n = epoll_wait(epoll_fd, ready, 4, -1);

		for (int i = 0; i < n; i++) {
			struct ux_port *port = ready[i].data.ptr;

			do
				carry(f, port);
			while (port->pending);
		}
	}
}

static void watch(int epoll_fd, struct ux_port *port)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = port};

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, port->fd, &event) < 0)
		check(-errno, "epoll", "");
}

int main(int argc, char **argv)
{
	static struct forwarder f;
	const struct sched_param priority = {.sched_priority = 1}; /* as the daemon's worker */
	int epoll_fd = epoll_create1(0);

	if (argc != 4 || inet_pton(AF_INET, argv[1], &f.own) != 1 ||
	    inet_pton(AF_INET, argv[2], &f.other) != 1) {
		fprintf(stderr, "usage: forward OWN-ADDRESS OTHER-ADDRESS DEVICE\n");
		return 2;
	}
	make_packets(&f);
	open_ports(&f, argv[3]);
	watch(epoll_fd, f.host);
	for (unsigned int i = 0; i < UX_ENCAP_SOCKET_PORTS; i++)
		watch(epoll_fd, ux_encap_socket_port(f.socket, i));
	(void)pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority);
	puts("ready");
	fflush(stdout);
	run(&f, epoll_fd);
	return 0;
}
