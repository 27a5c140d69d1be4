/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Messages recorded from a Linux 6.12 kernel (data/NAME.bin), and what Debian 12's `ip xfrm`
 * printed for them (data/NAME.txt, with -s data/NAME-s.txt; time zone UTC): our text must be that,
 * byte for byte.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

#include "cli/print.h"
#include "client/decode.h"

static char *read_all(const char *name, const char *suffix, size_t *ret_len)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s%s", TEST_DATA, name, suffix);
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	char *data = calloc(1, 1 << 20);

	assert_non_null(data);
	*ret_len = fread(data, 1, (1 << 20) - 1, f);
	fclose(f);
	assert_true(*ret_len > 0);
	return data;
}

static struct ux_decoder decoder;

static void print_one(const struct printer *p, const struct nlmsghdr *msg)
{
	assert_int_equal(ux_decode(&decoder, msg), 0);
	print_any(p, &decoder.message);
}

static char *print_recorded(const char *name, int stats)
{
	size_t len, text_len = 0;
	char *data = read_all(name, ".bin", &len), *text = NULL;
	struct printer p = {
	    .out = open_memstream(&text, &text_len), .stats = stats, .family = AF_INET};

	assert_non_null(p.out);
	for (size_t at = 0; at < len;) {
		const struct nlmsghdr *msg = (const void *)(data + at);

		assert_true(msg->nlmsg_len >= NLMSG_HDRLEN && msg->nlmsg_len <= len - at);
		print_one(&p, msg);
		at += NLMSG_ALIGN(msg->nlmsg_len);
	}
	fclose(p.out);
	free(data);
	return text;
}

static void compare(const char *name)
{
	size_t len;

	for (int stats = 0; stats < 2; stats++) {
		char *want = read_all(name, stats ? "-s.txt" : ".txt", &len);
		char *got = print_recorded(name, stats);

		size_t same = 0;

		while (got[same] && got[same] == want[same])
			same++;
		/* from the line before: cmocka shows only the beginning of long strings */
		size_t from = same > 80 ? same - 80 : 0;

		assert_string_equal(got + from, want + from);
		free(want);
		free(got);
	}
}

static void test_states(void **state)
{
	compare("states");
}

static void test_policies(void **state)
{
	compare("policies");
}

static void test_events(void **state)
{
	compare("events");
}

static void test_no_keys_in_json(void **state)
{
	size_t len, n = 0;
	char *data = read_all("states", ".bin", &len);

	for (size_t at = 0; at < len; n++) {
		const struct nlmsghdr *msg = (const void *)(data + at);

		assert_int_equal(ux_decode(&decoder, msg), 0);
		json_t *o = json_message(&decoder.message);

		assert_non_null(o);
		char *text = json_dumps(o, 0);

		assert_non_null(strstr(text, "\"spi\""));
		assert_null(strstr(text, "0102030405"));
		assert_null(strstr(text, "sixteen-bytes"));
		free(text);
		json_decref(o);
		at += NLMSG_ALIGN(msg->nlmsg_len);
	}
	assert_int_equal(n, 6); /* five, and the companion of the IPComp tunnel */
	free(data);
}

/* Cut anywhere, a message is refused or printed; nothing outside it is read (ASan watches). */
static void test_cut_short(void **state)
{
	size_t len, text_len;
	char *data = read_all("states", ".bin", &len), *text = NULL;
	const struct nlmsghdr *msg = (const void *)data;
	uint32_t whole = msg->nlmsg_len;

	for (uint32_t cut = NLMSG_HDRLEN; cut < whole; cut++) {
		struct nlmsghdr *copy = malloc(cut);
		struct printer p = {.out = open_memstream(&text, &text_len), .stats = 1};

		assert_non_null(copy);
		memcpy(copy, data, cut);
		copy->nlmsg_len = cut;
		int result = ux_decode(&decoder, copy);

		if (cut < NLMSG_HDRLEN + sizeof(struct xfrm_usersa_info))
			assert_int_equal(result, -EPROTO);
		if (result == 0) {
			print_any(&p, &decoder.message);
			json_decref(json_message(&decoder.message));
		}
		fclose(p.out);
		free(text);
		text = NULL;
		free(copy);
	}
	free(data);
}

struct migrate_message {
	struct nlmsghdr h;
	struct ux_xfrm_user_migrate_state m;
	uint8_t attrs[256];
};

static void test_migrate_event(void **state)
{
	struct migrate_message msg = {.h = {.nlmsg_type = UX_XFRM_MSG_MIGRATE_STATE}};
	struct xfrm_encap_tmpl encap = {.encap_type = 2,
					.encap_sport = __builtin_bswap16(4500),
					.encap_dport = __builtin_bswap16(4501)};
	struct ux_writer w;
	char *text = NULL;
	size_t len;
	struct printer p = {.out = open_memstream(&text, &len)};

	msg.m.id = (struct xfrm_usersa_id){.daddr.a4 = __builtin_bswap32(0x0a000002),
					   .spi = __builtin_bswap32(0x1000),
					   .family = AF_INET,
					   .proto = 50};
	msg.m.new_family = AF_INET;
	msg.m.new_daddr.a4 = __builtin_bswap32(0x0a000003);
	msg.m.new_saddr.a4 = __builtin_bswap32(0x0a000004);
	msg.m.new_reqid = 7;
	msg.m.old_mark = (struct xfrm_mark){5, 0xff};
	ux_writer_init(&w, &msg, sizeof(msg));
	struct ux_xfrm_user_migrate_state header = msg.m;

	ux_msg_begin(&w, UX_XFRM_MSG_MIGRATE_STATE, 0, 0, 0, &header, sizeof(header));
	ux_msg_attr(&w, XFRMA_ENCAP, &encap, sizeof(encap));
	ux_msg_attr_u32(&w, XFRMA_SET_MARK, 6);
	ux_msg_attr_u32(&w, UX_XFRMA_NAT_KEEPALIVE_INTERVAL, 20);
	ux_msg_attr_u8(&w, UX_XFRMA_SA_DIR, 2);
	assert_true(ux_msg_end(&w));
	print_one(&p, &msg.h);
	fclose(p.out);
	assert_string_equal(text, "Migrated state dir out proto esp spi 0x00001000 dst 10.0.0.2 "
				  "mark 0x5/0xff \n"
				  " new-dst 10.0.0.3 new-src 10.0.0.4 new-reqid 7\n"
				  " set-mark 0x6/0xffffffff \n"
				  " encap espinudp sport 4500 dport 4501 \n"
				  " nat-keepalive 20 \n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_states),	  cmocka_unit_test(test_policies),
	    cmocka_unit_test(test_events),	  cmocka_unit_test(test_no_keys_in_json),
	    cmocka_unit_test(test_migrate_event), cmocka_unit_test(test_cut_short),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
