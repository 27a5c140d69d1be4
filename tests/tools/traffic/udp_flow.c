/* SPDX-License-Identifier: BSD-2-Clause */
#include "udp_flow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "pacer.h"

#define BURST 16
#define RECEIVE_BURST 64
#define WAKE_S                                                                            \
	0.0004 /* packets of this time go out together: waking up costs more than sending \
		*/
#define SIZE_MAX_BYTES 9000
#define MAGIC 0x75786672u

struct header {
	uint32_t magic, flow;
	uint64_t number, sent_ns;
};

_Static_assert(sizeof(struct header) <= UDP_FLOW_SIZE_MIN, "the header fits the smallest packet");

static uint8_t pattern(uint64_t number, size_t i)
{
	return (uint8_t)(number * 31 + i * 7 + (number >> 8));
}

void udp_flow_open(struct udp_flow *f)
{
	int buffer = 64 << 20;
	struct timeval wait = {.tv_usec = 100000};

	f->fd = flow_socket(&f->flow, SOCK_DGRAM, 0);
	/* Without the privilege the limit of the system applies; a packet lost here counts as lost.
	 */
	if (setsockopt(f->fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)))
		setsockopt(f->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	if (setsockopt(f->fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer)))
		setsockopt(f->fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
	setsockopt(f->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (connect(f->fd, &f->flow.peer.sa, f->flow.len)) {
		fprintf(stderr, "connect %s: %m\n", f->flow.name);
		exit(2);
	}
}

static void fill(struct udp_flow *f, uint8_t *packet, uint64_t number)
{
	struct header h = {MAGIC, f->id, number, pacer_now_ns()};

	memcpy(packet, &h, sizeof(h));
	for (size_t i = sizeof(h); i < f->size; i++)
		packet[i] = pattern(number, i);
}

void *udp_flow_send(void *flow)
{
	struct udp_flow *f = flow;
	static _Thread_local uint8_t packets[BURST][SIZE_MAX_BYTES];
	struct mmsghdr messages[BURST];
	struct iovec iov[BURST];
	struct pacer pacer;
	unsigned int min = (unsigned int)(f->rate * WAKE_S);

	min = min < 1 ? 1 : min > BURST ? BURST : min;
	for (unsigned int i = 0; i < BURST; i++) {
		iov[i] = (struct iovec){packets[i], f->size};
		messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &iov[i], .msg_iovlen = 1}};
	}
	pacer_start(&pacer, f->rate);
	while (atomic_load(&f->sending)) {
		unsigned int n = pacer_wait(&pacer, min, BURST);
		uint64_t next = atomic_load_explicit(&f->sent, memory_order_relaxed);
		uint64_t now_ns = pacer_now_ns();
		int accepted;

		for (unsigned int i = 0; i < n; i++)
			fill(f, packets[i], next + i);
		accepted = sendmmsg(f->fd, messages, n, 0);
		if (accepted < 0)
			atomic_fetch_add(&f->send_errors, 1);
		else
			atomic_store_explicit(&f->sent, next + (uint64_t)accepted,
					      memory_order_relaxed);
		if (f->log && accepted > 0)
			burst_log_add(f->log, next, (uint64_t)accepted, now_ns);
		pacer_done(&pacer, accepted < 0 ? n : (unsigned int)accepted);
	}
	return NULL;
}

static bool has_come(const struct udp_flow *f, uint64_t number)
{
	return number / 8 < f->seen_bytes && f->seen[number / 8] & 1u << (number % 8);
}

uint64_t udp_flow_missing(const struct udp_flow *f, uint64_t from, uint64_t sent,
			  uint64_t *ret_first)
{
	uint64_t end;

	while (from < sent && has_come(f, from))
		from++;
	for (end = from; end < sent && !has_come(f, end); end++)
		;
	*ret_first = from;
	return end - from;
}

/* first_time - mark @number as seen; false if it was already. */
static bool first_time(struct udp_flow *f, uint64_t number)
{
	uint64_t byte = number / 8;
	uint8_t bit = (uint8_t)(1u << (number % 8));

	if (byte >= f->seen_bytes) {
		uint64_t size = (byte + 1) * 2;
		uint8_t *grown = realloc(f->seen, size);

		if (!grown) {
			fprintf(stderr, "out of memory: packets cannot be counted\n");
			exit(2);
		}
		memset(grown + f->seen_bytes, 0, size - f->seen_bytes);
		f->seen = grown;
		f->seen_bytes = size;
	}
	if (f->seen[byte] & bit)
		return false;
	f->seen[byte] |= bit;
	return true;
}

static bool intact(const struct udp_flow *f, const struct header *h, const uint8_t *packet,
		   size_t len)
{
	if (len != f->size || h->magic != MAGIC || h->flow != f->id || h->number >> 40)
		return false;
	for (size_t i = sizeof(*h); i < len; i++)
		if (packet[i] != pattern(h->number, i))
			return false;
	return true;
}

static void account(struct udp_flow *f, const uint8_t *packet, size_t len, uint64_t now_ns)
{
	struct udp_counts *c = &f->counts;
	struct header h = {0};

	memcpy(&h, packet, len < sizeof(h) ? len : sizeof(h));
	if (!intact(f, &h, packet, len)) {
		c->damaged++;
		return;
	}
	if (!first_time(f, h.number)) {
		c->duplicated++;
		return;
	}
	c->received++;
	if (c->received > 1 && h.number < f->highest)
		c->reordered++;
	else
		f->highest = h.number;
	/* Both ends run on one machine, so their monotonic clocks are one. */
	if (now_ns > h.sent_ns && (now_ns - h.sent_ns) / 1000 > c->delay_max_us)
		c->delay_max_us = (now_ns - h.sent_ns) / 1000;
}

void *udp_flow_receive(void *flow)
{
	struct udp_flow *f = flow;
	static _Thread_local uint8_t packets[RECEIVE_BURST][SIZE_MAX_BYTES + 1];
	struct mmsghdr messages[RECEIVE_BURST];
	struct iovec iov[RECEIVE_BURST];

	while (atomic_load(&f->receiving)) {
		uint64_t now_ns;
		int n;

		for (unsigned int i = 0; i < RECEIVE_BURST; i++) {
			iov[i] = (struct iovec){packets[i], sizeof(packets[i])};
			messages[i] =
			    (struct mmsghdr){.msg_hdr = {.msg_iov = &iov[i], .msg_iovlen = 1}};
		}
		n = recvmmsg(f->fd, messages, RECEIVE_BURST, MSG_WAITFORONE, NULL);
		now_ns = pacer_now_ns();
		for (int i = 0; i < n; i++)
			account(f, packets[i], messages[i].msg_len, now_ns);
	}
	return NULL;
}
