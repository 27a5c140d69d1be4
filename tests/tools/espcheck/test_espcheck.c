/* SPDX-License-Identifier: BSD-2-Clause */

/* The judge is judged: hand-made frames with repeats and clear packets put in on purpose. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "decode.h"
#include "pcap_file.h"

#define ETHERNET 14

struct frame {
	uint8_t bytes[256];
	size_t len;
};

static void put16(uint8_t *p, unsigned int n)
{
	p[0] = (uint8_t)(n >> 8);
	p[1] = (uint8_t)n;
}

static void put32(uint8_t *p, uint32_t n)
{
	put16(p, n >> 16);
	put16(p + 2, n & 0xffff);
}

static void append(struct frame *f, const void *bytes, size_t n)
{
	memcpy(f->bytes + f->len, bytes, n);
	f->len += n;
}

static void ethernet(struct frame *f, unsigned int type)
{
	*f = (struct frame){.len = ETHERNET};
	put16(f->bytes + 12, type);
}

/* @src, @dst: the addresses as numbers; @payload: bytes that will follow. */
static void ip4(struct frame *f, uint8_t proto, uint32_t src, uint32_t dst, size_t payload)
{
	uint8_t h[20] = {0x45};

	put16(h + 2, (unsigned int)(20 + payload));
	h[8] = 64;
	h[9] = proto;
	put32(h + 12, src);
	put32(h + 16, dst);
	append(f, h, sizeof(h));
}

/* @first: the first byte of both addresses: 0x20 underlay, 0xfd inner. */
static void ip6(struct frame *f, uint8_t proto, uint8_t first, size_t payload)
{
	uint8_t h[40] = {0x60};

	put16(h + 4, (unsigned int)payload);
	h[6] = proto;
	h[7] = 64;
	h[8] = first;
	h[23] = 1;
	h[24] = first;
	h[39] = 2;
	append(f, h, sizeof(h));
}

static void esp(struct frame *f, uint32_t spi, uint32_t sequence, uint64_t iv)
{
	uint8_t h[48] = {0};

	put32(h, spi);
	put32(h + 4, sequence);
	put32(h + 8, (uint32_t)(iv >> 32));
	put32(h + 12, (uint32_t)iv);
	append(f, h, sizeof(h));
}

static void udp(struct frame *f, unsigned int sport, unsigned int dport, size_t payload)
{
	uint8_t h[8] = {0};

	put16(h, sport);
	put16(h + 2, dport);
	put16(h + 4, (unsigned int)(8 + payload));
	append(f, h, sizeof(h));
}

#define OUTER_A 0xc0000202u /* 192.0.2.2 */
#define OUTER_B 0xcb007101u /* 203.0.113.1 */
#define INNER 0x0a010001u   /* 10.1.0.1 */

static struct decoder new_decoder(void)
{
	struct decoder d = {.iv_length = 8, .esp_port = 4500, .mtu = 1500};

	assert_true(decoder_add_inner(&d, "10.0.0.0/8"));
	assert_true(decoder_add_inner(&d, "fd00::/7"));
	return d;
}

static void decode(struct decoder *d, const struct frame *f)
{
	decoder_frame(d, DECODER_ETHERNET, f->bytes, f->len, f->len);
}

static void esp4(struct decoder *d, uint32_t spi, uint32_t sequence, uint64_t iv)
{
	struct frame f;

	ethernet(&f, 0x0800);
	ip4(&f, 50, OUTER_A, OUTER_B, 48);
	esp(&f, spi, sequence, iv);
	decode(d, &f);
}

static void test_clean_traffic_is_clean(void **state)
{
	struct decoder d = new_decoder();

	for (uint32_t i = 1; i <= 1000; i++) {
		esp4(&d, 0x1001, i, UINT64_C(0x700000000) + i);
		esp4(&d, 0x1002, i, UINT64_C(0x700000000) + i); /* another key: no repeat */
	}
	assert_int_equal(d.esp, 2000);
	assert_int_equal(d.ledger.n, 2);
	assert_int_equal(d.ledger.spis[0].packets, 1000);
	assert_int_equal(d.ledger.spis[0].highest, 1000);
	assert_int_equal(d.ledger.spis[0].repeated_sequence_numbers, 0);
	assert_int_equal(d.ledger.spis[0].repeated_ivs, 0);
	assert_int_equal(d.cleartext + d.undecodable, 0);
	decoder_fini(&d);
}

static void test_repeats_are_found_apart(void **state)
{
	struct decoder d = new_decoder();

	esp4(&d, 1, 1, 100);
	esp4(&d, 1, 2, 101);
	esp4(&d, 1, 1, 102); /* sequence number again */
	esp4(&d, 1, 3, 101); /* IV again */
	esp4(&d, 1, 3, 101); /* both again */
	assert_int_equal(d.ledger.spis[0].repeated_sequence_numbers, 2);
	assert_int_equal(d.ledger.spis[0].repeated_ivs, 2);
	decoder_fini(&d);
}

static void test_repeat_across_forms(void **state)
{
	struct decoder d = new_decoder();
	struct frame f;

	esp4(&d, 9, 7, 70);
	ethernet(&f, 0x0800);
	ip4(&f, 17, OUTER_A, OUTER_B, 56);
	udp(&f, 14500, 4500, 48);
	esp(&f, 9, 8, 70); /* same key, in UDP: IV again */
	decode(&d, &f);
	ethernet(&f, 0x86dd);
	ip6(&f, 50, 0x20, 48);
	esp(&f, 9, 7, 71); /* over IPv6: sequence number again */
	decode(&d, &f);
	ethernet(&f, 0x86dd);
	ip6(&f, 17, 0x20, 56);
	udp(&f, 4500, 4500, 48);
	esp(&f, 9, 9, 72);
	decode(&d, &f);
	assert_int_equal(d.esp, 2);
	assert_int_equal(d.esp_in_udp, 2);
	assert_int_equal(d.ledger.spis[0].packets, 4);
	assert_int_equal(d.ledger.spis[0].n_paths, 4);
	assert_int_equal(d.ledger.spis[0].repeated_ivs, 1);
	assert_int_equal(d.ledger.spis[0].repeated_sequence_numbers, 1);
	decoder_fini(&d);
}

static void test_turns(void **state)
{
	struct decoder d = new_decoder();
	struct frame f;

	esp4(&d, 9, 1, 1);
	esp4(&d, 9, 2, 2);
	d.now_ns = 5;
	ethernet(&f, 0x86dd);
	ip6(&f, 50, 0x20, 48);
	esp(&f, 9, 3, 3);
	decode(&d, &f);
	esp4(&d, 9, 4, 4); /* back to where it was: a turn as well */
	esp4(&d, 10, 1, 1); /* the first of another SPI */
	esp4(&d, 9, 5, 5);
	assert_int_equal(d.n_turns, 4);
	assert_int_equal(d.turns[0].spi, 9);
	assert_int_equal(d.turns[0].ns, 0);
	assert_int_equal(d.turns[1].ns, 5);
	assert_int_equal(d.turns[1].family, AF_INET6);
	assert_int_equal(d.turns[1].dst[15], 2);
	assert_int_equal(d.turns[2].spi, 9);
	assert_int_equal(d.turns[3].spi, 10);
	decoder_fini(&d);
}

static void test_esn_upper_half(void **state)
{
	struct decoder d = new_decoder();
	static const uint32_t low[] = {0xfffffffe, 0xffffffff, 0, 1, 2};

	for (size_t i = 0; i < 5; i++)
		esp4(&d, 5, low[i], i);
	esp4(&d, 5, 0xfffffffe, 10); /* of the first cycle, late: a repeat */
	assert_int_equal(d.ledger.spis[0].highest, UINT64_C(0x100000002));
	assert_int_equal(d.ledger.spis[0].repeated_sequence_numbers, 1);
	decoder_fini(&d);
}

static void test_cleartext(void **state)
{
	struct decoder d = new_decoder();
	struct frame f;

	ethernet(&f, 0x0800);
	ip4(&f, 17, INNER, OUTER_B, 8);
	udp(&f, 1000, 2000, 0);
	decode(&d, &f);
	assert_int_equal(d.cleartext, 1);
	assert_string_equal(d.first_cleartext, "10.1.0.1 > 203.0.113.1");
	ethernet(&f, 0x86dd);
	ip6(&f, 58, 0xfd, 8);
	append(&f, "\x80\0\0\0\0\0\0\0", 8);
	decode(&d, &f);
	assert_int_equal(d.cleartext, 2);
	ethernet(&f, 0x0800); /* inside IP in IP, unencrypted */
	ip4(&f, 4, OUTER_A, OUTER_B, 20);
	ip4(&f, 17, OUTER_A, INNER, 0);
	decode(&d, &f);
	assert_int_equal(d.cleartext, 3);
	ethernet(&f, 0x0800); /* quoted by an ICMP error */
	ip4(&f, 1, OUTER_A, OUTER_B, 28);
	append(&f, "\x03\x01\0\0\0\0\0\0", 8);
	ip4(&f, 17, INNER, OUTER_A, 0);
	decode(&d, &f);
	assert_int_equal(d.cleartext, 4);
	ethernet(&f, 0x0800); /* a later fragment */
	ip4(&f, 17, INNER, INNER, 8);
	put16(f.bytes + ETHERNET + 6, 100);
	decode(&d, &f);
	assert_int_equal(d.cleartext, 5);
	decoder_fini(&d);
}

static void test_others_are_not_esp(void **state)
{
	struct decoder d = new_decoder();
	struct frame f;

	ethernet(&f, 0x0800);
	ip4(&f, 17, OUTER_A, OUTER_B, 9);
	udp(&f, 4500, 4500, 1);
	append(&f, "\xff", 1);
	decode(&d, &f);
	ethernet(&f, 0x0800);
	ip4(&f, 17, OUTER_A, OUTER_B, 56);
	udp(&f, 4500, 4500, 48);
	esp(&f, 0, 7, 7); /* SPI 0: the non-ESP marker */
	decode(&d, &f);
	ethernet(&f, 0x0806);
	append(&f, "arp..............................", 28);
	decode(&d, &f);
	assert_int_equal(d.keepalives, 1);
	assert_int_equal(d.ike, 1);
	assert_int_equal(d.other, 1);
	assert_int_equal(d.ledger.n, 0);
	assert_int_equal(d.undecodable, 0);
	decoder_fini(&d);
}

static void test_what_cannot_be_judged_is_said(void **state)
{
	struct decoder d = new_decoder();
	struct frame f;

	ethernet(&f, 0x0800);
	ip4(&f, 50, OUTER_A, OUTER_B, 48);
	esp(&f, 1, 1, 1);
	decoder_frame(&d, DECODER_ETHERNET, f.bytes, ETHERNET + 20 + 12, f.len); /* IV cut off */
	decoder_frame(&d, DECODER_ETHERNET, f.bytes, 20, f.len);
	decoder_frame(&d, DECODER_ETHERNET, f.bytes, f.len, 9000); /* glued together */
	decoder_frame(&d, DECODER_ETHERNET, f.bytes, 3, 60);
	assert_int_equal(d.undecodable, 4);
	decoder_fini(&d);
}

static void test_pcap_file(void **state)
{
	char path[] = "/tmp/espcheck-XXXXXX";
	static const uint32_t header[6] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1};
	struct decoder d = new_decoder();
	struct frame f;
	uint32_t record[4] = {0};
	FILE *out = fdopen(mkstemp(path), "wb");

	fwrite(header, sizeof(header), 1, out);
	for (uint32_t i = 0; i < 3; i++) {
		ethernet(&f, 0x0800);
		ip4(&f, 50, OUTER_A, OUTER_B, 48);
		esp(&f, 3, i == 2 ? 1 : i, i);
		record[2] = record[3] = (uint32_t)f.len;
		fwrite(record, sizeof(record), 1, out);
		fwrite(f.bytes, f.len, 1, out);
	}
	fflush(out);
	assert_int_equal(pcap_file_decode(path, &d), 0);
	assert_int_equal(d.ledger.spis[0].packets, 3);
	assert_int_equal(d.ledger.spis[0].repeated_sequence_numbers, 1);
	fwrite("half", 4, 1, out); /* a cut-off file is an error, not a clean result */
	fclose(out);
	assert_int_equal(pcap_file_decode(path, &d), -1);
	unlink(path);
	decoder_fini(&d);
}

static void test_scattered_numbers(void **state)
{
	struct number_set s = {0};
	uint64_t x = 1;

	for (int i = 0; i < 100000; i++) {
		x = x * 6364136223846793005u +
		    1442695040888963407u; /* full period: no value twice */
		assert_true(number_set_add(&s, x));
	}
	assert_false(number_set_add(&s, x));
	assert_int_equal(s.count, 100000);
	number_set_fini(&s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_clean_traffic_is_clean),
	    cmocka_unit_test(test_repeats_are_found_apart),
	    cmocka_unit_test(test_repeat_across_forms),
	    cmocka_unit_test(test_turns),
	    cmocka_unit_test(test_esn_upper_half),
	    cmocka_unit_test(test_cleartext),
	    cmocka_unit_test(test_others_are_not_esp),
	    cmocka_unit_test(test_what_cannot_be_judged_is_said),
	    cmocka_unit_test(test_pcap_file),
	    cmocka_unit_test(test_scattered_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
