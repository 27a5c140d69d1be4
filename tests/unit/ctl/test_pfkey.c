/* SPDX-License-Identifier: BSD-2-Clause */
/* What a script of requests and answers cannot show of PF_KEY sockets: sends that fail, sockets
 * that have no room, key managers that give up. The rest: tests/oracle/pfkey. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "core/instance.h"
#include "ctl/spi_reserve.h"
#include "wire/pfkey_writer.h"

#define START_S 1700000000

struct socket {
	struct uxfrm_pfkey *client;
	int room; /* messages it still takes; negative: any number */
	struct sadb_msg heard[64];
	size_t n;
};

struct world {
	struct uxfrm *u;
	struct socket a, b;
};

static int deliver(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	struct socket *s = opaque;

	if (s->room == 0)
		return -ENOBUFS;
	if (s->room > 0)
		s->room--;
	assert_true(len >= sizeof(struct sadb_msg) && len % 8 == 0);
	assert_true(s->n < 64);
	memcpy(&s->heard[s->n++], datagram, sizeof(struct sadb_msg));
	return 0;
}

static const struct uxfrm_client_ops ops = {.deliver = deliver};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct uxfrm_params params;

	assert_non_null(w);
	uxfrm_params_init(&params);
	params.now_ns = 1;
	params.real_s = START_S;
	assert_int_equal(uxfrm_new(&params, &w->u), 0);
	w->a.room = w->b.room = -1;
	assert_int_equal(uxfrm_pfkey_open(w->u, &ops, &w->a, &w->a.client), 0);
	assert_int_equal(uxfrm_pfkey_open(w->u, &ops, &w->b, &w->b.client), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	assert_null(uxfrm_pfkey_close(w->a.client));
	assert_null(uxfrm_pfkey_close(w->b.client));
	assert_null(uxfrm_free(w->u));
	free(w);
	return 0;
}

static int send_bare(struct socket *s, uint8_t type, uint8_t satype, uint32_t seq, uint8_t error)
{
	const struct sadb_msg m = {.sadb_msg_version = PF_KEY_V2,
				   .sadb_msg_type = type,
				   .sadb_msg_errno = error,
				   .sadb_msg_satype = satype,
				   .sadb_msg_len = 2,
				   .sadb_msg_seq = seq};

	return uxfrm_pfkey_request(s->client, &m, sizeof(m));
}

static void send_policy(struct socket *s, uint8_t net)
{
	const struct ux_addr addr = {.b = {10, net}}, any = {0};
	const struct sadb_address head = {.sadb_address_prefixlen = 16};
	const struct sadb_msg m = {.sadb_msg_version = PF_KEY_V2, .sadb_msg_type = SADB_X_SPDADD};
	const struct sadb_x_policy p = {.sadb_x_policy_type = IPSEC_POLICY_NONE,
					.sadb_x_policy_dir = IPSEC_DIR_OUTBOUND};
	_Alignas(8) uint8_t buf[256];
	struct ux_pfkey_writer w;

	ux_pfkey_begin(&w, buf, sizeof(buf), &m);
	ux_pfkey_put_address(&w, SADB_EXT_ADDRESS_SRC, AF_INET, &any, 0, head);
	ux_pfkey_put_address(&w, SADB_EXT_ADDRESS_DST, AF_INET, &addr, 0, head);
	ux_pfkey_ext(&w, SADB_X_EXT_POLICY, &p, sizeof(p));
	assert_true(ux_pfkey_end(&w));
	assert_int_equal(uxfrm_pfkey_request(s->client, buf, w.len), 0);
}

static void test_sends_that_fail(void **state)
{
	struct world *w = *state;
	uint8_t bytes[16] = {1, SADB_GET, 0, 0, 2};

	assert_int_equal(uxfrm_pfkey_request(w->a.client, bytes, 15), -EMSGSIZE);
	assert_int_equal(uxfrm_pfkey_request(w->a.client, bytes, 16), -EINVAL);
	assert_int_equal(w->a.n, 0);
	assert_int_equal(uxfrm_pfkey_open(w->u, NULL, NULL, &w->a.client), -EINVAL);
}

/* A dump stops where its socket is full, and goes on there. */
static void test_dump_waits_for_room(void **state)
{
	struct world *w = *state;

	for (uint8_t i = 0; i < 7; i++)
		send_policy(&w->b, i);
	w->a.n = 0;
	w->a.room = 2;
	assert_int_equal(send_bare(&w->a, SADB_X_SPDDUMP, 0, 5, 0), 0);
	assert_int_equal(w->a.n, 2);
	assert_true(uxfrm_pfkey_resume(w->a.client));
	assert_int_equal(w->a.n, 2);
	w->a.room = 3;
	assert_true(uxfrm_pfkey_resume(w->a.client));
	assert_int_equal(w->a.n, 5);
	/* meanwhile another one is refused */
	w->a.room = 1;
	assert_int_equal(send_bare(&w->a, SADB_DUMP, 0, 6, 0), 0);
	assert_int_equal(w->a.heard[5].sadb_msg_errno, EBUSY);
	w->a.room = -1;
	assert_false(uxfrm_pfkey_resume(w->a.client));
	assert_int_equal(w->a.n, 8);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(w->a.heard[i].sadb_msg_seq, i + 1);
	assert_int_equal(w->a.heard[6].sadb_msg_seq, 6);
	assert_int_equal(w->a.heard[7].sadb_msg_seq, 0);
	assert_int_equal(w->a.heard[7].sadb_msg_errno, 0);
}

/* Policies that go while a dump waits are not told; the dump still ends. */
static void test_dump_of_what_goes(void **state)
{
	struct world *w = *state;

	for (uint8_t i = 0; i < 5; i++)
		send_policy(&w->b, i);
	w->a.n = 0;
	w->a.room = 1;
	assert_int_equal(send_bare(&w->a, SADB_X_SPDDUMP, 0, 5, 0), 0);
	assert_int_equal(send_bare(&w->b, SADB_X_SPDFLUSH, 0, 5, 0), 0);
	w->a.room = -1;
	assert_false(uxfrm_pfkey_resume(w->a.client));
	/* one before, the one that was held back and the one behind it, which were read already */
	assert_int_equal(w->a.n, 3);
	assert_int_equal(w->a.heard[2].sadb_msg_seq, 0);
}

/* As if they had been requested, but without an answer. */
static void test_listening(void **state)
{
	struct world *w = *state;

	uxfrm_pfkey_set_listening(w->b.client, 1u << SADB_SATYPE_AH);
	assert_int_equal(send_bare(&w->a, SADB_REGISTER, SADB_SATYPE_ESP, 1, 0), 0);
	assert_int_equal(w->b.n, 1);
	uxfrm_pfkey_set_listening(w->b.client, 1);
	assert_int_equal(send_bare(&w->a, SADB_GET, SADB_SATYPE_ESP, 1, 0), 0);
	assert_int_equal(w->b.n, 3); /* the request and the error */
	uxfrm_pfkey_set_listening(w->b.client, 0);
	assert_int_equal(send_bare(&w->a, SADB_GET, SADB_SATYPE_ESP, 1, 0), 0);
	assert_int_equal(w->b.n, 3);
}

/* What a socket has no room for is lost, and nobody else's loss. */
static void test_full_socket(void **state)
{
	struct world *w = *state;

	w->b.room = 0;
	send_policy(&w->a, 1);
	assert_int_equal(w->a.n, 1);
	assert_int_equal(w->b.n, 0);
	w->a.room = 0;
	/* Linux tells the others of a flush only when it could answer */
	w->b.room = -1;
	assert_int_equal(send_bare(&w->a, SADB_X_SPDFLUSH, 0, 9, 0), 0);
	assert_int_equal(w->b.n, 0);
	assert_int_equal(w->u->spd.n[UX_POLICY_OUT], 0);
}

static void delete_by_index(struct socket *s, uint32_t index)
{
	const struct sadb_msg m = {.sadb_msg_version = PF_KEY_V2,
				   .sadb_msg_type = SADB_X_SPDDELETE2};
	const struct sadb_x_policy p = {.sadb_x_policy_id = index};
	_Alignas(8) uint8_t buf[64];
	struct ux_pfkey_writer w;

	ux_pfkey_begin(&w, buf, sizeof(buf), &m);
	ux_pfkey_ext(&w, SADB_X_EXT_POLICY, &p, sizeof(p));
	assert_true(ux_pfkey_end(&w));
	assert_int_equal(uxfrm_pfkey_request(s->client, buf, w.len), 0);
}

/* Packets wait for an inbound policy that is deleted, as when it is deleted over NETLINK_XFRM. */
static void test_deleted_policy_leaves_gap(void **state)
{
	struct world *w = *state;
	const struct ux_limits limits = {UX_LIMIT_INFINITE, UX_LIMIT_INFINITE, UX_LIMIT_INFINITE,
					 UX_LIMIT_INFINITE};

	w->u->params.hold_ms = 500;
	for (uint8_t dir = UX_POLICY_IN; dir <= UX_POLICY_OUT; dir++) {
		struct ux_policy *policy = ux_policy_new(w->u, 1);

		assert_non_null(policy);
		policy->dir = dir;
		policy->family = AF_INET;
		policy->sel.family = AF_INET;
		policy->templates[0].proto = 50;
		policy->templates[0].family = AF_INET;
		assert_int_equal(ux_policy_set_limits(policy, &limits), 0);
		assert_int_equal(ux_spd_insert(w->u, policy, true, NULL), 0);
		delete_by_index(&w->a, policy->index);
		assert_int_equal(w->u->spd.n[dir], 0);
	}
	assert_int_equal(atomic_load(&w->u->interim.n_gaps), 1);
}

/* An acquire that is given up: its larval SA waits for its end, and for nothing else. */
static void test_given_up(void **state)
{
	struct world *w = *state;
	struct ux_sa_params params = {
	    .id = {.daddr = {.b = {10, 0, 0, 2}}, .family = AF_INET, .proto = 50},
	    .saddr = {.b = {10, 0, 0, 1}},
	    .pcpu = UINT32_MAX,
	    .acquire_seq = 77,
	};
	static const struct ux_mark none;
	struct ux_sa *sa;

	assert_int_equal(ux_spi_larval(w->u, &params, 0, &sa), 0);
	assert_ptr_equal(ux_sad_lookup_larval_by_seq(w->u, none, 77, UINT32_MAX), sa);
	assert_int_equal(send_bare(&w->a, SADB_ACQUIRE, SADB_SATYPE_ESP, 77, 0), 0);
	assert_int_equal(ux_sa_state_of(sa), UX_SA_LARVAL);
	assert_int_equal(send_bare(&w->a, SADB_ACQUIRE, SADB_SATYPE_ESP, 77, ECONNREFUSED), 0);
	assert_int_equal(ux_sa_state_of(sa), UX_SA_DEAD);
	assert_null(ux_sad_lookup_larval_by_seq(w->u, none, 77, UINT32_MAX));
	assert_null(ux_sad_lookup_larval(w->u, &params));
	assert_int_equal(w->u->sad.n_sa, 1);
	uxfrm_tick(w->u, 40ull * 1000000000, START_S + 40);
	assert_int_equal(w->u->sad.n_sa, 0);
	assert_int_equal(w->a.n, 0); /* neither answered nor registered */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_sends_that_fail, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_dump_waits_for_room, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_dump_of_what_goes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_listening, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_full_socket, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_deleted_policy_leaves_gap, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_given_up, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
