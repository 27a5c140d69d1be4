/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Super-packets from and to a TUN device. One is read in pieces to where its segments will be, as
 * if it had the headers and segments of the one before; if it has not, it is put together and cut
 * with a copy. One is written from where its packets are.
 */

#include "io/tun_vnet.h"

#include <errno.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "packet/coalesce.h"
#include "packet/ip.h"
#include "packet/segment.h"

/* Linux 6.2 */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

#define WRITE_RETRIES 3
#define SUPER_MAX (UX_IP6_LEN + UX_IP_MAX)
/* So many packets in a row that are none forget how the last super-packet was. */
#define FORGET_AFTER 64

#define TCP_KINDS (UX_COALESCE_TCP4 | UX_COALESCE_TCP6)
#define UDP_KINDS (UX_COALESCE_UDP4 | UX_COALESCE_UDP6)

struct vnet_port {
	struct ux_port port;
	struct ux_tun_facts facts;
	unsigned int kinds; /* sending */

	/* How the last super-packet was: the next is read as if it were so. 0: there was none. */
	uint32_t header_len, size;
	uint32_t without; /* packets since that were none */
	struct virtio_net_hdr vnet;
	struct iovec iov[UXFRM_BURST + 3];

	/* What did not find room in packets: segments from number next on, in super. */
	struct ux_segmenter segmenter;
	uint32_t next;
	uint8_t super[SUPER_MAX];

	/* Of sending: another thread may be receiving. */
	struct ux_coalescer coalescer;
	uint8_t header[UX_SEGMENT_HEADER_MAX];
	struct virtio_net_hdr out_vnet;
	struct iovec out_iov[UXFRM_BURST + 3];
};

/* ---- from the host ---- */

static void set_facts(const struct vnet_port *v, struct uxfrm_packet *p, uint32_t len)
{
	p->data = ux_port_start(p);
	p->len = len;
	p->mark = v->port.mark;
	p->ifindex = v->facts.underlay_ifindex;
	p->if_id = v->facts.if_id;
}

/* Where a read goes: the headers and first segment to the first packet, further segments to
 * further packets, the rest to its place in super. Returns the bytes before that rest. */
static uint32_t scatter(struct vnet_port *v, struct uxfrm_packet *const *packets, size_t n,
			int *ret_n_iov)
{
	uint32_t at = v->size ? v->header_len + v->size : UX_IP6_LEN + UX_IP_MAX;
	int n_iov = 2;

	v->iov[0] = (struct iovec){&v->vnet, sizeof(v->vnet)};
	v->iov[1] = (struct iovec){ux_port_start(packets[0]), at};
	for (size_t i = 1; i < n && v->size && at + v->size <= UX_IP_MAX; i++) {
		v->iov[n_iov++] =
		    (struct iovec){ux_port_start(packets[i]) + v->header_len, v->size};
		at += v->size;
	}
	if (at < SUPER_MAX)
		v->iov[n_iov++] = (struct iovec){v->super + at, SUPER_MAX - at};
	*ret_n_iov = n_iov;
	return at;
}

/* All of a packet of @len bytes that was read in pieces, to @to; @at: see scatter(). */
static void gather(const struct vnet_port *v, uint8_t *to, uint32_t len, uint32_t at)
{
	uint32_t done = 0;

	for (int i = 1; done < len; i++) {
		const struct iovec *piece = &v->iov[i];
		uint32_t n = len - done < piece->iov_len ? len - done : (uint32_t)piece->iov_len;

		if (to + done != piece->iov_base && done < at)
			memcpy(to + done, piece->iov_base, n);
		else if (to + done != piece->iov_base)
			memmove(to + done, piece->iov_base, n);
		done += n;
	}
}

/* A packet that is to be left whole. */
static void take_whole(struct vnet_port *v, struct uxfrm_packet *p, uint32_t len, uint32_t at)
{
	if (len > v->iov[1].iov_len)
		gather(v, ux_port_start(p), len, at);
	if (v->vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		(void)ux_segment_checksum(ux_port_start(p), len, v->vnet.csum_start,
					  v->vnet.csum_offset);
	set_facts(v, p, len);
	if (v->size && ++v->without >= FORGET_AFTER)
		v->size = 0;
}

/* Segments that wait in super. Returns how many found room. */
static size_t take_waiting(struct vnet_port *v, struct uxfrm_packet *const *packets, size_t n)
{
	const struct ux_segmenter *s = &v->segmenter;
	size_t got = 0;

	for (; got < n && v->next < s->n; got++, v->next++) {
		uint8_t *to = ux_port_start(packets[got]);

		memcpy(to + s->header_len, v->super + s->header_len + v->next * s->size,
		       ux_segment_payload(s, v->next));
		set_facts(v, packets[got], ux_segment_finish(s, v->next, to));
	}
	v->port.pending = v->next < s->n;
	return got;
}

/* A super-packet; its first bytes are at the first packet's. Returns the segments that found room. */
static size_t take_segments(struct vnet_port *v, struct uxfrm_packet *const *packets, size_t n,
			    uint32_t len, uint32_t at)
{
	const struct ux_segmenter *s = &v->segmenter;
	size_t got = 0;

	v->next = 0;
	if (s->header_len == v->header_len && s->size == v->size) {
		for (uint32_t end = v->header_len; got < n && got < s->n && end < at; got++) {
			uint8_t *to = ux_port_start(packets[got]);

			set_facts(v, packets[got], ux_segment_finish(s, (uint32_t)got, to));
			end += v->size;
		}
		v->next = (uint32_t)got;
	} else {
		gather(v, v->super, len, at);
		v->header_len = s->header_len;
		v->size = s->size;
	}
	v->without = 0;
	return got + take_waiting(v, packets + got, n - got);
}

/* Does the header say super-packet, and is it one? The first piece must hold the headers. */
static bool is_super(struct vnet_port *v, uint8_t *start, uint32_t len, uint32_t at)
{
	uint32_t first = (uint32_t)v->iov[1].iov_len;

	if (v->vnet.gso_type == VIRTIO_NET_HDR_GSO_NONE)
		return false;
	if (first < UX_SEGMENT_HEADER_MAX && first < len) {
		gather(v, v->super, len, at);
		start = v->super;
	}
	return ux_segment_begin(&v->segmenter, start, len, v->vnet.gso_size);
}

static size_t vnet_receive(struct ux_port *port, struct uxfrm_packet *const *packets, size_t n)
{
	struct vnet_port *v = (struct vnet_port *)port;
	size_t got = 0;

	if (port->pending)
		return take_waiting(v, packets, n);
	/* A super-packet that finds half of the room taken by another waits. */
	while (got < n && !port->pending) {
		struct uxfrm_packet *const *to = packets + got;
		int n_iov;
		uint32_t at = scatter(v, to, n - got, &n_iov);
		ssize_t len = readv(port->fd, v->iov, n_iov);

		if (len < (ssize_t)sizeof(v->vnet))
			break;
		len -= (ssize_t)sizeof(v->vnet);
		if (!is_super(v, ux_port_start(to[0]), (uint32_t)len, at)) {
			take_whole(v, to[0], (uint32_t)len, at);
			got++;
			continue;
		}
		got += take_segments(v, to, n - got, (uint32_t)len, at);
		if (got > n / 2)
			break;
	}
	return got;
}

/* ---- to the host ---- */

/* Returns 0 or the error of the last attempt. */
static int write_out(int fd, const struct iovec *iov, int n)
{
	for (int retry = 0; retry < WRITE_RETRIES; retry++) {
		if (writev(fd, iov, n) >= 0)
			return 0;
		if (errno != EAGAIN && errno != EINTR && errno != ENOMEM)
			break;
	}
	return errno;
}

static void send_one(struct vnet_port *v, struct uxfrm_packet *p)
{
	const struct iovec iov[2] = {{&v->out_vnet, sizeof(v->out_vnet)}, {p->data, p->len}};

	v->out_vnet = (struct virtio_net_hdr){0};
	if (write_out(v->port.fd, iov, 2) != 0)
		ux_port_refuse(p, UXFRM_DROP_PORT_SEND);
}

static struct virtio_net_hdr describe(const struct ux_coalesce_run *run)
{
	static const uint8_t types[] = {[UX_COALESCE_TCP4] = VIRTIO_NET_HDR_GSO_TCPV4,
					[UX_COALESCE_TCP6] = VIRTIO_NET_HDR_GSO_TCPV6,
					[UX_COALESCE_UDP4] = VIRTIO_NET_HDR_GSO_UDP_L4,
					[UX_COALESCE_UDP6] = VIRTIO_NET_HDR_GSO_UDP_L4};

	return (struct virtio_net_hdr){
	    .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
	    .gso_type = types[run->kind],
	    .hdr_len = run->header_len,
	    .gso_size = run->size,
	    .csum_start = run->transport,
	    .csum_offset = run->kind & TCP_KINDS ? 16 : 6,
	};
}

/* False: the kernel does not want it so. */
static bool send_together(struct vnet_port *v, struct uxfrm_packet *const *packets,
			  const struct ux_coalesce_run *run)
{
	int n = 2;
	int err;

	ux_coalesce_header(run, packets, v->header);
	v->out_vnet = describe(run);
	v->out_iov[0] = (struct iovec){&v->out_vnet, sizeof(v->out_vnet)};
	v->out_iov[1] = (struct iovec){v->header, run->header_len};
	for (uint32_t i = 0, at = run->first; i < run->n; i++, at = v->coalescer.next[at])
		v->out_iov[n++] = (struct iovec){packets[at]->data + run->header_len,
					     packets[at]->len - run->header_len};
	err = write_out(v->port.fd, v->out_iov, n);
	if (err == EINVAL)
		v->kinds &= ~(unsigned int)run->kind;
	return err == 0;
}

static void vnet_send(struct ux_port *port, struct uxfrm_packet *const *packets, size_t n)
{
	struct vnet_port *v = (struct vnet_port *)port;

	ux_coalesce(&v->coalescer, packets, n, v->kinds);
	for (size_t i = 0; i < v->coalescer.n; i++) {
		const struct ux_coalesce_run *run = &v->coalescer.runs[i];
		uint32_t at = run->first;

		if (run->n > 1 && send_together(v, packets, run))
			continue;
		for (uint32_t k = 0; k < run->n; k++, at = v->coalescer.next[at])
			send_one(v, packets[at]);
	}
}

/* ---- the port ---- */

static void vnet_free(struct ux_port *port)
{
	close(port->fd);
	free(port);
}

static const struct ux_port_ops vnet_ops = {
    .receive = vnet_receive, .send = vnet_send, .free = vnet_free};

void ux_tun_vnet_offer(int fd, unsigned int *ret_kinds)
{
	static const struct {
		unsigned int flags, kinds;
	} offers[] = {
	    {TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | TUN_F_USO4 | TUN_F_USO6,
	     TCP_KINDS | UDP_KINDS},
	    {TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN, TCP_KINDS},
	    {TUN_F_CSUM, 0},
	};

	*ret_kinds = 0;
	for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
		if (ioctl(fd, TUNSETOFFLOAD, (unsigned long)offers[i].flags) < 0)
			continue;
		*ret_kinds = offers[i].kinds;
		return;
	}
}

struct ux_port *ux_tun_vnet_port_new(int fd, unsigned int kinds, const struct ux_tun_facts *facts)
{
	struct vnet_port *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->port = (struct ux_port){
	    .ops = &vnet_ops, .fd = fd, .side = UX_PORT_HOST, .if_id = facts->if_id};
	v->facts = *facts;
	v->kinds = kinds;
	return &v->port;
}
