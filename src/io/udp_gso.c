/* SPDX-License-Identifier: BSD-2-Clause */

/* Runs of packets whose UDP payloads go out by one sendmsg(). */

#include "io/udp_gso.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "packet/ip.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103 /* Linux 4.18 */
#endif
#ifndef IPV6_AUTOFLOWLABEL
#define IPV6_AUTOFLOWLABEL 70
#endif
#ifndef IPV6_FLOWINFO_SEND
#define IPV6_FLOWINFO_SEND 33
#endif

#define SOCKETS_MAX 32
#define RUN_BYTES_MAX 65000 /* of UDP payload; the kernel's limit is a little higher */
#define SEND_BUFFER (8 << 20)
/* After a refusal that is no lack of room, so many runs go one by one. */
#define RUNS_OFF 1000
#define CONTROL_ROOM 256

/* key is 0 while the slot is free; it is written last. */
struct slot {
	_Atomic(uint32_t) key;
	int fds[2];
};

struct ux_udp_gso {
	struct slot *slots; /* SOCKETS_MAX; control thread writes, workers read */
	bool sibling;	    /* they are another's */
	uint32_t own_mark;

	/* the worker */
	const struct slot *slot; /* of the run that was found */
	uint32_t off;		 /* runs that are still to go one by one */
	struct iovec iov[UXFRM_BURST];
	_Alignas(struct cmsghdr) char control[CONTROL_ROOM];
};

static uint32_t key_of(int family, uint16_t port)
{
	return (uint32_t)family << 16 | port;
}

struct ux_udp_gso *ux_udp_gso_new(uint32_t own_mark)
{
	struct ux_udp_gso *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->own_mark = own_mark;
	g->slots = calloc(SOCKETS_MAX, sizeof(*g->slots));
	return g->slots ? g : ux_udp_gso_free(g);
}

struct ux_udp_gso *ux_udp_gso_sibling(const struct ux_udp_gso *of)
{
	struct ux_udp_gso *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->own_mark = of->own_mark;
	g->slots = of->slots;
	g->sibling = true;
	return g;
}

struct ux_udp_gso *ux_udp_gso_free(struct ux_udp_gso *g)
{
	if (g && !g->sibling)
		free(g->slots);
	free(g);
	return NULL;
}

/* ---- the control thread ---- */

static bool set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

/* The kernel's headers are to be as the packets'. */
static bool prepare(int fd, int family, bool fragment)
{
	const int size = SEND_BUFFER;

	/* A kernel that does not know it would ignore it when sending, too. */
	if (!set_int(fd, IPPROTO_UDP, UDP_SEGMENT, 0))
		return false;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (family == AF_INET)
		return set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER,
			       fragment ? IP_PMTUDISC_DONT : IP_PMTUDISC_DO);
	return set_int(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO) &&
	       set_int(fd, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0) &&
	       set_int(fd, IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1);
}

bool ux_udp_gso_add(struct ux_udp_gso *g, int family, uint16_t port, const int fds[2])
{
	if (!prepare(fds[0], family, false) || !prepare(fds[1], family, true))
		return false;
	for (size_t i = 0; i < SOCKETS_MAX; i++) {
		struct slot *s = &g->slots[i];

		if (atomic_load(&s->key))
			continue;
		s->fds[0] = fds[0];
		s->fds[1] = fds[1];
		atomic_store_explicit(&s->key, key_of(family, port), memory_order_release);
		return true;
	}
	return false;
}

void ux_udp_gso_remove(struct ux_udp_gso *g, int family, uint16_t port)
{
	for (size_t i = 0; i < SOCKETS_MAX; i++)
		if (atomic_load(&g->slots[i].key) == key_of(family, port))
			atomic_store(&g->slots[i].key, 0);
}

/* ---- the worker ---- */

static const struct slot *find(const struct ux_udp_gso *g, uint32_t key)
{
	for (size_t i = 0; i < SOCKETS_MAX; i++)
		if (atomic_load_explicit(&g->slots[i].key, memory_order_acquire) == key)
			return &g->slots[i];
	return NULL;
}

/* Bytes before the UDP payload, if that is ESP in UDP as the kernel would send it; else 0. */
static uint32_t header_len(const struct uxfrm_packet *p)
{
	uint32_t ip = UX_IP4_LEN;

	if (p->verdict != UXFRM_UNDERLAY || (p->mtu && p->len > p->mtu))
		return 0;
	if (p->data[0] == 0x45) {
		if (p->data[9] != IPPROTO_UDP || ux_get_be16(p->data + 6) & 0x3fff || !p->data[8])
			return 0;
	} else {
		ip = UX_IP6_LEN;
		if (p->data[0] >> 4 != 6 || p->data[6] != IPPROTO_UDP)
			return 0;
	}
	/* Nothing that begins as IKE does (RFC 3948 section 2.2). */
	if (p->len <= ip + UX_UDP_LEN + 4 || !ux_get_be32(p->data + ip + UX_UDP_LEN))
		return 0;
	return ip + UX_UDP_LEN;
}

static bool same_headers(const struct uxfrm_packet *p, const struct uxfrm_packet *q)
{
	const uint8_t *a = p->data, *b = q->data;

	if (p->mark != q->mark || p->ifindex != q->ifindex || p->may_fragment != q->may_fragment ||
	    q->verdict != UXFRM_UNDERLAY || a[0] != b[0] || (q->mtu && q->len > q->mtu))
		return false;
	if (a[0] == 0x45) /* type of service; flags, time to live, protocol; addresses, ports */
		return a[1] == b[1] && memcmp(a + 6, b + 6, 4) == 0 &&
		       memcmp(a + 12, b + 12, 12) == 0 && ux_get_be32(b + 28);
	return memcmp(a, b, 4) == 0 && memcmp(a + 6, b + 6, 38) == 0 && ux_get_be32(b + 48);
}

size_t ux_udp_gso_run(struct ux_udp_gso *g, struct uxfrm_packet *const *packets, size_t n)
{
	const struct uxfrm_packet *first = packets[0];
	uint32_t header = n > 1 ? header_len(first) : 0, bytes;
	size_t run = 1;

	if (!header || !same_headers(first, packets[1]) || packets[1]->len > first->len)
		return 0;
	g->slot = find(g, key_of(header == UX_IP4_LEN + UX_UDP_LEN ? AF_INET : AF_INET6,
				 ux_get_be16(first->data + header - UX_UDP_LEN)));
	if (!g->slot)
		return 0;
	if (g->off) {
		g->off--;
		return 0;
	}
	bytes = first->len - header;
	while (run < n) {
		const struct uxfrm_packet *p = packets[run];

		bytes += p->len - header;
		if (p->len > first->len || bytes > RUN_BYTES_MAX ||
		    (run > 1 && !same_headers(first, p)))
			break;
		run++;
		if (p->len < first->len)
			break;
	}
	return run;
}

/* Ancillary data one behind the other. */
static void put_cmsg(struct ux_udp_gso *g, struct msghdr *m, int level, int type, const void *data,
		     size_t len)
{
	struct cmsghdr *cm = (struct cmsghdr *)(void *)(g->control + m->msg_controllen);

	cm->cmsg_level = level;
	cm->cmsg_type = type;
	cm->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(cm), data, len);
	m->msg_controllen += CMSG_SPACE(len);
}

static void describe4(struct ux_udp_gso *g, struct msghdr *m, const struct uxfrm_packet *p)
{
	const int tos = p->data[1], ttl = p->data[8];
	struct in_pktinfo pktinfo = {.ipi_ifindex = p->ifindex};
	struct sockaddr_in *name = m->msg_name;

	memcpy(&pktinfo.ipi_spec_dst, p->data + 12, 4);
	put_cmsg(g, m, IPPROTO_IP, IP_PKTINFO, &pktinfo, sizeof(pktinfo));
	put_cmsg(g, m, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	put_cmsg(g, m, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	*name = (struct sockaddr_in){.sin_family = AF_INET};
	memcpy(&name->sin_addr, p->data + 16, 4);
	memcpy(&name->sin_port, p->data + UX_IP4_LEN + 2, 2);
	m->msg_namelen = sizeof(*name);
}

static void describe6(struct ux_udp_gso *g, struct msghdr *m, const struct uxfrm_packet *p)
{
	const uint32_t word = ux_get_be32(p->data);
	const int tclass = word >> 20 & 0xff, hops = p->data[7];
	struct in6_pktinfo pktinfo = {.ipi6_ifindex = (unsigned int)p->ifindex};
	struct sockaddr_in6 *name = m->msg_name;

	memcpy(&pktinfo.ipi6_addr, p->data + 8, 16);
	put_cmsg(g, m, IPPROTO_IPV6, IPV6_PKTINFO, &pktinfo, sizeof(pktinfo));
	put_cmsg(g, m, IPPROTO_IPV6, IPV6_TCLASS, &tclass, sizeof(tclass));
	put_cmsg(g, m, IPPROTO_IPV6, IPV6_HOPLIMIT, &hops, sizeof(hops));
	*name = (struct sockaddr_in6){.sin6_family = AF_INET6,
				      .sin6_flowinfo = htobe32(word & 0xfffff)};
	memcpy(&name->sin6_addr, p->data + 24, 16);
	memcpy(&name->sin6_port, p->data + UX_IP6_LEN + 2, 2);
	m->msg_namelen = sizeof(*name);
}

bool ux_udp_gso_send(struct ux_udp_gso *g, struct uxfrm_packet *const *packets, size_t n)
{
	const struct uxfrm_packet *p = packets[0];
	const bool v4 = p->data[0] == 0x45;
	const uint32_t header = (v4 ? UX_IP4_LEN : UX_IP6_LEN) + UX_UDP_LEN;
	const uint32_t mark = p->mark | g->own_mark;
	const uint16_t size = (uint16_t)(p->len - header);
	const bool fragment = v4 && !(p->data[6] & 0x40);
	struct sockaddr_in6 name; /* or sockaddr_in: shorter */
	struct msghdr m = {
	    .msg_name = &name, .msg_iov = g->iov, .msg_iovlen = n, .msg_control = g->control};

	for (size_t i = 0; i < n; i++)
		g->iov[i] = (struct iovec){packets[i]->data + header, packets[i]->len - header};
	put_cmsg(g, &m, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	put_cmsg(g, &m, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size));
	if (v4)
		describe4(g, &m, p);
	else
		describe6(g, &m, p);
	if (sendmsg(g->slot->fds[fragment], &m, MSG_DONTWAIT) >= 0)
		return true;
	if (errno != EAGAIN && errno != ENOBUFS && errno != EINTR)
		g->off = RUNS_OFF;
	return false;
}
