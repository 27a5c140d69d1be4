/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Workers that share one SA, in the daemon's order (daemon/order.h), with the smallest window there
 * is: what they send has each number once, in order, and no IV twice; the limit is met exactly;
 * what they receive is accepted whole and delivered in the order it came. Bursts have any size, and
 * threads let others run where it hurts most.
 */

#include "unit/ipsec/pair.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "daemon/order.h"

#define N_WORKERS 4
#define N_PACKETS 20000 /* the SA's limit */
#define WINDOW 32
#define WIRE_MAX 160
#define ESP_AT 20 /* behind the outer header */
#define IV_AT (ESP_AT + 8)
#define TAG_AT 20 /* behind the inner header */

struct on_wire {
	uint8_t bytes[WIRE_MAX];
	uint32_t len;
	uint32_t tag; /* of the packet inside: worker << 24 | number */
};

static struct {
	struct pair pair;
	struct ux_order order;
	struct on_wire *wire; /* whoever's turn it is */
	size_t n_wire;
	/* receiving: under the port's lock */
	struct ux_port port;
	size_t n_taken;
	/* whoever's turn it is */
	uint32_t *delivered;
	size_t n_delivered;
	_Atomic(uint32_t) dropped;
} all;

struct thread {
	pthread_t thread;
	uint32_t id, seed;
	struct test_packet *packets;
	struct uxfrm_packet *burst[UXFRM_BURST];
	struct ux_order_mine mine;
};

static uint32_t below(struct thread *t, uint32_t n)
{
	t->seed = t->seed * 1103515245 + 12345;
	return (t->seed >> 16) % n;
}

static void pause_sometimes(struct thread *t)
{
	if (below(t, 8) == 0)
		sched_yield();
}

static void append(const struct uxfrm_packet *p, uint32_t tag)
{
	struct on_wire *w = &all.wire[all.n_wire++];

	assert_true(all.n_wire <= N_PACKETS);
	assert_true(p->len <= WIRE_MAX);
	memcpy(w->bytes, p->data, p->len);
	w->len = p->len;
	w->tag = tag;
}

static void *sender(void *opaque)
{
	struct thread *t = opaque;
	const struct inner_spec spec = {.family = AF_INET, .payload = 40};
	struct uxfrm_worker *w = uxfrm_worker_new(all.pair.a.u);
	uint32_t number = 0;
	bool over = false;

	assert_non_null(w);
	uxfrm_worker_set_order(w, &ux_order_ops, &t->mine);
	while (!over) {
		uint32_t n = 1 + below(t, UXFRM_BURST), first = number;

		for (uint32_t i = 0; i < n; i++) {
			make_inner(&t->packets[i], &spec);
			ux_put_be32(t->packets[i].p.data + TAG_AT, t->id << 24 | number++);
			t->burst[i] = &t->packets[i].p;
		}
		uxfrm_outbound(w, t->burst, n);
		pause_sometimes(t);
		ux_order_send(&t->mine);
		for (uint32_t i = 0; i < n; i++) {
			over |= t->burst[i]->verdict != UXFRM_UNDERLAY;
			if (t->burst[i]->verdict == UXFRM_UNDERLAY)
				append(t->burst[i], t->id << 24 | (first + i));
			else
				assert_int_equal(t->burst[i]->drop, UXFRM_DROP_OUT_EXPIRED);
		}
		ux_order_sent(&t->mine);
	}
	uxfrm_worker_free(w);
	return NULL;
}

static size_t take(struct ux_port *port, struct uxfrm_packet *const *packets, size_t n)
{
	size_t got = 0;

	for (; got < n && all.n_taken < all.n_wire; got++, all.n_taken++) {
		packets[got]->data = ux_port_start(packets[got]);
		packets[got]->len = all.wire[all.n_taken].len;
		memcpy(packets[got]->data, all.wire[all.n_taken].bytes, packets[got]->len);
	}
	return got;
}

static const struct ux_port_ops take_ops = {.receive = take};

static void *receiver(void *opaque)
{
	struct thread *t = opaque;
	struct uxfrm_worker *w = uxfrm_worker_new(all.pair.b.u);
	bool more;
	size_t n;

	assert_non_null(w);
	uxfrm_worker_set_order(w, &ux_order_ops, &t->mine);
	for (uint32_t i = 0; i < UXFRM_BURST; i++) {
		t->packets[i].p.buf = t->packets[i].buf;
		t->packets[i].p.size = sizeof(t->packets[i].buf);
		t->burst[i] = &t->packets[i].p;
	}
	while ((n = ux_order_receive(&t->mine, &all.port, t->burst, 1 + below(t, UXFRM_BURST),
				     &more)) > 0) {
		pause_sometimes(t);
		uxfrm_inbound(w, t->burst, n);
		pause_sometimes(t);
		ux_order_deliver(&t->mine);
		for (size_t i = 0; i < n; i++) {
			if (t->burst[i]->verdict == UXFRM_DELIVER)
				all.delivered[all.n_delivered++] =
				    ux_get_be32(t->burst[i]->data + TAG_AT);
			else
				atomic_fetch_add(&all.dropped, 1);
		}
		ux_order_delivered(&t->mine);
	}
	uxfrm_worker_free(w);
	return NULL;
}

static void run(void *(*work)(void *))
{
	static struct thread threads[N_WORKERS];

	for (uint32_t i = 0; i < N_WORKERS; i++) {
		threads[i] = (struct thread){.id = i, .seed = i + 1, .mine = {.all = &all.order}};
		threads[i].packets = calloc(UXFRM_BURST, sizeof(*threads[i].packets));
		assert_non_null(threads[i].packets);
		assert_int_equal(pthread_create(&threads[i].thread, NULL, work, &threads[i]), 0);
	}
	for (uint32_t i = 0; i < N_WORKERS; i++) {
		pthread_join(threads[i].thread, NULL);
		free(threads[i].packets);
	}
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Each number once and in order, to the limit; no IV twice. */
static void check_wire(void)
{
	uint64_t *ivs = malloc(N_PACKETS * sizeof(*ivs));

	assert_non_null(ivs);
	assert_int_equal(all.n_wire, N_PACKETS);
	for (uint32_t i = 0; i < N_PACKETS; i++) {
		assert_int_equal(ux_get_be32(all.wire[i].bytes + ESP_AT + 4), i + 1);
		memcpy(&ivs[i], all.wire[i].bytes + IV_AT, sizeof(ivs[i]));
	}
	qsort(ivs, N_PACKETS, sizeof(*ivs), by_number);
	for (uint32_t i = 1; i < N_PACKETS; i++)
		assert_true(ivs[i] != ivs[i - 1]);
	free(ivs);
}

static void shared_sa(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = WINDOW, .hard_packets = N_PACKETS};

	pair_open(&all.pair);
	usual_tunnel(&all.pair, &spec, NULL);
	ux_order_init(&all.order);
	all.wire = calloc(N_PACKETS, sizeof(*all.wire));
	all.delivered = calloc(N_PACKETS, sizeof(*all.delivered));
	assert_non_null(all.wire);
	assert_non_null(all.delivered);
	run(sender);
	check_wire();

	all.port = (struct ux_port){.ops = &take_ops, .fd = -1, .side = UX_PORT_UNDERLAY};
	assert_int_equal(ux_port_share(&all.port), 0);
	run(receiver);
	assert_int_equal(atomic_load(&all.dropped), 0);
	assert_int_equal(all.n_delivered, N_PACKETS);
	for (uint32_t i = 0; i < N_PACKETS; i++)
		assert_int_equal(all.delivered[i], all.wire[i].tag);

	ux_port_unshare(&all.port);
	ux_order_fini(&all.order);
	free(all.wire);
	free(all.delivered);
	pair_close(&all.pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(shared_sa)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
