/* SPDX-License-Identifier: BSD-2-Clause */
#include "tcp_flow.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "pacer.h"

#define CHUNK 8192
#define PERIOD 65521 /* a prime: the pattern does not line up with segments or buffers */

static uint8_t pattern[PERIOD + CHUNK];

static void make_pattern(void)
{
	uint32_t x = 12345;

	for (size_t i = 0; i < PERIOD; i++) {
		x = x * 1103515245u + 12345u;
		pattern[i] = (uint8_t)(x >> 16);
	}
	memcpy(pattern + PERIOD, pattern, CHUNK);
}

void tcp_flow_listen(struct tcp_flow *f)
{
	f->listener = flow_socket(&f->flow, SOCK_STREAM, 0);
	if (listen(f->listener, 1)) {
		perror("listen");
		exit(2);
	}
}

static int connect_to_peer(struct tcp_flow *f)
{
	struct flow from = f->flow;
	struct timeval patience = {.tv_sec = 15};
	int fd, one = 1;

	/* The receiver's port is fixed, the sender's is not. */
	if (from.local.sa.sa_family == AF_INET)
		from.local.in.sin_port = 0;
	else
		from.local.in6.sin6_port = 0;
	fd = flow_socket(&from, SOCK_STREAM, 0);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (!connect(fd, &f->flow.peer.sa, f->flow.len))
		return fd;
	atomic_store(&f->error, errno);
	close(fd);
	return -1;
}

void *tcp_flow_send(void *flow)
{
	struct tcp_flow *f = flow;
	struct pacer pacer;
	int fd = connect_to_peer(f);

	if (fd < 0)
		return NULL;
	make_pattern();
	pacer_start(&pacer, f->bytes_per_second / CHUNK);
	while (atomic_load(&f->sending)) {
		uint64_t offset = atomic_load_explicit(&f->sent, memory_order_relaxed);
		ssize_t n;

		pacer_wait(&pacer, 1, 1);
		n = send(fd, pattern + offset % PERIOD, CHUNK, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR) {
			atomic_store(&f->error, errno);
			break;
		}
		atomic_store_explicit(&f->sent, offset + (n > 0 ? (uint64_t)n : 0),
				      memory_order_relaxed);
		pacer_done(&pacer, 1);
	}
	shutdown(fd, SHUT_WR);
	/* The receiver closes when it has everything; only then is the port let go. */
	while (recv(fd, &(char){0}, 1, 0) > 0)
		;
	close(fd);
	return NULL;
}

void *tcp_flow_receive(void *flow)
{
	struct tcp_flow *f = flow;
	static _Thread_local uint8_t buffer[CHUNK];
	int fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
	ssize_t n;

	close(f->listener);
	make_pattern();
	while (fd >= 0 && (n = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
		uint64_t offset = atomic_load_explicit(&f->received, memory_order_relaxed);

		if (memcmp(buffer, pattern + offset % PERIOD, (size_t)n) != 0)
			atomic_fetch_add(&f->damaged, 1);
		atomic_store_explicit(&f->received, offset + (uint64_t)n, memory_order_relaxed);
	}
	if (fd < 0 || n < 0)
		atomic_store(&f->error, errno);
	if (fd >= 0)
		close(fd);
	atomic_store(&f->finished, true);
	return NULL;
}
