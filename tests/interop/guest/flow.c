/* SPDX-License-Identifier: BSD-2-Clause */

/* Numbered datagrams both ways. A burst is sent without waiting, so that what follows meets packets
 * on their way. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

#define FLOW_MAX 65536
#define ROOM (16 << 20)

struct end {
	int fd;
	uint32_t sent, received, doubled, damaged;
	uint8_t seen[FLOW_MAX];
};

static struct end ends[2];
static size_t flow_size;

static void open_end(enum side side, const struct address *from, struct address *ret_at)
{
	struct end *e = &ends[side];
	const int room = ROOM;

	*e = (struct end){.fd = open_socket(side, from->name.ss_family, SOCK_DGRAM, 0)};
	*ret_at = *from;
	if (setsockopt(e->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0 ||
	    bind(e->fd, (struct sockaddr *)&ret_at->name, ret_at->len) < 0 ||
	    getsockname(e->fd, (struct sockaddr *)&ret_at->name, &ret_at->len) < 0)
		die("flow");
}

void flow_open(const struct address *ours, const struct address *theirs, size_t size)
{
	struct address at[2];

	flow_size = size;
	open_end(OURS, ours, &at[OURS]);
	open_end(THEIRS, theirs, &at[THEIRS]);
	for (int side = OURS; side <= THEIRS; side++)
		if (connect(ends[side].fd, (struct sockaddr *)&at[!side].name, at[!side].len) < 0)
			die("flow");
}

static void receive(struct end *e)
{
	uint8_t data[DATAGRAM_MAX];
	ssize_t n;

	/* An error that waits is about one that this end has sent, and was told its path's MTU. */
	while ((n = recv(e->fd, data, sizeof(data), MSG_DONTWAIT)) >= 0 || errno == EMSGSIZE) {
		uint32_t number = FLOW_MAX;

		if (n < 0)
			continue;
		if ((size_t)n == flow_size)
			memcpy(&number, data, sizeof(number));
		if (number >= FLOW_MAX) {
			e->damaged++;
			continue;
		}
		e->doubled += e->seen[number];
		e->received += !e->seen[number];
		e->seen[number] = 1;
	}
}

void flow_send(unsigned int n)
{
	uint8_t data[DATAGRAM_MAX] = {0};

	for (unsigned int i = 0; i < n; i++) {
		for (int side = OURS; side <= THEIRS; side++) {
			struct end *e = &ends[side];

			memcpy(data, &e->sent, sizeof(e->sent));
			e->sent += e->sent < FLOW_MAX - 1;
			side_enter((enum side)side);
			/* The first answer may be about another one before it, which was told its
			 * path's MTU. */
			if (send(e->fd, data, flow_size, 0) < 0 &&
			    (errno != EMSGSIZE || send(e->fd, data, flow_size, 0) < 0))
				e->damaged++;
		}
	}
}

void flow_end(FILE *out)
{
	pause_ns(100 * SETTLE_NS);
	for (int side = OURS; side <= THEIRS; side++) {
		struct end *e = &ends[side];

		receive(e);
		close(e->fd);
		fprintf(out, "flow %s sent=%u lost=%u doubled=%u damaged=%u\n",
			side == OURS ? "theirs" : "ours", ends[!side].sent,
			ends[!side].sent - e->received, e->doubled, e->damaged);
	}
}
