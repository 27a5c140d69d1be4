/* SPDX-License-Identifier: BSD-2-Clause */

/* One end: its ports as the daemon opens them, and a loop as the worker's. */

#include "underlay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "io/raw_receive.h"
#include "io/raw_send.h"
#include "io/xdp_device.h"
#include "io/xdp_send.h"
#include "packet/ip.h"

#define OWN_MARK 0x10000000u
#define TTL 64
#define WAIT_MS 10
/* The kernel takes down the sockets of the run before some time after that has ended. */
#define BUSY_RETRIES 300

struct end {
	struct ux_port *receive, *send, *raw_send;
	struct ux_xdp_steer steer;
	struct ux_xdp_device *device;
	struct ux_xdp_sender *sender;
	struct uxfrm_packet packets[UXFRM_BURST], *burst[UXFRM_BURST];
};

static void check(int err, const char *what, const char *why)
{
	if (!err)
		return;
	fprintf(stderr, "%s: %s%s%s\n", what, strerror(-err), why[0] ? ": " : "", why);
	exit(1);
}

static struct ux_addr address(const char *text)
{
	struct ux_addr addr = {0};

	inet_pton(AF_INET, text, &addr);
	return addr;
}

static void pick(void *opaque, const struct ux_net_device *net)
{
	if (strcmp(net->name, UNDERLAY_DEVICE) == 0)
		*(struct ux_net_device *)opaque = *net;
}

static void open_xdp(struct end *e, const char *own)
{
	struct ux_net_device net = {0};
	struct ux_addr addr = address(own);
	struct ux_ext_ack ext = {0};
	struct ux_netlink nl;
	int err = -EBUSY;

	check(ux_netlink_open(&nl, 0), "netlink", "");
	check(ux_net_device_each(&nl, pick, &net), "devices", "");
	ux_netlink_close(&nl);
	check(ux_xdp_steer_open(&e->steer), "BPF maps", "");
	ux_xdp_steer_address(&e->steer, true, AF_INET, &addr);
	for (int i = 0; i < BUSY_RETRIES && err == -EBUSY; i++) {
		(void)poll(NULL, 0, WAIT_MS);
		err = ux_xdp_device_open(&net, false, &e->steer, &e->device, &ext);
	}
	check(err, "AF_XDP", ext.msg);
	check(ux_xdp_sender_open(e->raw_send, OWN_MARK, &e->sender), "sender", "");
	check(ux_xdp_sender_add(e->sender, e->device), "sender", "");
	e->receive = &e->device->ports[0].port;
	e->send = ux_xdp_sender_port(e->sender);
}

static void open_end(struct end *e, enum underlay_kind kind, const char *own)
{
	memset(e, 0, sizeof(*e));
	for (size_t i = 0; i < UXFRM_BURST; i++) {
		e->packets[i].size = UX_PORT_BUFFER;
		e->packets[i].buf = malloc(UX_PORT_BUFFER);
		if (!e->packets[i].buf)
			check(-ENOMEM, "packets", "");
		memset(e->packets[i].buf, 0, UX_PORT_BUFFER);
		e->burst[i] = &e->packets[i];
	}
	check(ux_raw_send_open(OWN_MARK, NULL, &e->raw_send), "raw socket", "");
	if (kind == UNDERLAY_XDP) {
		open_xdp(e, own);
		return;
	}
	check(ux_raw_open(AF_INET, IPPROTO_ESP, OWN_MARK, &e->receive), "raw socket", "");
	e->send = e->raw_send;
}

/* An end that ends takes everything with it. */
static void begin(struct underlay_job *job)
{
	atomic_fetch_add(&job->ready, 1);
}

static void add(_Atomic(uint64_t) *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static void write_packet(struct uxfrm_packet *p, uint32_t size, uint32_t sequence)
{
	static struct ux_addr left, right;

	if (!left.w[0]) {
		left = address(UNDERLAY_LEFT);
		right = address(UNDERLAY_RIGHT);
	}
	p->data = ux_port_start(p);
	p->len = size;
	p->mark = 0;
	p->ifindex = 0;
	p->mtu = 0;
	p->verdict = UXFRM_UNDERLAY;
	ux_ip4_build(p->data, &(struct ux_ip_build){.saddr = &left,
						    .daddr = &right,
						    .total_len = size,
						    .ttl = TTL,
						    .proto = IPPROTO_ESP,
						    .df = true});
	ux_put_be32(p->data + UX_IP4_LEN, 0x1001);
	ux_put_be32(p->data + UX_IP4_LEN + 4, sequence);
}

int underlay_left(struct underlay_job *job)
{
	static struct end e;
	uint32_t sequence = 0;

	open_end(&e, job->work == UNDERLAY_BACK ? UNDERLAY_XDP : job->kind, UNDERLAY_LEFT);
	begin(job);
	while (!atomic_load_explicit(&job->stop, memory_order_relaxed)) {
		uint64_t unsent = 0;

		for (size_t i = 0; i < UXFRM_BURST; i++)
			write_packet(e.burst[i], job->size, ++sequence);
		ux_port_send(e.send, e.burst, UXFRM_BURST);
		for (size_t i = 0; i < UXFRM_BURST; i++)
			unsent += e.packets[i].verdict == UXFRM_DROP;
		add(&job->unsent, unsent);
	}
	return 0;
}

static void turn_round(struct uxfrm_packet *p)
{
	uint8_t *addresses = p->data + 12, swap[4];

	memcpy(swap, addresses, 4);
	memcpy(addresses, addresses + 4, 4);
	memcpy(addresses + 4, swap, 4);
	p->verdict = UXFRM_UNDERLAY;
	p->mtu = 0;
	p->ifindex = 0;
}

int underlay_right(struct underlay_job *job)
{
	static struct end e;

	open_end(&e, job->kind, UNDERLAY_RIGHT);
	begin(job);
	while (!atomic_load_explicit(&job->stop, memory_order_relaxed)) {
		struct pollfd wait = {.fd = e.receive->fd, .events = POLLIN};
		size_t n = ux_port_receive(e.receive, e.burst, UXFRM_BURST);
		uint64_t good = n;

		if (!n) {
			(void)poll(&wait, 1, WAIT_MS);
			continue;
		}
		for (size_t i = 0; i < n && job->work == UNDERLAY_BACK; i++)
			turn_round(e.burst[i]);
		if (job->work == UNDERLAY_BACK) {
			ux_port_send(e.send, e.burst, n);
			for (size_t i = 0; i < n; i++)
				good -= e.packets[i].verdict == UXFRM_DROP;
		}
		add(&job->carried, good);
	}
	return 0;
}
