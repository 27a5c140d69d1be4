/* SPDX-License-Identifier: BSD-2-Clause */
#include "core_fixture.h"

#include <errno.h>

/* ---- refusals change nothing ---- */

static void h2h_wrong(struct ux_sa_params *p, struct ux_migration *m)
{
	m->update_h2h_selector = true; /* the selector is 0/0 */
}
static void encap_type(struct ux_sa_params *p, struct ux_migration *m)
{
	m->has_encap = true;
	m->encap.type = 1;
}
static void mtimer_no_encap(struct ux_sa_params *p, struct ux_migration *m)
{
	m->has_mapping_maxage = true;
}
static void mtimer_removed_encap(struct ux_sa_params *p, struct ux_migration *m)
{
	p->encap.type = UX_ENCAP_ESPINUDP;
	m->has_encap = true;
	m->has_mapping_maxage = true;
}
static void mtimer_out(struct ux_sa_params *p, struct ux_migration *m)
{
	p->encap.type = UX_ENCAP_ESPINUDP;
	p->dir = UX_SA_DIR_OUT;
	m->has_mapping_maxage = true;
}
static void keepalive_no_encap(struct ux_sa_params *p, struct ux_migration *m)
{
	m->has_nat_keepalive = true;
	m->nat_keepalive_interval_s = 1;
}
static void keepalive_in(struct ux_sa_params *p, struct ux_migration *m)
{
	p->encap.type = UX_ENCAP_ESPINUDP;
	m->has_nat_keepalive = true;
	m->nat_keepalive_interval_s = 1;
}
static void occupied(struct ux_sa_params *p, struct ux_migration *m)
{
	m->daddr = addr4(9); /* another SA stands there */
}
static void family_of_transport(struct ux_sa_params *p, struct ux_migration *m)
{
	p->mode = UX_MODE_TRANSPORT;
	m->family = AF_INET6;
}
static void packet_offload(struct ux_sa_params *p, struct ux_migration *m)
{
	m->has_offload = true;
	m->offload.flags = 4;
}
static void offload_bits(struct ux_sa_params *p, struct ux_migration *m)
{
	m->has_offload = true;
	m->clear_offload = true; /* both: the request for offload wins */
	m->offload.flags = 0x10;
}

struct refusal {
	void (*change)(struct ux_sa_params *p, struct ux_migration *m);
	int err;
	const char *text;
};

static const struct refusal refusals[] = {
    {h2h_wrong, -EINVAL, "SA selector is not a single-host match for SA addresses"},
    {encap_type, -EINVAL, "Unsupported encapsulation type"},
    {mtimer_no_encap, -EINVAL, "MTIMER_THRESH requires encapsulation"},
    {mtimer_removed_encap, -EINVAL, "MTIMER_THRESH requires encapsulation"},
    {mtimer_out, -EINVAL, "MTIMER_THRESH should not be set on output SA"},
    {keepalive_no_encap, -EINVAL, "NAT_KEEPALIVE_INTERVAL requires encapsulation"},
    {keepalive_in, -EINVAL, "NAT keepalive is only supported for outbound SAs"},
    {occupied, -EEXIST, "New SA tuple already occupied"},
    {family_of_transport, -EINVAL, "Only tunnel modes can accommodate a change of family"},
    {packet_offload, -EINVAL, "State migration clone failed"},
    {offload_bits, -EINVAL, "Unrecognized flags in offload request"},
};

static void refusals_change_nothing(void **state)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct uxfrm *u = engine_new(100);
		struct ux_algo_request aead;
		struct ux_sa_params p = sa_params(&aead, 1, 2, 0x100);
		struct ux_migration m;
		struct ux_ext_ack ext = {0};
		struct ux_sa_id id = id4(2, 0x100), id9 = id4(9, 0x100);
		struct ux_sa *fresh = NULL, *neighbour;

		memset(&m, 0, sizeof(m));
		m.daddr = addr4(2);
		m.saddr = addr4(1);
		m.family = AF_INET;
		m.sel = p.sel;
		refusals[i].change(&p, &m);
		neighbour = sa_add(u, 1, 9, 0x100);

		struct ux_sa *sa = sa_insert(u, &p);
		struct ux_sa copy;

		memcpy(&copy, sa, sizeof(copy));
		assert_int_equal(ux_migrate(u, sa, &m, &fresh, &ext), refusals[i].err);
		assert_string_equal(ext.msg, refusals[i].text);
		assert_null(fresh);
		assert_memory_equal(&copy, sa, sizeof(copy));
		assert_ptr_equal(ux_sad_lookup_exact(u, &id, p.mark), sa);
		assert_ptr_equal(ux_sad_lookup_exact(u, &id9, p.mark), neighbour);
		assert_ptr_equal(sa->runtime->current, sa);
		assert_int_equal(sa->runtime->refs, 1);
		assert_null(sa->runtime->former);
		assert_int_equal(u->sad.n_sa, 2);
		assert_int_equal(u->sad.n_grace, 0);
		uxfrm_free(u);
	}
}

static void larval_cannot_move(void **state)
{
	struct uxfrm *u = engine_new(100);
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, 1, 2, 0x100);
	struct ux_ext_ack ext = {0};
	struct ux_sa *sa, *fresh;

	assert_int_equal(ux_sa_new_larval(u, &p, &sa), 0);
	assert_int_equal(ux_sad_insert(u, sa), 0);

	struct ux_migration m = migration_to(sa, 1, 3);

	assert_int_equal(ux_migrate(u, sa, &m, &fresh, &ext), -EINVAL);
	assert_string_equal(ext.msg, "ESP: AEAD or CRYPT must be provided");
	assert_int_equal(u->sad.n_sa, 1);
	uxfrm_free(u);
}

/* A narrow SA stands behind the wide one that is moved onto its mark: found all the same. */
static void hidden_collision(void **state)
{
	struct uxfrm *u = engine_new(100);
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, 1, 2, 0x100);
	struct ux_sa_id id = id4(2, 0x100);
	struct ux_sa *fresh;

	p.mark = (struct ux_mark){1, 1};
	struct ux_sa *narrow = sa_insert(u, &p);

	p.mark = (struct ux_mark){0, 0};
	struct ux_sa *wide = sa_insert(u, &p);
	struct ux_migration m = migration_to(wide, 1, 2);

	m.has_mark = true;
	m.mark = (struct ux_mark){1, 1};
	assert_int_equal(ux_migrate(u, wide, &m, &fresh, NULL), -EEXIST);
	assert_ptr_equal(ux_sad_lookup_exact(u, &id, narrow->mark), narrow);
	assert_ptr_equal(ux_sad_lookup_exact(u, &id, wide->mark), wide);

	/* to a mark that no other has it may go */
	m.mark = (struct ux_mark){2, 3};
	assert_int_equal(ux_migrate(u, wide, &m, &fresh, NULL), 0);
	assert_ptr_equal(ux_sad_lookup_exact(u, &id, m.mark), fresh);
	assert_ptr_equal(ux_sad_lookup_inbound(u, &id, 0, 0)->runtime, fresh->runtime); /* grace */
	uxfrm_free(u);
}

/* ---- what moves, what stays ---- */

static void fields(void **state)
{
	struct uxfrm *u = engine_new(100);
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, 1, 2, 0x100);
	struct ux_sa *fresh;

	p.dir = UX_SA_DIR_OUT;
	p.encap = (struct ux_encap){.type = UX_ENCAP_ESPINUDP, .sport = 1, .dport = 2};
	p.nat_keepalive_interval_s = 7;
	p.output_mark = (struct ux_mark){5, 6};
	p.mark = (struct ux_mark){1, 3};
	p.if_id = 8;
	p.tfcpad = 9;
	p.limits.hard_bytes = 1000;
	p.acquire_seq = 77;
	p.oseq = 41;

	struct ux_sa *sa = sa_insert(u, &p);
	struct ux_sa_runtime *runtime = sa->runtime;
	struct ux_migration m = migration_to(sa, 3, 4);

	sa->dying = true;
	m.reqid = 12;
	m.sel = (struct ux_selector){.prefixlen_d = 99}; /* copied as it is, family 0 and all */
	assert_int_equal(ux_migrate(u, sa, &m, &fresh, NULL), 0);
	assert_true(ux_addr_equal(&fresh->id.daddr, &m.daddr, AF_INET));
	assert_true(ux_addr_equal(&fresh->saddr, &m.saddr, AF_INET));
	assert_int_equal(fresh->reqid, 12);
	assert_true(ux_selector_equal(&fresh->sel, &m.sel));
	assert_int_equal(fresh->encap.type, UX_ENCAP_ESPINUDP);
	assert_int_equal(fresh->nat_keepalive_interval_s, 7);
	assert_int_equal(fresh->output_mark.m, 6);
	assert_int_equal(fresh->mark.v, 1);
	assert_int_equal(fresh->if_id, 8);
	assert_int_equal(fresh->runtime->terms.tfcpad, 9);
	assert_int_equal(fresh->runtime->terms.limits->hard_bytes, 1000);
	assert_int_equal(fresh->runtime->terms.acquire_seq, 77);
	assert_false(fresh->dying);
	assert_ptr_equal(fresh->runtime, runtime);
	assert_int_equal(runtime->oseq, 41);

	/* without encapsulation the keepalive goes too; an output mark of 0/0 clears */
	m.has_encap = m.has_output_mark = true;
	m.family = AF_INET6;
	m.daddr = addr6(1);
	m.saddr = addr6(2);
	assert_int_equal(ux_migrate(u, fresh, &m, &fresh, NULL), 0);
	assert_int_equal(fresh->encap.type, UX_ENCAP_NONE);
	assert_int_equal(fresh->nat_keepalive_interval_s, 0);
	assert_int_equal(fresh->output_mark.m, 0);
	assert_int_equal(fresh->id.family, AF_INET6);
	assert_ptr_equal(fresh->runtime, runtime);
	uxfrm_free(u);
}

static void h2h_selector_follows(void **state)
{
	struct uxfrm *u = engine_new(0);
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, 1, 2, 0x100);
	struct ux_sa *fresh;

	p.mode = UX_MODE_TRANSPORT;
	p.sel = (struct ux_selector){.daddr = addr4(2),
				     .saddr = addr4(1),
				     .family = AF_INET,
				     .prefixlen_d = 32,
				     .prefixlen_s = 32,
				     .proto = 17,
				     .dport = 53,
				     .dport_mask = 0xffff,
				     .user = 4};

	struct ux_sa *sa = sa_insert(u, &p);
	struct ux_migration m = migration_to(sa, 1, 2);

	m.update_h2h_selector = true;
	m.family = AF_INET6;
	m.daddr = addr6(5);
	m.saddr = addr6(6);
	assert_int_equal(ux_migrate(u, sa, &m, &fresh, NULL), 0);
	assert_int_equal(fresh->sel.family, AF_INET6);
	assert_int_equal(fresh->sel.prefixlen_d, 128);
	assert_true(ux_addr_equal(&fresh->sel.daddr, &m.daddr, AF_INET6));
	assert_true(ux_addr_equal(&fresh->sel.saddr, &m.saddr, AF_INET6));
	assert_int_equal(fresh->sel.proto, 17);
	assert_int_equal(fresh->sel.dport, 53);
	assert_int_equal(fresh->sel.user, 4);
	uxfrm_free(u);
}

static void offload(void **state)
{
	struct uxfrm *u = engine_new(0);
	struct ux_sa *sa = sa_add(u, 1, 2, 0x100);
	struct ux_migration m = migration_to(sa, 1, 3);

	m.has_offload = m.clear_offload = true;
	m.offload.ifindex = 4;
	assert_int_equal(ux_migrate(u, sa, &m, &sa, NULL), 0);
	assert_true(sa->offload.requested);
	m = migration_to(sa, 1, 4);
	assert_int_equal(ux_migrate(u, sa, &m, &sa, NULL), 0);
	assert_true(sa->offload.requested);
	assert_int_equal(sa->offload.ifindex, 4);
	m = migration_to(sa, 1, 5);
	m.clear_offload = true;
	assert_int_equal(ux_migrate(u, sa, &m, &sa, NULL), 0);
	assert_false(sa->offload.requested);
	uxfrm_free(u);
}

/* A larval SA that waited at the new place goes; one elsewhere stays; a move that keeps its place
 * takes none. */
static void larval_at_the_target_goes(void **state)
{
	struct uxfrm *u = engine_new(0);
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, 1, 3, 0);
	struct ux_sa *larval, *sa = sa_add(u, 1, 2, 0x100);

	for (int i = 0; i < 2; i++) {
		assert_int_equal(ux_sa_new_larval(u, &p, &larval), 0);
		assert_int_equal(ux_sad_insert(u, larval), 0);
	}
	struct ux_migration m = migration_to(sa, 7, 2);

	assert_int_equal(ux_migrate(u, sa, &m, &sa, NULL), 0);
	assert_int_equal(u->sad.n_sa, 3);
	m = migration_to(sa, 1, 3);
	assert_int_equal(ux_migrate(u, sa, &m, &sa, NULL), 0);
	assert_int_equal(u->sad.n_sa, 2); /* one of them */

	p.id.spi = htobe32(0x300);
	p.id.daddr = addr4(4);
	p.acquire_seq = 9;
	assert_int_equal(ux_sa_new_larval(u, &p, &larval), 0);
	assert_int_equal(ux_sad_insert(u, larval), 0);

	struct ux_sa_params q = sa_params(&aead, 1, 2, 0x200);

	q.acquire_seq = 9;
	sa = sa_insert(u, &q);
	m = migration_to(sa, 1, 4);
	assert_int_equal(ux_migrate(u, sa, &m, &sa, NULL), 0);
	assert_int_equal(u->sad.n_sa, 3); /* by its sequence number */
	uxfrm_free(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refusals_change_nothing),	 cmocka_unit_test(larval_cannot_move),
	    cmocka_unit_test(hidden_collision),		 cmocka_unit_test(fields),
	    cmocka_unit_test(h2h_selector_follows),	 cmocka_unit_test(offload),
	    cmocka_unit_test(larval_at_the_target_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
