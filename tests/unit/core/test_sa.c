/* SPDX-License-Identifier: BSD-2-Clause */
#include "core_fixture.h"

#include <errno.h>
#include <pthread.h>

struct refusal {
	const char *name;
	void (*change)(struct ux_sa_params *p);
	int err;
	const char *text;
};

static struct ux_algo_request other; /* for rows that need an algorithm of their own */

static void iptfs(struct ux_sa_params *p)
{
	p->mode = UX_MODE_IPTFS;
}
static void transport_other_family(struct ux_sa_params *p)
{
	p->mode = UX_MODE_TRANSPORT;
	p->sel.family = AF_INET6;
}
static void odd_selector_family(struct ux_sa_params *p)
{
	p->sel.family = 7;
}
static void ah(struct ux_sa_params *p)
{
	p->id.proto = 51;
}
static void home_address(struct ux_sa_params *p)
{
	p->id.proto = 60;
}
static void unknown_aead(struct ux_sa_params *p)
{
	other = gcm_request(fixture_key);
	strcpy(other.name, "rfc4106(foo)");
	p->aead = &other;
}
static void unknown_icv(struct ux_sa_params *p)
{
	other = gcm_request(fixture_key);
	other.icv_bits = 100;
	p->aead = &other;
}
static void unknown_crypt(struct ux_sa_params *p)
{
	other = gcm_request(fixture_key);
	strcpy(other.name, "cbc(foo)");
	p->aead = NULL;
	p->crypt = &other;
}
static void no_algorithm(struct ux_sa_params *p)
{
	p->aead = NULL;
}
static void encap_nonike(struct ux_sa_params *p)
{
	p->encap.type = 1;
}
static void keepalive_in(struct ux_sa_params *p)
{
	p->encap.type = UX_ENCAP_ESPINUDP;
	p->nat_keepalive_interval_s = 5;
}
static void keepalive_plain(struct ux_sa_params *p)
{
	p->dir = UX_SA_DIR_OUT;
	p->nat_keepalive_interval_s = 5;
}
static void esn_no_window(struct ux_sa_params *p)
{
	p->flags = UX_SA_ESN;
	p->esn_attr = true;
	p->replay_window = 0;
}
static void window_over_bitmap(struct ux_sa_params *p)
{
	static const uint32_t bits[1];

	p->esn_attr = true;
	p->replay_bits = bits;
	p->n_replay_bits = 32;
	p->replay_window = 33;
}
static void window_and_encap(struct ux_sa_params *p)
{
	esn_no_window(p);
	encap_nonike(p);
}
static void window_and_offload(struct ux_sa_params *p)
{
	esn_no_window(p);
	p->offload.requested = true;
	p->offload.flags = 8;
}
static void offload_packet(struct ux_sa_params *p)
{
	p->offload.requested = true;
	p->offload.flags = 4;
}
static void offload_flags(struct ux_sa_params *p)
{
	p->offload.requested = true;
	p->offload.flags = 8;
}
static void offload_ah(struct ux_sa_params *p)
{
	other = gcm_request(fixture_key);
	strcpy(other.name, "hmac(sha1)");
	other.key_bits = 160;
	other.icv_bits = 96;
	p->id.proto = 51;
	p->aead = NULL;
	p->auth = &other;
	p->offload.requested = true;
	p->offload.flags = 8;
}
static void offload_tfc(struct ux_sa_params *p)
{
	p->offload.requested = true;
	p->tfcpad = 100;
}
static void offload_direction(struct ux_sa_params *p)
{
	p->offload.requested = true;
	p->offload.flags = 2;
	p->dir = UX_SA_DIR_OUT;
}

static const struct refusal refusals[] = {
    {"iptfs", iptfs, -EPROTONOSUPPORT, "Requested mode not found"},
    {"selector family", odd_selector_family, -EPROTONOSUPPORT, "Requested mode not found"},
    {"transport family", transport_other_family, -EPROTONOSUPPORT,
     "Only tunnel modes can accommodate a change of family"},
    {"ah", ah, -EINVAL, "AH requires a state with an AUTH algorithm"},
    {"home address", home_address, -EPROTONOSUPPORT, "Requested type not found"},
    {"aead name", unknown_aead, -ENOSYS, "Requested AEAD algorithm not found"},
    {"aead icv", unknown_icv, -ENOSYS, "Requested AEAD algorithm not found"},
    {"cipher name", unknown_crypt, -ENOSYS, "Requested CRYPT algorithm not found"},
    {"nothing", no_algorithm, -EINVAL, "ESP: AEAD or CRYPT must be provided"},
    {"encap", encap_nonike, -EINVAL, "Unsupported encapsulation type for ESP"},
    {"keepalive in", keepalive_in, -EINVAL, "NAT keepalive is only supported for outbound SAs"},
    {"keepalive plain", keepalive_plain, -EINVAL,
     "NAT keepalive is only supported for UDP encapsulation"},
    {"esn window 0", esn_no_window, -EINVAL, "ESN replay window must be > 0"},
    {"window", window_over_bitmap, -EINVAL,
     "ESN replay window is too large for the chosen bitmap size"},
    {"encap before window", window_and_encap, -EINVAL, "Unsupported encapsulation type for ESP"},
    {"window before offload", window_and_offload, -EINVAL, "ESN replay window must be > 0"},
    {"offload packet", offload_packet, -EINVAL, ""},
    {"offload flags", offload_flags, -EINVAL, "Unrecognized flags in offload request"},
    {"offload of AH", offload_ah, -EINVAL, "Type doesn't support offload"},
    {"offload tfc", offload_tfc, -EINVAL, "TFC padding can't be offloaded"},
    {"offload dir", offload_direction, -EINVAL, "Mismatched SA and offload direction"},
};

static void refused(void **state)
{
	struct uxfrm *u = engine_new(0);

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct ux_algo_request aead;
		struct ux_sa_params p = sa_params(&aead, 1, 2, 0x100);
		struct ux_ext_ack ext = {0};
		struct ux_sa *sa = NULL;

		refusals[i].change(&p);
		assert_int_equal(ux_sa_new(u, &p, &sa, &ext), refusals[i].err);
		assert_string_equal(ext.msg, refusals[i].text);
		assert_null(sa);
	}
	uxfrm_free(u);
}

/* PF_KEY lets an SA of IPComp have keys, as Linux does: they are shown as they were given. */
static void keys_without_use_are_kept(void **state)
{
	static const uint8_t auth_key[32] = "an auth key of thirty-two bytes", crypt_key[16] = "sixteen bytes..";
	struct uxfrm *u = engine_new(0);
	struct ux_algo_request aead;
	struct ux_algo_request comp = {.name = "deflate"};
	struct ux_algo_request auth = {.name = "hmac(sha256)", .key = auth_key, .key_bits = 256};
	struct ux_algo_request crypt = {.name = "cbc(aes)", .key = crypt_key, .key_bits = 128};
	struct ux_sa_params p = sa_params(&aead, 1, 2, 0x1000);
	struct ux_ext_ack ext = {0};
	struct ux_sa *sa;

	p.id.proto = 108;
	p.aead = NULL;
	p.comp = &comp;
	p.auth = &auth;
	p.crypt = &crypt;
	p.replay_window = 0;
	assert_int_equal(ux_sa_new(u, &p, &sa, &ext), 0);
	assert_memory_equal(ux_sa_key(sa->runtime->keys, UX_KEY_AUTH)->key, auth_key, 32);
	assert_memory_equal(ux_sa_key(sa->runtime->keys, UX_KEY_CRYPT)->key, crypt_key, 16);
	ux_sa_free(sa);
	uxfrm_free(u);
}

static void kept_as_given(void **state)
{
	struct uxfrm *u = engine_new(0);
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, 1, 2, 0x100);
	struct ux_sa *sa;

	p.mark = (struct ux_mark){.v = 0x1ff, .m = 0xff};
	p.replay_window = 64;
	p.oseq = 77;
	p.iseq = 99;
	p.has_curlft = true;
	p.cur_add_s = 5;
	p.cur_bytes = 6;
	p.encap.type = UX_ENCAP_ESPINUDP;
	sa = sa_insert(u, &p);
	assert_int_equal(sa->mark.v, 0xff);
	assert_int_equal(sa->runtime->terms.replay_window,
			 32); /* without ESN attribute 32 is the most */
	assert_int_equal(sa->runtime->replay->window, 32);
	assert_int_equal(sa->runtime->replay->top, 99);
	assert_int_equal(sa->runtime->oseq, 77);
	assert_int_equal(sa->runtime->add_time_s, 5);
	assert_int_equal(sa->runtime->bytes, 6);
	assert_memory_equal(sa->runtime->keys->algo[0].key, fixture_key, sizeof(fixture_key));
	assert_ptr_not_equal(sa->runtime->keys->algo[0].key, fixture_key);
	uxfrm_free(u);
}

/* The IV source is that of the cipher key: another ICV length or salt makes no difference. */
static void one_iv_source_for_one_key(void **state)
{
	struct uxfrm *u = engine_new(0);
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, 1, 2, 0x100);
	struct ux_sa *a = sa_insert(u, &p), *b, *c, *d;
	uint8_t key[20];

	aead.icv_bits = 64;
	p.id.spi = 1;
	b = sa_insert(u, &p);
	memcpy(key, fixture_key, sizeof(key));
	key[19] ^= 1;
	aead.key = key;
	p.id.spi = 2;
	c = sa_insert(u, &p);
	key[0] ^= 1;
	p.id.spi = 3;
	d = sa_insert(u, &p);
	assert_ptr_equal(a->runtime->iv, b->runtime->iv);
	assert_ptr_equal(a->runtime->iv, c->runtime->iv);
	assert_ptr_not_equal(a->runtime->iv, d->runtime->iv);

	/* and it outlives the SA: deleted and added again it goes on */
	uint64_t first, again;

	assert_true(ux_iv_take(a->runtime->iv, 100, &first));
	ux_sad_remove(u, a);
	ux_sad_remove(u, b);
	ux_sad_remove(u, c);
	uxfrm_tick(u, 1, FIXTURE_NOW_S);
	a = sa_add(u, 1, 2, 0x100);
	assert_true(ux_iv_take(a->runtime->iv, 1, &again));
	assert_true(again >= first + 100);
	uxfrm_free(u);
}

/* Another sequence state for an SA in use: numbers, window, bits; the IVs go on. */
static void replay_is_set(void **state)
{
	struct uxfrm *u = engine_new(0);
	struct ux_sa *sa = sa_add(u, 1, 2, 0x100);
	const uint32_t bits[2] = {5, 1};
	struct ux_replay_state to = {.oseq = 77, .seq = 1000, .window = 64, .n_bits = 64};
	uint64_t first, again;

	assert_true(ux_iv_take(sa->runtime->iv, 10, &first));
	to.bits = bits;
	assert_int_equal(ux_sa_set_replay(sa, &to), 0);
	assert_int_equal(sa->runtime->oseq, 77);
	assert_int_equal(ux_replay_check(sa->runtime->replay, 1000), UX_REPLAY_SEEN);
	assert_int_equal(ux_replay_check(sa->runtime->replay, 999), UX_REPLAY_NEW);
	assert_int_equal(ux_replay_check(sa->runtime->replay, 998), UX_REPLAY_SEEN);
	assert_int_equal(ux_replay_check(sa->runtime->replay, 968), UX_REPLAY_SEEN);
	assert_int_equal(ux_replay_check(sa->runtime->replay, 936), UX_REPLAY_TOO_OLD);
	to = (struct ux_replay_state){.window = 32};
	assert_int_equal(ux_sa_set_replay(sa, &to), 0);
	assert_int_equal(sa->runtime->oseq, 0);
	assert_int_equal(ux_replay_commit(sa->runtime->replay, 1), UX_REPLAY_NEW);
	assert_true(ux_iv_take(sa->runtime->iv, 1, &again));
	assert_int_equal(again, first + 10);
	uxfrm_free(u);
}

#define ALWAYS_SEEN 990 /* in each window that replay_is_set_in_use sets */

struct reader {
	struct ux_sa *sa;
	atomic_bool stop;
	atomic_uint rounds;
	bool accepted;
};

static void *commit_for_ever(void *opaque)
{
	struct reader *r = opaque;
	uint64_t seq = ALWAYS_SEEN;

	ux_rcu_register_thread();
	while (!atomic_load(&r->stop)) {
		ux_rcu_read_lock();
		struct ux_replay_window *w = ux_rcu_follow(&r->sa->runtime->replay);
		if (ux_replay_commit(w, ALWAYS_SEEN) == UX_REPLAY_NEW)
			r->accepted = true;
		(void)ux_replay_commit(w, ++seq);
		atomic_fetch_add(&r->sa->runtime->oseq, 1);
		ux_rcu_read_unlock();
		atomic_fetch_add(&r->rounds, 1);
	}
	ux_rcu_unregister_thread();
	return NULL;
}

/* Workers go on while windows change under them: what a client says was received stays refused. */
static void replay_is_set_in_use(void **state)
{
	struct uxfrm *u = engine_new(0);
	const uint32_t bits[1] = {UINT32_MAX};
	struct ux_replay_state to = {.oseq = 5, .window = 32, .n_bits = 32, .bits = bits};
	struct reader r = {.sa = sa_add(u, 1, 2, 0x100)};
	pthread_t thread;

	to.seq = 1000;
	assert_int_equal(ux_sa_set_replay(r.sa, &to), 0);
	assert_int_equal(pthread_create(&thread, NULL, commit_for_ever, &r), 0);
	for (uint32_t i = 0; i < 300 || atomic_load(&r.rounds) < 300; i++) {
		to.seq = 1000 + i % 10;
		assert_int_equal(ux_sa_set_replay(r.sa, &to), 0);
		if (i % 16 == 0)
			uxfrm_tick(u, i, FIXTURE_NOW_S);
	}
	atomic_store(&r.stop, true);
	pthread_join(thread, NULL);
	assert_false(r.accepted);
	assert_int_equal(ux_sa_set_replay(r.sa, &to), 0);
	assert_int_equal(r.sa->runtime->oseq, 5);
	uxfrm_free(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replay_is_set),
	    cmocka_unit_test(replay_is_set_in_use),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(kept_as_given),
	    cmocka_unit_test(keys_without_use_are_kept),
	    cmocka_unit_test(one_iv_source_for_one_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
