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

static const char *carry(int sender, int receiver, size_t bytes)
{
	size_t sent = 0, received = 0;

	while (received < bytes) {
		struct pollfd p[2] = {{.fd = receiver, .events = POLLIN},
				      {.fd = sender, .events = sent < bytes ? POLLOUT : 0}};
		const char *wrong;

		if (poll(p, 2, 5000) <= 0)
			return "stalled";
		if ((p[1].revents & (POLLERR | POLLHUP)) || !(p[0].revents | p[1].revents))
			return "reset";
		if ((p[1].revents & POLLOUT) && !give(sender, &sent, bytes))
			return strerror(errno);
		wrong = p[0].revents ? take(receiver, &received) : NULL;
		if (wrong)
			return wrong;
	}
	return NULL;
}

const char *stream(enum side side, const struct address *from, const struct address *to,
		   size_t bytes)
{
	struct address at = *to;
	int listener = listen_at(side == OURS ? THEIRS : OURS, &at);
	int sender = listener < 0 ? -1 : connect_to(side, from, &at);
	const char *wrong = "cannot connect";
	int receiver = -1;

	if (sender >= 0 && wait_for(listener, POLLIN))
		receiver = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (receiver >= 0)
		wrong = carry(sender, receiver, bytes);
	if (listener >= 0)
		close(listener);
	if (sender >= 0 && wrong)
		abandon(sender);
	else if (sender >= 0)
		close(sender);
	if (receiver >= 0 && wrong)
		abandon(receiver);
	else if (receiver >= 0)
		close(receiver);
	/* The ends say goodbye to each other while the SAs are there. */
	pause_ns(SETTLE_NS);
	return wrong;
}
