/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NEWPOLICY and DELPOLICY, 64 in a datagram, as a client sends that has many. New policies come and
 * as many old ones go, drawn at random, so the size stays. At a thousand the whole database lives
 * in the processor's caches, at a million it does not: what the larger one costs more is waiting
 * for memory (a policy, its neighbours in the list of all, its bucket, slots of two tables).
 */
#include "spd.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/policy.h"
#include "engine.h"
#include "wire/abi.h"

#define PER_DATAGRAM 64
#define SAMPLES 4096 /* datagrams at each size */
#define BYTES_AIM 700.0

static const uint32_t request_sizes[SPD_REQUEST_SIZES] = {1000, 100000, 1000000};

struct bench {
	struct bench_engine engine;
	uint8_t datagram[PER_DATAGRAM * 320];
	size_t len;
	uint32_t next;	   /* number of the next new policy */
	uint32_t *present; /* numbers of those in the database */
	uint32_t n;
};

struct costs {
	uint32_t n;
	double insert_ns, remove_ns, bytes;
};
static struct costs costs[SPD_REQUEST_SIZES];

/* The @number-th policy: a network of its own to one of a thousand. */
static struct xfrm_selector selector_of(uint32_t number)
{
	struct xfrm_selector sel;

	memset(&sel, 0, sizeof(sel));
	sel.family = AF_INET;
	sel.daddr.a4 = htobe32(0x0a000000 + number * 4);
	sel.saddr.a4 = htobe32(0xac100000 + number % 1000 * 256);
	sel.prefixlen_d = 30;
	sel.prefixlen_s = 24;
	return sel;
}

static void *put(struct bench *b, size_t len)
{
	void *at = b->datagram + b->len;

	memset(at, 0, NLMSG_ALIGN(len));
	b->len += NLMSG_ALIGN(len);
	return at;
}

static void put_header(struct bench *b, uint16_t type, size_t len)
{
	struct nlmsghdr *h = put(b, sizeof(*h));

	h->nlmsg_len = (uint32_t)(sizeof(*h) + len);
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
}

static void put_new(struct bench *b, uint32_t number)
{
	struct xfrm_userpolicy_info *info;
	struct xfrm_user_tmpl *tmpl;
	struct nlattr *a;

	put_header(b, XFRM_MSG_NEWPOLICY, sizeof(*info) + NLA_HDRLEN + sizeof(*tmpl));
	info = put(b, sizeof(*info));
	info->sel = selector_of(number);
	info->priority = (number * 2654435761u) >> 20;
	info->dir = UX_POLICY_OUT;
	info->lft.soft_byte_limit = info->lft.hard_byte_limit = XFRM_INF;
	info->lft.soft_packet_limit = info->lft.hard_packet_limit = XFRM_INF;
	a = put(b, NLA_HDRLEN);
	a->nla_type = XFRMA_TMPL;
	a->nla_len = NLA_HDRLEN + sizeof(*tmpl);
	tmpl = put(b, sizeof(*tmpl));
	tmpl->id.daddr.a4 = htobe32(0xc0000201);
	tmpl->saddr.a4 = htobe32(0xc0000202);
	tmpl->id.proto = 50;
	tmpl->family = AF_INET;
	tmpl->reqid = 1 + number;
	tmpl->mode = XFRM_MODE_TUNNEL;
	tmpl->aalgos = tmpl->ealgos = tmpl->calgos = UINT32_MAX;
}

static void put_delete(struct bench *b, uint32_t number)
{
	struct xfrm_userpolicy_id *id;

	put_header(b, XFRM_MSG_DELPOLICY, sizeof(*id));
	id = put(b, sizeof(*id));
	id->sel = selector_of(number);
	id->dir = UX_POLICY_OUT;
}

/* Send what was put; what one request costs. */
static double request(struct bench *b)
{
	uint64_t ns = bench_request(&b->engine, b->datagram, b->len, PER_DATAGRAM);

	b->len = 0;
	return (double)ns / PER_DATAGRAM;
}

static double insert_some(struct bench *b)
{
	for (int i = 0; i < PER_DATAGRAM; i++) {
		b->present[b->n++] = b->next;
		put_new(b, b->next++);
	}
	return request(b);
}

static double remove_some(struct bench *b)
{
	for (int i = 0; i < PER_DATAGRAM; i++) {
		uint32_t which = bench_below(b->n);

		put_delete(b, b->present[which]);
		b->present[which] = b->present[--b->n];
	}
	return request(b);
}

static struct costs run_size(uint32_t n)
{
	static double inserts[SAMPLES], removals[SAMPLES];
	struct bench b = {0};
	struct costs c = {.n = n};

	b.present = malloc((n + 2 * PER_DATAGRAM) * sizeof(*b.present));
	if (!b.present)
		bench_die("out of memory");
	bench_engine_open(&b.engine);
	memset(b.present, 0, (n + 2 * PER_DATAGRAM) * sizeof(*b.present));

	long before = bench_rss_bytes();

	while (b.n < n)
		(void)insert_some(&b);
	c.bytes = (double)(bench_rss_bytes() - before) / b.n;
	for (int i = 0; i < SAMPLES; i++) {
		inserts[i] = insert_some(&b);
		removals[i] = remove_some(&b);
		if (i % 16 == 0)
			(void)uxfrm_tick(b.engine.u, (uint64_t)i * 1000000u, BENCH_REAL_S);
	}
	c.insert_ns = spd_median(inserts, SAMPLES);
	c.remove_ns = spd_median(removals, SAMPLES);
	bench_engine_close(&b.engine);
	free(b.present);
	return c;
}

static bool judge(const char *what, const double *ns, size_t n)
{
	double least = ns[0], most = ns[0];

	for (size_t i = 1; i < n; i++) {
		least = ns[i] < least ? ns[i] : least;
		most = ns[i] > most ? ns[i] : most;
	}
	printf("  %s: largest / smallest %.2f (aim %.1f: %s)\n", what, most / least,
	       SPD_REQUEST_AIM, most / least <= SPD_REQUEST_AIM ? "met" : "not met");
	return most / least <= SPD_REQUEST_AIM;
}

bool spd_requests(size_t n)
{
	double inserts[SPD_REQUEST_SIZES], removals[SPD_REQUEST_SIZES];
	bool good = true;

	printf("requests of 64 in a datagram, median\n");
	for (size_t i = 0; i < n; i++) {
		costs[i] = run_size(request_sizes[i]);
		inserts[i] = costs[i].insert_ns;
		removals[i] = costs[i].remove_ns;
		printf("  %8u policies: NEWPOLICY %5.0f ns (%.0f/s), DELPOLICY %5.0f ns (%.0f/s), "
		       "%.0f bytes each\n",
		       costs[i].n, inserts[i], 1e9 / inserts[i], removals[i], 1e9 / removals[i],
		       costs[i].bytes);
		fflush(stdout);
		/* a thousand share what the first of them brought: pages begun, tables at their
		 * smallest */
		if (costs[i].n > 1000)
			good &= costs[i].bytes <= BYTES_AIM;
	}
	printf("  memory: aim %.0f bytes for a policy: %s\n", BYTES_AIM, good ? "met" : "not met");
	good &= judge("NEWPOLICY", inserts, n);
	good &= judge("DELPOLICY", removals, n);
	return good;
}

void spd_requests_json(FILE *f, size_t n)
{
	const char *separator = "";

	for (size_t i = 0; i < n; i++) {
		fprintf(f,
			"%s\n{\"policies\": %u, \"newpolicy_ns\": %.0f, \"delpolicy_ns\": %.0f, "
			"\"rss_bytes_per_policy\": %.0f}",
			separator, costs[i].n, costs[i].insert_ns, costs[i].remove_ns,
			costs[i].bytes);
		separator = ",";
	}
}
