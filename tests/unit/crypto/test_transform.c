/* SPDX-License-Identifier: BSD-2-Clause */
/* test_transform FILE: each line of FILE is a request and what Linux answered to it. */
#include "crypto/transform.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "crypto/backend.h"
#include "crypto/retired.h"

#define TRUNC_TEXT "Invalid length requested for truncated ICV"

static const char *cases_path;
static const uint8_t key[512] = {1, 2, 3};

struct row {
	char *field[6];
	struct ux_algo_request algo[3]; /* aead, crypt, auth */
	bool has[3];
};

/* NAME:KEY_BITS[:ICV_BITS]. A name may hold anything but a colon. */
static bool parse_algo(const char *text, struct ux_algo_request *r)
{
	char rest[64];

	*r = (struct ux_algo_request){.key = key};
	if (strcmp(text, "-") == 0)
		return false;

	size_t name_len = strcspn(text, ":");
	int n;

	assert_true(name_len < sizeof(r->name));
	memcpy(r->name, text, name_len);
	n = sscanf(text + name_len, ":%u:%u%63s", &r->key_bits, &r->icv_bits, rest);
	assert_in_range(n, 1, 2);
	r->trunc_form = n == 2;
	return true;
}

static bool parse_row(char *line, struct row *r)
{
	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '#' || line[0] == '\0')
		return false;
	for (int i = 0; i < 6; i++) {
		r->field[i] = strsep(&line, "\t");
		assert_non_null(r->field[i]);
	}
	for (int i = 0; i < 3; i++)
		r->has[i] = parse_algo(r->field[i], &r->algo[i]);
	return true;
}

static void check_row(struct row *r, const char *shown)
{
	struct ux_transform_params p = {
	    .aead = r->has[0] ? &r->algo[0] : NULL,
	    .cipher = r->has[1] ? &r->algo[1] : NULL,
	    .auth = r->has[2] ? &r->algo[2] : NULL,
	    .esn = r->field[3][0] == '1',
	};
	struct ux_transform *t = NULL;
	struct ux_ext_ack ext = {0};
	int err = ux_transform_new(&p, &t, &ext);

	/* What the look-ups alone find is what stands first in the answer. */
	bool by_look_up = err == -ENOSYS || strcmp(r->field[5], TRUNC_TEXT) == 0;
	struct ux_ext_ack check_ext = {0};

	if (ux_transform_check(&p, &check_ext) != (by_look_up ? err : 0) ||
	    strcmp(check_ext.msg, by_look_up ? r->field[5] : "") != 0)
		fail_msg("%s: the look-ups say \"%s\"", shown, check_ext.msg);
	if (err != -atoi(r->field[4]) || strcmp(ext.msg, r->field[5]) != 0)
		fail_msg("%s: got %d \"%s\"", shown, -err, ext.msg);
	if ((err == 0) != (t != NULL))
		fail_msg("%s: pointer and errno disagree", shown);
	/* Without a place for the text the answer is the same. */
	ux_transform_put(t);
	t = NULL;
	assert_int_equal(ux_transform_new(&p, &t, NULL), err);
	ux_transform_put(t);
}

static void test_as_linux_answers(void **state)
{
	FILE *f = fopen(cases_path, "r");
	char line[512], shown[512];
	struct row r;
	unsigned int n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		strcpy(shown, line);
		if (!parse_row(line, &r))
			continue;
		check_row(&r, shown);
		n++;
	}
	fclose(f);
	assert_true(n > 500);
}

static void test_lengths(void **state)
{
	static const struct {
		const char *aead, *cipher, *auth;
		uint8_t iv_len, icv_len, align;
	} rows[] = {
	    {"rfc4106(gcm(aes)):160:64", "-", "-", 8, 8, 4},
	    {"rfc4106(gcm(aes)):224:96", "-", "-", 8, 12, 4},
	    {"rfc4106(gcm(aes)):288:128", "-", "-", 8, 16, 4},
	    {"-", "cbc(aes):128", "hmac(sha1):160", 16, 12, 16},
	    {"-", "aes:192", "sha256:256", 16, 12, 16},
	    {"-", "cbc(aes):256", "hmac(sha256):256:128", 16, 16, 16},
	    {"-", "cbc(aes):256", "hmac(sha384):384", 16, 24, 16},
	    {"-", "cbc(aes):256", "hmac(sha512):512", 16, 32, 16},
	    {"-", "cbc(aes):256", "hmac(sha512):512:512", 16, 64, 16},
	    {"-", "cbc(aes):256", "hmac(sha1):160:100", 16, 12, 16},
	    {"-", "cbc(aes):128", "-", 16, 0, 16},
	    {"-", "cbc(aes):128", "digest_null:0", 16, 0, 16},
	    {"-", "ecb(cipher_null):0", "hmac(sha1):160", 0, 12, 4},
	    {"-", "cipher_null:0", "-", 0, 0, 4},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ux_algo_request a, c, h;
		struct ux_transform_params p = {
		    .aead = parse_algo(rows[i].aead, &a) ? &a : NULL,
		    .cipher = parse_algo(rows[i].cipher, &c) ? &c : NULL,
		    .auth = parse_algo(rows[i].auth, &h) ? &h : NULL,
		};
		struct ux_transform *t;

		assert_int_equal(ux_transform_new(&p, &t, NULL), 0);
		assert_int_equal(t->iv_len, rows[i].iv_len);
		assert_int_equal(t->icv_len, rows[i].icv_len);
		assert_int_equal(t->align, rows[i].align);
		ux_transform_put(t);
	}
}

static void test_references(void **state)
{
	struct ux_algo_request a;
	struct ux_transform_params p = {.aead = &a};
	struct ux_transform *t, *second;
	uint64_t retired = ux_retired_count();

	assert_true(parse_algo("rfc4106(gcm(aes)):160:128", &a));
	assert_int_equal(ux_transform_new(&p, &t, NULL), 0);
	assert_int_equal(ux_transform_new(&p, &second, NULL), 0);
	assert_int_not_equal(t->id, second->id);
	assert_ptr_equal(ux_transform_get(t), t);
	assert_null(ux_transform_put(t));
	assert_int_equal(ux_retired_count(), retired);
	assert_memory_equal(t->keys, key, 20);
	assert_null(ux_transform_put(t));
	assert_int_equal(ux_retired_count(), retired + 1);
	ux_transform_put(second);
	assert_null(ux_transform_put(NULL));
}

/* The request's key bytes are only borrowed. */
static void test_key_is_copied(void **state)
{
	uint8_t mine[36];
	struct ux_algo_request c = {.name = "cbc(aes)", .key = mine, .key_bits = 128};
	struct ux_algo_request h = {.name = "sha1", .key = mine + 16, .key_bits = 160};
	struct ux_transform_params p = {.cipher = &c, .auth = &h};
	struct ux_transform *t;

	memset(mine, 7, sizeof(mine));
	assert_int_equal(ux_transform_new(&p, &t, NULL), 0);
	memset(mine, 0, sizeof(mine));
	assert_int_equal(t->keys[0], 7);
	assert_int_equal(t->keys[35], 7);
	assert_int_equal(t->cipher_len, 16);
	assert_int_equal(t->auth_len, 20);
	ux_transform_put(t);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_as_linux_answers),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_references),
	    cmocka_unit_test(test_key_is_copied),
	};

	if (argc != 2)
		return 2;
	cases_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
