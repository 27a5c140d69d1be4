/* SPDX-License-Identifier: BSD-2-Clause */

/* Addresses as text, sockets in a namespace. */

#include <arpa/inet.h>
#include <string.h>

#include "guest.h"

bool address_parse(const char *text, uint16_t port, struct address *ret_address)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	*ret_address = (struct address){0};
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
		memcpy(&ret_address->name, &in, sizeof(in));
		ret_address->len = sizeof(in);
		return true;
	}
	if (inet_pton(AF_INET6, text, &in6.sin6_addr) != 1)
		return false;
	memcpy(&ret_address->name, &in6, sizeof(in6));
	ret_address->len = sizeof(in6);
	return true;
}

int open_socket(enum side side, int family, int type, int protocol)
{
	int fd;

	side_enter(side);
	fd = socket(family, type | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		die("socket");
	return fd;
}
