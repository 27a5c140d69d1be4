/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The promise as a property: two engines, threads that send and receive, one that moves, updates,
 * deletes and re-adds the SA between them. An observer of everything that was on the wire and
 * everything that was delivered then checks
 *
 *  - no sequence number twice in the life of an SA (each life has its own SPI here, through all its
 * moves);
 *  - no (key, IV) pair twice for ever, also when a key comes back in another SA;
 *  - no packet delivered twice, although the wire repeats packets at random;
 *  - while the SA is only moved and updated: every packet sent is delivered.
 *
 * Requests go in as netlink bytes, packets as memory. Seeded; UX_MODEL_SEED and UX_MODEL_PACKETS
 * change it.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <uxfrm/engine.h>
#include <uxfrm/packet.h>

#include "base/bytes.h"
#include "tests/model/wire_setup.h"

enum {
	BURST = 16,
	QUEUE = 256,	   /* packets between senders and receivers */
	MAX_AGE = 256,	   /* packets others may send while a thread holds some */
	MOVE_EVERY = 150,  /* packets sent between two changes */
	CHANGE_LAG = 1500, /* packets more before senders wait for a change that is due */
	PACKET_MAX = 512,
	THREADS = 2, /* of each kind */
	INNER_LEN = 20 + 8 + 8,
};

struct frame {
	uint32_t len;
	uint8_t bytes[PACKET_MAX];
};

struct seen { /* one packet on the wire */
	uint32_t spi;
	uint32_t seq;
	uint64_t iv;
};

/* The wire: a bounded queue under a mutex. The engines under test take no lock of ours. */
struct wire {
	pthread_mutex_t lock;
	struct frame frames[QUEUE];
	size_t head, n;
	int senders_left;
};

struct scenario {
	struct uxfrm *tx, *rx;
	struct wire wire;
	size_t n_packets; /* per sender */
	bool with_deletes;
	_Atomic(uint64_t) sent, refused; /* on the wire; not sent for want of an SA */
	_Atomic(uint64_t) changes,
	    repeated; /* requests carried out; packets given to the receiver again */
	_Atomic(uint64_t) change_due; /* after so many packets the next change is made */
	_Atomic(int) running;
	_Atomic(uint64_t)
	    held_since[2 * THREADS]; /* per thread: packets sent when it took what it holds */
	uint32_t seed;
};

struct worker_log {
	struct scenario *s;
	uint32_t seed, number;
	struct seen *seen; /* sender */
	size_t n_seen;
	uint64_t *delivered; /* receiver: ids */
	size_t n_delivered, cap_delivered;
	uint64_t unexpected_drop; /* a reason that must not occur */
};

static uint32_t rnd(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void build_inner(uint8_t *p, uint64_t id)
{
	memset(p, 0, INNER_LEN);
	p[0] = 0x45;
	ux_put_be16(p + 2, INNER_LEN);
	ux_put_be16(p + 6, 0x4000);
	p[8] = 64;
	p[9] = IPPROTO_UDP;
	inet_pton(AF_INET, "10.1.0.1", p + 12);
	inet_pton(AF_INET, "10.2.0.1", p + 16);
	ux_put_be16(p + 20, 1000);
	ux_put_be16(p + 22, 2000);
	ux_put_be16(p + 24, 16);
	memcpy(p + 28, &id, sizeof(id));
}

/* Where ESP starts in an outer packet without options or extension headers. */
static const uint8_t *find_esp(const uint8_t *p)
{
	size_t off = (p[0] >> 4) == 4 ? 20 : 40;
	uint8_t proto = (p[0] >> 4) == 4 ? p[9] : p[6];

	return p + off + (proto == IPPROTO_UDP ? 8 : 0);
}

static bool wire_put(struct wire *w, const uint8_t *data, uint32_t len)
{
	bool ok = false;

	pthread_mutex_lock(&w->lock);
	if (w->n < QUEUE) {
		struct frame *f = &w->frames[(w->head + w->n++) % QUEUE];

		f->len = len;
		memcpy(f->bytes, data, len);
		ok = true;
	}
	pthread_mutex_unlock(&w->lock);
	return ok;
}

/* Up to @max frames; *ret_over: nothing will come any more. */
static size_t wire_take(struct wire *w, struct frame *out, size_t max, bool *ret_over)
{
	size_t n = 0;

	pthread_mutex_lock(&w->lock);
	while (n < max && w->n) {
		out[n++] = w->frames[w->head];
		w->head = (w->head + 1) % QUEUE;
		w->n--;
	}
	*ret_over = !n && !w->senders_left;
	pthread_mutex_unlock(&w->lock);
	return n;
}

static void log_sent(struct worker_log *log, const struct uxfrm_packet *p)
{
	const uint8_t *esp = find_esp(p->data);
	struct seen *seen = &log->seen[log->n_seen++];

	seen->spi = ux_get_be32(esp);
	seen->seq = ux_get_be32(esp + 4);
	seen->iv = ux_get_be64(esp + 8);
	while (!wire_put(&log->s->wire, p->data, p->len))
		sched_yield();
}

static uint64_t handled(struct scenario *s)
{
	return atomic_load(&s->sent) + atomic_load(&s->refused);
}

/*
 * A thread that the scheduler stops with packets in its hands delays them at will, beyond any
 * replay window and grace time. That is a network's fault, not the engine's, so the delay is
 * bounded: others wait when a thread has held its packets for too long.
 */
static void hold(struct scenario *s, uint32_t thread)
{
	for (bool wait = true; wait;) {
		/* nor may the changes fall behind, or the test would test little */
		wait = handled(s) > atomic_load(&s->change_due) + CHANGE_LAG;
		for (int i = 0; i < 2 * THREADS; i++)
			wait |= atomic_load(&s->held_since[i]) + MAX_AGE < atomic_load(&s->sent);
		if (wait)
			sched_yield();
	}
	atomic_store(&s->held_since[thread], atomic_load(&s->sent));
}

static void let_go(struct scenario *s, uint32_t thread)
{
	atomic_store(&s->held_since[thread], UINT64_MAX / 2);
}

static void *send_packets(void *arg)
{
	struct worker_log *log = arg;
	struct scenario *s = log->s;
	struct uxfrm_worker *w = uxfrm_worker_new(s->tx);
	static _Thread_local uint8_t buf[BURST][UXFRM_HEADROOM + INNER_LEN + UXFRM_TAILROOM];
	struct uxfrm_packet pkt[BURST], *ptr[BURST];
	uint64_t id = (uint64_t)log->number << 32;
	for (size_t done = 0; done < s->n_packets; done += BURST) {
		for (int i = 0; i < BURST; i++) {
			pkt[i] = (struct uxfrm_packet){.buf = buf[i],
						       .size = sizeof(buf[i]),
						       .data = buf[i] + UXFRM_HEADROOM,
						       .len = INNER_LEN};
			build_inner(pkt[i].data, id++);
			ptr[i] = &pkt[i];
		}
		hold(s, log->number);
		uxfrm_outbound(w, ptr, BURST);
		for (int i = 0; i < BURST; i++) {
			if (pkt[i].verdict == UXFRM_UNDERLAY) {
				atomic_fetch_add(&s->sent, 1);
				log_sent(log, &pkt[i]);
			} else if (pkt[i].verdict == UXFRM_DROP &&
				   pkt[i].drop == UXFRM_DROP_OUT_NO_SA) {
				atomic_fetch_add(&s->refused, 1);
			} else {
				log->unexpected_drop++;
			}
		}
		let_go(s, log->number);
	}
	uxfrm_worker_free(w);
	pthread_mutex_lock(&s->wire.lock);
	s->wire.senders_left--;
	pthread_mutex_unlock(&s->wire.lock);
	return NULL;
}

static void log_delivered(struct worker_log *log, const struct uxfrm_packet *p)
{
	if (log->n_delivered == log->cap_delivered) {
		log->cap_delivered = log->cap_delivered * 2 + 1024;
		log->delivered = realloc(log->delivered, log->cap_delivered * sizeof(uint64_t));
	}
	memcpy(&log->delivered[log->n_delivered++], p->data + 28, sizeof(uint64_t));
}

/* A receiver gives each packet to the engine, and now and then one it has seen before. */
static void *receive_packets(void *arg)
{
	struct worker_log *log = arg;
	struct scenario *s = log->s;
	struct uxfrm_worker *w = uxfrm_worker_new(s->rx);
	static _Thread_local struct frame frames[BURST], old[64];
	static _Thread_local uint8_t buf[BURST][UXFRM_HEADROOM + PACKET_MAX];
	struct uxfrm_packet pkt[BURST], *ptr[BURST];
	size_t n_old = 0;
	bool over = false;

	while (!over) {
		size_t n;

		atomic_store(&s->held_since[log->number], atomic_load(&s->sent));
		n = wire_take(&s->wire, frames, BURST / 2, &over);

		for (size_t i = 0; i < n; i++)
			old[n_old++ % 64] = frames[i];
		for (size_t fresh = n; fresh && n < BURST && rnd(&log->seed) % 2; n++) {
			atomic_fetch_add(&s->repeated, 1);
			frames[n] = old[rnd(&log->seed) % (n_old < 64 ? n_old : 64)];
		}
		for (size_t i = 0; i < n; i++) {
			memcpy(buf[i] + UXFRM_HEADROOM, frames[i].bytes, frames[i].len);
			pkt[i] = (struct uxfrm_packet){.buf = buf[i],
						       .size = sizeof(buf[i]),
						       .mark = 7,
						       .data = buf[i] + UXFRM_HEADROOM,
						       .len = frames[i].len};
			ptr[i] = &pkt[i];
		}
		uxfrm_inbound(w, ptr, n);
		for (size_t i = 0; i < n; i++)
			if (pkt[i].verdict == UXFRM_DELIVER)
				log_delivered(log, &pkt[i]);
		let_go(s, log->number);
		if (!n)
			sched_yield();
	}
	uxfrm_worker_free(w);
	return NULL;
}

/* The control thread of both engines: a change after every MOVE_EVERY packets. */
static void *change_things(void *arg)
{
	struct scenario *s = arg;
	struct model_pair pair;
	uint32_t seed = s->seed * 7 + 1;
	uint64_t now = 1;

	model_pair_init(&pair, s->tx, s->rx);
	model_install(&pair, 0);
	atomic_store(&s->change_due, MOVE_EVERY);
	atomic_store(&s->running, 1);
	while (atomic_load(&s->running) == 1) {
		uint32_t what = rnd(&seed) % 10;

		if (handled(s) < atomic_load(&s->change_due)) {
			sched_yield();
			continue;
		}
		if (s->with_deletes && what < 2)
			model_replace_life(&pair, rnd(&seed));
		else if (what < 4)
			model_update(&pair, rnd(&seed));
		else
			model_move(&pair, rnd(&seed));
		atomic_fetch_add(&s->changes, 1);
		atomic_store(&s->change_due, handled(s) + MOVE_EVERY);
		uxfrm_tick(s->tx, now, 1000);
		uxfrm_tick(s->rx, now, 1000);
		now += 1000000;
	}
	model_pair_fini(&pair);
	return NULL;
}

static int by_spi_seq(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	if (x->spi != y->spi)
		return x->spi < y->spi ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

static int by_key_iv(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	uint32_t kx = model_key_of_spi(x->spi), ky = model_key_of_spi(y->spi);

	if (kx != ky)
		return kx < ky ? -1 : 1;
	return (x->iv > y->iv) - (x->iv < y->iv);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* All logs in one array, checked for repeats. */
static void check_sent(struct worker_log *logs)
{
	size_t n = 0;
	struct seen *all;

	for (int i = 0; i < THREADS; i++)
		n += logs[i].n_seen;
	all = calloc(n + 1, sizeof(*all));
	n = 0;
	for (int i = 0; i < THREADS; i++) {
		memcpy(all + n, logs[i].seen, logs[i].n_seen * sizeof(*all));
		n += logs[i].n_seen;
	}
	assert_true(n > 1000);
	qsort(all, n, sizeof(*all), by_spi_seq);
	for (size_t i = 1; i < n; i++)
		if (!by_spi_seq(&all[i - 1], &all[i]))
			fail_msg("SPI 0x%08x: sequence number %u twice", all[i].spi, all[i].seq);
	qsort(all, n, sizeof(*all), by_key_iv);
	for (size_t i = 1; i < n; i++)
		if (!by_key_iv(&all[i - 1], &all[i]))
			fail_msg("SPI 0x%08x and 0x%08x: one key, one IV", all[i - 1].spi,
				 all[i].spi);
	free(all);
}

static size_t check_delivered(struct worker_log *logs)
{
	size_t n = 0;
	uint64_t *all;

	for (int i = 0; i < THREADS; i++)
		n += logs[i].n_delivered;
	all = calloc(n + 1, sizeof(*all));
	n = 0;
	for (int i = 0; i < THREADS; i++) {
		if (logs[i].n_delivered) /* one receiver may have done all the work */
			memcpy(all + n, logs[i].delivered, logs[i].n_delivered * sizeof(*all));
		n += logs[i].n_delivered;
	}
	qsort(all, n, sizeof(*all), by_value);
	for (size_t i = 1; i < n; i++)
		if (all[i - 1] == all[i])
			fail_msg("packet %llx delivered twice", (unsigned long long)all[i]);
	free(all);
	return n;
}

static void report_drops(struct uxfrm *u)
{
	struct uxfrm_packet_stats stats;

	uxfrm_packet_stats_get(u, &stats);
	for (int i = 0; i < UXFRM_DROP_COUNT; i++)
		if (stats.drops[i])
			print_message("  %s %llu\n", uxfrm_drop_name(i),
				      (unsigned long long)stats.drops[i]);
}

static void run_scenario(bool with_deletes)
{
	static struct scenario s;
	struct worker_log tx[THREADS] = {0}, rx[THREADS] = {0};
	pthread_t threads[2 * THREADS], control;
	const char *packets = getenv("UX_MODEL_PACKETS"), *seed = getenv("UX_MODEL_SEED");
	struct uxfrm_params params;
	size_t delivered;

	memset(&s, 0, sizeof(s));
	pthread_mutex_init(&s.wire.lock, NULL);
	s.wire.senders_left = THREADS;
	for (uint32_t i = 0; i < 2 * THREADS; i++)
		let_go(&s, i);
	s.n_packets = packets ? strtoul(packets, NULL, 0) : 40000;
	s.n_packets = (s.n_packets + BURST - 1) / BURST * BURST;
	s.seed = seed ? (uint32_t)strtoul(seed, NULL, 0) : 1;
	s.with_deletes = with_deletes;
	uxfrm_params_init(&params);
	params.real_s = 1000;
	assert_int_equal(uxfrm_new(&params, &s.tx), 0);
	assert_int_equal(uxfrm_new(&params, &s.rx), 0);
	pthread_create(&control, NULL, change_things, &s);
	while (!atomic_load(&s.running))
		sched_yield();
	for (uint32_t i = 0; i < THREADS; i++) {
		tx[i] = (struct worker_log){
		    .s = &s, .number = i, .seen = calloc(s.n_packets, sizeof(struct seen))};
		rx[i] = (struct worker_log){.s = &s, .seed = s.seed + i, .number = THREADS + i};
		pthread_create(&threads[2 * i], NULL, send_packets, &tx[i]);
		pthread_create(&threads[2 * i + 1], NULL, receive_packets, &rx[i]);
	}
	for (int i = 0; i < 2 * THREADS; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&s.running, 2);
	pthread_join(control, NULL);

	check_sent(tx);
	delivered = check_delivered(rx);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(tx[i].unexpected_drop, 0);
	print_message("sent %llu, refused %llu, delivered %zu, given again %llu, changes %llu\n",
		      (unsigned long long)s.sent, (unsigned long long)s.refused, delivered,
		      (unsigned long long)s.repeated, (unsigned long long)s.changes);
	assert_true(s.repeated > s.n_packets / 100);
	assert_true(s.changes > s.n_packets / MOVE_EVERY / 10);
	if (!with_deletes) {
		report_drops(s.rx);
		assert_int_equal(s.refused, 0);
		assert_int_equal(delivered, s.sent);
	}
	for (int i = 0; i < THREADS; i++) {
		free(tx[i].seen);
		free(rx[i].delivered);
	}
	uxfrm_free(s.tx);
	uxfrm_free(s.rx);
	pthread_mutex_destroy(&s.wire.lock);
}

static void moves_and_updates_lose_and_repeat_nothing(void **state)
{
	run_scenario(false);
}

static void deletes_and_returning_keys_repeat_nothing(void **state)
{
	run_scenario(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(moves_and_updates_lose_and_repeat_nothing),
	    cmocka_unit_test(deletes_and_returning_keys_repeat_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
