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

const char *send_packet(enum side side, const uint8_t *packet, size_t len)
{
	bool six = packet[0] >> 4 == 6;
	int fd = open_socket(side, six ? AF_INET6 : AF_INET, SOCK_RAW, IPPROTO_RAW);
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	const char *wrong = NULL;
	ssize_t sent;

	memcpy(&in.sin_addr, packet + 16, sizeof(in.sin_addr));
	memcpy(&in6.sin6_addr, packet + 24, sizeof(in6.sin6_addr));
	sent = six ? sendto(fd, packet, len, 0, (struct sockaddr *)&in6, sizeof(in6))
		   : sendto(fd, packet, len, 0, (struct sockaddr *)&in, sizeof(in));
	if (sent < 0)
		wrong = strerror(errno);
	close(fd);
	return wrong;
}
