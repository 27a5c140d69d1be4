/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What requests about SAs cost in the library, without sockets, with 1,000 and with many SAs: is
 * the work the same, and what is it that memory costs? Databases of all sizes exist side by side
 * and are asked in turn, a few hundred requests each, so that a processor that changes its clock
 * changes it for all. The same requests also go to the largest database about the same thousand SAs
 * again and again ("warm"): what that costs more than in a small database is work, what a request
 * about any SA costs more than that is waiting for memory.
 *
 * Options: --size N (default 1,000,000), --slices N, --only NAME, --json FILE.
 * Aim: 1.5 times. Exit status 1: not met.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_requests.h"
#include "engine.h"
#include "wire/abi.h"

#define BATCH 64
#define SLICE 500 /* requests */
#define FEW 1000
#define AIM 1.5
#define SLICES_MAX 4096

struct database {
	const char *name;
	struct uxfrm *u;
	struct uxfrm_client *client;
	uint64_t n_answers, n_dumped;
	uint32_t size;
	uint32_t *order; /* of its entries, at random */
};

/* Whom is asked, about how many of its SAs. */
struct subject {
	const char *name;
	struct database *db;
	uint32_t among, next;
};

enum kind { DELSA, NEWSA, GETSA, MOVE_FIRST, MOVE_AGAIN, DUMP, KINDS };
static const char *const names[KINDS] = {
    "DELSA", "NEWSA", "GETSA", "MIGRATE_STATE, first", "MIGRATE_STATE, later", "dump"};

#define SUBJECTS 3
static double samples[KINDS][SUBJECTS][SLICES_MAX];
static size_t n_samples[KINDS];

/* ---- databases ---- */

static int on_deliver(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	struct database *db = opaque;
	const uint8_t *at = datagram;

	while (len >= NLMSG_HDRLEN) {
		const struct nlmsghdr *h = (const void *)at;
		int error;

		memcpy(&error, at + NLMSG_HDRLEN, sizeof(error));
		if (h->nlmsg_type == NLMSG_ERROR && error)
			bench_die("request refused");
		if (h->nlmsg_flags & NLM_F_MULTI)
			db->n_dumped++;
		else
			db->n_answers++;
		size_t step = NLMSG_ALIGN(h->nlmsg_len);
		step = step > len ? len : step;
		at += step;
		len -= step;
	}
	return 0;
}

/* @n requests about @entry; nanoseconds of one. */
static double ask(struct database *db, request_builder build, const uint32_t *entry, uint32_t n,
		  int place)
{
	static uint8_t datagram[BATCH * REQUEST_MAX];
	uint64_t ticks = 0, answers = db->n_answers;

	for (uint32_t i = 0; i < n;) {
		size_t len = 0;

		for (uint32_t end = i + BATCH < n ? i + BATCH : n; i < end; i++) {
			struct request r;

			build(&r, PATTERN_SCATTERED, entry[i], place);
			memcpy(datagram + len, r.bytes, r.header.nlmsg_len);
			len += NLMSG_ALIGN(r.header.nlmsg_len);
		}
		uint64_t start = bench_ticks();
		uxfrm_client_request(db->client, datagram, len);
		ticks += bench_ticks() - start;
	}
	if (db->n_answers != answers + n)
		bench_die("answers are missing");
	return (double)ticks * bench_tick_ns() / n;
}

static void open_database(struct database *db, const char *name, uint32_t size)
{
	static const struct uxfrm_client_ops ops = {.deliver = on_deliver};
	struct uxfrm_params params;

	uxfrm_params_init(&params);
	params.real_s = BENCH_REAL_S;
	*db = (struct database){.name = name, .size = size};
	if (uxfrm_new(&params, &db->u) < 0 ||
	    uxfrm_client_open(db->u, 1, true, &ops, db, &db->client) < 0)
		bench_die("cannot make an engine");
	db->order = malloc(size * sizeof(*db->order));
	if (!db->order)
		bench_die("out of memory");
	for (uint32_t i = 0; i < size; i++)
		db->order[i] = i;
	(void)ask(db, build_newsa, db->order, size, 0);
	bench_shuffle(db->order, size);
}

static void close_database(struct database *db)
{
	db->client = uxfrm_client_close(db->client);
	db->u = uxfrm_free(db->u);
	free(db->order);
}

/* ---- what is measured ---- */

static const uint32_t *next_entries(struct subject *s, bool *ret_again)
{
	*ret_again = s->next + SLICE > s->among;
	if (*ret_again)
		s->next = 0;
	s->next += SLICE;
	return s->db->order + s->next - SLICE;
}

/* The few stay in the processor's caches, whoever has been asked meanwhile. */
static void warm(struct subject *s, const uint32_t *entry)
{
	if (s->among > FEW)
		return;
	(void)ask(s->db, build_delsa, entry, SLICE, 0);
	(void)ask(s->db, build_newsa, entry, SLICE, 0);
}

static void measure_slice(struct subject *s, size_t which, enum kind kind, size_t slice)
{
	bool again;
	const uint32_t *entry = next_entries(s, &again);
	struct database *db = s->db;

	warm(s, entry);

	if (kind == DELSA) {
		samples[DELSA][which][slice] = ask(db, build_delsa, entry, SLICE, 0);
		samples[NEWSA][which][slice] = ask(db, build_newsa, entry, SLICE, 0);
	} else if (kind == GETSA) {
		samples[GETSA][which][slice] = ask(db, build_getsa, entry, SLICE, 0);
	} else {
		if (again) { /* they have all moved */
			(void)ask(db, build_delsa, db->order, s->among, 0);
			(void)ask(db, build_newsa, db->order, s->among, 0);
			warm(s, entry);
		}
		samples[MOVE_FIRST][which][slice] = ask(db, build_migrate_state, entry, SLICE, 0);
		(void)ask(db, build_migrate_state, entry, SLICE, 1);
	}
}

/* All SAs in the order in which they have moved before. */
static void measure_later(struct subject *s, size_t which, size_t slice)
{
	bool again;
	const uint32_t *entry = next_entries(s, &again);

	if (s->among <= FEW) { /* into the caches */
		(void)ask(s->db, build_migrate_state, entry, SLICE, 0);
		(void)ask(s->db, build_migrate_state, entry, SLICE, 1);
	}
	samples[MOVE_AGAIN][which][slice] = ask(s->db, build_migrate_state, entry, SLICE, 0);
	(void)ask(s->db, build_migrate_state, entry, SLICE, 1);
}

static void measure_dump(struct subject *s, size_t which, size_t slice)
{
	struct request r;
	uint64_t before = s->db->n_dumped, start;

	build_plain(&r, XFRM_MSG_GETSA, NLM_F_DUMP, sizeof(struct xfrm_usersa_id));
	start = bench_ticks();
	for (uint32_t n = 0; n < 100000; n += s->db->size)
		uxfrm_client_request(s->db->client, r.bytes, r.header.nlmsg_len);
	samples[DUMP][which][slice] =
	    (double)(bench_ticks() - start) * bench_tick_ns() / (double)(s->db->n_dumped - before);
}

static void measure(struct subject *subjects, enum kind kind, size_t slices)
{
	for (size_t which = 0; which < SUBJECTS; which++)
		subjects[which].next = 0;
	for (size_t slice = 0; slice < slices; slice++)
		for (size_t which = 0; which < SUBJECTS; which++) {
			if (kind == DUMP)
				measure_dump(&subjects[which], which, slice);
			else if (kind == MOVE_AGAIN)
				measure_later(&subjects[which], which, slice);
			else
				measure_slice(&subjects[which], which, kind, slice);
		}
	n_samples[kind] = slices;
	if (kind == DELSA)
		n_samples[NEWSA] = slices;
}

/* ---- results ---- */

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

static bool report(FILE *json, uint32_t size)
{
	const char *separator = "";
	bool good = true;

	printf("nanoseconds a request, %d in a datagram\n", BATCH);
	printf("%-22s%10s%12s%12s%10s%12s\n", "", "1,000 SAs", "many, warm", "many", "ratio",
	       "of it work");
	if (json)
		fputs("[", json);
	for (int kind = 0; kind < KINDS; kind++) {
		double ns[SUBJECTS];

		if (!n_samples[kind])
			continue;
		for (int which = 0; which < SUBJECTS; which++)
			ns[which] = median(samples[kind][which], n_samples[kind]);
		printf("%-22s%10.0f%12.0f%12.0f%10.2f%12.2f\n", names[kind], ns[0], ns[1], ns[2],
		       ns[2] / ns[0], ns[1] / ns[0]);
		good &= ns[2] / ns[0] <= AIM;
		if (json)
			fprintf(
			    json,
			    "%s\n{\"work\": \"%s\", \"sas\": %u, \"few_ns\": %.0f, \"warm_ns\": "
			    "%.0f, \"many_ns\": %.0f}",
			    separator, names[kind], size, ns[0], ns[1], ns[2]);
		separator = ",";
	}
	if (json && (fputs("\n]\n", json) < 0 || fclose(json) != 0))
		bench_die("cannot write the JSON file");
	printf("aim %.1f times: %s\n", AIM, good ? "met" : "not met");
	return good;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"size", required_argument, NULL, 'n'},
						{"slices", required_argument, NULL, 's'},
						{"only", required_argument, NULL, 'o'},
						{"json", required_argument, NULL, 'j'},
						{NULL, 0, NULL, 0}};
	static struct database few, many;
	const char *only = "", *json = NULL;
	unsigned long size = 1000000, slices = 500;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'n')
			size = strtoul(optarg, NULL, 10);
		else if (c == 's')
			slices = strtoul(optarg, NULL, 10);
		else if (c == 'o')
			only = optarg;
		else if (c == 'j')
			json = optarg;
		else
			return 2;
	}
	if (size < 2 * FEW || size > UINT32_MAX || !slices || slices > SLICES_MAX)
		bench_die("a size of at least 2,000 SAs, 1 to 4,096 slices");
	open_database(&few, "few", FEW);
	open_database(&many, "many", (uint32_t)size);
	struct subject subjects[SUBJECTS] = {
	    {"few", &few, FEW, 0}, {"warm", &many, FEW, 0}, {"many", &many, (uint32_t)size, 0}};

	for (int kind = 0; kind < KINDS; kind++)
		if (kind != NEWSA && strncmp(names[kind], only, strlen(only)) == 0)
			measure(subjects, (enum kind)kind, kind == DUMP ? 3 : slices);
	bool good = report(json ? fopen(json, "w") : NULL, (uint32_t)size);

	close_database(&few);
	close_database(&many);
	return good ? 0 : 1;
}
