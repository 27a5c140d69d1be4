/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The look ahead in a datagram changes nothing: an engine that gets random requests 64 in a
 * datagram answers byte for byte as one that gets them one by one. There are so few SAs and
 * policies that the requests of a datagram are mostly about the same ones, and what was found out
 * ahead of a request's turn is often wrong by then. And as both have looked ahead, if not as far:
 * each SA stands in the tables where its own fields say.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uxfrm/engine.h>

#include "bench/control_requests.h"
#include "core/instance.h"
#include "core/sad_index.h"
#include "wire/abi.h"

#define BATCH 64
#define BATCHES 400
#define ENTRIES 12
#define ANSWERS_MAX (1 << 20)
#define SEED 7

struct side {
	struct uxfrm *u;
	struct uxfrm_client *client;
	uint8_t *answers; /* to the requests of one batch */
	size_t len;
	uint32_t n;
};

static int on_deliver(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	struct side *s = opaque;

	assert_true(s->len + len <= ANSWERS_MAX);
	memcpy(s->answers + s->len, datagram, len);
	s->len += len;
	s->n++;
	return 0;
}

static const struct uxfrm_client_ops ops = {.deliver = on_deliver};

static void side_open(struct side *s)
{
	struct uxfrm_params params;

	memset(s, 0, sizeof(*s));
	uxfrm_params_init(&params);
	params.real_s = 1000;
	s->answers = malloc(ANSWERS_MAX);
	assert_non_null(s->answers);
	assert_int_equal(uxfrm_new(&params, &s->u), 0);
	assert_int_equal(uxfrm_client_open(s->u, 1, true, &ops, s, &s->client), 0);
	/* events too: of SAs, policies, migrations */
	uxfrm_client_set_groups(s->client, 1u << 2 | 1u << 3 | 1u << 6);
}

static void side_close(struct side *s)
{
	uxfrm_client_close(s->client);
	uxfrm_free(s->u);
	free(s->answers);
}

static const request_builder builders[] = {
    build_newsa,     build_newsa,     build_delsa,     build_getsa,   build_newpolicy,
    build_newpolicy, build_delpolicy, build_getpolicy, build_migrate, build_migrate_state,
};

/* Linux finds the SA by its addresses then. */
static void of_any_reqid(struct request *r)
{
	struct xfrm_user_migrate *m =
	    (void *)(r->bytes + NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct xfrm_userpolicy_id)) +
		     NLA_HDRLEN);

	m->reqid = 0;
}

static void build_one(struct request *r, uint32_t seq)
{
	size_t which = (size_t)random() % (sizeof(builders) / sizeof(builders[0]));

	builders[which](r, PATTERN_SCATTERED, (uint32_t)random() % ENTRIES, (int)random() % 2);
	r->header.nlmsg_seq = seq;
	if (builders[which] == build_migrate && random() % 4 == 0)
		of_any_reqid(r);
	if (random() % 50 == 0) /* cut short: the header, or the attributes behind it */
		r->header.nlmsg_len = NLMSG_HDRLEN + (uint32_t)random() % 64;
}

static void tick(struct side *s, uint32_t batch)
{
	s->len = s->n = 0;
	uxfrm_tick(s->u, (batch + 1) * UINT64_C(300000000), 1000 + batch / 3);
}

static void check_places(struct uxfrm *u)
{
	struct ux_list *pos;

	ux_list_for_each (pos, &u->sad.all) {
		struct ux_sa *sa = ux_container_of(pos, struct ux_sa, all), *at;
		struct ux_address_key key = ux_sad_address_key(sa);

		at = ux_sad_tuple_chain(u, &sa->id);
		while (at && at != sa)
			at = ux_rcu_own(&at->next_same_tuple);
		assert_non_null(at);
		at = ux_sad_address_chain(u, &key);
		while (at && at != sa)
			at = ux_rcu_own(&at->next_same_address);
		assert_non_null(at);
	}
}

static void a_batch_is_answered_as_its_requests(void **state)
{
	static uint8_t datagram[BATCH * REQUEST_MAX];
	struct side one_by_one, at_once;
	uint32_t refused = 0, total = 0;

	srandom(SEED);
	side_open(&one_by_one);
	side_open(&at_once);
	for (uint32_t batch = 0; batch < BATCHES; batch++) {
		size_t len = 0;

		tick(&one_by_one, batch);
		tick(&at_once, batch);
		for (uint32_t i = 0; i < BATCH; i++) {
			struct request r;

			build_one(&r, batch * BATCH + i);
			memcpy(datagram + len, r.bytes, r.header.nlmsg_len);
			uxfrm_client_request(one_by_one.client, &r, r.header.nlmsg_len);
			len += NLMSG_ALIGN(r.header.nlmsg_len);
		}
		uxfrm_client_request(at_once.client, datagram, len);
		assert_int_equal(at_once.n, one_by_one.n);
		assert_int_equal(at_once.len, one_by_one.len);
		assert_memory_equal(at_once.answers, one_by_one.answers, at_once.len);
		check_places(at_once.u);
		total += at_once.n;
		for (size_t at = 0; at + NLMSG_HDRLEN <= at_once.len;) {
			const struct nlmsghdr *h = (const void *)(at_once.answers + at);
			int error;

			memcpy(&error, at_once.answers + at + NLMSG_HDRLEN, sizeof(error));
			refused += h->nlmsg_type == NLMSG_ERROR && error;
			at += NLMSG_ALIGN(h->nlmsg_len);
		}
	}
	/* neither all nor nothing worked */
	assert_in_range(refused, total / 10, total - total / 10);
	side_close(&one_by_one);
	side_close(&at_once);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_batch_is_answered_as_its_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
