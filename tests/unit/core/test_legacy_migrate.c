/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moving a policy and its SAs. What Linux 6.12 answers is in tests/unit/ctl/migrate_cases.txt; here
 * is what it cannot show: what the series for 7.2 changed, and that nothing is lost or doubled.
 */
#include "core_fixture.h"

#include <errno.h>

#include "core/legacy_migrate.h"

#define TUNNEL_SRC 1
#define TUNNEL_DST 2

struct rig {
	struct uxfrm *u;
	struct ux_policy *policy;
	struct ux_ext_ack ext;
	struct ux_legacy_entry entry[UX_LEGACY_ENTRIES_MAX];
	struct ux_legacy_migration m;
};

static struct ux_template template_of(uint32_t src, uint32_t dst, uint32_t reqid)
{
	return (struct ux_template){
	    .daddr = addr4(dst),
	    .saddr = addr4(src),
	    .reqid = reqid,
	    .family = AF_INET,
	    .id_family = AF_INET,
	    .proto = 50,
	    .mode = UX_MODE_TUNNEL,
	};
}

static struct ux_policy *policy_add(struct uxfrm *u, uint8_t bits, uint32_t priority)
{
	struct ux_policy *p = ux_policy_new(u, 1);

	assert_non_null(p);
	p->dir = UX_POLICY_OUT;
	p->priority = priority;
	p->family = p->sel.family = AF_INET;
	p->sel.daddr = addr4(0x0a000000);
	p->sel.prefixlen_d = bits;
	p->templates[0] = template_of(TUNNEL_SRC, TUNNEL_DST, 1);
	assert_int_equal(ux_spd_insert(u, p, true, NULL), 0);
	return p;
}

static struct ux_policy *policy_now(const struct rig *r)
{
	struct ux_flow_key flow = {
	    .daddr = addr4(0x0a000001), .saddr = addr4(7), .family = AF_INET};

	return ux_spd_lookup(r->u, UX_POLICY_OUT, &flow, 0);
}

static int rig_open(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	r->u = engine_new(100);
	r->policy = policy_add(r->u, 24, 10);
	r->m.entry = r->entry;
	*state = r;
	return 0;
}

static int rig_close(void **state)
{
	struct rig *r = *state;

	uxfrm_free(r->u);
	free(r);
	return 0;
}

static struct ux_legacy_entry *entry_add(struct rig *r, uint32_t from_dst, uint32_t to_dst,
					 uint32_t reqid)
{
	struct ux_legacy_entry *e = &r->entry[r->m.n_entries++];

	*e = (struct ux_legacy_entry){
	    .old_daddr = addr4(from_dst),
	    .old_saddr = addr4(TUNNEL_SRC),
	    .new_daddr = addr4(to_dst),
	    .new_saddr = addr4(TUNNEL_SRC),
	    .reqid = reqid,
	    .old_family = AF_INET,
	    .new_family = AF_INET,
	    .proto = 50,
	    .mode = UX_MODE_TUNNEL,
	};
	return e;
}

static int migrate(struct rig *r)
{
	memset(&r->ext, 0, sizeof(r->ext));
	return ux_legacy_migrate(r->u, policy_now(r), &r->m, &r->ext);
}

static struct ux_sa *sa_of(struct rig *r, uint32_t dst, uint32_t spi, uint32_t reqid)
{
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, TUNNEL_SRC, dst, spi);

	p.reqid = reqid;
	return sa_insert(r->u, &p);
}

static struct ux_sa *at(struct rig *r, uint32_t dst, uint32_t spi)
{
	struct ux_sa_id id = id4(dst, spi);

	return ux_sad_lookup_exact(r->u, &id, (struct ux_mark){0, 0});
}

/* ---- the SA ---- */

static void the_runtime_goes_along(void **state)
{
	struct rig *r = *state;
	struct ux_sa *sa = sa_of(r, TUNNEL_DST, 0x100, 1), *fresh;
	struct ux_sa_runtime *runtime = sa->runtime;
	struct ux_sa_id old = id4(TUNNEL_DST, 0x100);

	atomic_store(&runtime->oseq, 77);
	entry_add(r, TUNNEL_DST, 9, 1);
	assert_int_equal(migrate(r), 0);
	fresh = at(r, 9, 0x100);
	assert_non_null(fresh);
	assert_ptr_equal(fresh->runtime, runtime);
	assert_int_equal(atomic_load(&fresh->runtime->oseq), 77);
	assert_int_equal(r->u->sad.n_sa, 1);
	assert_null(at(r, TUNNEL_DST, 0x100));
	/* packets on their way still find it */
	assert_ptr_equal(ux_sad_lookup_inbound(r->u, &old, 0, 0), sa);
	assert_int_equal(fresh->sel.family, AF_INET);
	assert_int_equal(fresh->reqid, 1);
}

static struct ux_sa *encapsulated(struct rig *r)
{
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, TUNNEL_SRC, TUNNEL_DST, 0x100);

	p.reqid = 1;
	p.dir = UX_SA_DIR_OUT;
	p.encap = (struct ux_encap){.type = UX_ENCAP_ESPINUDP, .sport = 1, .dport = 2};
	p.nat_keepalive_interval_s = 20;
	p.mapping_maxage_s = 30;
	return sa_insert(r->u, &p);
}

static void encap_omitted_is_encap_removed(void **state)
{
	struct rig *r = *state;
	struct ux_sa *fresh;

	(void)encapsulated(r);
	entry_add(r, TUNNEL_DST, 9, 1);
	assert_int_equal(migrate(r), 0);
	fresh = at(r, 9, 0x100);
	assert_int_equal(fresh->encap.type, UX_ENCAP_NONE);
	assert_int_equal(fresh->nat_keepalive_interval_s, 0);
	assert_int_equal(fresh->mapping_maxage_s, 0);
}

static void with_encap_the_rest_of_nat_is_inherited(void **state)
{
	struct rig *r = *state;
	struct ux_sa *fresh;

	(void)encapsulated(r);
	entry_add(r, TUNNEL_DST, 9, 1);
	r->m.has_encap = true;
	r->m.encap = (struct ux_encap){.type = UX_ENCAP_ESPINUDP, .sport = 7, .dport = 8};
	assert_int_equal(migrate(r), 0);
	fresh = at(r, 9, 0x100);
	assert_int_equal(fresh->encap.sport, 7);
	assert_int_equal(fresh->encap.dport, 8);
	assert_int_equal(fresh->nat_keepalive_interval_s, 20);
	assert_int_equal(fresh->mapping_maxage_s, 30);
}

/* An address of the other family with the same first four bytes is another place. */
static void families_before_addresses(void **state)
{
	struct rig *r = *state;
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, TUNNEL_SRC, 3, 0x100);
	struct ux_legacy_entry *e = entry_add(r, TUNNEL_DST, TUNNEL_DST, 1);

	(void)sa_of(r, TUNNEL_DST, 0x100, 1);
	e->new_family = AF_INET6; /* the same sixteen bytes */
	p.id.family = AF_INET6;
	p.id.daddr = e->new_daddr;
	p.sel.family = AF_INET6;
	(void)sa_insert(r->u, &p);
	assert_int_equal(migrate(r), -ENODATA);
	assert_string_equal(r->ext.msg, "Failed to add migrated state");
	assert_non_null(at(r, TUNNEL_DST, 0x100));
}

static void offload_is_not_inherited(void **state)
{
	struct rig *r = *state;
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, TUNNEL_SRC, TUNNEL_DST, 0x100);

	p.reqid = 1;
	p.offload.requested = true;
	p.offload.ifindex = 3;
	(void)sa_insert(r->u, &p);
	entry_add(r, TUNNEL_DST, 9, 1);
	assert_int_equal(migrate(r), 0);
	assert_false(at(r, 9, 0x100)->offload.requested);
	r->entry[0].old_daddr = addr4(9);
	r->m.has_offload = true;
	r->m.offload.ifindex = 4;
	assert_int_equal(migrate(r), 0);
	assert_true(at(r, 9, 0x100)->offload.requested);
	assert_int_equal(at(r, 9, 0x100)->offload.ifindex, 4);
}

/* ---- the policy ---- */

static void a_policy_keeps_all_but_its_templates(void **state)
{
	struct rig *r = *state;
	struct ux_policy *rival = policy_add(r->u, 8, 10), *old = r->policy, *p;
	struct ux_spd_cursor c;
	uint32_t index = old->index;

	atomic_store(&old->bytes, 5);
	atomic_store(&old->packets, 6);
	atomic_store(&old->use_time_s, 7);
	entry_add(r, TUNNEL_DST, 9, 1);
	ux_spd_cursor_init(&c);
	assert_ptr_equal(ux_spd_cursor_next(&r->u->spd, &c), rival);
	assert_int_equal(migrate(r), 0);
	p = policy_now(r); /* it is as old as it was, so its rival stands behind */
	assert_ptr_not_equal(p, old);
	assert_int_equal(p->index, index);
	assert_int_equal(atomic_load(&p->bytes), 5);
	assert_int_equal(atomic_load(&p->packets), 6);
	assert_int_equal(atomic_load(&p->use_time_s), 7);
	assert_int_equal(p->templates[0].daddr.w[0], htobe32(9));
	assert_int_equal(r->u->spd.n[UX_POLICY_OUT], 2);
	/* a dump that stood before it goes on with it, once */
	assert_ptr_equal(ux_spd_cursor_next(&r->u->spd, &c), p);
	assert_null(ux_spd_cursor_next(&r->u->spd, &c));
	ux_spd_cursor_fini(&c);

	struct ux_policy_key key = {.dir = UX_POLICY_OUT, .sel = &p->sel};

	assert_ptr_equal(ux_spd_find(r->u, &key), p);
	assert_ptr_equal(ux_spd_find_by_index(r->u, &key, index), p);
	assert_int_equal(rival->templates[0].daddr.w[0], htobe32(TUNNEL_DST));
}

static void a_transport_template_has_no_addresses(void **state)
{
	struct rig *r = *state;
	struct ux_policy *p = policy_add(r->u, 26, 1);

	p->templates[0].mode = UX_MODE_TRANSPORT;
	entry_add(r, TUNNEL_DST, 9, 1)->mode = UX_MODE_TRANSPORT;
	assert_int_equal(migrate(r), 0);
	assert_ptr_equal(policy_now(r), p); /* nothing to publish */
	assert_int_equal(p->templates[0].daddr.w[0], htobe32(TUNNEL_DST));
}

/* Both policies of a dual-stack child: the one nobody named goes on finding the SA. */
static void other_policies_follow(void **state)
{
	struct rig *r = *state;
	struct ux_sa *sa;
	struct ux_sa_query q = {
	    .daddr = addr4(TUNNEL_DST),
	    .saddr = addr4(TUNNEL_SRC),
	    .reqid = 1,
	    .family = AF_INET,
	    .proto = 50,
	    .mode = UX_MODE_TUNNEL,
	};

	(void)sa_of(r, TUNNEL_DST, 0x100, 1);
	entry_add(r, TUNNEL_DST, 9, 1);
	assert_int_equal(migrate(r), 0);
	sa = at(r, 9, 0x100);
	assert_ptr_equal(ux_sad_lookup_outbound(r->u, &q), sa);
	q.daddr = addr4(9);
	assert_ptr_equal(ux_sad_lookup_outbound(r->u, &q), sa);
}

/* ---- all or nothing ---- */

struct refusal {
	void (*prepare)(struct rig *r);
	const char *text;
};

static void second_place_taken(struct rig *r)
{
	(void)sa_of(r, TUNNEL_DST, 2, 2);
	(void)sa_of(r, 9, 2, 7);
	entry_add(r, TUNNEL_DST, 9, 1);
	entry_add(r, TUNNEL_DST, 9, 2);
}
static void second_is_larval(struct rig *r)
{
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, TUNNEL_SRC, TUNNEL_DST, 2);
	struct ux_sa *larval;

	p.reqid = 2;
	assert_int_equal(ux_sa_new_larval(r->u, &p, &larval), 0);
	assert_int_equal(ux_sad_insert(r->u, larval), 0);
	entry_add(r, TUNNEL_DST, 9, 1);
	entry_add(r, TUNNEL_DST, 9, 2);
}
/* One nobody will fulfil any more: it has no keys either, but its time still runs. */
static void second_is_given_up(struct rig *r)
{
	second_is_larval(r);
	ux_sad_give_up(at(r, TUNNEL_DST, 2));
}
static void two_to_one_place(struct rig *r)
{
	(void)sa_of(r, 3, 1, 2);
	entry_add(r, TUNNEL_DST, 9, 1);
	entry_add(r, 3, 9, 2);
}
static void exchange(struct rig *r)
{
	(void)sa_of(r, 3, 1, 2);
	entry_add(r, TUNNEL_DST, 3, 1);
	entry_add(r, 3, TUNNEL_DST, 2);
}
/* Linux would make two SAs with one key. */
static void one_sa_twice(struct rig *r)
{
	entry_add(r, TUNNEL_DST, 8, 1);
	entry_add(r, TUNNEL_DST, 9, 0);
}
/* It is left only when the whole request is done. */
static void place_that_was_left(struct rig *r)
{
	(void)sa_of(r, 3, 1, 2);
	entry_add(r, TUNNEL_DST, 8, 1);
	entry_add(r, 8, 9, 1);
	entry_add(r, 3, 8, 2);
}
static void one_sa_twice_on_its_way(struct rig *r)
{
	entry_add(r, TUNNEL_DST, 8, 1);
	entry_add(r, 8, 9, 1);
	entry_add(r, 8, 10, 0);
}
static void no_template(struct rig *r)
{
	(void)sa_of(r, 3, 2, 2);
	entry_add(r, 3, 9, 2);
}
static void encap_type_0(struct rig *r)
{
	entry_add(r, TUNNEL_DST, 9, 1);
	r->m.has_encap = true;
}
static void encap_type_7(struct rig *r)
{
	entry_add(r, TUNNEL_DST, 9, 1);
	r->m.has_encap = true;
	r->m.encap.type = 7;
}
static void family_none(struct rig *r)
{
	entry_add(r, TUNNEL_DST, 9, 1)->new_family = 0;
}

static const struct refusal refusals[] = {
    {second_place_taken, "Failed to add migrated state"},
    {second_is_larval, "ESP: AEAD or CRYPT must be provided"},
    {second_is_given_up, "ESP: AEAD or CRYPT must be provided"},
    {two_to_one_place, "Failed to add migrated state"},
    {exchange, "Failed to add migrated state"},
    {one_sa_twice, "Failed to add migrated state"},
    {place_that_was_left, "Failed to add migrated state"},
    {one_sa_twice_on_its_way, "Failed to add migrated state"},
    {no_template, ""},
    {encap_type_0, "Unsupported encapsulation type for ESP"},
    {encap_type_7, "Unsupported encapsulation type for ESP"},
    {family_none, "Requested mode not found"},
};

static void refusals_change_nothing(void **state)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		void *opened;
		struct rig *r;
		struct ux_sa *sa, *all[8];
		struct ux_list *pos;
		uint32_t n = 0, n_after = 0;

		rig_open(&opened);
		r = opened;
		sa = sa_of(r, TUNNEL_DST, 1, 1);
		refusals[i].prepare(r);
		ux_list_for_each (pos, &r->u->sad.all)
			all[n++] = ux_container_of(pos, struct ux_sa, all);
		assert_int_equal(migrate(r), -ENODATA);
		assert_string_equal(r->ext.msg, refusals[i].text);
		ux_list_for_each (pos, &r->u->sad.all) {
			assert_true(n_after < n);
			assert_ptr_equal(ux_container_of(pos, struct ux_sa, all), all[n_after]);
			n_after++;
		}
		assert_int_equal(n_after, n);
		assert_int_equal(r->u->sad.n_grace, 0);
		assert_int_equal(sa->runtime->refs, 1);
		assert_ptr_equal(at(r, TUNNEL_DST, 1), sa);
		assert_ptr_equal(policy_now(r), r->policy);
		assert_int_equal(r->policy->templates[0].daddr.w[0], htobe32(TUNNEL_DST));
		rig_close(&opened);
	}
}

/* The second entry takes up what the first has left, as in Linux; one SA comes out. */
static void entries_one_behind_the_other(void **state)
{
	struct rig *r = *state;
	struct ux_sa *sa = sa_of(r, TUNNEL_DST, 1, 1);
	struct ux_sa_runtime *runtime = sa->runtime;

	entry_add(r, TUNNEL_DST, 8, 1);
	entry_add(r, 8, 9, 1);
	assert_int_equal(migrate(r), 0);
	assert_null(at(r, 8, 1));
	assert_ptr_equal(at(r, 9, 1)->runtime, runtime);
	assert_int_equal(r->u->sad.n_sa, 1);
	assert_int_equal(runtime->refs, 2); /* it and its former tuple */
	assert_int_equal(policy_now(r)->templates[0].daddr.w[0], htobe32(9));
}

static void without_spi_no_place_is_taken(void **state)
{
	struct rig *r = *state;

	(void)sa_of(r, TUNNEL_DST, 0, 1);
	(void)sa_of(r, 9, 0, 2);
	entry_add(r, TUNNEL_DST, 9, 1);
	assert_int_equal(migrate(r), 0);
	assert_int_equal(r->u->sad.n_sa, 2);
	assert_null(at(r, TUNNEL_DST, 0));
}

/* An SA is as new as the last entry that moves it. */
static void the_last_entry_decides_the_age(void **state)
{
	struct rig *r = *state;

	(void)sa_of(r, TUNNEL_DST, 1, 1);
	(void)sa_of(r, 3, 1, 2);
	entry_add(r, TUNNEL_DST, 8, 1);
	entry_add(r, 3, 4, 2);
	entry_add(r, 8, 9, 1);
	assert_int_equal(migrate(r), 0);
	assert_ptr_equal(ux_container_of(r->u->sad.all.next, struct ux_sa, all), at(r, 9, 1));
	assert_ptr_equal(ux_container_of(r->u->sad.all.prev, struct ux_sa, all), at(r, 4, 1));
}

/* Many SAs and all six entries, with the tables growing meanwhile. */
static void six_at_once_among_many(void **state)
{
	struct rig *r = *state;

	struct ux_policy *six = ux_policy_new(r->u, 6);

	assert_non_null(six);
	six->dir = r->policy->dir;
	six->family = r->policy->family;
	six->sel = r->policy->sel;
	for (uint32_t i = 0; i < 6; i++)
		six->templates[i] = template_of(TUNNEL_SRC, TUNNEL_DST, i + 1);
	assert_int_equal(ux_spd_insert(r->u, six, false, NULL), 0);
	r->policy = six;
	for (uint32_t spi = 1; spi <= 3000; spi++)
		(void)sa_of(r, TUNNEL_DST, spi, (spi - 1) % 6 + 1);
	for (uint32_t round = 0; round < 300; round++) {
		r->m.n_entries = 0;
		for (uint32_t reqid = 1; reqid <= 6; reqid++)
			entry_add(r, round % 2 ? 9 : TUNNEL_DST, round % 2 ? TUNNEL_DST : 9, reqid);
		assert_int_equal(migrate(r), 0);
		assert_int_equal(r->u->sad.n_sa, 3000);
	}
	/* the newest went there and back, each time the same */
	for (uint32_t spi = 1; spi <= 3000; spi++)
		assert_non_null(at(r, TUNNEL_DST, spi));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(the_runtime_goes_along, rig_open, rig_close),
	    cmocka_unit_test_setup_teardown(encap_omitted_is_encap_removed, rig_open, rig_close),
	    cmocka_unit_test_setup_teardown(with_encap_the_rest_of_nat_is_inherited, rig_open,
					    rig_close),
	    cmocka_unit_test_setup_teardown(families_before_addresses, rig_open, rig_close),
	    cmocka_unit_test_setup_teardown(offload_is_not_inherited, rig_open, rig_close),
	    cmocka_unit_test_setup_teardown(a_policy_keeps_all_but_its_templates, rig_open,
					    rig_close),
	    cmocka_unit_test_setup_teardown(a_transport_template_has_no_addresses, rig_open,
					    rig_close),
	    cmocka_unit_test_setup_teardown(other_policies_follow, rig_open, rig_close),
	    cmocka_unit_test(refusals_change_nothing),
	    cmocka_unit_test_setup_teardown(entries_one_behind_the_other, rig_open, rig_close),
	    cmocka_unit_test_setup_teardown(without_spi_no_place_is_taken, rig_open, rig_close),
	    cmocka_unit_test_setup_teardown(the_last_entry_decides_the_age, rig_open, rig_close),
	    cmocka_unit_test_setup_teardown(six_at_once_among_many, rig_open, rig_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
