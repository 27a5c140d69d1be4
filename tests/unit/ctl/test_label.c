/* SPDX-License-Identifier: BSD-2-Clause */
/* Security labels in requests: kept and told where the engine keeps labels, and the gate is asked
 * before they are used. The oracle's kernel has no security module, so here is no other judge. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/instance.h"
#include "talk.h"
#include "wire/attrs.h"
#include "wire/pfkey_writer.h"

#define SECRET "system_u:object_r:secret_t:s0"
#define OPEN "system_u:object_r:open_t:s0"

static struct talk t;
static _Alignas(16) uint8_t buf[65536];
static struct ux_writer w;
static const char *forbidden; /* the gate says no to this one */
static unsigned int n_asked;

static int gate(void *opaque, const char *label)
{
	n_asked++;
	return forbidden && strcmp(label, forbidden) == 0 ? -EACCES : 0;
}

static int setup(void **state)
{
	forbidden = NULL;
	n_asked = 0;
	talk_open_labels(&t, gate);
	ux_writer_init(&w, buf, sizeof(buf));
	return 0;
}

static int teardown(void **state)
{
	talk_close(&t);
	return 0;
}

static void put_label_of(uint8_t doi, uint8_t alg, const void *text, size_t len)
{
	struct xfrm_user_sec_ctx ctx = {.len = (uint16_t)(sizeof(ctx) + len),
					.exttype = XFRMA_SEC_CTX,
					.ctx_alg = alg,
					.ctx_doi = doi,
					.ctx_len = (uint16_t)len};
	static uint8_t attr[sizeof(ctx) + 8192];

	memcpy(attr, &ctx, sizeof(ctx));
	memcpy(attr + sizeof(ctx), text, len);
	ux_msg_attr(&w, XFRMA_SEC_CTX, attr, sizeof(ctx) + len);
}

static void put_label(const char *text)
{
	if (text)
		put_label_of(1, 1, text, strlen(text));
}

/* Send what was begun; the first answer to A is its acknowledgement with @error. */
static const char *finish(int error)
{
	assert_true(ux_msg_end(&w));
	talk_forget(&t);
	talk_send(&t.a, &w);
	for (size_t i = 0; i < t.n_heard; i++)
		if (t.heard[i].who == 'A')
			return talk_error(&t, i, error);
	fail_msg("no answer");
	return NULL;
}

static void begin(uint16_t type, const void *p, size_t len)
{
	ux_msg_begin(&w, type, NLM_F_REQUEST | NLM_F_ACK, 0, 1, p, len);
}

static void begin_sa(uint16_t type, uint32_t spi)
{
	struct xfrm_usersa_info p = talk_sa_info(spi);

	begin(type, &p, sizeof(p));
	talk_put_gcm(&w, 1);
}

static void add_sa(uint32_t spi, const char *label, int error)
{
	begin_sa(XFRM_MSG_NEWSA, spi);
	put_label(label);
	finish(error);
}

/* The label of a message, or its absence. */
static void expect_label(const struct nlmsghdr *msg, size_t header_len, const char *text)
{
	const struct nlattr *a = talk_attr(msg, header_len, XFRMA_SEC_CTX);
	struct xfrm_user_sec_ctx ctx;

	if (!text) {
		assert_null(a);
		return;
	}
	assert_non_null(a);
	memcpy(&ctx, ux_attr_data(a), sizeof(ctx));
	assert_int_equal(ctx.ctx_len, strlen(text) + 1);
	assert_int_equal(ctx.len, sizeof(ctx) + ctx.ctx_len);
	assert_int_equal(ctx.len, ux_attr_len(a));
	assert_int_equal(ctx.exttype, XFRMA_SEC_CTX);
	assert_int_equal(ctx.ctx_doi, 1);
	assert_int_equal(ctx.ctx_alg, 1);
	assert_string_equal((const char *)ux_attr_data(a) + sizeof(ctx), text);
}

static void id_request(uint16_t type, uint32_t spi)
{
	struct xfrm_usersa_id id = talk_sa_id(spi);

	begin(type, &id, sizeof(id));
}

static void expect_sa(uint32_t spi, const char *label)
{
	id_request(XFRM_MSG_GETSA, spi);
	assert_true(ux_msg_end(&w));
	talk_forget(&t);
	talk_send(&t.a, &w);
	expect_label(talk_msg(&t, 0, 'A', XFRM_MSG_NEWSA), sizeof(struct xfrm_usersa_info), label);
}

static void test_kept_and_told(void **state)
{
	add_sa(1, SECRET, 0);
	expect_label(talk_msg(&t, 0, 'B', XFRM_MSG_NEWSA), sizeof(struct xfrm_usersa_info), SECRET);
	add_sa(2, NULL, 0);
	add_sa(3, SECRET, 0);
	expect_sa(1, SECRET);
	expect_sa(2, NULL);
	expect_sa(3, SECRET);
	assert_int_equal(n_asked, 2);
	assert_int_equal(t.u->labels.n, 1);

	/* of an SA in use it stays, whatever the request says */
	begin_sa(XFRM_MSG_UPDSA, 1);
	put_label(OPEN);
	finish(0);
	expect_sa(1, SECRET);
	id_request(XFRM_MSG_DELSA, 1);
	finish(0);
	expect_label(talk_msg(&t, 0, 'B', XFRM_MSG_DELSA), sizeof(struct xfrm_usersa_id), SECRET);
}

static void test_forgotten_without_labels(void **state)
{
	talk_close(&t);
	talk_open(&t);
	add_sa(1, SECRET, 0);
	expect_sa(1, NULL);
	begin_sa(XFRM_MSG_NEWSA, 2);
	put_label_of(7, 9, "", 0);
	finish(0);
	assert_int_equal(t.u->labels.n, 0);
}

static void test_what_is_no_label(void **state)
{
	static const struct {
		uint8_t doi, alg;
		uint16_t len;
		int error;
	} rows[] = {{0, 1, 5, -EINVAL},	  {1, 0, 5, -EINVAL}, {1, 2, 5, -EINVAL},
		    {1, 1, 0, -EINVAL},	  {1, 1, 4095, 0},    {1, 1, 4096, -ENOMEM},
		    {1, 1, 5000, -ENOMEM}};
	static char text[5000];

	memset(text, 'x', sizeof(text));
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin_sa(XFRM_MSG_NEWSA, 10 + i);
		put_label_of(rows[i].doi, rows[i].alg, text, rows[i].len);
		finish(rows[i].error);
	}
	begin_sa(XFRM_MSG_NEWSA, 1);
	put_label_of(1, 1, "\0abc", 4);
	finish(-EINVAL);
	assert_int_equal(t.u->sad.n_sa, 1);
	assert_int_equal(t.u->labels.n, 1);
}

static void test_gate_of_sas(void **state)
{
	const struct xfrm_usersa_flush all = {.proto = 0}, ah = {.proto = IPPROTO_AH};

	add_sa(1, SECRET, 0);
	add_sa(2, OPEN, 0);
	forbidden = SECRET;
	add_sa(3, SECRET, -EACCES);
	id_request(XFRM_MSG_DELSA, 1);
	finish(-EACCES);
	begin(XFRM_MSG_FLUSHSA, &all, sizeof(all));
	finish(-EACCES);
	assert_int_equal(t.u->sad.n_sa, 2);
	begin(XFRM_MSG_FLUSHSA, &ah, sizeof(ah));
	finish(0);
	id_request(XFRM_MSG_DELSA, 2);
	finish(0);
	forbidden = OPEN;
	begin(XFRM_MSG_FLUSHSA, &all, sizeof(all));
	finish(0);
	assert_int_equal(t.u->sad.n_sa, 0);
}

/* ---- policies ---- */

static void policy_request(uint16_t type, const char *label, uint32_t priority, int error)
{
	struct xfrm_userpolicy_info p = {
	    .sel = {.family = AF_INET}, .dir = XFRM_POLICY_OUT, .priority = priority};

	begin(type, &p, sizeof(p));
	put_label(label);
	finish(error);
}

static void named_policy(uint16_t type, const char *label, int error)
{
	struct xfrm_userpolicy_id id = {.sel = {.family = AF_INET}, .dir = XFRM_POLICY_OUT};

	begin(type, &id, sizeof(id));
	put_label(label);
	if (error || type == XFRM_MSG_DELPOLICY) {
		finish(error);
		return;
	}
	assert_true(ux_msg_end(&w));
	talk_forget(&t);
	talk_send(&t.a, &w);
	expect_label(talk_msg(&t, 0, 'A', XFRM_MSG_NEWPOLICY), sizeof(struct xfrm_userpolicy_info),
		     label);
}

static void test_policies_by_label(void **state)
{
	policy_request(XFRM_MSG_NEWPOLICY, SECRET, 1, 0);
	expect_label(talk_msg(&t, 0, 'B', XFRM_MSG_NEWPOLICY), sizeof(struct xfrm_userpolicy_info),
		     SECRET);
	policy_request(XFRM_MSG_NEWPOLICY, OPEN, 2, 0);
	policy_request(XFRM_MSG_NEWPOLICY, OPEN, 3, -EEXIST);
	named_policy(XFRM_MSG_GETPOLICY, NULL, -ENOENT);
	policy_request(XFRM_MSG_UPDPOLICY, NULL, 4, 0);
	assert_int_equal(t.u->spd.n[UX_POLICY_OUT], 3);
	named_policy(XFRM_MSG_GETPOLICY, SECRET, 0);
	named_policy(XFRM_MSG_GETPOLICY, OPEN, 0);
	named_policy(XFRM_MSG_GETPOLICY, NULL, 0);
	named_policy(XFRM_MSG_DELPOLICY, OPEN, 0);
	expect_label(talk_msg(&t, 0, 'B', XFRM_MSG_DELPOLICY), sizeof(struct xfrm_userpolicy_id),
		     OPEN);
	named_policy(XFRM_MSG_GETPOLICY, OPEN, -ENOENT);
	assert_int_equal(t.u->spd.n[UX_POLICY_OUT], 2);
}

static void test_gate_of_policies(void **state)
{
	struct xfrm_user_polexpire expire = {
	    .pol = {.sel = {.family = AF_INET}, .dir = XFRM_POLICY_OUT}, .hard = 1};
	struct xfrm_userpolicy_id by_index = {.dir = XFRM_POLICY_OUT};

	policy_request(XFRM_MSG_NEWPOLICY, SECRET, 1, 0);
	by_index.index = ux_container_of(t.u->spd.all.next, struct ux_policy, all)->index;
	forbidden = SECRET;
	policy_request(XFRM_MSG_UPDPOLICY, SECRET, 1, -EACCES);
	named_policy(XFRM_MSG_GETPOLICY, SECRET, -EACCES);
	named_policy(XFRM_MSG_DELPOLICY, SECRET, -EACCES);
	begin(XFRM_MSG_DELPOLICY, &by_index, sizeof(by_index));
	finish(-EACCES);
	begin(XFRM_MSG_FLUSHPOLICY, NULL, 0);
	finish(-EACCES);
	begin(XFRM_MSG_POLEXPIRE, &expire, sizeof(expire));
	put_label(SECRET);
	finish(-EACCES);
	assert_int_equal(t.u->spd.n[UX_POLICY_OUT], 1);
	forbidden = NULL;
	begin(XFRM_MSG_POLEXPIRE, &expire, sizeof(expire));
	put_label(SECRET);
	finish(0);
	expect_label(talk_msg(&t, 0, 'B', XFRM_MSG_POLEXPIRE), sizeof(expire), SECRET);
	assert_int_equal(t.u->spd.n[UX_POLICY_OUT], 0);
}

/* ---- moves ---- */

static const char *migrate_state(uint8_t host, int error)
{
	struct ux_xfrm_user_migrate_state m = {
	    .id = {.spi = htonl(1), .family = AF_INET, .proto = IPPROTO_ESP},
	    .new_family = AF_INET,
	    .new_reqid = 1,
	};

	m.id.daddr.a4 = inet_addr("10.0.0.2");
	m.new_daddr.a4 = inet_addr("10.0.0.2");
	m.new_saddr.a4 = htonl(0x0a000100u + host);
	m.new_sel.family = AF_INET;
	begin(UX_XFRM_MSG_MIGRATE_STATE, &m, sizeof(m));
	return finish(error);
}

static void test_moves(void **state)
{
	add_sa(1, SECRET, 0);
	forbidden = SECRET;
	assert_string_equal(migrate_state(1, -EINVAL), "Failed to clone and setup state");
	expect_sa(1, SECRET);
	forbidden = NULL;
	n_asked = 0;
	migrate_state(2, 0);
	assert_int_equal(n_asked, 1);
	expect_sa(1, SECRET);
	assert_int_equal(t.u->labels.n, 1);
}

static void legacy_migrate(const char *to, int error)
{
	struct xfrm_userpolicy_id id = {.sel = {.family = AF_INET}, .dir = XFRM_POLICY_OUT};
	struct xfrm_user_migrate m = {.proto = IPPROTO_ESP,
				      .mode = XFRM_MODE_TUNNEL,
				      .reqid = 1,
				      .old_family = AF_INET,
				      .new_family = AF_INET};

	m.old_daddr.a4 = inet_addr("10.0.0.2");
	m.old_saddr.a4 = inet_addr("10.0.0.1");
	m.new_daddr.a4 = inet_addr("10.0.0.2");
	m.new_saddr.a4 = inet_addr(to);
	begin(XFRM_MSG_MIGRATE, &id, sizeof(id));
	ux_msg_attr(&w, XFRMA_MIGRATE, &m, sizeof(m));
	finish(error);
}

static void test_moves_with_their_policy(void **state)
{
	struct xfrm_userpolicy_info p = {.sel = {.family = AF_INET}, .dir = XFRM_POLICY_OUT};
	struct xfrm_user_tmpl tmpl = {
	    .id = {.proto = IPPROTO_ESP}, .family = AF_INET, .mode = XFRM_MODE_TUNNEL, .reqid = 1};

	tmpl.id.daddr.a4 = inet_addr("10.0.0.2");
	tmpl.saddr.a4 = inet_addr("10.0.0.1");
	add_sa(1, SECRET, 0);
	begin(XFRM_MSG_NEWPOLICY, &p, sizeof(p));
	ux_msg_attr(&w, XFRMA_TMPL, &tmpl, sizeof(tmpl));
	put_label(SECRET);
	finish(0);
	forbidden = SECRET;
	legacy_migrate("10.0.1.1", -ENODATA);
	forbidden = NULL;
	legacy_migrate("10.0.1.1", 0);
	expect_sa(1, SECRET);
	named_policy(XFRM_MSG_GETPOLICY, SECRET, 0);
}

/* ---- PF_KEY ---- */

static _Alignas(8) uint8_t heard[8192]; /* the latest message */

static int hear(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	assert_true(len <= sizeof(heard));
	memcpy(heard, datagram, len);
	return 0;
}

static const struct sadb_x_sec_ctx *heard_label(void)
{
	const struct sadb_msg *m = (const void *)heard;
	size_t at = sizeof(*m);

	while (at < m->sadb_msg_len * 8u) {
		const struct sadb_ext *e = (const void *)(heard + at);

		if (e->sadb_ext_type == SADB_X_EXT_SEC_CTX)
			return (const void *)e;
		at += e->sadb_ext_len * 8u;
	}
	return NULL;
}

/* A policy request, with @label unless that is NULL; the error of the answer. */
static int pfkey_policy(struct uxfrm_pfkey *c, uint8_t type, const char *label)
{
	const struct sadb_msg m = {.sadb_msg_version = PF_KEY_V2, .sadb_msg_type = type};
	const struct sadb_x_policy p = {.sadb_x_policy_type = IPSEC_POLICY_NONE,
					.sadb_x_policy_dir = IPSEC_DIR_OUTBOUND};
	struct sadb_x_sec_ctx ctx = {.sadb_x_ctx_alg = 1, .sadb_x_ctx_doi = 1};
	const struct sadb_address head = {.sadb_address_prefixlen = 0};
	const struct ux_addr any = {0};
	struct ux_pfkey_writer pw;

	ux_pfkey_begin(&pw, buf, sizeof(buf), &m);
	ux_pfkey_put_address(&pw, SADB_EXT_ADDRESS_SRC, AF_INET, &any, 0, head);
	ux_pfkey_put_address(&pw, SADB_EXT_ADDRESS_DST, AF_INET, &any, 0, head);
	ux_pfkey_ext(&pw, SADB_X_EXT_POLICY, &p, sizeof(p));
	if (label) {
		ctx.sadb_x_ctx_len = (uint16_t)strlen(label);
		ux_pfkey_ext(&pw, SADB_X_EXT_SEC_CTX, &ctx, sizeof(ctx));
		ux_pfkey_append(&pw, label, strlen(label));
	}
	assert_true(ux_pfkey_end(&pw));
	memset(heard, 0, sizeof(heard));
	assert_int_equal(uxfrm_pfkey_request(c, buf, pw.len), 0);
	return ((const struct sadb_msg *)(const void *)heard)->sadb_msg_errno;
}

static void test_pfkey_policies(void **state)
{
	static const struct uxfrm_client_ops ops = {.deliver = hear, .label = gate};
	const struct sadb_x_sec_ctx *ctx;
	struct uxfrm_pfkey *c;

	assert_int_equal(uxfrm_pfkey_open(t.u, &ops, NULL, &c), 0);
	assert_int_equal(pfkey_policy(c, SADB_X_SPDADD, SECRET), 0);
	ctx = heard_label();
	assert_non_null(ctx);
	assert_int_equal(ctx->sadb_x_ctx_len, sizeof(SECRET));
	assert_string_equal((const char *)(ctx + 1), SECRET);
	assert_int_equal(pfkey_policy(c, SADB_X_SPDADD, NULL), 0);
	assert_null(heard_label());
	named_policy(XFRM_MSG_GETPOLICY, SECRET, 0);
	forbidden = SECRET;
	assert_int_equal(pfkey_policy(c, SADB_X_SPDUPDATE, SECRET), EACCES);
	assert_int_equal(pfkey_policy(c, SADB_X_SPDDELETE, SECRET), EACCES);
	assert_int_equal(pfkey_policy(c, SADB_X_SPDDELETE, OPEN), ENOENT);
	assert_int_equal(pfkey_policy(c, SADB_X_SPDFLUSH, NULL), EACCES);
	assert_int_equal(t.u->spd.n[UX_POLICY_OUT], 2);
	assert_int_equal(pfkey_policy(c, SADB_X_SPDDELETE, NULL), 0);
	forbidden = NULL;
	assert_int_equal(pfkey_policy(c, SADB_X_SPDDELETE, SECRET), 0);
	assert_int_equal(t.u->spd.n[UX_POLICY_OUT], 0);
	uxfrm_pfkey_close(c);
}

/* GET, DELETE and FLUSH; and ADD with a label. */
static int pfkey_sa(struct uxfrm_pfkey *c, uint8_t type, const char *label)
{
	const struct sadb_msg m = {.sadb_msg_version = PF_KEY_V2,
				   .sadb_msg_type = type,
				   .sadb_msg_satype = SADB_SATYPE_ESP};
	const struct sadb_sa sa = {.sadb_sa_spi = htonl(1),
				   .sadb_sa_auth = SADB_AALG_SHA1HMAC,
				   .sadb_sa_encrypt = SADB_X_EALG_AESCBC,
				   .sadb_sa_state = SADB_SASTATE_MATURE};
	struct sadb_x_sec_ctx ctx = {.sadb_x_ctx_alg = 1, .sadb_x_ctx_doi = 1};
	const struct sadb_address head = {.sadb_address_prefixlen = 32};
	const struct ux_addr from = {.b = {10, 0, 0, 1}}, to = {.b = {10, 0, 0, 2}};
	const uint8_t key[20] = {1};
	struct ux_pfkey_writer pw;

	ux_pfkey_begin(&pw, buf, sizeof(buf), &m);
	ux_pfkey_ext(&pw, SADB_EXT_SA, &sa, sizeof(sa));
	ux_pfkey_put_address(&pw, SADB_EXT_ADDRESS_SRC, AF_INET, &from, 0, head);
	ux_pfkey_put_address(&pw, SADB_EXT_ADDRESS_DST, AF_INET, &to, 0, head);
	ux_pfkey_put_key(&pw, SADB_EXT_KEY_AUTH, key, 160);
	ux_pfkey_put_key(&pw, SADB_EXT_KEY_ENCRYPT, key, 128);
	if (label) {
		ctx.sadb_x_ctx_len = (uint16_t)strlen(label);
		ux_pfkey_ext(&pw, SADB_X_EXT_SEC_CTX, &ctx, sizeof(ctx));
		ux_pfkey_append(&pw, label, strlen(label));
	}
	assert_true(ux_pfkey_end(&pw));
	memset(heard, 0, sizeof(heard));
	assert_int_equal(uxfrm_pfkey_request(c, buf, pw.len), 0);
	return ((const struct sadb_msg *)(const void *)heard)->sadb_msg_errno;
}

static void test_pfkey_sas(void **state)
{
	static const struct uxfrm_client_ops ops = {.deliver = hear, .label = gate};
	struct uxfrm_pfkey *c;

	assert_int_equal(uxfrm_pfkey_open(t.u, &ops, NULL, &c), 0);
	forbidden = SECRET;
	assert_int_equal(pfkey_sa(c, SADB_ADD, SECRET), EACCES);
	forbidden = NULL;
	assert_int_equal(pfkey_sa(c, SADB_ADD, SECRET), 0);
	assert_string_equal((const char *)(heard_label() + 1), SECRET);
	assert_int_equal(pfkey_sa(c, SADB_GET, NULL), 0);
	assert_string_equal((const char *)(heard_label() + 1), SECRET);
	expect_sa(1, SECRET);
	forbidden = SECRET;
	assert_int_equal(pfkey_sa(c, SADB_DELETE, NULL), EACCES);
	assert_int_equal(pfkey_sa(c, SADB_FLUSH, NULL), EACCES);
	forbidden = NULL;
	assert_int_equal(pfkey_sa(c, SADB_FLUSH, NULL), 0);
	assert_int_equal(t.u->sad.n_sa, 0);
	talk_tick(&t, 1); /* memory is given back */
	assert_int_equal(t.u->labels.n, 0);
	uxfrm_pfkey_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_kept_and_told, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_forgotten_without_labels, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_what_is_no_label, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_gate_of_sas, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_policies_by_label, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_gate_of_policies, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_moves, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_moves_with_their_policy, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_pfkey_policies, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_pfkey_sas, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
