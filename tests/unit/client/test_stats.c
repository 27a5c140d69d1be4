/* SPDX-License-Identifier: BSD-2-Clause */

/* The table of `uxfrm stats`. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/print_stats.h"

static char *table(const char *json, bool zeros)
{
	json_t *status = json_loads(json, 0, NULL);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(status);
	assert_non_null(f);
	print_stats(f, status, zeros);
	fclose(f);
	json_decref(status);
	return text;
}

#define HEAD                                                                                  \
	"{\"version\":\"1.2\",\"pid\":77,\"uptime_s\":3723,\"clients\":1,\"tun\":\"uxfrm0\"," \
	"\"counts\":{\"sa\":4,\"sa_grace\":2,\"policy\":{\"in\":1,\"out\":2,\"fwd\":3}},"     \
	"\"packets\":{\"out_packets\":10,\"out_bytes\":9000000000,\"in_packets\":11,"         \
	"\"in_bytes\":12,\"bypassed\":13},\"drops\":["
#define HEAD_TEXT                                                       \
	"uxfrmd 1.2, pid 77, up 1:02:03, 1 client, packets by uxfrm0\n" \
	"SAs 4, former tuples in grace time 2\n"                        \
	"policies in 1, out 2, fwd 3\n"                                 \
	"out      10 packets, 9000000000 bytes\n"                       \
	"in       11 packets, 12 bytes\n"                               \
	"bypassed 13 packets\n"
#define DROP(name, linux_name, count)                                                   \
	"{\"name\":\"" name "\",\"linux_name\":\"" linux_name "\",\"text\":\"why " name \
	"\",\"count\":" count "}"

static const char some[] = HEAD DROP("in_icv", "XfrmInStateProtoError", "5") "," DROP(
    "out_ttl", "", "123") "," DROP("in_replay", "XfrmInStateSeqError", "0") "]}";

static void test_only_what_occurred(void **state)
{
	char *text = table(some, false);

	assert_string_equal(text, HEAD_TEXT "drops\n"
					    "  in_icv     5  XfrmInStateProtoError  why in_icv\n"
					    "  out_ttl  123  -                      why out_ttl\n");
	free(text);
}

static void test_zeros_on_request(void **state)
{
	char *text = table(some, true);

	assert_non_null(strstr(text, "\n  in_replay    0  XfrmInStateSeqError    why in_replay\n"));
	free(text);
}

static const char crypto[] =
    "{\"choice\":\"auto\",\"cpu\":[\"aes\",\"vaes\"],\"libraries\":["
    "{\"name\":\"one\",\"version\":\"3.0\",\"used\":true,\"self_test\":\"passed\","
    "\"keys\":{\"used\":3,\"places\":1024,\"hits\":100,\"misses\":4}},"
    "{\"name\":\"two\",\"version\":\"1.3\",\"used\":false,\"self_test\":\"failed\",\"failed\":\"B\","
    "\"keys\":{\"used\":0,\"places\":0,\"hits\":0,\"misses\":0}},"
    "{\"name\":\"three\",\"used\":false,\"self_test\":\"not here\",\"keys\":{}}],"
    "\"algorithms\":[{\"name\":\"A\",\"library\":\"one\"},{\"name\":\"B\",\"library\":\"one\"}]}";

static void test_crypto(void **state)
{
	json_t *json = json_loads(crypto, 0, NULL);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(json);
	assert_non_null(f);
	print_crypto(f, json);
	fclose(f);
	assert_string_equal(text, "choice auto, cpu aes vaes\n"
				  "one 3.0: self-test passed, used\n"
				  "  does A; B\n"
				  "  keys 3 of 1024, found 100 times, expanded 4 times\n"
				  "two 1.3: self-test failed at B, not used\n"
				  "three: not in this build, or not for this CPU\n");
	json_decref(json);
	free(text);
}

static void test_no_drops(void **state)
{
	char *text = table(HEAD DROP("in_icv", "X", "0") "]}", false);

	assert_string_equal(text, HEAD_TEXT "no drops\n");
	free(text);
}

/* A daemon of another version may say less, or something else. */
static void test_incomplete_status(void **state)
{
	static const char *const odd[] = {"{}", "{\"drops\":{},\"counts\":7,\"version\":1}",
					  "{\"drops\":[1,{\"count\":2}],\"packets\":[]}"};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		char *text = table(odd[i], false);

		assert_non_null(strstr(text, "no packets\nSAs 0,"));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_only_what_occurred),
	    cmocka_unit_test(test_zeros_on_request),
	    cmocka_unit_test(test_no_drops), cmocka_unit_test(test_crypto),
	    cmocka_unit_test(test_incomplete_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
