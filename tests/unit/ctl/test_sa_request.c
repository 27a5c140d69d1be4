/* SPDX-License-Identifier: BSD-2-Clause */
/* SA requests where the answer is not Linux 6.12's, or needs time, limits or several steps to be
 * seen. */

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/instance.h"
#include "talk.h"
#include "wire/attrs.h"

#define LARVAL_S 30 /* params.acq_expires_s as it is at first */

static struct talk t;
static _Alignas(16) uint8_t buf[65536];
static struct ux_writer w;

static int setup(void **state)
{
	talk_open(&t);
	uxfrm_client_set_groups(t.b.client, 0);
	ux_writer_init(&w, buf, sizeof(buf));
	return 0;
}

static int teardown(void **state)
{
	talk_close(&t);
	return 0;
}

static void put_mark(uint32_t v, uint32_t m)
{
	struct xfrm_mark mark = {.v = v, .m = m};

	ux_msg_attr(&w, XFRMA_MARK, &mark, sizeof(mark));
}

static void add_marked(uint16_t type, uint32_t v, uint32_t m, int error)
{
	struct xfrm_usersa_info p = talk_sa_info(1);

	ux_msg_begin(&w, type, NLM_F_REQUEST | NLM_F_ACK, 0, 1, &p, sizeof(p));
	talk_put_gcm(&w, (uint8_t)v);
	put_mark(v, m);
	assert_true(ux_msg_end(&w));
	talk_send(&t.a, &w);
	talk_error(&t, 0, error);
	talk_forget(&t);
}

static void ask_marked(uint16_t type, uint32_t v, uint32_t m, int error)
{
	struct xfrm_usersa_id id = talk_sa_id(1);

	ux_msg_begin(&w, type, NLM_F_REQUEST | NLM_F_ACK, 0, 1, &id, sizeof(id));
	put_mark(v, m);
	assert_true(ux_msg_end(&w));
	talk_send(&t.a, &w);
	if (error || type == XFRM_MSG_DELSA)
		talk_error(&t, 0, error);
	else
		talk_msg(&t, 0, 'A', XFRM_MSG_NEWSA);
	talk_forget(&t);
}

/* GETSA, DELSA and UPDSA mean the SA with exactly this value and mask; NEWSA collides by wildcard.
 */
static void test_marks_are_exact(void **state)
{
	add_marked(XFRM_MSG_NEWSA, 0, 0xff, 0);
	ask_marked(XFRM_MSG_GETSA, 0, 0, -ESRCH);
	ask_marked(XFRM_MSG_GETSA, 0, 0xff, 0);
	ask_marked(XFRM_MSG_GETSA, 0, 0xffff, -ESRCH);
	add_marked(XFRM_MSG_NEWSA, 0x1ff, 0x0f0f, 0); /* stored as {0x10f, 0x0f0f} */
	ask_marked(XFRM_MSG_GETSA, 0x1ff, 0x0f0f, -ESRCH);
	ask_marked(XFRM_MSG_GETSA, 0x10f, 0x0f0f, 0);
	add_marked(XFRM_MSG_NEWSA, 0x100, 0xffff, -EEXIST); /* 0x100 & 0xff == 0 */
	add_marked(XFRM_MSG_UPDSA, 0, 0, -ESRCH);
	add_marked(XFRM_MSG_UPDSA, 0, 0xff, 0);
	ask_marked(XFRM_MSG_DELSA, 0, 0, -ESRCH);
	ask_marked(XFRM_MSG_DELSA, 0, 0xff, 0);
	ask_marked(XFRM_MSG_GETSA, 0x10f, 0x0f0f, 0);
}

static void add(uint16_t type, uint8_t fill, uint32_t oseq, uint64_t bytes)
{
	struct xfrm_usersa_info p = talk_sa_info(1);
	struct xfrm_replay_state replay = {.oseq = oseq};
	struct xfrm_lifetime_cur cur = {.bytes = bytes, .packets = 1, .add_time = 1600000000};

	p.lft.hard_byte_limit = bytes + 1000;
	ux_msg_begin(&w, type, NLM_F_REQUEST, 0, 1, &p, sizeof(p));
	talk_put_gcm(&w, fill);
	ux_msg_attr(&w, XFRMA_REPLAY_VAL, &replay, sizeof(replay));
	ux_msg_attr(&w, XFRMA_LTIME_VAL, &cur, sizeof(cur));
	assert_true(ux_msg_end(&w));
	talk_send(&t.a, &w);
	assert_int_equal(t.n_heard, 0);
}

/* An update must not touch what belongs to the key. */
static void test_update_keeps_runtime(void **state)
{
	struct xfrm_usersa_id wire = talk_sa_id(1);

	add(XFRM_MSG_NEWSA, 7, 100, 5000);
	struct ux_sa_id id = {.spi = wire.spi, .family = AF_INET, .proto = IPPROTO_ESP};
	memcpy(&id.daddr, &wire.daddr, sizeof(id.daddr));
	const struct ux_sa *old = ux_sad_lookup_exact(t.u, &id, (struct ux_mark){0, 0});
	assert_non_null(old);
	const struct ux_sa_runtime *rt = old->runtime;
	add(XFRM_MSG_UPDSA, 8, 3, 9);
	const struct ux_sa *now = ux_sad_lookup_exact(t.u, &id, (struct ux_mark){0, 0});
	assert_non_null(now);
	assert_ptr_equal(now->runtime, rt);
	assert_int_equal(atomic_load(&rt->oseq), 100);
	assert_int_equal(atomic_load(&rt->bytes), 5000);
	assert_int_equal(rt->keys->algo[0].key[0], 7);
	assert_int_equal(now->runtime->terms.limits->hard_bytes, 1009);
	assert_int_equal(t.u->sad.n_sa, 1);
}

static void allocspi(uint32_t min, uint32_t max, uint8_t last_octet, uint32_t reqid)
{
	struct xfrm_userspi_info p;

	memset(&p, 0, sizeof(p));
	p.info = talk_sa_info(0);
	p.info.reqid = reqid;
	p.info.id.daddr.a4 = htobe32(0x0a000000u | last_octet);
	p.min = min;
	p.max = max;
	ux_msg_begin(&w, XFRM_MSG_ALLOCSPI, NLM_F_REQUEST, 0, reqid, &p, sizeof(p));
	assert_true(ux_msg_end(&w));
	talk_send(&t.a, &w);
}

/* All SPIs of a range are found, each once, whatever the destination; then there is none. */
static void test_allocspi_uses_the_whole_range(void **state)
{
	bool seen[64] = {false};

	for (uint32_t i = 0; i < 64; i++) {
		allocspi(0x100, 0x13f, (uint8_t)(i % 3 + 1), i + 1);
		const struct xfrm_usersa_info *p =
		    (const void *)(talk_msg(&t, 0, 'A', XFRM_MSG_NEWSA) + 1);
		uint32_t spi = be32toh(p->id.spi);

		assert_in_range(spi, 0x100, 0x13f);
		assert_false(seen[spi - 0x100]);
		seen[spi - 0x100] = true;
		talk_forget(&t);
	}
	allocspi(0x100, 0x13f, 9, 999);
	assert_string_equal(talk_error(&t, 0, -ENOENT), "No SPI available in the requested range");
}

static void test_larval_times_out(void **state)
{
	allocspi(5, 5, 2, 1);
	assert_int_equal(t.u->sad.n_sa, 1);
	talk_tick(&t, (LARVAL_S - 1) * 1000);
	assert_int_equal(t.u->sad.n_sa, 1);
	talk_forget(&t);
	uxfrm_client_set_groups(t.b.client, 1 << (UX_XFRM_GROUP_EXPIRE - 1));
	talk_tick(&t, 2000);
	assert_int_equal(t.u->sad.n_sa, 0);
	const struct nlmsghdr *h = talk_msg(&t, 0, 'B', XFRM_MSG_EXPIRE);
	const struct xfrm_user_expire *e = (const void *)(h + 1);
	assert_int_equal(t.heard[0].group, UX_XFRM_GROUP_EXPIRE);
	assert_int_equal(h->nlmsg_pid, 0);
	assert_int_equal(h->nlmsg_seq, 0);
	assert_int_equal(e->hard, 1);
	assert_int_equal(e->state.id.spi, htobe32(5));
	assert_int_equal(e->state.lft.hard_add_expires_seconds, LARVAL_S);
	assert_int_equal(t.n_heard, 1);
	talk_forget(&t);
	allocspi(5, 5, 2, 1); /* the SPI is free again */
	talk_msg(&t, 0, 'A', XFRM_MSG_NEWSA);
}

/* A larval SA that was fulfilled stays. */
static void test_fulfilled_stays(void **state)
{
	allocspi(1, 1, 2, 1);
	talk_put_sa(&w, XFRM_MSG_UPDSA, 0, 1);
	talk_send(&t.a, &w);
	talk_tick(&t, (LARVAL_S + 5) * 1000);
	assert_int_equal(t.u->sad.n_sa, 1);
}

static void update_marked(uint32_t spi, uint32_t mark)
{
	struct xfrm_usersa_info p = talk_sa_info(spi);
	struct xfrm_mark m = {.v = mark, .m = UINT32_MAX};

	ux_msg_begin(&w, XFRM_MSG_UPDSA, NLM_F_REQUEST | NLM_F_ACK, 0, spi, &p, sizeof(p));
	talk_put_gcm(&w, (uint8_t)spi);
	ux_msg_attr(&w, XFRMA_MARK, &m, sizeof(m));
	assert_true(ux_msg_end(&w));
	talk_forget(&t);
	talk_send(&t.a, &w);
}

/* A larval SA without a mark gets one with its keys; one with keys is another SA than one with a mark. */
static void test_fulfilled_with_mark(void **state)
{
	const struct ux_mark mark = {42, UINT32_MAX};
	struct ux_sa_id id = {.spi = htobe32(1), .family = AF_INET, .proto = IPPROTO_ESP};

	id.daddr.w[0] = htobe32(0x0a000002u);
	allocspi(1, 1, 2, 1);
	update_marked(1, 42);
	talk_error(&t, 0, 0);
	assert_int_equal(t.u->sad.n_sa, 1);
	assert_non_null(ux_sad_lookup_exact(t.u, &id, mark));
	update_marked(1, 43);
	talk_error(&t, 0, -ESRCH);
	talk_put_sa(&w, XFRM_MSG_NEWSA, 0, 2);
	talk_send(&t.a, &w);
	update_marked(2, 42);
	talk_error(&t, 0, -ESRCH);
}

static void test_limit(void **state)
{
	t.u->params.max_sa = 3;
	for (uint32_t spi = 1; spi <= 5; spi++) {
		talk_put_sa(&w, XFRM_MSG_NEWSA, NLM_F_ACK, spi);
		talk_send(&t.a, &w);
		talk_error(&t, spi - 1, spi <= 3 ? 0 : -ENOMEM);
	}
	assert_int_equal(t.u->sad.n_sa, 3);
	talk_forget(&t);
	allocspi(1, 9, 2, 1);
	talk_error(&t, 0, -ENOMEM);
}

/* An SA whose message is larger than a piece of a dump is told all the same, and does not end the
 * dump. */
static void test_long_key_in_dump(void **state)
{
	static uint8_t key[sizeof(struct xfrm_algo) + 20000];
	struct xfrm_algo *algo = (void *)key;
	struct xfrm_usersa_info p = talk_sa_info(2);
	size_t n = 0;

	talk_put_sa(&w, XFRM_MSG_NEWSA, 0, 1);
	strcpy(algo->alg_name, "hmac(sha1)");
	algo->alg_key_len = 160000;
	memset(algo->alg_key, 0x5a, 20000);
	ux_msg_begin(&w, XFRM_MSG_NEWSA, NLM_F_REQUEST, 0, 2, &p, sizeof(p));
	ux_msg_attr(&w, XFRMA_ALG_AUTH, key, sizeof(key));
	strcpy(algo->alg_name, "ecb(cipher_null)");
	algo->alg_key_len = 0;
	ux_msg_attr(&w, XFRMA_ALG_CRYPT, key, sizeof(struct xfrm_algo));
	assert_true(ux_msg_end(&w));
	talk_put_sa(&w, XFRM_MSG_NEWSA, 0, 3);
	ux_msg_begin(&w, XFRM_MSG_GETSA, NLM_F_REQUEST | NLM_F_DUMP, 0, 3, NULL, 0);
	assert_true(ux_msg_end(&w));
	talk_send(&t.a, &w);
	for (size_t i = 0; i < t.n_heard - 1; i++) {
		for (size_t pos = 0; pos < t.heard[i].len;) {
			const struct nlmsghdr *h = (const void *)(t.heard[i].bytes + pos);
			struct xfrm_usersa_info q;

			assert_int_equal(h->nlmsg_type, XFRM_MSG_NEWSA);
			memcpy(&q, h + 1, sizeof(q));
			assert_int_equal(be32toh(q.id.spi), 3 - n++);
			assert_int_equal(h->nlmsg_len > 40000, q.id.spi == htobe32(2));
			pos += h->nlmsg_len;
		}
	}
	assert_int_equal(n, 3);
	assert_true(t.heard[0].len <= 3776);
	talk_msg(&t, t.n_heard - 1, 'A', NLMSG_DONE);
}

/* Refused requests of all kinds leave nothing behind. */
static void test_refusals_change_nothing(void **state)
{
	talk_put_sa(&w, XFRM_MSG_NEWSA, 0, 1);
	talk_send(&t.a, &w);
	for (uint16_t type = XFRM_MSG_NEWSA; type <= XFRM_MSG_UPDSA; type++) {
		for (uint8_t mode = 0; mode < 8; mode++) {
			struct xfrm_usersa_info p = talk_sa_info(type == XFRM_MSG_UPDSA ? 9 : 1);

			if (type != XFRM_MSG_NEWSA && type != XFRM_MSG_UPDSA)
				continue;
			p.mode = mode;
			ux_msg_begin(&w, type, NLM_F_REQUEST, 0, 1, &p, sizeof(p));
			talk_put_gcm(&w, 1);
			assert_true(ux_msg_end(&w));
			talk_send(&t.a, &w);
			assert_int_equal(t.n_heard, 1);
			talk_msg(&t, 0, 'A', NLMSG_ERROR);
			talk_forget(&t);
		}
	}
	assert_int_equal(t.u->sad.n_sa, 1);
}

static struct xfrm_aevent_id aevent_id(uint32_t spi, const char *dst)
{
	struct xfrm_aevent_id id = {.sa_id = talk_sa_id(spi), .flags = XFRM_AE_RTHR | XFRM_AE_RVAL};

	assert_int_equal(inet_pton(AF_INET, dst, &id.sa_id.daddr), 1);
	return id;
}

/* What NEWAE sets goes with an SA that moves. */
static void test_aevent_then_move(void **state)
{
	const struct xfrm_replay_state replay = {.oseq = 77, .seq = 50, .bitmap = 9};
	struct xfrm_aevent_id id = aevent_id(1, "10.0.0.2");
	struct ux_xfrm_user_migrate_state move = {.id = talk_sa_id(1), .new_family = AF_INET};

	talk_put_sa(&w, XFRM_MSG_NEWSA, 0, 1);
	talk_send(&t.a, &w);
	ux_msg_begin(&w, XFRM_MSG_NEWAE, NLM_F_REQUEST | NLM_F_REPLACE, 0, 1, &id, sizeof(id));
	ux_msg_attr(&w, XFRMA_REPLAY_VAL, &replay, sizeof(replay));
	ux_msg_attr_u32(&w, XFRMA_REPLAY_THRESH, 321);
	assert_true(ux_msg_end(&w));
	assert_int_equal(inet_pton(AF_INET, "10.0.0.9", &move.new_daddr), 1);
	assert_int_equal(inet_pton(AF_INET, "10.0.0.8", &move.new_saddr), 1);
	ux_msg_begin(&w, UX_XFRM_MSG_MIGRATE_STATE, NLM_F_REQUEST, 0, 1, &move, sizeof(move));
	assert_true(ux_msg_end(&w));
	id = aevent_id(1, "10.0.0.9");
	ux_msg_begin(&w, XFRM_MSG_GETAE, NLM_F_REQUEST, 4711, 1, &id, sizeof(id));
	assert_true(ux_msg_end(&w));
	talk_send(&t.a, &w);
	assert_int_equal(t.n_heard, 1);
	const struct nlmsghdr *h = talk_msg(&t, 0, 'A', XFRM_MSG_NEWAE);
	const struct nlattr *a = talk_attr(h, sizeof(id), XFRMA_REPLAY_THRESH);
	assert_int_equal(h->nlmsg_pid, 4711);
	assert_non_null(a);
	assert_int_equal(ux_attr_u32(a), 321);
	a = talk_attr(h, sizeof(id), XFRMA_REPLAY_VAL);
	assert_non_null(a);
	assert_memory_equal(ux_attr_data(a), &replay, sizeof(replay));
}

static void put_move(uint32_t spi, const char *from, const char *to)
{
	struct ux_xfrm_user_migrate_state move = {.id = talk_sa_id(spi), .new_family = AF_INET};

	assert_int_equal(inet_pton(AF_INET, from, &move.id.daddr), 1);
	assert_int_equal(inet_pton(AF_INET, to, &move.new_daddr), 1);
	ux_msg_begin(&w, UX_XFRM_MSG_MIGRATE_STATE, NLM_F_REQUEST | NLM_F_ACK, 0, 1, &move,
		     sizeof(move));
	assert_true(ux_msg_end(&w));
}

/* What a request's look ahead saw is gone or elsewhere when its turn comes. */
static void test_moves_in_one_datagram(void **state)
{
	static const int errors[] = {0, 0, -ESRCH, 0, 0, 0, -ESRCH, -EINVAL, -ESRCH};
	struct xfrm_usersa_id id = talk_sa_id(1);

	assert_int_equal(inet_pton(AF_INET, "10.0.0.9", &id.daddr), 1);
	talk_put_sa(&w, XFRM_MSG_NEWSA, 0, 1);
	put_move(1, "10.0.0.2", "10.0.0.9");
	put_move(1, "10.0.0.9", "10.0.0.7");
	put_move(1, "10.0.0.9", "10.0.0.8");
	put_move(1, "10.0.0.7", "10.0.0.2");
	put_move(1, "10.0.0.2", "10.0.0.9");
	ux_msg_begin(&w, XFRM_MSG_DELSA, NLM_F_REQUEST | NLM_F_ACK, 0, 1, &id, sizeof(id));
	assert_true(ux_msg_end(&w));
	put_move(1, "10.0.0.9", "10.0.0.2");
	ux_msg_begin(&w, UX_XFRM_MSG_MIGRATE_STATE, NLM_F_REQUEST | NLM_F_ACK, 0, 1, NULL, 3);
	assert_true(ux_msg_end(&w));
	put_move(1, "10.0.0.2", "10.0.0.9");
	talk_send(&t.a, &w);
	assert_int_equal(t.n_heard, sizeof(errors) / sizeof(errors[0]));
	for (size_t i = 0; i < t.n_heard; i++)
		talk_error(&t, i, errors[i]);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_marks_are_exact),
	    T(test_update_keeps_runtime),
	    T(test_allocspi_uses_the_whole_range),
	    T(test_larval_times_out),
	    T(test_fulfilled_stays),
	    T(test_fulfilled_with_mark),
	    T(test_limit),
	    T(test_long_key_in_dump),
	    T(test_refusals_change_nothing),
	    T(test_aevent_then_move),
	    T(test_moves_in_one_datagram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
