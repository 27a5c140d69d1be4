/* SPDX-License-Identifier: BSD-2-Clause */

/* The kernel's table of UDP sockets, as text: one line a socket, addresses as 32-bit words in hex.
 */

#include "io/udp_bound.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "SLOT: ADDRESS:PORT ADDRESS:PORT ..."; the second pair is the peer's. */
static bool parse(const char *line, int family, uint16_t port, struct ux_addr *ret_addr)
{
	unsigned int n_words = family == AF_INET ? 1 : 4, local_port, peer_port;
	char local[33], peer[33];

	if (sscanf(line, "%*u: %32[0-9A-Fa-f]:%4x %32[0-9A-Fa-f]:%4x", local, &local_port, peer,
		   &peer_port) != 4)
		return false;
	if (local_port != port || peer_port != 0 || strlen(local) != (size_t)n_words * 8)
		return false;
	*ret_addr = (struct ux_addr){0};
	for (unsigned int i = 0; i < n_words; i++) {
		char word[9] = {0};

		memcpy(word, local + (size_t)i * 8, 8);
		ret_addr->w[i] = (__be32)strtoul(word, NULL, 16);
	}
	return true;
}

int ux_udp_bound(int family, uint16_t port, void (*found)(void *opaque, const struct ux_addr *addr),
		 void *opaque)
{
	/* that of the thread: its network namespace may not be the process's */
	FILE *file = fopen(
	    family == AF_INET ? "/proc/thread-self/net/udp" : "/proc/thread-self/net/udp6", "re");
	struct ux_addr addr;
	char line[512];

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (parse(line, family, port, &addr))
			found(opaque, &addr);
	}
	fclose(file);
	return 0;
}
