/* SPDX-License-Identifier: BSD-2-Clause */

/* Requests decoded again say what was asked for: every member, every attribute. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "fake_server.h"

static struct ux_decoder decoder;

/* The request gathered last, decoded. */
static const struct uxfrm_message *gathered(struct fake *f)
{
	const struct ux_sent *last = &f->conn->sent[f->conn->sent_count - 1];

	assert_int_equal(ux_decode(&decoder, (const void *)(f->conn->buf + last->offset)), 0);
	return &decoder.message;
}

static void fill(void *bytes, size_t len)
{
	static uint8_t next = 1;

	for (size_t i = 0; i < len; i++)
		((uint8_t *)bytes)[i] = next++;
}

#define FILL(member) fill(&(member), sizeof(member))

static const uint8_t key[8] = "keybytes";
static const uint32_t bitmap[2] = {0x12345678, 0x9abcdef0};
static struct uxfrm_template templates[3];

static void fill_algo(struct uxfrm_algo *algo, const char *name, uint32_t icv_bits)
{
	*algo = (struct uxfrm_algo){.key_bits = 64, .icv_bits = icv_bits, .key = key};
	strcpy(algo->name, name);
}

/* Everything is there, with a value of its own. */
static void fill_attributes(struct uxfrm_attributes *a)
{
	FILL(*a);
	a->has = (1ull << (UXFRM_HAS_TEMPLATES + 1)) - 1;
	a->dir = UXFRM_SA_OUT;
	fill_algo(&a->auth, "auth", 0);
	fill_algo(&a->auth_trunc, "trunc", 96);
	fill_algo(&a->crypt, "crypt", 0);
	fill_algo(&a->aead, "aead", 128);
	fill_algo(&a->comp, "comp", 0);
	a->replay_esn.words = a->replay_esn.bitmap_words = 2;
	a->replay_esn.bitmap = bitmap;
	a->security.text = "label";
	a->security.len = 5;
	FILL(templates);
	a->templates = templates;
	a->template_count = 3;
}

static void same_algo(const struct uxfrm_algo *a, const struct uxfrm_algo *b)
{
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->key_bits, b->key_bits);
	assert_int_equal(a->icv_bits, b->icv_bits);
	assert_memory_equal(a->key, b->key, (a->key_bits + 7) / 8);
}

#define SAME(member) assert_memory_equal(&a->member, &b->member, sizeof(a->member))

static void same_templates(const struct uxfrm_attributes *x, const struct uxfrm_attributes *y)
{
	assert_int_equal(x->template_count, y->template_count);
	for (size_t i = 0; i < x->template_count; i++) {
		const struct uxfrm_template *a = &x->templates[i], *b = &y->templates[i];

		SAME(family);
		SAME(proto);
		SAME(mode);
		SAME(src);
		SAME(dst);
		SAME(spi);
		SAME(reqid);
		SAME(share);
		SAME(optional);
		SAME(auth_mask);
		SAME(crypt_mask);
		SAME(comp_mask);
	}
}

static void same_numbers(const struct uxfrm_attributes *a, const struct uxfrm_attributes *b)
{
	SAME(has);
	SAME(mark);
	SAME(output_mark);
	SAME(output_mask);
	SAME(if_id);
	SAME(tfc_pad);
	SAME(extra_flags);
	SAME(cpu);
	SAME(mapping_thresh);
	SAME(nat_keepalive);
	SAME(replay_thresh);
	SAME(timer_thresh);
	SAME(iptfs_drop_time);
	SAME(iptfs_init_delay);
	SAME(iptfs_max_qsize);
	SAME(iptfs_pkt_size);
	SAME(iptfs_reorder_window);
	SAME(dir);
	SAME(ptype);
	SAME(last_used);
}

static void same_attributes(const struct uxfrm_attributes *a, const struct uxfrm_attributes *b)
{
	same_numbers(a, b);
	SAME(src);
	SAME(care_of);
	SAME(encap.type);
	SAME(encap.sport);
	SAME(encap.dport);
	SAME(encap.original);
	SAME(offload.ifindex);
	SAME(offload.flags);
	SAME(replay);
	SAME(replay_esn.seq);
	SAME(replay_esn.seq_hi);
	SAME(replay_esn.oseq);
	SAME(replay_esn.oseq_hi);
	SAME(replay_esn.window);
	assert_memory_equal(a->replay_esn.bitmap, b->replay_esn.bitmap, sizeof(bitmap));
	SAME(usage);
	SAME(security.doi);
	SAME(security.algorithm);
	SAME(security.len);
	assert_memory_equal(a->security.text, b->security.text, a->security.len);
	SAME(kmaddress.family);
	SAME(kmaddress.local);
	SAME(kmaddress.remote);
	same_algo(&a->auth, &b->auth);
	same_algo(&a->auth_trunc, &b->auth_trunc);
	same_algo(&a->crypt, &b->crypt);
	same_algo(&a->aead, &b->aead);
	same_algo(&a->comp, &b->comp);
	same_templates(a, b);
}

static void same_selector(const struct uxfrm_selector *a, const struct uxfrm_selector *b)
{
	SAME(family);
	SAME(src_bits);
	SAME(dst_bits);
	SAME(src);
	SAME(dst);
	SAME(sport);
	SAME(sport_mask);
	SAME(dport);
	SAME(dport_mask);
	SAME(ifindex);
	SAME(uid);
	SAME(proto);
}

static void test_sa(void **state)
{
	struct fake f = fake_open();
	struct uxfrm_sa sa;
	const struct uxfrm_sa *a = &sa, *b;

	fill(&sa, sizeof(sa));
	sa.size = sizeof(sa);
	fill_attributes(&sa.attrs);
	for (int update = 0; update < 2; update++) {
		assert_int_equal(update ? uxfrm_sa_update(f.conn, &sa) : uxfrm_sa_add(f.conn, &sa),
				 0);
		b = &gathered(&f)->sa;
		assert_int_equal(decoder.message.type,
				 update ? UXFRM_MSG_SA_UPDATED : UXFRM_MSG_SA);
		SAME(id.family);
		SAME(id.proto);
		SAME(id.spi);
		SAME(id.dst);
		SAME(id.src);
		same_selector(&a->sel, &b->sel);
		SAME(limits);
		SAME(reqid);
		SAME(seq);
		SAME(mode);
		SAME(flags);
		SAME(replay_window);
		same_attributes(&a->attrs, &b->attrs);
	}
	fake_close(&f);
}

static void test_expire(void **state)
{
	struct fake f = fake_open();
	struct uxfrm_sa sa;
	struct uxfrm_policy policy;

	uxfrm_sa_init(&sa);
	sa.id.spi = 7;
	assert_int_equal(uxfrm_sa_expire(f.conn, &sa, true), 0);
	assert_int_equal(gathered(&f)->type, UXFRM_MSG_SA_EXPIRED);
	assert_true(decoder.message.hard);
	assert_int_equal(decoder.message.sa.id.spi, 7);
	uxfrm_policy_init(&policy);
	policy.id.index = 9;
	assert_int_equal(uxfrm_policy_expire(f.conn, &policy, false), 0);
	assert_int_equal(gathered(&f)->type, UXFRM_MSG_POLICY_EXPIRED);
	assert_false(decoder.message.hard);
	assert_int_equal(decoder.message.policy.id.index, 9);
	fake_close(&f);
}

static void test_policy(void **state)
{
	struct fake f = fake_open();
	struct uxfrm_policy policy;
	const struct uxfrm_policy *a = &policy, *b;

	fill(&policy, sizeof(policy));
	policy.size = sizeof(policy);
	fill_attributes(&policy.attrs);
	for (int update = 0; update < 2; update++) {
		assert_int_equal(update ? uxfrm_policy_update(f.conn, &policy)
					: uxfrm_policy_add(f.conn, &policy),
				 0);
		b = &gathered(&f)->policy;
		assert_int_equal(decoder.message.type,
				 update ? UXFRM_MSG_POLICY_UPDATED : UXFRM_MSG_POLICY);
		same_selector(&a->id.sel, &b->id.sel);
		SAME(id.index);
		SAME(id.dir);
		SAME(limits);
		SAME(priority);
		SAME(action);
		SAME(flags);
		SAME(share);
		same_attributes(&a->attrs, &b->attrs);
	}
	fake_close(&f);
}

static void test_sa_move(void **state)
{
	struct fake f = fake_open();
	struct uxfrm_sa_move move;
	const struct uxfrm_sa_move *a = &move, *b;

	fill(&move, sizeof(move));
	move.size = sizeof(move);
	fill_attributes(&move.attrs);
	assert_int_equal(uxfrm_sa_migrate(f.conn, &move), 0);
	b = &gathered(&f)->sa_move;
	assert_int_equal(decoder.message.type, UXFRM_MSG_SA_MOVED);
	SAME(id.family);
	SAME(id.proto);
	SAME(id.spi);
	SAME(id.dst);
	SAME(old_mark);
	SAME(new_family);
	SAME(new_src);
	SAME(new_dst);
	same_selector(&a->new_sel, &b->new_sel);
	SAME(new_reqid);
	SAME(flags);
	same_attributes(&a->attrs, &b->attrs);
	fake_close(&f);
}

static void test_policy_move(void **state)
{
	struct uxfrm_endpoint_move moves[6];
	struct fake f = fake_open();
	struct uxfrm_policy_move move;

	FILL(moves);
	fill(&move, sizeof(move));
	move.size = sizeof(move);
	fill_attributes(&move.attrs);
	move.moves = moves;
	move.move_count = 6;
	assert_int_equal(uxfrm_policy_migrate(f.conn, &move), 0);
	const struct uxfrm_policy_move *got = &gathered(&f)->policy_move;

	same_selector(&move.id.sel, &got->id.sel);
	assert_int_equal(got->id.dir, move.id.dir);
	assert_int_equal(got->move_count, 6);
	for (size_t i = 0; i < 6; i++) {
		const struct uxfrm_endpoint_move *a = &moves[i], *b = &got->moves[i];

		SAME(old_family);
		SAME(new_family);
		SAME(old_src);
		SAME(old_dst);
		SAME(new_src);
		SAME(new_dst);
		SAME(proto);
		SAME(mode);
		SAME(reqid);
	}
	same_attributes(&move.attrs, &got->attrs);
	fake_close(&f);
}

static void test_aevent(void **state)
{
	struct fake f = fake_open();
	struct uxfrm_aevent event;
	const struct uxfrm_aevent *a = &event, *b;

	fill(&event, sizeof(event));
	fill_attributes(&event.attrs);
	assert_int_equal(uxfrm_aevent_set(f.conn, &event), 0);
	b = &gathered(&f)->aevent;
	assert_int_equal(decoder.message.type, UXFRM_MSG_AEVENT);
	SAME(id.family);
	SAME(id.proto);
	SAME(id.spi);
	SAME(id.dst);
	SAME(id.src);
	SAME(flags);
	SAME(reqid);
	same_attributes(&a->attrs, &b->attrs);
	fake_close(&f);
}

static void test_small_ones(void **state)
{
	struct fake f = fake_open();
	const struct uxfrm_defaults defaults = {1, 2, 0};

	assert_int_equal(uxfrm_sa_flush(f.conn, 51), 0);
	assert_int_equal(gathered(&f)->flushed.proto, 51);
	assert_int_equal(uxfrm_policy_flush(f.conn, UXFRM_POLICY_SUB), 0);
	assert_int_equal(gathered(&f)->flushed.attrs.ptype, UXFRM_POLICY_SUB);
	assert_true(uxfrm_has(&decoder.message.flushed.attrs, UXFRM_HAS_PTYPE));
	assert_int_equal(uxfrm_policy_flush(f.conn, -1), 0);
	assert_false(uxfrm_has(&gathered(&f)->flushed.attrs, UXFRM_HAS_PTYPE));
	assert_int_equal(uxfrm_defaults_set(f.conn, &defaults), 0);
	const struct ux_sent *last = &f.conn->sent[f.conn->sent_count - 1];

	assert_memory_equal(f.conn->buf + last->offset + NLMSG_HDRLEN, "\1\2\0", 3);
	fake_close(&f);
}

static void test_addresses(void **state)
{
	union uxfrm_ip ip;
	char buf[64];

	assert_int_equal(uxfrm_ip_parse(AF_UNSPEC, "192.0.2.1", &ip), AF_INET);
	assert_string_equal(uxfrm_ip_text(AF_INET, &ip, buf), "192.0.2.1");
	assert_int_equal(uxfrm_ip_parse(AF_UNSPEC, "2001:db8::1", &ip), AF_INET6);
	assert_string_equal(uxfrm_ip_text(AF_INET6, &ip, buf), "2001:db8::1");
	assert_true(uxfrm_ip_parse(AF_INET6, "192.0.2.1", &ip) < 0);
	assert_true(uxfrm_ip_parse(AF_INET, "2001:db8::1", &ip) < 0);
	assert_true(uxfrm_ip_parse(AF_UNSPEC, "nonsense", &ip) < 0);
	assert_string_equal(uxfrm_ip_text(99, &ip, buf), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sa),		cmocka_unit_test(test_expire),
	    cmocka_unit_test(test_policy),	cmocka_unit_test(test_sa_move),
	    cmocka_unit_test(test_policy_move), cmocka_unit_test(test_aevent),
	    cmocka_unit_test(test_small_ones),	cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
