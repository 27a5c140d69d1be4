/* SPDX-License-Identifier: BSD-2-Clause */

/* A TCP connection of which this thread holds both ends, and bytes from one to the other. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

#define PIECE 16384

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i / 64 + i / 4096);
}

/* Gives up what is not sent yet, without waiting for the other end. */
static void abandon(int fd)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static int listen_at(enum side side, struct address *at)
{
	int fd = open_socket(side, at->name.ss_family, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&at->name, at->len) < 0 || listen(fd, 1) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at->name, &at->len) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int connect_to(enum side side, const struct address *from, const struct address *to)
{
	int fd = open_socket(side, from->name.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (bind(fd, (const struct sockaddr *)&from->name, from->len) < 0 ||
	    (connect(fd, (const struct sockaddr *)&to->name, to->len) < 0 &&
	     errno != EINPROGRESS)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Writes what fits; false on an error. */
static bool give(int fd, size_t *sent, size_t bytes)
{
	uint8_t piece[PIECE];
	size_t n = bytes - *sent < PIECE ? bytes - *sent : PIECE;
	ssize_t written;

	for (size_t i = 0; i < n; i++)
		piece[i] = pattern(*sent + i);
	written = send(fd, piece, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (written < 0)
		return errno == EAGAIN;
	*sent += (size_t)written;
	return true;
}

/* Reads what is there; NULL or what was wrong. */
static const char *take(int fd, size_t *received)
{
	uint8_t piece[PIECE];
	ssize_t n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);

	if (n <= 0)
		return n < 0 && errno == EAGAIN ? NULL : "ended";
	for (ssize_t i = 0; i < n; i++)
		if (piece[i] != pattern(*received + (size_t)i))
			return "damaged";
	*received += (size_t)n;
	return NULL;
}

/* A connection of which @bytes are to be carried in all. */
struct connection {
	int sender, receiver;
	size_t sent, received, bytes;
};

/* From the sender to the receiver until @up_to bytes have arrived; the sender gives all that finds
 * room. */
static const char *carry(struct connection *c, size_t up_to)
{
	while (c->received < up_to) {
		struct pollfd p[2] = {
		    {.fd = c->receiver, .events = POLLIN},
		    {.fd = c->sender, .events = c->sent < c->bytes ? POLLOUT : 0}};
		const char *wrong;

		if (poll(p, 2, 5000) <= 0)
			return "stalled";
		if ((p[1].revents & (POLLERR | POLLHUP)) || !(p[0].revents | p[1].revents))
			return "reset";
		if ((p[1].revents & POLLOUT) && !give(c->sender, &c->sent, c->bytes))
			return strerror(errno);
		wrong = p[0].revents ? take(c->receiver, &c->received) : NULL;
		if (wrong)
			return wrong;
	}
	return NULL;
}

static const char *make(struct connection *c, enum side side, const struct address *from,
			const struct address *to, size_t bytes)
{
	struct address at = *to;
	int listener = listen_at(side == OURS ? THEIRS : OURS, &at);

	*c = (struct connection){.receiver = -1, .bytes = bytes};
	c->sender = listener < 0 ? -1 : connect_to(side, from, &at);
	if (c->sender >= 0 && wait_for(listener, POLLIN))
		c->receiver = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (listener >= 0)
		close(listener);
	return c->receiver < 0 ? "cannot connect" : NULL;
}

static void close_end(int fd, bool in_order)
{
	if (fd >= 0 && in_order)
		close(fd);
	else if (fd >= 0)
		abandon(fd);
}

static void end(struct connection *c, bool in_order)
{
	close_end(c->sender, in_order);
	close_end(c->receiver, in_order);
	/* The ends say goodbye to each other while the SAs are there. */
	pause_ns(SETTLE_NS);
}

const char *stream(enum side side, const struct address *from, const struct address *to,
		   size_t bytes)
{
	struct connection c;
	const char *wrong = make(&c, side, from, to, bytes);

	if (!wrong)
		wrong = carry(&c, bytes);
	end(&c, !wrong);
	return wrong;
}

/* ---- a connection that other things happen to meanwhile, one from either side ---- */

static struct connection lasting[2];
static const char *lasting_wrong[2];

void stream_open(enum side side, const struct address *from, const struct address *to, size_t bytes)
{
	lasting_wrong[side] = make(&lasting[side], side, from, to, bytes);
}

void stream_go_on(enum side side, size_t bytes)
{
	struct connection *c = &lasting[side];
	size_t up_to = c->received + bytes < c->bytes ? c->received + bytes : c->bytes;

	if (!lasting_wrong[side])
		lasting_wrong[side] = carry(c, up_to);
}

const char *stream_end(enum side side)
{
	stream_go_on(side, lasting[side].bytes);
	end(&lasting[side], !lasting_wrong[side]);
	return lasting_wrong[side];
}
