/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * oracle-judge REQUESTS KERNEL ENGINE: compare what both sides have answered. Prints a line for
 *each sequence in which they differ and no rule says why:
 *
 *	differs NAME STEP CLIENT KERNEL ENGINE
 *
 * with the first messages that differ, in hexadecimal, - for none;
 * then how often each rule of differences.c was needed, and last "COUNT sequences, COUNT steps,
 * COUNT answers, COUNT differ". The exit status is 1 when a sequence differs.
 */

#include "judge.h"

#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX (1u << 20)

enum { KERNEL, ENGINE };

static struct records requests, answers[2];
static struct side sides[2];
static unsigned int step_number; /* in the sequence */
static unsigned long n_sequences, n_steps, n_answers, n_differ;

static void die(const char *what)
{
	fprintf(stderr, "oracle-judge: %s\n", what);
	exit(2);
}

static uint8_t *arena_copy(struct side *s, const uint8_t *bytes, size_t len)
{
	uint8_t *p = s->arena + s->n_arena;

	if (s->n_arena + len > s->room_arena)
		die("too much for one step");
	memcpy(p, bytes, len);
	s->n_arena += (len + 15) & ~(size_t)15;
	return p;
}

static void add_message(struct side *s, const struct record *r, const uint8_t *bytes, size_t len)
{
	struct message *m;

	if (s->n_messages == s->room_messages) {
		s->room_messages = 2 * s->room_messages + 64;
		s->message = realloc(s->message, s->room_messages * sizeof(*s->message));
		if (!s->message)
			die("memory");
	}
	m = &s->message[s->n_messages++];
	*m = (struct message){
	    .bytes = arena_copy(s, bytes, len), .len = len, .group = r->arg, .client = r->client};
	volatile_mask(s, m);
}

/* The datagrams of a dump are cut by each side in its own way, so messages are compared. */
static void add_datagram(struct side *s, const struct record *r, const uint8_t *data)
{
	size_t at = 0;

	while (r->len - at >= NLMSG_HDRLEN) {
		size_t n = NLMSG_ALIGN((size_t)u32_at(data + at));

		if (n < NLMSG_HDRLEN || n > r->len - at)
			break;
		add_message(s, r, data + at, n);
		at += n;
	}
	if (at < r->len)
		add_message(s, r, data + at, r->len - at);
}

/* The answers of the next step, up to where the one behind it starts. */
static void read_step(int who)
{
	struct side *s = &sides[who];
	struct record r;
	const uint8_t *data;
	size_t before;

	s->n_messages = s->n_arena = 0;
	for (before = answers[who].at; records_next(&answers[who], &r, &data);
	     before = answers[who].at) {
		if (r.kind == RECORD_STEP || r.kind == RECORD_SEQUENCE)
			break;
		if (r.kind == RECORD_ANSWER)
			add_datagram(s, &r, data);
		else if (r.kind == RECORD_ERROR)
			add_message(s, &r, (const uint8_t *)"error", 5);
	}
	answers[who].at = before;
}

/* Go to the beginning of sequence @name and see what it has decided. */
static void begin_side(int who, const uint8_t *name, size_t len)
{
	struct side *s = &sides[who];
	struct record r;
	const uint8_t *data;
	size_t start;

	do {
		if (!records_next(&answers[who], &r, &data))
			die(who == KERNEL ? "the kernel's answers end too early"
					  : "the engine's answers end too early");
	} while (r.kind != RECORD_SEQUENCE);
	if (r.len != len || memcmp(name, data, len) != 0)
		die("the answers are of other requests");
	memset(s->number, 0, sizeof(s->number));
	s->begin_s = s->acquire_base = 0;
	start = answers[who].at;
	while (records_next(&answers[who], &r, &data) && r.kind != RECORD_SEQUENCE) {
		if (r.kind == RECORD_BEGIN)
			s->begin_s = u64_at(data);
		else if (r.kind == RECORD_KEPT)
			s->number[r.arg % NUMBERS_MAX] = u32_at(data);
	}
	answers[who].at = start;
	read_step(who); /* up to the first step */
}

static bool is_same(const struct message *a, const struct message *b)
{
	return a->client == b->client && a->group == b->group && a->len == b->len &&
	       memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* The message that is answered by one with this sequence number. */
static void find_request(struct dispute *d, const struct message *m)
{
	size_t at = 0;

	d->request = NULL;
	if (!d->datagram || m->len < NLMSG_HDRLEN)
		return;
	while (d->datagram_len - at >= NLMSG_HDRLEN) {
		const uint8_t *p = d->datagram + at;
		size_t n = u32_at(p);

		if (n < NLMSG_HDRLEN || n > d->datagram_len - at)
			return;
		if (message_seq(p) == message_seq(m->bytes) || n + at + 3 >= d->datagram_len) {
			d->request = p;
			d->request_len = n;
			if (message_seq(p) == message_seq(m->bytes))
				return;
		}
		if (NLMSG_ALIGN(n) > d->datagram_len - at)
			return;
		at += NLMSG_ALIGN(n);
	}
}

/* The acknowledgement of this request. */
static const struct message *find_ack(const struct side *s, const struct dispute *d)
{
	for (size_t i = 0; d->request && i < s->n_messages; i++) {
		const struct message *m = &s->message[i];

		if (m->group == 0 && m->len >= NLMSG_HDRLEN &&
		    message_type(m->bytes) == NLMSG_ERROR &&
		    message_seq(m->bytes) == message_seq(d->request))
			return m;
	}
	return NULL;
}

/* The first answers that no rule explains. */
static struct dispute unexplained;

static void print_message(const struct message *m)
{
	putchar(' ');
	if (!m)
		putchar('-');
	for (size_t i = 0; m && i < m->len; i++)
		printf("%02x", m->bytes[i]);
}

enum verdict { EQUAL, EXPLAINED_OVER, DIFFERENT };

/* How much of a dump goes out before the answers to the rest of its datagram depends on sizes of
 * buffers, so pieces of dumps and the rest are two streams. */
static bool is_piece(const struct message *m)
{
	return m->len >= NLMSG_HDRLEN && u16_at(m->bytes + 6) & NLM_F_MULTI && m->group == 0;
}

/* The next message from *at on of this client and stream; NULL: none. */
static const struct message *next_of(const struct side *s, size_t *at, uint8_t client, bool pieces)
{
	while (*at < s->n_messages) {
		const struct message *m = &s->message[(*at)++];

		if (m->client == client && is_piece(m) == pieces)
			return m;
	}
	return NULL;
}

static int by_content(const void *a, const void *b)
{
	const struct message *m = a, *n = b;
	size_t len = m->len < n->len ? m->len : n->len;
	int order = m->client - n->client;

	if (!order)
		order = memcmp(m->bytes, n->bytes, len);
	return order ? order : (m->len > n->len) - (m->len < n->len);
}

static bool is_all_same(void)
{
	if (sides[KERNEL].n_messages != sides[ENGINE].n_messages)
		return false;
	for (size_t i = 0; i < sides[KERNEL].n_messages; i++)
		if (!is_same(&sides[KERNEL].message[i], &sides[ENGINE].message[i]))
			return false;
	return true;
}

/* What is due at one instant comes in any order, and here time stands still between requests. */
static void sort_expiries(void)
{
	if (is_all_same())
		return;
	for (int who = 0; who < 2; who++)
		qsort(sides[who].message, sides[who].n_messages, sizeof(struct message),
		      by_content);
	if (is_all_same())
		difference_count("expiry-order");
}

/* The datagrams of a step, one behind the other. */
static struct {
	uint8_t *bytes;
	size_t len, room;
	bool is_open;
} step;

static void step_add(const uint8_t *data, size_t len)
{
	if (!step.is_open)
		step.len = 0;
	step.is_open = true;
	if (step.room - step.len < len) {
		step.room = 2 * (step.len + len);
		step.bytes = realloc(step.bytes, step.room);
		if (!step.bytes)
			die("memory");
	}
	memcpy(step.bytes + step.len, data, len);
	step.len += len;
}

/* @m: one of the two, whose request it may be about. */
static bool is_explained(struct dispute *d, const struct message *m, bool *ret_over)
{
	find_request(d, m);
	d->kernel_ack = find_ack(&sides[KERNEL], d);
	d->engine_ack = find_ack(&sides[ENGINE], d);
	return difference_explain(d, ret_over) != NULL;
}

static void note_unexplained(const struct dispute *d)
{
	if (!unexplained.kernel && !unexplained.engine)
		unexplained = *d;
}

static enum verdict compare_stream(uint8_t client, bool pieces)
{
	size_t at[2] = {0};

	for (;;) {
		struct dispute d = {
		    .datagram = step.len ? step.bytes : NULL,
		    .datagram_len = step.len,
		    .client = client,
		    .kernel = next_of(&sides[KERNEL], &at[KERNEL], client, pieces),
		    .engine = next_of(&sides[ENGINE], &at[ENGINE], client, pieces),
		};
		bool over = false;

		if (!d.kernel && !d.engine)
			return EQUAL;
		if (d.kernel && d.engine && is_same(d.kernel, d.engine))
			continue;
		if (!is_explained(&d, d.engine ? d.engine : d.kernel, &over) &&
		    (!d.kernel || !is_explained(&d, d.kernel, &over))) {
			note_unexplained(&d);
			return DIFFERENT;
		}
		if (over)
			return EXPLAINED_OVER;
	}
}

/* After an explained end of the comparison the rest of the step, too, may be of another state. */
static enum verdict compare_step(bool time_passed)
{
	enum verdict verdict = EQUAL;

	n_answers += sides[KERNEL].n_messages;
	if (time_passed)
		sort_expiries();
	for (uint8_t c = 0; c < CLIENTS_MAX; c++) {
		for (int pieces = 0; pieces < 2; pieces++) {
			enum verdict of_stream = compare_stream(c, pieces);

			if (of_stream == EXPLAINED_OVER)
				return EXPLAINED_OVER;
			if (of_stream == DIFFERENT)
				verdict = DIFFERENT;
		}
	}
	return verdict;
}

static void skip_sequence(void)
{
	struct record r;
	const uint8_t *data;
	size_t before = requests.at;

	while (records_next(&requests, &r, &data) && r.kind != RECORD_SEQUENCE)
		before = requests.at;
	requests.at = before;
}

static void next_step(int who)
{
	struct record mark;
	const uint8_t *nothing;

	if (!records_next(&answers[who], &mark, &nothing) || mark.kind != RECORD_STEP)
		die("a step without answers");
	read_step(who);
}

/* What was sent since the last step, or the time that has passed. */
static enum verdict judge_step(bool time_passed)
{
	if (time_passed)
		step.len = 0;
	step.is_open = false;
	step_number++;
	unexplained = (struct dispute){0};
	next_step(KERNEL);
	next_step(ENGINE);
	return compare_step(time_passed);
}

static enum verdict judge_record(const struct record *r, const uint8_t *data)
{
	enum verdict verdict = EQUAL;

	if (r->kind == RECORD_PATCH)
		return EQUAL;
	if (r->kind == RECORD_SEND || r->kind == RECORD_MORE) {
		n_steps++;
		step_add(data, r->len);
		return r->kind == RECORD_SEND ? judge_step(false) : EQUAL;
	}
	if (step.is_open)
		verdict = judge_step(false);
	if (verdict != EQUAL || r->kind != RECORD_SLEEP)
		return verdict;
	n_steps++;
	return judge_step(true);
}

static void judge_sequence(const uint8_t *name, size_t len)
{
	struct record r;
	const uint8_t *data;
	enum verdict verdict = EQUAL;

	step.is_open = false;
	step_number = 0;

	n_sequences++;
	begin_side(KERNEL, name, len);
	begin_side(ENGINE, name, len);
	for (size_t before = requests.at; verdict == EQUAL && records_next(&requests, &r, &data);
	     before = requests.at) {
		if (r.kind == RECORD_SEQUENCE) {
			requests.at = before;
			break;
		}
		verdict = judge_record(&r, data);
	}
	if (verdict == EQUAL && step.is_open)
		verdict = judge_step(false);
	if (verdict == EQUAL)
		return;
	skip_sequence();
	if (verdict == DIFFERENT) {
		n_differ++;
		printf("differs %.*s %u %c", (int)len, (const char *)name, step_number,
		       'A' + unexplained.client);
		print_message(unexplained.kernel);
		print_message(unexplained.engine);
		putchar('\n');
	}
}

int main(int argc, char **argv)
{
	struct record r;
	const uint8_t *data;

	if (argc != 4)
		die("usage: oracle-judge REQUESTS KERNEL ENGINE");
	records_load(&requests, argv[1]);
	for (int who = 0; who < 2; who++) {
		records_load(&answers[who], argv[2 + who]);
		sides[who].room_arena = MESSAGE_MAX * 16;
		sides[who].arena = malloc(sides[who].room_arena);
		if (!sides[who].arena)
			die("memory");
	}
	while (records_next(&requests, &r, &data))
		if (r.kind == RECORD_SEQUENCE)
			judge_sequence(data, r.len);
	differences_report(stdout);
	printf("%lu sequences, %lu steps, %lu answers, %lu differ\n", n_sequences, n_steps,
	       n_answers, n_differ);
	return n_differ != 0;
}
