/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Two ways to read. While datagrams come alone: as many as there are packets, each into its own.
 * While they come together: one read after the other, each scattered over packets.
 */

#include "io/udp_gro.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "io/port.h"

#ifndef UDP_GRO
#define UDP_GRO 104 /* Linux 5.0 */
#endif

#define DATAGRAM_MAX 65536
/* So many datagrams in a row that came alone change the way. */
#define ALONE_MAX 64

/* A datagram, or several in one, that waits for packets. */
struct waiting {
	struct ux_datagram_info info;
	uint32_t len, size; /* of all, of each but the last */
	uint32_t at;	    /* what is left begins here */
};

struct ux_udp_gro {
	int fd, family;
	uint32_t gap;
	uint32_t size;	/* of the last that came together; 0: they come alone */
	uint32_t alone; /* so many in a row did */
	size_t first, n_waiting;
	struct waiting waiting[UXFRM_BURST];
	struct iovec iov[UXFRM_BURST + 1];
	struct ux_datagram_burst burst;
	uint8_t (*room)[DATAGRAM_MAX]; /* UXFRM_BURST of them, hardly ever touched */
};

struct ux_udp_gro *ux_udp_gro_new(int fd, int family, uint32_t gap)
{
	struct ux_udp_gro *g = calloc(1, sizeof(*g));
	const int on = 1;

	if (!g)
		return NULL;
	g->room = calloc(UXFRM_BURST, DATAGRAM_MAX);
	if (!g->room) {
		free(g);
		return NULL;
	}
	g->fd = fd;
	g->family = family;
	g->gap = gap;
	(void)setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on));
	return g;
}

struct ux_udp_gro *ux_udp_gro_free(struct ux_udp_gro *g)
{
	if (g)
		free(g->room);
	free(g);
	return NULL;
}

static void put(struct ux_udp_gro *g, struct uxfrm_packet *p, uint32_t len,
		const struct ux_datagram_info *info, struct ux_datagram_info *ret_info)
{
	p->data = ux_port_start(p);
	p->len = len;
	*ret_info = *info;
}

static size_t take_waiting(struct ux_udp_gro *g, struct uxfrm_packet *const *packets, size_t n,
			   struct ux_datagram_info *infos)
{
	size_t got = 0;

	while (got < n && g->first < g->n_waiting) {
		struct waiting *w = &g->waiting[g->first];
		uint32_t left = w->len - w->at, len = left < w->size ? left : w->size;

		memcpy(ux_port_start(packets[got]) + g->gap, g->room[g->first] + w->at, len);
		put(g, packets[got], len, &w->info, &infos[got]);
		got++;
		w->at += len;
		if (w->at == w->len)
			g->first++;
	}
	if (g->first == g->n_waiting)
		g->first = g->n_waiting = 0;
	return got;
}

static void wait(struct ux_udp_gro *g, uint32_t len, uint32_t at,
		 const struct ux_datagram_info *info)
{
	g->waiting[g->n_waiting++] = (struct waiting){
	    .info = *info, .len = len, .size = info->gro_size ? info->gro_size : len, .at = at};
}

static bool came_together(const struct ux_datagram_info *info, uint32_t len)
{
	return info->gro_size && info->gro_size < len;
}

/* ---- alone ---- */

static size_t receive_alone(struct ux_udp_gro *g, struct uxfrm_packet *const *packets, size_t n,
			    struct ux_datagram_info *infos)
{
	size_t got = ux_datagram_receive(g->fd, &g->burst, packets, n, g->gap), i;

	for (i = 0; i < got; i++) {
		ux_datagram_info_get(&g->burst, i, g->family, &infos[i]);
		if (came_together(&infos[i], packets[i]->len))
			break;
	}
	if (i == got)
		return got;
	/* From here on they give up the packets they were read to. */
	g->size = infos[i].gro_size;
	g->alone = 0;
	for (size_t k = i; k < got; k++) {
		struct ux_datagram_info info;
		uint32_t len = packets[k]->len;

		ux_datagram_info_get(&g->burst, k, g->family, &info);
		memcpy(g->room[g->n_waiting], packets[k]->data + g->gap, len);
		if (len)
			wait(g, len, 0, &info);
	}
	return i + take_waiting(g, packets + i, n - i, infos + i);
}

/* ---- together ---- */

/* Where a read goes; returns the bytes that are read to packets. */
static uint32_t scatter(struct ux_udp_gro *g, struct uxfrm_packet *const *packets, size_t n,
			size_t *ret_n_iov)
{
	uint32_t at = 0;
	size_t i = 0;

	for (; i < n && at + g->size < DATAGRAM_MAX; i++, at += g->size)
		g->iov[i] = (struct iovec){ux_port_start(packets[i]) + g->gap, g->size};
	g->iov[i] = (struct iovec){g->room[0] + at, DATAGRAM_MAX - at};
	*ret_n_iov = i + 1;
	return at;
}

/* What was read to packets goes to its place in front of the rest. */
static void gather(struct ux_udp_gro *g, uint32_t len, uint32_t at)
{
	uint32_t end = len < at ? len : at;

	for (uint32_t done = 0, i = 0; done < end; done += g->size, i++)
		memcpy(g->room[0] + done, g->iov[i].iov_base,
		       end - done < g->size ? end - done : g->size);
}

/* One read; returns the packets it made, and false when there was nothing to read. */
static bool receive_together(struct ux_udp_gro *g, struct uxfrm_packet *const *packets, size_t n,
			     struct ux_datagram_info *infos, size_t *ret_got)
{
	struct msghdr *m = &g->burst.msgs[0].msg_hdr;
	struct ux_datagram_info info;
	size_t n_iov, got = 0;
	uint32_t at = scatter(g, packets, n, &n_iov), len, size;
	ssize_t result;

	*m = (struct msghdr){.msg_name = &g->burst.names[0],
			     .msg_namelen = sizeof(g->burst.names[0]),
			     .msg_iov = g->iov,
			     .msg_iovlen = n_iov,
			     .msg_control = g->burst.control[0],
			     .msg_controllen = UX_DATAGRAM_CONTROL};
	result = recvmsg(g->fd, m, MSG_DONTWAIT);
	if (result < 0)
		return false;
	len = (uint32_t)result;
	ux_datagram_info_get(&g->burst, 0, g->family, &info);
	size = came_together(&info, len) ? info.gro_size : len;
	if (size == g->size || (size == len && len <= g->size)) {
		uint32_t end = 0;

		for (; got < n && end < len && end < at; got++, end += size)
			put(g, packets[got], len - end < size ? len - end : size, &info,
			    &infos[got]);
		if (end < len)
			wait(g, len, end, &info);
	} else {
		gather(g, len, at);
		wait(g, len, 0, &info);
	}
	if (size < len) {
		g->size = size;
		g->alone = 0;
	} else if (++g->alone == ALONE_MAX) {
		g->size = 0;
	}
	*ret_got = got + take_waiting(g, packets + got, n - got, infos + got);
	return true;
}

size_t ux_udp_gro_receive(struct ux_udp_gro *g, struct uxfrm_packet *const *packets, size_t n,
			  struct ux_datagram_info *infos, bool *ret_pending)
{
	size_t got = 0, more;

	if (g->n_waiting)
		got = take_waiting(g, packets, n, infos);
	else if (!g->size)
		got = receive_alone(g, packets, n, infos);
	else
		/* What would find half of the room taken waits. */
		while (got <= n / 2 && got < n && g->size && !g->n_waiting &&
		       receive_together(g, packets + got, n - got, infos + got, &more))
			got += more;
	*ret_pending = g->n_waiting > 0;
	return got;
}
