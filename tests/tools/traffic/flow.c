/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static bool parse_address(const char *text, uint16_t port, union flow_address *a)
{
	*a = (union flow_address){0};
	if (inet_pton(AF_INET, text, &a->in.sin_addr) == 1) {
		a->in.sin_family = AF_INET;
		a->in.sin_port = htons(port);
		return true;
	}
	a->in6.sin6_family = AF_INET6;
	a->in6.sin6_port = htons(port);
	return inet_pton(AF_INET6, text, &a->in6.sin6_addr) == 1;
}

bool flow_parse(const char *text, uint16_t port, struct flow *ret_flow)
{
	struct flow f = {0};
	char *comma;
	char copy[sizeof(f.name)];

	if (strlen(text) >= sizeof(f.name))
		return false;
	strcpy(f.name, text);
	strcpy(copy, text);
	comma = strchr(copy, ',');
	if (!comma)
		return false;
	*comma = 0;
	if (!parse_address(copy, port, &f.local) || !parse_address(comma + 1, port, &f.peer) ||
	    f.local.sa.sa_family != f.peer.sa.sa_family)
		return false;
	f.len = f.local.sa.sa_family == AF_INET ? sizeof(f.local.in) : sizeof(f.local.in6);
	*ret_flow = f;
	return true;
}

int flow_socket(const struct flow *f, int type, int protocol)
{
	int fd = socket(f->local.sa.sa_family, type | SOCK_CLOEXEC, protocol), one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, &f->local.sa, f->len)) {
		fprintf(stderr, "socket for %s: %m\n", f->name);
		exit(2);
	}
	return fd;
}
