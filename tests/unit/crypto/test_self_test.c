/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/self_test.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "crypto/backend.h"
#include "crypto/settings.h"

static void test_libcrypto_passes_all(void **state)
{
	assert_true(ux_self_test_count() > 40);
	for (size_t i = 0; i < ux_self_test_count(); i++)
		if (ux_self_test_algorithm(&ux_openssl_backend, i) != UX_SELF_TEST_PASSED)
			fail_msg("%s", ux_self_test_packet(i)->name);
	assert_null(ux_self_test_backend(&ux_openssl_backend));
	assert_null(ux_crypto_backend_failed(ux_openssl_backend.index));
}

static void test_ipsec_mb_passes_what_it_does(void **state)
{
	unsigned int n = 0;

	if (!ux_ipsec_mb_backend.available())
		skip();
	for (size_t i = 0; i < ux_self_test_count(); i++) {
		enum ux_self_test result = ux_self_test_algorithm(&ux_ipsec_mb_backend, i);

		if (result == UX_SELF_TEST_FAILED)
			fail_msg("%s", ux_self_test_packet(i)->name);
		n += result == UX_SELF_TEST_PASSED;
	}
	assert_true(n >= 20);
}

/* ---- libraries that are broken in one way each ---- */

static bool is_gcm(const struct ux_crypt_op *op)
{
	return op->transform->cipher == UX_CIPHER_AES_GCM;
}

static struct ux_crypto_backend broken;

/* libcrypto knows its own transforms. */
static size_t by_openssl(size_t (*crypt)(void *, struct ux_crypt_op *, size_t), void *state,
			 struct ux_crypt_op *ops, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)crypt(state, &ops[i], 1);
	return n;
}

static size_t encrypt(void *state, struct ux_crypt_op *ops, size_t n)
{
	return by_openssl(ux_openssl_backend.encrypt, state, ops, n);
}

static size_t decrypt(void *state, struct ux_crypt_op *ops, size_t n)
{
	return by_openssl(ux_openssl_backend.decrypt, state, ops, n);
}

static size_t encrypt_wrong(void *state, struct ux_crypt_op *ops, size_t n)
{
	(void)encrypt(state, ops, n);
	if (is_gcm(&ops[n - 1]))
		ops[n - 1].icv[3] ^= 1;
	return n;
}

static size_t decrypt_wrong(void *state, struct ux_crypt_op *ops, size_t n)
{
	(void)decrypt(state, ops, n);
	if (is_gcm(&ops[n - 1]))
		ops[n - 1].esp[17] ^= 1;
	return n;
}

static size_t accept_all(void *state, struct ux_crypt_op *ops, size_t n)
{
	(void)decrypt(state, ops, n);
	for (size_t i = 0; is_gcm(ops) && i < n; i++)
		ops[i].ok = true;
	return n;
}

static size_t refuse_last(void *state, struct ux_crypt_op *ops, size_t n)
{
	(void)decrypt(state, ops, n);
	ops[n - 1].ok &= !is_gcm(ops);
	return n;
}

static void expect(const char *failed)
{
	const char *got = ux_self_test_backend(&broken);

	if (!failed)
		assert_null(got);
	else
		assert_string_equal(got, failed);
}

static void test_finds_what_is_wrong(void **state)
{
	broken = ux_openssl_backend;
	broken.encrypt = encrypt;
	broken.decrypt = decrypt;
	expect(NULL);
	broken.encrypt = encrypt_wrong;
	expect("AES-128-GCM");
	broken.encrypt = encrypt;
	broken.decrypt = decrypt_wrong;
	expect("AES-128-GCM");
	broken.decrypt = accept_all;
	expect("AES-128-GCM");
	broken.decrypt = refuse_last;
	expect("AES-128-GCM");
}

static void test_choice(void **state)
{
	static const char *const names[] = {"auto", "openssl", "ipsec-mb"};
	enum ux_crypto_choice c;

	for (int i = 0; i < 3; i++) {
		assert_true(ux_crypto_choice_parse(names[i], &c));
		assert_int_equal(c, i);
	}
	assert_false(ux_crypto_choice_parse("OpenSSL", &c));
	assert_false(ux_crypto_choice_parse("", &c));
	assert_int_equal(ux_crypto_choose(UX_CRYPTO_IPSEC_MB),
			 ux_ipsec_mb_backend.available() ? 0 : -ENOTSUP);
	assert_int_equal(ux_crypto_choose(UX_CRYPTO_OPENSSL), 0);
	assert_false(ux_crypto_backend_wanted(ux_ipsec_mb_backend.index));
	assert_true(ux_crypto_backend_wanted(ux_openssl_backend.index));
	assert_int_equal(ux_crypto_choose(UX_CRYPTO_AUTO), 0);
	assert_int_equal(ux_crypto_backend_wanted(ux_ipsec_mb_backend.index),
			 ux_ipsec_mb_backend.available());
}

static void test_start(void **state)
{
	struct ux_ext_ack ext = {0};

	assert_int_equal(ux_crypto_start(&ext), 0);
	assert_int_equal(setenv("UXFRM_CRYPTO", "magic", 1), 0);
	assert_int_equal(ux_crypto_start(&ext), -EINVAL);
	assert_string_equal(ext.msg, "UXFRM_CRYPTO must be auto, openssl or ipsec-mb");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_libcrypto_passes_all),
	    cmocka_unit_test(test_ipsec_mb_passes_what_it_does),
	    cmocka_unit_test(test_finds_what_is_wrong),
	    cmocka_unit_test(test_choice),
	    cmocka_unit_test(test_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
