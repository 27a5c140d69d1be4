/* SPDX-License-Identifier: BSD-2-Clause */

/* recvmmsg() into packets, and ancillary data into words. */

#include "io/datagram.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/udp.h>
#include <string.h>

#include "io/port.h"

#ifndef UDP_GRO
#define UDP_GRO 104 /* Linux 5.0 */
#endif
#ifndef SO_RCVMARK
#define SO_RCVMARK 75 /* Linux 5.19 */
#endif

/* At 20,000 packets/s of 1,400 bytes a worker may be kept from running for some 100 ms. */
#define RECEIVE_BUFFER (16 << 20)

/* Of the kernel's, for each packet or segment in a queue: less than it ever takes. */
#define PACKET_MEMORY_MIN 256

static int set_int(int fd, int level, int option)
{
	const int on = 1;

	return setsockopt(fd, level, option, &on, sizeof(on)) < 0 ? -errno : 0;
}

int ux_datagram_prepare(int fd, int family, uint32_t own_mark)
{
	const int size = RECEIVE_BUFFER;
	int err;

	/* Forcing takes CAP_NET_ADMIN of the initial user namespace. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &own_mark, sizeof(own_mark)) < 0)
		return -errno;
	/* Older kernels do not tell the mark; it is then 0. */
	(void)set_int(fd, SOL_SOCKET, SO_RCVMARK);
	if (family == AF_INET) {
		err = set_int(fd, IPPROTO_IP, IP_PKTINFO);
		err = err ? err : set_int(fd, IPPROTO_IP, IP_RECVTOS);
		return err ? err : set_int(fd, IPPROTO_IP, IP_RECVTTL);
	}
	err = set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO);
	err = err ? err : set_int(fd, IPPROTO_IPV6, IPV6_RECVTCLASS);
	return err ? err : set_int(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT);
}

size_t ux_datagram_waiting(int fd)
{
	uint32_t memory[SK_MEMINFO_VARS];
	socklen_t len = sizeof(memory);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &len) < 0)
		return SIZE_MAX;
	return (memory[SK_MEMINFO_RMEM_ALLOC] + PACKET_MEMORY_MIN - 1) / PACKET_MEMORY_MIN;
}

int ux_datagram_want_extensions(int fd)
{
	int err = set_int(fd, IPPROTO_IPV6, IPV6_RECVHOPOPTS);

	err = err ? err : set_int(fd, IPPROTO_IPV6, IPV6_RECVRTHDR);
	return err ? err : set_int(fd, IPPROTO_IPV6, IPV6_RECVDSTOPTS);
}

/* What names an extension header in the header before; 0: it is none. */
static uint8_t extension_proto(const struct cmsghdr *cm)
{
	if (cm->cmsg_level != IPPROTO_IPV6)
		return 0;
	switch (cm->cmsg_type) {
	case IPV6_RTHDR:
		return IPPROTO_ROUTING;
	case IPV6_DSTOPTS:
		return IPPROTO_DSTOPTS;
	default:
		return 0;
	}
}

uint32_t ux_datagram_extensions(const struct ux_datagram_burst *b, size_t i, uint8_t *room,
				uint32_t len, uint8_t *proto)
{
	struct msghdr m = b->msgs[i].msg_hdr;
	uint8_t last = *proto, *name = NULL;
	uint32_t n = 0;

	for (struct cmsghdr *cm = CMSG_FIRSTHDR(&m); cm; cm = CMSG_NXTHDR(&m, cm)) {
		bool hop = cm->cmsg_level == IPPROTO_IPV6 && cm->cmsg_type == IPV6_HOPOPTS;
		uint32_t size = (uint32_t)(cm->cmsg_len - CMSG_LEN(0));

		if (!hop && !extension_proto(cm))
			continue;
		if (size < 8 || size > len - n)
			return 0;
		memcpy(room + n, CMSG_DATA(cm), size);
		*(name ? name : proto) = hop ? IPPROTO_HOPOPTS : extension_proto(cm);
		name = room + n;
		n += size;
	}
	if (name)
		*name = last;
	memmove(room + len - n, room, n);
	return n;
}

/* Messages @from to @from + @n - 1. */
static size_t receive_some(int fd, struct ux_datagram_burst *b, struct uxfrm_packet *const *packets,
			   size_t from, size_t n, uint32_t gap)
{
	int got;

	for (size_t i = from; i < from + n; i++) {
		b->iov[i] =
		    (struct iovec){ux_port_start(packets[i]) + gap, ux_port_room(packets[i]) - gap};
		b->msgs[i].msg_hdr = (struct msghdr){
		    .msg_name = &b->names[i],
		    .msg_namelen = sizeof(b->names[i]),
		    .msg_iov = &b->iov[i],
		    .msg_iovlen = 1,
		    .msg_control = b->control[i],
		    .msg_controllen = UX_DATAGRAM_CONTROL,
		};
	}
	got = recvmmsg(fd, b->msgs + from, (unsigned int)n, MSG_DONTWAIT, NULL);
	for (int i = 0; i < got; i++) {
		packets[from + (size_t)i]->data = ux_port_start(packets[from + (size_t)i]);
		packets[from + (size_t)i]->len = b->msgs[from + (size_t)i].msg_len;
	}
	return got < 0 ? 0 : (size_t)got;
}

/* Making messages ready that nothing comes in costs, when packets come one by one, more than a
 * second call when they suddenly come in numbers. */
size_t ux_datagram_receive(int fd, struct ux_datagram_burst *b, struct uxfrm_packet *const *packets,
			   size_t n, uint32_t gap)
{
	size_t few = b->last * 2 + 2 < n ? b->last * 2 + 2 : n;
	size_t got = receive_some(fd, b, packets, 0, few, gap);

	if (got == few && few < n)
		got += receive_some(fd, b, packets, few, n - few, gap);
	b->last = got;
	return got;
}

static int int_of(const struct cmsghdr *cm)
{
	int v;

	/* IP_TOS comes as one byte, the others as an int. */
	if (cm->cmsg_len < CMSG_LEN(sizeof(v)))
		return *CMSG_DATA(cm);
	memcpy(&v, CMSG_DATA(cm), sizeof(v));
	return v;
}

static void read_ip4(const struct cmsghdr *cm, struct ux_datagram_info *info)
{
	struct in_pktinfo pktinfo;

	switch (cm->cmsg_type) {
	case IP_PKTINFO:
		memcpy(&pktinfo, CMSG_DATA(cm), sizeof(pktinfo));
		info->destination.w[0] = pktinfo.ipi_addr.s_addr;
		info->ifindex = pktinfo.ipi_ifindex;
		break;
	case IP_TOS:
		info->traffic_class = (uint8_t)int_of(cm);
		break;
	case IP_TTL:
		info->hop_limit = (uint8_t)int_of(cm);
		break;
	default:
		break;
	}
}

static void read_ip6(const struct cmsghdr *cm, struct ux_datagram_info *info)
{
	struct in6_pktinfo pktinfo;

	switch (cm->cmsg_type) {
	case IPV6_PKTINFO:
		memcpy(&pktinfo, CMSG_DATA(cm), sizeof(pktinfo));
		memcpy(&info->destination, &pktinfo.ipi6_addr, 16);
		info->ifindex = (int32_t)pktinfo.ipi6_ifindex;
		break;
	case IPV6_TCLASS:
		info->traffic_class = (uint8_t)int_of(cm);
		break;
	case IPV6_HOPLIMIT:
		info->hop_limit = (uint8_t)int_of(cm);
		break;
	default:
		break;
	}
}

void ux_datagram_info_get(const struct ux_datagram_burst *b, size_t i, int family,
			  struct ux_datagram_info *ret_info)
{
	/* CMSG_NXTHDR wants a header that is not const; nothing is written. */
	struct msghdr m = b->msgs[i].msg_hdr;
	const struct sockaddr_in6 *name = &b->names[i];

	*ret_info = (struct ux_datagram_info){.hop_limit = 64};
	if (family == AF_INET) {
		struct sockaddr_in name4;

		memcpy(&name4, name, sizeof(name4));
		ret_info->source.w[0] = name4.sin_addr.s_addr;
		ret_info->source_port = name4.sin_port;
	} else {
		memcpy(&ret_info->source, &name->sin6_addr, 16);
		ret_info->source_port = name->sin6_port;
	}
	for (struct cmsghdr *cm = CMSG_FIRSTHDR(&m); cm; cm = CMSG_NXTHDR(&m, cm)) {
		if (cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SO_MARK)
			ret_info->mark = (uint32_t)int_of(cm);
		else if (cm->cmsg_level == IPPROTO_UDP && cm->cmsg_type == UDP_GRO)
			ret_info->gro_size = (uint32_t)int_of(cm);
		else if (cm->cmsg_level == IPPROTO_IP)
			read_ip4(cm, ret_info);
		else if (cm->cmsg_level == IPPROTO_IPV6)
			read_ip6(cm, ret_info);
	}
}
