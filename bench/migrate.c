/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one XFRM_MSG_MIGRATE_STATE costs, as a whole request through the library, at three sizes of
 * the SA database. The SAs are visited in random order, each is moved to a new address and, in a
 * second pass, back. Requests and answers are netlink bytes. Two ways of measuring:
 *
 *  - back to back: one request behind the other. A thousand SAs then live in the processor's caches
 * and a million do not, so the difference between sizes is that of the machine's memories.
 *  - cold: the caches are emptied before each request, as other work does between two moves in
 * life. What then still grows with the size would be the data structures' own.
 *
 * Exit status 1: a median is over 5 microseconds, or the cold median grows by more than half with
 * the size.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <uxfrm/engine.h>

#include "wire/abi.h"

#define COLD_SAMPLES 500	       /* moves timed with empty caches, each way */
#define EVICT_BYTES ((size_t)64 << 20) /* more than the last-level cache */
#define SAMPLES                                                                          \
	20000 /* moves that are timed, from each of the first and the last tenth at most \
	       */
#define MEDIAN_LIMIT_NS 5000.0
#define RATIO_LIMIT 1.5
#define KEY_BITS 160

struct bench {
	struct uxfrm *u;
	struct uxfrm_client *client;
	uint64_t now_ns;
	int error; /* of the latest answer */
	uint64_t n_answers;
};

struct percentiles {
	double median, p99, max;
};

struct result {
	uint32_t n_sa;
	struct percentiles first, last, all, cold;
	double rss_per_sa;
};

static void die(const char *what)
{
	fprintf(stderr, "bench_migrate: %s\n", what);
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

/* ---- requests ---- */

struct message {
	union {
		struct nlmsghdr header;
		uint8_t bytes[1024];
	};
};

static void message_begin(struct message *m, uint16_t type, uint16_t flags)
{
	memset(m, 0, sizeof(*m));
	m->header.nlmsg_len = NLMSG_HDRLEN;
	m->header.nlmsg_type = type;
	m->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	m->header.nlmsg_seq = 1;
}

static void *message_add(struct message *m, size_t len)
{
	void *at = m->bytes + m->header.nlmsg_len;

	m->header.nlmsg_len += (uint32_t)NLMSG_ALIGN(len);
	return at;
}

static void *message_attr(struct message *m, uint16_t type, size_t len)
{
	struct nlattr *a = message_add(m, NLA_HDRLEN + len);

	a->nla_type = type;
	a->nla_len = (uint16_t)(NLA_HDRLEN + len);
	return (uint8_t *)a + NLA_HDRLEN;
}

/* Each SA has an address and an SPI of its own; @home is where it is now, of two places. */
static uint32_t address_of(uint32_t sa, int home)
{
	return htobe32((home ? 0x20000000u : 0x10000000u) + sa);
}

static uint32_t spi_of(uint32_t sa)
{
	return htobe32(0x1000 + sa);
}

static int on_deliver(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	struct bench *b = opaque;
	const struct nlmsghdr *h = datagram;
	int error;

	if (len < NLMSG_HDRLEN + sizeof(error) || h->nlmsg_type != NLMSG_ERROR)
		die("unexpected answer");
	memcpy(&error, (const uint8_t *)datagram + NLMSG_HDRLEN, sizeof(error));
	b->error = error;
	b->n_answers++;
	return 0;
}

static void request(struct bench *b, const struct message *m, const char *what)
{
	uint64_t before = b->n_answers;

	uxfrm_client_request(b->client, m->bytes, m->header.nlmsg_len);
	if (b->n_answers != before + 1 || b->error != 0)
		die(what);
}

static void install(struct bench *b, uint32_t sa)
{
	struct message m;
	struct xfrm_usersa_info *info;
	struct xfrm_algo_aead *aead;

	message_begin(&m, XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL);
	info = message_add(&m, sizeof(*info));
	info->id.daddr.a4 = address_of(sa, 0);
	info->id.spi = spi_of(sa);
	info->id.proto = 50;
	info->saddr.a4 = htobe32(0x0a000001);
	info->family = info->sel.family = AF_INET;
	info->mode = XFRM_MODE_TUNNEL;
	info->reqid = 1 + sa;
	info->replay_window = 32;
	info->lft.soft_byte_limit = info->lft.hard_byte_limit = XFRM_INF;
	info->lft.soft_packet_limit = info->lft.hard_packet_limit = XFRM_INF;
	aead = message_attr(&m, XFRMA_ALG_AEAD, sizeof(*aead) + KEY_BITS / 8);
	strcpy(aead->alg_name, "rfc4106(gcm(aes))");
	aead->alg_key_len = KEY_BITS;
	aead->alg_icv_len = 128;
	memcpy(aead->alg_key, &sa, sizeof(sa)); /* a key of its own */
	request(b, &m, "NEWSA refused");
}

static void build_move(struct message *m, uint32_t sa, int from)
{
	struct ux_xfrm_user_migrate_state *r;

	message_begin(m, UX_XFRM_MSG_MIGRATE_STATE, 0);
	r = message_add(m, sizeof(*r));
	r->id.daddr.a4 = address_of(sa, from);
	r->id.spi = spi_of(sa);
	r->id.family = AF_INET;
	r->id.proto = 50;
	r->new_daddr.a4 = address_of(sa, !from);
	r->new_saddr.a4 = htobe32(0x0a000001);
	r->new_sel.family = AF_INET;
	r->new_reqid = 1 + sa;
	r->new_family = AF_INET;
}

/* ---- measuring ---- */

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static struct percentiles percentiles_of(uint32_t *ns, uint32_t n)
{
	qsort(ns, n, sizeof(*ns), compare);
	return (struct percentiles){ns[n / 2], ns[(uint64_t)n * 99 / 100], ns[n - 1]};
}

static uint32_t *shuffled(uint32_t n)
{
	uint32_t *order = malloc(n * sizeof(*order));

	if (!order)
		die("out of memory");
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	for (uint32_t i = n; i > 1; i--) {
		uint32_t j = (uint32_t)((uint64_t)random() * i >> 31);
		uint32_t swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
	return order;
}

/* Read and write more than the caches hold; what comes back must not be optimised away. */
static void empty_caches(void)
{
	static volatile uint8_t *memory;

	if (!memory) {
		memory = malloc(EVICT_BYTES);
		if (!memory)
			die("out of memory");
	}
	for (size_t i = 0; i < EVICT_BYTES; i += 64)
		memory[i]++;
}

/* Move the first @n SAs of @order from place @from to the other; ns[] gets each one's time. */
static void move_all(struct bench *b, const uint32_t *order, uint32_t n, int from, bool cold,
		     uint32_t *ns)
{
	struct message m;

	for (uint32_t i = 0; i < n; i++) {
		build_move(&m, order[i], from);
		if (cold)
			empty_caches();

		uint64_t start = clock_ns();

		request(b, &m, "MIGRATE_STATE refused");
		ns[i] = (uint32_t)(clock_ns() - start);
		/* time goes on as it would: 20 microseconds for each, so that grace times end */
		b->now_ns += 20000;
		if (i % 64 == 0)
			(void)uxfrm_tick(b->u, b->now_ns, 1000 + b->now_ns / 1000000000u);
	}
}

static struct result run(uint32_t n_sa)
{
	static const struct uxfrm_client_ops ops = {.deliver = on_deliver};
	uint32_t n = n_sa < 2 * SAMPLES ? n_sa : 2 * SAMPLES;
	uint32_t *ns = calloc(2 * (size_t)n, sizeof(*ns)), *order = shuffled(n_sa);
	struct result r = {.n_sa = n_sa};
	struct bench b = {0};
	struct uxfrm_params params;

	if (!ns)
		die("out of memory");
	uxfrm_params_init(&params);
	params.real_s = 1000;

	long before = rss_bytes();

	if (uxfrm_new(&params, &b.u) < 0 ||
	    uxfrm_client_open(b.u, 1, true, &ops, &b, &b.client) < 0)
		die("cannot make an engine");
	for (uint32_t i = 0; i < n_sa; i++)
		install(&b, i);
	r.rss_per_sa = (double)(rss_bytes() - before) / n_sa;

	/* there and back twice when there are few; distinct SAs in each pass */
	for (int round = 0; round < (n_sa < SAMPLES ? 20 : 1); round++) {
		move_all(&b, order, n, 0, false, ns);
		move_all(&b, order, n, 1, false, ns + n);
	}

	uint32_t tenth = 2 * n / 10;

	r.first = percentiles_of(ns, tenth);
	r.last = percentiles_of(ns + 2 * (size_t)n - tenth, tenth);
	r.all = percentiles_of(ns, 2 * n);
	move_all(&b, order, COLD_SAMPLES, 0, true, ns);
	move_all(&b, order, COLD_SAMPLES, 1, true, ns + COLD_SAMPLES);
	r.cold = percentiles_of(ns, 2 * COLD_SAMPLES);
	b.client = uxfrm_client_close(b.client);
	uxfrm_free(b.u);
	free(order);
	free(ns);
	return r;
}

static void print_json(const char *path, const struct result *r, size_t n)
{
	FILE *f = fopen(path, "w");

	if (!f)
		die("cannot write the JSON file");
	fputs("[", f);
	for (size_t i = 0; i < n; i++)
		fprintf(f,
			"%s\n{\"sa\": %u, \"cold_median_ns\": %.0f, \"cold_p99_ns\": %.0f, "
			"\"median_ns\": %.0f, \"p99_ns\": %.0f, \"max_ns\": %.0f, "
			"\"first_tenth_median_ns\": %.0f, \"first_tenth_p99_ns\": %.0f, "
			"\"last_tenth_median_ns\": %.0f, \"last_tenth_p99_ns\": %.0f, "
			"\"rss_bytes_per_sa\": %.0f}",
			i ? "," : "", r[i].n_sa, r[i].cold.median, r[i].cold.p99, r[i].all.median,
			r[i].all.p99, r[i].all.max, r[i].first.median, r[i].first.p99,
			r[i].last.median, r[i].last.p99, r[i].rss_per_sa);
	fputs("\n]\n", f);
	if (fclose(f) != 0)
		die("cannot write the JSON file");
}

static void print_part(const char *name, const struct percentiles *p)
{
	printf("  %-24s median %5.0f ns   p99 %6.0f ns   max %9.0f ns\n", name, p->median, p->p99,
	       p->max);
}

static void print_result(const struct result *r)
{
	printf("%u SAs, %.0f bytes each\n", r->n_sa, r->rss_per_sa);
	print_part("cold", &r->cold);
	print_part("back to back", &r->all);
	print_part("  first tenth of these", &r->first);
	print_part("  last tenth of these", &r->last);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"json", required_argument, NULL, 'j'},
						{"quick", no_argument, NULL, 'q'},
						{NULL, 0, NULL, 0}};
	static const uint32_t sizes[] = {1000, 100000, 1000000};
	struct result results[3];
	const char *json = NULL;
	size_t n = 3;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'j')
			json = optarg;
		else if (c == 'q')
			n = 2; /* without the million */
		else
			return 2;
	}
	srandom(1);

	double least = 0, most = 0, slowest = 0;

	for (size_t i = 0; i < n; i++) {
		results[i] = run(sizes[i]);
		print_result(&results[i]);

		double cold = results[i].cold.median, warm = results[i].all.median;

		least = i == 0 || cold < least ? cold : least;
		most = cold > most ? cold : most;
		slowest = warm > slowest ? warm : slowest;
	}
	if (json)
		print_json(json, results, n);
	printf("cold medians, largest / smallest: %.2f (limit %.1f); largest median %.0f ns (limit "
	       "%.0f)\n",
	       most / least, RATIO_LIMIT, slowest, MEDIAN_LIMIT_NS);
	return most / least > RATIO_LIMIT || slowest > MEDIAN_LIMIT_NS;
}
