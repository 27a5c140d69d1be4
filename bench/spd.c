/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What policies cost: the look-up of a flow not seen before among 100 to 100,000 policies, one
 * NEWPOLICY and one DELPOLICY as requests through the library with 1,000 to 1,000,000 in the
 * database, and memory.
 *
 * Look-ups: random policies of several kinds, each kind an engine of its own that grows; the flows
 * are drawn anew for each size, half of them from the space in which the policies lie, half from
 * inside a policy, and each is looked up once. Times are of sixteen look-ups, divided.
 *
 * Requests: 64 in a datagram, as a client sends that has many. New policies come and as many old
 * ones go, drawn at random, so the size stays. At a thousand the whole database lives in the
 * processor's caches, at a million it does not: what the larger one costs more is waiting for
 * memory (a policy, its neighbours in the list of all, its bucket, slots of two tables).
 *
 * Options: --json FILE, --quick (no million), --lookups (no requests).
 *
 * Aims: a look-up among 100,000 at most 4 times that among 100, for every kind; a request at most
 * 1.5 times between the sizes, and adding one of a kind as well; 700 bytes for a policy. Exit
 * status 1: not all are met.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/instance.h"
#include "wire/abi.h"

#define LOOKUP_SIZES 4
#define FLOWS 65536
#define FLOWS_TIMED 16 /* together */
#define LOOKUP_AIM 4.0

#define REQUEST_SIZES 3
#define PER_DATAGRAM 64
#define SAMPLES 4096 /* datagrams at each size */
#define REQUEST_AIM 1.5
#define BYTES_AIM 700.0

static const uint32_t lookup_sizes[LOOKUP_SIZES] = {100, 1000, 10000, 100000};
static const uint32_t request_sizes[REQUEST_SIZES] = {1000, 100000, 1000000};

static void die(const char *what)
{
	fprintf(stderr, "spd: %s\n", what);
	exit(2);
}

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static long rss_bytes(void)
{
	long pages = 0, ignored = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%ld %ld", &ignored, &pages) != 2)
		die("cannot read /proc/self/statm");
	fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)(((uint64_t)random() * n) >> 31);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare);
	return v[n / 2];
}

static struct uxfrm *engine(void)
{
	struct uxfrm_params params;
	struct uxfrm *u;

	uxfrm_params_init(&params);
	params.real_s = 1000;
	if (uxfrm_new(&params, &u) < 0)
		die("cannot make an engine");
	return u;
}

/* ---- look-ups ---- */

enum priorities { RANDOM, BY_LENGTH, EQUAL };

/* Kinds of random policies. */
struct kind {
	const char *name;
	uint16_t family;
	uint32_t common;      /* so many first bits of all addresses are equal */
	uint32_t min_bits[2]; /* shortest prefixes of destination and source */
	uint32_t max_bits;
	bool ports;    /* half of them have a protocol, half of these a port */
	bool any_port; /* all have ports; the prefixes are min_bits */
	enum priorities priorities;
};

static const struct kind kinds[] = {
    {"any prefixes", AF_INET, 0, {0, 0}, 32, false, false, RANDOM},
    {"any prefixes, ports", AF_INET, 0, {0, 0}, 32, true, false, RANDOM},
    {"in one /8", AF_INET, 8, {8, 8}, 32, false, false, RANDOM},
    {"in one /8, ports", AF_INET, 8, {8, 8}, 32, true, false, RANDOM},
    {"in one /8, equal priority", AF_INET, 8, {8, 8}, 32, true, false, EQUAL},
    {"in one /8, longest first", AF_INET, 8, {8, 8}, 32, true, false, BY_LENGTH},
    {"any prefixes, longest first", AF_INET, 0, {0, 0}, 32, true, false, BY_LENGTH},
    {"IPv6, any in one /32", AF_INET6, 32, {0, 0}, 128, true, false, RANDOM},
    {"IPv6, in one /32, longest first", AF_INET6, 32, {32, 32}, 128, true, false, BY_LENGTH},
    {"hosts to one net", AF_INET, 8, {32, 8}, 32, false, false, EQUAL},
    {"ports of one pair", AF_INET, 8, {8, 8}, 32, false, true, RANDOM},
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct ux_addr random_address(const struct kind *k)
{
	struct ux_addr a = {.q = {0, 0}};

	for (int i = 0; i < 4; i++)
		a.w[i] = (uint32_t)random() << 1 ^ (uint32_t)random() >> 8;
	for (uint32_t bit = 0; bit < k->common; bit++)
		a.b[bit / 8] &= (uint8_t) ~(0x80 >> (bit % 8));
	a.b[0] |= k->common ? 0x08 : 0;
	return a;
}

/* The first @bits bits; IPv4 keeps what stands behind the address. */
static void cut(struct ux_addr *a, uint32_t bits)
{
	for (uint32_t bit = bits; bit < 128; bit++)
		a->b[bit / 8] &= (uint8_t) ~(0x80 >> (bit % 8));
}

static uint8_t random_bits(const struct kind *k, int side)
{
	if (k->any_port || k->min_bits[0] != k->min_bits[1])
		return (uint8_t)k->min_bits[side];
	return (uint8_t)(k->min_bits[side] + below(k->max_bits - k->min_bits[side] + 1));
}

static void random_upper(const struct kind *k, struct ux_selector *sel)
{
	static const uint8_t protos[] = {6, 17, 1};

	if (!k->any_port && (!k->ports || random() % 2))
		return;
	sel->proto = protos[below(k->any_port ? 2 : 3)];
	if (k->any_port || random() % 2) {
		sel->dport = (__be16)random();
		sel->dport_mask = 0xffff;
	}
	if (k->any_port && random() % 2) {
		sel->sport = (__be16)random();
		sel->sport_mask = 0xffff;
	}
}

static struct ux_policy *random_policy(const struct kind *k, struct uxfrm *u)
{
	struct ux_policy *p = ux_policy_new(u, 1);

	if (!p)
		die("out of memory");
	p->dir = UX_POLICY_OUT;
	p->family = p->sel.family = k->family;
	p->sel.daddr = random_address(k);
	p->sel.saddr = random_address(k);
	p->sel.prefixlen_d = random_bits(k, 0);
	p->sel.prefixlen_s = random_bits(k, 1);
	cut(&p->sel.daddr, p->sel.prefixlen_d);
	cut(&p->sel.saddr, p->sel.prefixlen_s);
	random_upper(k, &p->sel);
	if (k->priorities == RANDOM)
		p->priority = (uint32_t)random();
	else if (k->priorities == BY_LENGTH)
		p->priority = 1000 - p->sel.prefixlen_d - p->sel.prefixlen_s -
			      (p->sel.proto ? 1u : 0u) - (p->sel.dport_mask ? 1u : 0u);
	return p;
}

/* The bits that a prefix leaves open are drawn. */
static struct ux_addr inside(const struct kind *k, const struct ux_addr *net, uint32_t bits)
{
	struct ux_addr a = random_address(k), beginning = a;

	cut(&beginning, bits);
	for (int i = 0; i < 16; i++)
		a.b[i] = (uint8_t)((a.b[i] ^ beginning.b[i]) | net->b[i]);
	return a;
}

static struct ux_flow_key random_flow(const struct kind *k, const struct ux_policy *p)
{
	static const uint8_t protos[] = {6, 17, 1};
	struct ux_flow_key flow = {.family = k->family,
				   .proto = protos[below(3)],
				   .dport = (__be16)random(),
				   .sport = (__be16)random()};

	if (random() % 2) {
		flow.daddr = random_address(k);
		flow.saddr = random_address(k);
		return flow;
	}
	flow.daddr = inside(k, &p->sel.daddr, p->sel.prefixlen_d);
	flow.saddr = inside(k, &p->sel.saddr, p->sel.prefixlen_s);
	if (p->sel.proto)
		flow.proto = p->sel.proto;
	if (p->sel.dport_mask)
		flow.dport = p->sel.dport;
	if (p->sel.sport_mask)
		flow.sport = p->sel.sport;
	return flow;
}

static double time_lookups(struct uxfrm *u, const struct kind *k, struct ux_policy *const *policy,
			   uint32_t n)
{
	static struct ux_flow_key flow[FLOWS];
	static double ns[FLOWS / FLOWS_TIMED];
	uint64_t hits = 0;

	for (uint32_t i = 0; i < FLOWS; i++)
		flow[i] = random_flow(k, policy[below(n)]);
	ux_rcu_read_lock();
	for (uint32_t i = 0; i < FLOWS; i += FLOWS_TIMED) {
		uint64_t start = clock_ns();

		for (uint32_t j = i; j < i + FLOWS_TIMED; j++)
			hits += ux_spd_lookup(u, UX_POLICY_OUT, &flow[j], 0) != NULL;
		ns[i / FLOWS_TIMED] = (double)(clock_ns() - start) / FLOWS_TIMED;
	}
	ux_rcu_read_unlock();
	if (hits < FLOWS / 4)
		die("look-ups find too little");
	return median(ns, FLOWS / FLOWS_TIMED);
}

/* One kind: look-ups at each size, and what adding a policy costs on the way to it, on average. */
struct kind_costs {
	double lookup_ns[LOOKUP_SIZES], insert_ns[LOOKUP_SIZES];
};

static double grow(struct uxfrm *u, const struct kind *k, struct ux_policy **policy, uint32_t from,
		   uint32_t to)
{
	uint64_t ns = 0;

	for (uint32_t n = from; n < to;) {
		uint32_t first = n, end;
		uint64_t start;

		for (end = n; end < to; end++)
			policy[end] = random_policy(k, u);
		start = clock_ns();
		for (uint32_t i = first; i < end; i++) {
			if (ux_spd_insert(u, policy[i], true, NULL) == 0)
				policy[n++] = policy[i];
			else /* there is one like it: two of them would not be Linux's either */
				ux_policy_free(policy[i]);
		}
		ns += clock_ns() - start;
	}
	return (double)ns / (to - from);
}

static void run_kind(const struct kind *k, struct kind_costs *c)
{
	static struct ux_policy *policy[100000];
	struct uxfrm *u = engine();
	uint32_t n = 0;

	for (int i = 0; i < LOOKUP_SIZES; n = lookup_sizes[i++]) {
		c->insert_ns[i] = grow(u, k, policy, n, lookup_sizes[i]);
		c->lookup_ns[i] = time_lookups(u, k, policy, lookup_sizes[i]);
	}
	uxfrm_free(u);
}

static bool run_lookups(struct kind_costs *costs)
{
	bool good = true;

	printf("median ns of the look-up of a new flow among policies; in brackets of adding one "
	       "on the "
	       "way\n%-33s %14s %14s %14s %14s  ratios\n",
	       "", "100", "1,000", "10,000", "100,000");
	for (size_t i = 0; i < N_KINDS; i++) {
		struct kind_costs *c = &costs[i];
		double lookup, insert;

		run_kind(&kinds[i], c);
		lookup = c->lookup_ns[LOOKUP_SIZES - 1] / c->lookup_ns[0];
		/* the first hundred make the tables; from 1,000 on */
		insert = c->insert_ns[LOOKUP_SIZES - 1] / c->insert_ns[1];
		printf("  %-31s", kinds[i].name);
		for (int j = 0; j < LOOKUP_SIZES; j++)
			printf(" %7.0f (%4.0f)", c->lookup_ns[j], c->insert_ns[j]);
		printf("  %.2f (%.2f)%s%s\n", lookup, insert,
		       lookup <= LOOKUP_AIM ? "" : "  look-up: aim 4 not met",
		       insert <= REQUEST_AIM ? "" : "  adding: aim 1.5 not met");
		fflush(stdout);
		good &= lookup <= LOOKUP_AIM && insert <= REQUEST_AIM;
	}
	return good;
}

/* ---- requests ---- */

struct bench {
	struct uxfrm *u;
	struct uxfrm_client *client;
	uint64_t n_answers;
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

static int on_deliver(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	struct bench *b = opaque;
	const struct nlmsghdr *h = datagram;
	int error;

	if (len < NLMSG_HDRLEN + sizeof(error) || h->nlmsg_type != NLMSG_ERROR)
		die("unexpected answer");
	memcpy(&error, (const uint8_t *)datagram + NLMSG_HDRLEN, sizeof(error));
	if (error)
		die("request refused");
	b->n_answers++;
	return 0;
}

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
	uint64_t answers = b->n_answers, start = clock_ns();

	uxfrm_client_request(b->client, b->datagram, b->len);

	uint64_t ns = clock_ns() - start;

	if (b->n_answers != answers + PER_DATAGRAM)
		die("answers are missing");
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
		uint32_t which = below(b->n);

		put_delete(b, b->present[which]);
		b->present[which] = b->present[--b->n];
	}
	return request(b);
}

static struct costs run_size(uint32_t n)
{
	static const struct uxfrm_client_ops ops = {.deliver = on_deliver};
	static double inserts[SAMPLES], removals[SAMPLES];
	struct bench b = {.u = engine()};
	struct costs c = {.n = n};

	b.present = malloc((n + 2 * PER_DATAGRAM) * sizeof(*b.present));
	if (!b.present || uxfrm_client_open(b.u, 1, true, &ops, &b, &b.client) < 0)
		die("out of memory");
	memset(b.present, 0, (n + 2 * PER_DATAGRAM) * sizeof(*b.present));

	long before = rss_bytes();

	while (b.n < n)
		(void)insert_some(&b);
	c.bytes = (double)(rss_bytes() - before) / b.n;
	for (int i = 0; i < SAMPLES; i++) {
		inserts[i] = insert_some(&b);
		removals[i] = remove_some(&b);
		if (i % 16 == 0)
			(void)uxfrm_tick(b.u, (uint64_t)i * 1000000u, 1000);
	}
	c.insert_ns = median(inserts, SAMPLES);
	c.remove_ns = median(removals, SAMPLES);
	uxfrm_client_close(b.client);
	uxfrm_free(b.u);
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
	printf("  %s: largest / smallest %.2f (aim %.1f: %s)\n", what, most / least, REQUEST_AIM,
	       most / least <= REQUEST_AIM ? "met" : "not met");
	return most / least <= REQUEST_AIM;
}

static bool run_requests(struct costs *costs, size_t n)
{
	double inserts[REQUEST_SIZES], removals[REQUEST_SIZES];
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

static void write_json(const char *path, const struct kind_costs *kind, const struct costs *costs,
		       size_t n_costs)
{
	const char *separator = "";
	FILE *f = fopen(path, "w");

	if (!f)
		die("cannot write the JSON file");
	fputs("{\"lookup\": [", f);
	for (size_t i = 0; i < N_KINDS * LOOKUP_SIZES; i++) {
		const struct kind_costs *c = &kind[i / LOOKUP_SIZES];
		size_t size = i % LOOKUP_SIZES;

		fprintf(f,
			"%s\n{\"kind\": \"%s\", \"policies\": %u, \"median_ns\": %.0f, "
			"\"insert_ns\": %.0f}",
			separator, kinds[i / LOOKUP_SIZES].name, lookup_sizes[size],
			c->lookup_ns[size], c->insert_ns[size]);
		separator = ",";
	}
	separator = "";
	fputs("\n],\n\"request\": [", f);
	for (size_t i = 0; i < n_costs; i++) {
		fprintf(f,
			"%s\n{\"policies\": %u, \"newpolicy_ns\": %.0f, \"delpolicy_ns\": %.0f, "
			"\"rss_bytes_per_policy\": %.0f}",
			separator, costs[i].n, costs[i].insert_ns, costs[i].remove_ns,
			costs[i].bytes);
		separator = ",";
	}
	fputs("\n]}\n", f);
	if (fclose(f) != 0)
		die("cannot write the JSON file");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"json", required_argument, NULL, 'j'},
						{"quick", no_argument, NULL, 'q'},
						{"lookups", no_argument, NULL, 'l'},
						{NULL, 0, NULL, 0}};
	static struct kind_costs kind_costs[N_KINDS];
	struct costs costs[REQUEST_SIZES];
	size_t n = REQUEST_SIZES;
	const char *json = NULL;
	bool good;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'j')
			json = optarg;
		else if (c == 'q')
			n = 2; /* without the million */
		else if (c == 'l')
			n = 0; /* nothing else */
		else
			return 2;
	}
	srandom(1);
	ux_rcu_register_thread();
	good =
	    !n || run_requests(costs, n); /* first: memory that an engine gave back is not seen */
	good &= run_lookups(kind_costs);
	ux_rcu_unregister_thread();
	if (json)
		write_json(json, kind_costs, costs, n);
	return good ? 0 : 1;
}
