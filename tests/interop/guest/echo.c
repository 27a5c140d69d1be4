/* SPDX-License-Identifier: BSD-2-Clause */

/* Echo requests by raw sockets. The other side's kernel answers them. */

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>

#include "guest.h"

struct echo_header {
	uint8_t type, code;
	uint16_t checksum, id, sequence;
};

static uint16_t last_sequence;

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i / 8 + last_sequence);
}

static uint16_t checksum(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static int open_echo(enum side side, const struct address *from)
{
	bool six = from->name.ss_family == AF_INET6;
	int fd =
	    open_socket(side, from->name.ss_family, SOCK_RAW, six ? IPPROTO_ICMPV6 : IPPROTO_ICMP);

	if (bind(fd, (const struct sockaddr *)&from->name, from->len) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* NULL when @message is the answer to @asked and all is in it. */
static const char *judge(const uint8_t *message, size_t len, const struct echo_header *asked,
			 size_t size, bool *ret_other)
{
	struct echo_header h;

	*ret_other = true;
	if (len < sizeof(h))
		return NULL;
	memcpy(&h, message, sizeof(h));
	if ((h.type != ICMP_ECHOREPLY && h.type != ICMP6_ECHO_REPLY) || h.id != asked->id ||
	    h.sequence != asked->sequence)
		return NULL;
	*ret_other = false;
	if (len != sizeof(h) + size)
		return "another length came back";
	for (size_t i = 0; i < size; i++)
		if (message[sizeof(h) + i] != pattern(i))
			return "other bytes came back";
	return NULL;
}

static const char *receive(int fd, bool six, const struct echo_header *asked, size_t size)
{
	static uint8_t packet[DATAGRAM_MAX];

	while (wait_for(fd, POLLIN)) {
		ssize_t n = recv(fd, packet, sizeof(packet), 0);
		size_t skip = six ? 0 : (size_t)(packet[0] & 15) * 4;
		const char *wrong;
		bool other;

		if (n < (ssize_t)skip)
			continue;
		wrong = judge(packet + skip, (size_t)n - skip, asked, size, &other);
		if (!other)
			return wrong;
	}
	return "no reply";
}

const char *echo(enum side side, const struct address *from, const struct address *to, size_t size)
{
	static uint8_t message[DATAGRAM_MAX];
	bool six = from->name.ss_family == AF_INET6;
	struct echo_header h = {.type = six ? ICMP6_ECHO_REQUEST : ICMP_ECHO, .id = htons(4301)};
	int fd = open_echo(side, from);
	size_t len = sizeof(h) + size;
	const char *wrong;

	if (fd < 0)
		return "its address is not there";
	h.sequence = htons(++last_sequence);
	for (size_t i = 0; i < size; i++)
		message[sizeof(h) + i] = pattern(i);
	memcpy(message, &h, sizeof(h));
	if (!six) {
		h.checksum = checksum(message, len);
		memcpy(message, &h, sizeof(h));
	}
	if (sendto(fd, message, len, 0, (const struct sockaddr *)&to->name, to->len) < 0)
		wrong = strerror(errno);
	else
		wrong = receive(fd, six, &h, size);
	close(fd);
	return wrong;
}
