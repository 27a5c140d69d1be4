/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random policies of several kinds, for each size an engine. The engines are asked in turn, so that
 * a processor that changes its clock changes it for all of them. Flows are looked up sixteen
 * together, as the packet path does with those of a burst. They are drawn anew for each size, half
 * of them from the space in which the policies lie, half from inside a policy, and each is looked
 * up once. Times are of sixteen, divided.
 */
#include "spd.h"

#include <stdlib.h>

#include "core/instance.h"
#include "engine.h"

#define LOOKUP_SIZES 4
#define FLOWS 65536
#define FLOWS_TIMED 16 /* together */
#define FLOWS_IN_TURN 4096
#define LOOKUP_AIM 4.0

static const uint32_t lookup_sizes[LOOKUP_SIZES] = {100, 1000, 10000, 100000};

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
		a.b[bit / 8] &= (uint8_t)~(0x80 >> (bit % 8));
	a.b[0] |= k->common ? 0x08 : 0;
	return a;
}

/* The first @bits bits; IPv4 keeps what stands behind the address. */
static void cut(struct ux_addr *a, uint32_t bits)
{
	for (uint32_t bit = bits; bit < 128; bit++)
		a->b[bit / 8] &= (uint8_t)~(0x80 >> (bit % 8));
}

static uint8_t random_bits(const struct kind *k, int side)
{
	if (k->any_port || k->min_bits[0] != k->min_bits[1])
		return (uint8_t)k->min_bits[side];
	return (uint8_t)(k->min_bits[side] + bench_below(k->max_bits - k->min_bits[side] + 1));
}

static void random_upper(const struct kind *k, struct ux_selector *sel)
{
	static const uint8_t protos[] = {6, 17, 1};

	if (!k->any_port && (!k->ports || random() % 2))
		return;
	sel->proto = protos[bench_below(k->any_port ? 2 : 3)];
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
		bench_die("out of memory");
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
				   .proto = protos[bench_below(3)],
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

/* An engine that holds so many policies of a kind. */
struct place {
	struct bench_engine e;
	struct ux_policy **policy;
	uint32_t n;
	double ns[FLOWS / FLOWS_TIMED];
	size_t n_ns;
	uint64_t hits;
};

static void time_some(struct place *p, const struct kind *k)
{
	static struct ux_flow_key flow[FLOWS_IN_TURN];

	for (uint32_t i = 0; i < FLOWS_IN_TURN; i++)
		flow[i] = random_flow(k, p->policy[bench_below(p->n)]);
	ux_rcu_read_lock();
	for (uint32_t i = 0; i < FLOWS_IN_TURN; i += FLOWS_TIMED) {
		struct ux_spd_query q[FLOWS_TIMED];
		uint64_t start = bench_ticks();

		for (uint32_t j = 0; j < FLOWS_TIMED; j++)
			q[j] = (struct ux_spd_query){.flow = &flow[i + j]};
		ux_spd_lookup_all(p->e.u, UX_POLICY_OUT, q, FLOWS_TIMED);
		p->ns[p->n_ns++] = (double)(bench_ticks() - start) * bench_tick_ns() / FLOWS_TIMED;
		for (uint32_t j = 0; j < FLOWS_TIMED; j++)
			p->hits += q[j].found != NULL;
	}
	ux_rcu_read_unlock();
}

/* One kind: look-ups at each size, and what adding a policy costs on the way to it, on average. */
struct kind_costs {
	double lookup_ns[LOOKUP_SIZES], insert_ns[LOOKUP_SIZES];
};
static struct kind_costs measured[N_KINDS];

static double grow(struct uxfrm *u, const struct kind *k, struct ux_policy **policy, uint32_t from,
		   uint32_t to)
{
	uint64_t ns = 0;

	for (uint32_t n = from; n < to;) {
		uint32_t first = n, end;
		uint64_t start;

		for (end = n; end < to; end++)
			policy[end] = random_policy(k, u);
		start = bench_clock_ns();
		for (uint32_t i = first; i < end; i++) {
			if (ux_spd_insert(u, policy[i], true, NULL) == 0)
				policy[n++] = policy[i];
			else /* there is one like it: two of them would not be Linux's either */
				ux_policy_free(policy[i]);
		}
		ns += bench_clock_ns() - start;
	}
	return (double)ns / (to - from);
}

static void open_place(struct place *p, const struct kind *k, int size, double *ret_insert_ns)
{
	uint32_t n = lookup_sizes[size], before = size ? lookup_sizes[size - 1] : 0;

	*p = (struct place){.n = n, .policy = calloc(n, sizeof(*p->policy))};
	if (!p->policy)
		bench_die("out of memory");
	bench_engine_open(&p->e);
	(void)grow(p->e.u, k, p->policy, 0, before);
	*ret_insert_ns = grow(p->e.u, k, p->policy, before, n);
}

static void run_kind(const struct kind *k, struct kind_costs *c)
{
	static struct place places[LOOKUP_SIZES];

	for (int i = 0; i < LOOKUP_SIZES; i++)
		open_place(&places[i], k, i, &c->insert_ns[i]);
	for (uint32_t done = 0; done < FLOWS; done += FLOWS_IN_TURN)
		for (int i = 0; i < LOOKUP_SIZES; i++)
			time_some(&places[i], k);
	for (int i = 0; i < LOOKUP_SIZES; i++) {
		if (places[i].hits < FLOWS / 4)
			bench_die("look-ups find too little");
		c->lookup_ns[i] = spd_median(places[i].ns, places[i].n_ns);
		bench_engine_close(&places[i].e);
		free(places[i].policy);
	}
}

bool spd_lookups(void)
{
	bool good = true;

	ux_rcu_register_thread();
	printf("median ns of the look-up of a new flow among policies; in brackets of adding one "
	       "on the "
	       "way\n%-33s %14s %14s %14s %14s  ratios\n",
	       "", "100", "1,000", "10,000", "100,000");
	for (size_t i = 0; i < N_KINDS; i++) {
		struct kind_costs *c = &measured[i];
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
		       insert <= SPD_REQUEST_AIM ? "" : "  adding: aim 1.5 not met");
		fflush(stdout);
		good &= lookup <= LOOKUP_AIM && insert <= SPD_REQUEST_AIM;
	}
	ux_rcu_unregister_thread();
	return good;
}

void spd_lookups_json(FILE *f)
{
	const char *separator = "";

	for (size_t i = 0; i < N_KINDS * LOOKUP_SIZES; i++) {
		const struct kind_costs *c = &measured[i / LOOKUP_SIZES];
		size_t size = i % LOOKUP_SIZES;

		fprintf(f,
			"%s\n{\"kind\": \"%s\", \"policies\": %u, \"median_ns\": %.0f, "
			"\"insert_ns\": %.0f}",
			separator, kinds[i / LOOKUP_SIZES].name, lookup_sizes[size],
			c->lookup_ns[size], c->insert_ns[size]);
		separator = ",";
	}
}
