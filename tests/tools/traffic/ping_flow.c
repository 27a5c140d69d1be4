/* SPDX-License-Identifier: BSD-2-Clause */
#include "ping_flow.h"

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "pacer.h"

#define PAYLOAD 56

static bool is_v6(const struct ping_flow *f)
{
	return f->flow.local.sa.sa_family == AF_INET6;
}

void ping_flow_open(struct ping_flow *f)
{
	struct timeval wait = {.tv_usec = 100000};
	struct flow raw = f->flow;

	/* Raw sockets take no port; IPv6 refuses one. */
	if (is_v6(f))
		raw.local.in6.sin6_port = f->flow.peer.in6.sin6_port = 0;
	f->fd = flow_socket(&raw, SOCK_RAW, is_v6(f) ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	setsockopt(f->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	f->id = (uint16_t)getpid();
}

static uint16_t checksum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

void *ping_flow_send(void *flow)
{
	struct ping_flow *f = flow;
	struct pacer pacer;

	pacer_start(&pacer, f->rate);
	while (atomic_load(&f->sending)) {
		uint8_t packet[8 + PAYLOAD] = {is_v6(f) ? ICMP6_ECHO_REQUEST : ICMP_ECHO};
		uint16_t number = (uint16_t)atomic_load(&f->sent), sum;

		pacer_wait(&pacer, 1, 1);
		if (!atomic_load(&f->sending))
			break;
		packet[4] = (uint8_t)(f->id >> 8);
		packet[5] = (uint8_t)f->id;
		packet[6] = (uint8_t)(number >> 8);
		packet[7] = (uint8_t)number;
		if (!is_v6(f)) {
			sum = checksum(packet, sizeof(packet));
			memcpy(packet + 2, &sum, 2);
		}
		f->seen[(uint16_t)(number + 32768)] = 0; /* half a round away: free for use again */
		if (sendto(f->fd, packet, sizeof(packet), 0, &f->flow.peer.sa, f->flow.len) < 0)
			atomic_fetch_add(&f->send_errors, 1);
		else
			atomic_fetch_add(&f->sent, 1);
		pacer_done(&pacer, 1);
	}
	return NULL;
}

static void account(struct ping_flow *f, const uint8_t *p, ssize_t n)
{
	uint16_t number;

	if (!is_v6(f)) { /* the socket gives the IP header too */
		ssize_t header = n > 0 ? (p[0] & 15) * 4 : 0;

		p += header;
		n -= header;
	}
	if (n < 8 || p[0] != (is_v6(f) ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) || p[1] != 0 ||
	    (p[4] << 8 | p[5]) != f->id)
		return;
	number = (uint16_t)(p[6] << 8 | p[7]);
	if (f->seen[number])
		atomic_fetch_add(&f->duplicated, 1);
	else
		atomic_fetch_add(&f->received, 1);
	f->seen[number] = 1;
}

void *ping_flow_receive(void *flow)
{
	struct ping_flow *f = flow;
	uint8_t packet[512];

	while (atomic_load(&f->receiving)) {
		ssize_t n = recv(f->fd, packet, sizeof(packet), 0);

		if (n > 0)
			account(f, packet, n);
	}
	return NULL;
}
