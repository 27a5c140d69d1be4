/* SPDX-License-Identifier: BSD-2-Clause */

/* Packets whose fate is read from counters. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>

#include "guest.h"

const char *send_datagram(enum side side, const struct address *from, const struct address *to,
			  size_t size)
{
	static const uint8_t data[DATAGRAM_MAX];
	int fd = open_socket(side, from->name.ss_family, SOCK_DGRAM, 0);
	struct sockaddr_in6 name; /* both families have the port at the same place */
	const char *wrong = NULL;

	memcpy(&name, &to->name, sizeof(name));
	name.sin6_port = htons(9);
	if (bind(fd, (const struct sockaddr *)&from->name, from->len) < 0 ||
	    sendto(fd, data, size, 0, (const struct sockaddr *)&name, to->len) < 0)
		wrong = strerror(errno);
	close(fd);
	return wrong;
}

/* Routes and policies look at the source that goes along, not at the one in the packet. */
static ssize_t send_ip4(int fd, const uint8_t *packet, size_t len)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct in_pktinfo from = {0};
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(from))];
	} ancillary = {.header = {.cmsg_level = IPPROTO_IP,
				  .cmsg_type = IP_PKTINFO,
				  .cmsg_len = CMSG_LEN(sizeof(from))}};
	struct iovec data = {.iov_base = (void *)packet, .iov_len = len};
	const struct msghdr m = {.msg_name = &to,
				 .msg_namelen = sizeof(to),
				 .msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = ancillary.bytes,
				 .msg_controllen = sizeof(ancillary.bytes)};

	memcpy(&from.ipi_spec_dst, packet + 12, sizeof(from.ipi_spec_dst));
	memcpy(&to.sin_addr, packet + 16, sizeof(to.sin_addr));
	memcpy(CMSG_DATA(&ancillary.header), &from, sizeof(from));
	return sendmsg(fd, &m, 0);
}

static ssize_t send_ip6(int fd, const uint8_t *packet, size_t len)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6};

	memcpy(&to.sin6_addr, packet + 24, sizeof(to.sin6_addr));
	return sendto(fd, packet, len, 0, (struct sockaddr *)&to, sizeof(to));
}

const char *send_packet(enum side side, const uint8_t *packet, size_t len)
{
	bool six = packet[0] >> 4 == 6;
	int fd = open_socket(side, six ? AF_INET6 : AF_INET, SOCK_RAW, IPPROTO_RAW);
	ssize_t sent = six ? send_ip6(fd, packet, len) : send_ip4(fd, packet, len);
	const char *wrong = sent < 0 ? strerror(errno) : NULL;

	close(fd);
	return wrong;
}
