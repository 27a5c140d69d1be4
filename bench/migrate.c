/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one XFRM_MSG_MIGRATE_STATE costs, as a whole request through the library, at three sizes of
 * the SA database and in three forms:
 *
 *  - 64 requests in a datagram, as a client sends that moves many SAs. A datagram counts with its
 *    64th part;
 *  - one request after other work: in between, the processor's caches are filled with something
 *    else, as by the packets of a gateway. So an SA roams in practice, one now and then;
 *  - one request right behind the other, each in a datagram of its own.
 *
 * All sizes lead the same life: each SA moves once in ten seconds of the engine's time, in an order
 * that is drawn anew for each pass, to another address and in the next pass back. So all that a
 * move leaves behind (former tuples, former identities) is there in the same proportion, and the
 * grace time of one move has ended before the SA's next one.
 *
 * What a move does does not depend on the number of SAs, and the medians of a form are to differ by
 * no more than half. In the third form this compares processors' caches with main memory: a
 * thousand SAs live in the caches, a million do not, and nothing else is done while a request waits
 * for memory. Its ratio is printed and limited, but the aim is for the first two.
 *
 * Exit status 1: a median is over 5 microseconds, or the medians of a form differ by more than its
 * ratio_limit.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "engine.h"
#include "wire/abi.h"

#define PASSES 4
#define PASS_NS UINT64_C(10000000000) /* engine's time in which every SA moves once */
#define TICK_EVERY 64		      /* moves */
#define SAMPLES_MIN 400000	      /* few SAs: the same again with new engines */
#define MEDIAN_LIMIT_NS 5000.0
#define RATIO_AIM 1.5
#define RATIO_LIMIT RATIO_AIM
#define RATIO_LIMIT_CACHES 2.0		    /* where a thousand SAs have the caches to themselves */
#define OTHER_WORK_BYTES ((size_t)64 << 20) /* more than the caches hold */
#define SAMPLES_AFTER_OTHER_WORK 500	    /* of each pass */
#define PER_DATAGRAM_MAX 64
#define KEY_BITS 160

struct bench {
	struct bench_engine engine;
	uint64_t now_ns;
	uint64_t tick_ns;			  /* spent in uxfrm_tick */
	void *other_work;			  /* OTHER_WORK_BYTES, once needed */
	uint8_t datagram[PER_DATAGRAM_MAX * 256]; /* moves to be sent */
	size_t len;
};

struct percentiles {
	double median, p99, max;
};

struct form {
	const char *name;
	uint32_t per_datagram; /* at most PER_DATAGRAM_MAX */
	bool other_work;       /* before each move that is measured */
	double ratio_limit;    /* between the medians of the sizes */
};

static const struct form forms[] = {
    {"64 requests in a datagram", 64, false, RATIO_LIMIT},
    {"one request after other work", 1, true, RATIO_LIMIT},
    {"one request behind the other", 1, false, RATIO_LIMIT_CACHES},
};
#define N_FORMS (sizeof(forms) / sizeof(forms[0]))
#define N_SIZES 3

struct result {
	uint32_t n_sa;
	struct percentiles first, later, all; /* an SA's first move, its later ones */
	double tick_per_move, rss_per_sa;
};

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

/* Each SA has an SPI of its own, and two addresses between which it moves. */
static uint32_t address_of(uint32_t sa, int place)
{
	return htobe32((place ? 0x20000000u : 0x10000000u) + sa);
}

static uint32_t spi_of(uint32_t sa)
{
	return htobe32(0x1000 + sa);
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
	(void)bench_request(&b->engine, m.bytes, m.header.nlmsg_len, 1);
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

/* The datagram with the moves of these @n SAs. */
static void build_datagram(struct bench *b, const uint32_t *sa, uint32_t n, int from)
{
	struct message m;

	b->len = 0;
	for (uint32_t i = 0; i < n; i++) {
		build_move(&m, sa[i], from);
		if (b->len + m.header.nlmsg_len > sizeof(b->datagram))
			bench_die("datagram too long");
		memcpy(b->datagram + b->len, m.bytes, m.header.nlmsg_len);
		b->len += m.header.nlmsg_len;
	}
}

/* ---- measuring ---- */

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static struct percentiles percentiles_of(uint32_t *ns, size_t n)
{
	qsort(ns, n, sizeof(*ns), compare);
	return (struct percentiles){ns[n / 2], ns[n * 99 / 100], ns[n - 1]};
}

static void tick(struct bench *b)
{
	uint64_t start = bench_clock_ns();

	(void)uxfrm_tick(b->engine.u, b->now_ns, BENCH_REAL_S + b->now_ns / 1000000000u);
	b->tick_ns += bench_clock_ns() - start;
}

/* Fill the caches with something else. */
static void do_other_work(struct bench *b)
{
	if (!b->other_work) {
		b->other_work = malloc(OTHER_WORK_BYTES);
		if (!b->other_work)
			bench_die("out of memory");
	}
	memset(b->other_work, (int)b->now_ns, OTHER_WORK_BYTES);
}

/* Of how many datagrams one is measured. */
static uint32_t stride_of(const struct form *form, uint32_t n_moves)
{
	uint32_t stride = form->other_work ? n_moves / SAMPLES_AFTER_OTHER_WORK : 1;

	return stride ? stride : 1;
}

static size_t samples_of(const struct form *form, uint32_t n_moves)
{
	uint32_t n = (n_moves + form->per_datagram - 1) / form->per_datagram;
	uint32_t stride = stride_of(form, n_moves);

	return (n + stride - 1) / stride;
}

/* Move all @n SAs from place @from to the other; ns[] gets what a move cost, datagram by datagram.
 */
static void move_all(struct bench *b, const struct form *form, uint32_t *order, uint32_t n,
		     int from, uint32_t *ns)
{
	uint32_t n_moves, stride = stride_of(form, n);

	bench_shuffle(order, n);
	for (uint32_t i = 0; i < n; i += n_moves) {
		bool measured = i / form->per_datagram % stride == 0;

		n_moves = n - i < form->per_datagram ? n - i : form->per_datagram;
		build_datagram(b, order + i, n_moves, from);
		if (measured && form->other_work)
			do_other_work(b);

		uint64_t spent = bench_request(&b->engine, b->datagram, b->len, n_moves);

		if (measured)
			*ns++ = (uint32_t)(spent / n_moves);
		b->now_ns += PASS_NS / n * n_moves;
		if (i % TICK_EVERY == 0)
			tick(b);
	}
}

/* One engine's life. ns[] gets PASSES times the times of a pass. */
static void live(const struct form *form, uint32_t n_sa, uint32_t *order, uint32_t *ns,
		 struct result *r)
{
	struct bench b = {0};
	long before = bench_rss_bytes();

	bench_engine_open(&b.engine);
	for (uint32_t i = 0; i < n_sa; i++)
		install(&b, i);
	if (r->rss_per_sa <= 0.0) /* a later engine gets memory that an earlier one gave back */
		r->rss_per_sa = (double)(bench_rss_bytes() - before) / n_sa;
	for (uint32_t pass = 0; pass < PASSES; pass++)
		move_all(&b, form, order, n_sa, pass % 2, ns + samples_of(form, n_sa) * pass);
	r->tick_per_move = (double)b.tick_ns / n_sa / PASSES;
	bench_engine_close(&b.engine);
	free(b.other_work);
}

static struct result run(const struct form *form, uint32_t n_sa)
{
	uint32_t n_lives = form->other_work ? 1 : 1 + SAMPLES_MIN / (n_sa * PASSES);
	size_t per_pass = samples_of(form, n_sa), per_life = per_pass * PASSES;
	size_t n = per_life * n_lives;
	uint32_t *ns = malloc(n * sizeof(*ns)), *order = malloc(n_sa * sizeof(*order));
	struct result r = {.n_sa = n_sa};

	if (!ns || !order)
		bench_die("out of memory");
	memset(ns, 0, n * sizeof(*ns)); /* its pages now, not between two moves */
	for (uint32_t i = 0; i < n_sa; i++)
		order[i] = i;
	for (uint32_t i = 0; i < n_lives; i++)
		live(form, n_sa, order, ns + i * per_life, &r);
	/* of the last life; the whole is sorted last */
	r.first = percentiles_of(ns + n - per_life, per_pass);
	r.later = percentiles_of(ns + n - per_life + per_pass, per_life - per_pass);
	r.all = percentiles_of(ns, n);
	free(order);
	free(ns);
	return r;
}

static void print_json(const char *path, struct result results[][N_SIZES], size_t n_sizes)
{
	const char *separator = "";
	FILE *f = fopen(path, "w");

	if (!f)
		bench_die("cannot write the JSON file");
	fputs("[", f);
	for (size_t i = 0; i < N_FORMS * n_sizes; i++) {
		const struct form *form = &forms[i / n_sizes];
		const struct result *r = &results[i / n_sizes][i % n_sizes];

		fprintf(f,
			"%s\n{\"form\": \"%s\", \"requests_per_datagram\": %u, \"sa\": %u, "
			"\"median_ns\": %.0f, "
			"\"p99_ns\": %.0f, \"max_ns\": %.0f, "
			"\"first_move_median_ns\": %.0f, \"later_moves_median_ns\": %.0f, "
			"\"tick_ns_per_move\": %.0f, \"rss_bytes_per_sa\": %.0f}",
			separator, form->name, form->per_datagram, r->n_sa, r->all.median,
			r->all.p99, r->all.max, r->first.median, r->later.median, r->tick_per_move,
			r->rss_per_sa);
		separator = ",";
	}
	fputs("\n]\n", f);
	if (fclose(f) != 0)
		bench_die("cannot write the JSON file");
}

static void print_part(const char *name, const struct percentiles *p)
{
	printf("  %-20s median %5.0f ns   p99 %6.0f ns   max %9.0f ns\n", name, p->median, p->p99,
	       p->max);
}

static void print_result(const struct result *r)
{
	printf(" %u SAs, %.0f bytes each\n", r->n_sa, r->rss_per_sa);
	print_part("a move", &r->all);
	print_part("  an SA's first", &r->first);
	print_part("  its later ones", &r->later);
	printf("  end of grace time, outside the request: %.0f ns per move\n", r->tick_per_move);
	fflush(stdout);
}

/* Print how the medians of one form compare; do they keep its limits? */
static bool judge(const struct form *form, const struct result *r, size_t n)
{
	double least = r[0].all.median, most = least;

	for (size_t i = 1; i < n; i++) {
		double median = r[i].all.median;

		least = median < least ? median : least;
		most = median > most ? median : most;
	}
	printf("%s: largest median %.0f ns (limit %.0f), largest / smallest %.2f (aim %.1f: %s; "
	       "limit %.1f)\n",
	       form->name, most, MEDIAN_LIMIT_NS, most / least, RATIO_AIM,
	       most / least <= RATIO_AIM ? "met" : "not met", form->ratio_limit);
	return most / least <= form->ratio_limit && most <= MEDIAN_LIMIT_NS;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"json", required_argument, NULL, 'j'},
						{"quick", no_argument, NULL, 'q'},
						{"sa", required_argument, NULL, 's'},
						{NULL, 0, NULL, 0}};
	uint32_t sizes[N_SIZES] = {1000, 100000, 1000000};
	struct result results[N_FORMS][N_SIZES];
	const char *json = NULL;
	size_t n = N_SIZES;
	bool good = true;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'j')
			json = optarg;
		else if (c == 'q')
			n = 2; /* without the million */
		else if (c == 's' && strtoul(optarg, NULL, 10) > 0) {
			sizes[0] = (uint32_t)strtoul(optarg, NULL, 10); /* only this size */
			n = 1;
		} else
			return 2;
	}
	srandom(1);
	for (size_t f = 0; f < N_FORMS; f++) {
		printf("%s\n", forms[f].name);
		for (size_t i = 0; i < n; i++) {
			results[f][i] = run(&forms[f], sizes[i]);
			print_result(&results[f][i]);
		}
	}
	if (json)
		print_json(json, results, n);
	for (size_t f = 0; f < N_FORMS; f++)
		good &= judge(&forms[f], results[f], n);
	return good ? 0 : 1;
}
