/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_vectors FILE: known ESP packets. A record is some lines, ended by an empty one; # begins a
 * comment. Numbers and bytes are hexadecimal, "-" stands for no bytes:
 *
 *	name	what it is
 *	aead	NAME KEY ICV_BITS	(with the salt), or
 *	crypt	NAME KEY
 *	auth	NAME KEY ICV_BITS	(may be missing)
 *	seq_hi	high half of an extended sequence number; without it there is no ESN
 *	counter	of the IV: the packet is also what encryption gives; else it is only decrypted
 *	packet	ESP header, IV, encrypted payload, ICV
 *	plain	payload with padding and trailer
 */
#include "crypto/transform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MAX_PACKET 2048
#define MAX_LINE 8192
#define COPIES 20

struct bytes {
	uint8_t b[MAX_PACKET];
	uint32_t len;
};

struct record {
	char name[128];
	struct ux_algo_request algo[3]; /* aead, crypt, auth */
	struct bytes key[3], packet, plain;
	bool has_algo[3], esn, has_counter;
	uint32_t seq_hi;
	uint64_t counter;
};

static const char *path;
static struct ux_crypto_worker *worker;
static struct record record;
static struct ux_transform *transform;

static uint32_t from_hex(const char *text, uint8_t *ret)
{
	uint32_t n = 0;

	for (; text[0] != '\0' && strcmp(text, "-") != 0; text += 2) {
		unsigned int v;

		assert_int_equal(sscanf(text, "%2x", &v), 1);
		assert_true(n < MAX_PACKET && text[1] != '\0');
		ret[n++] = (uint8_t)v;
	}
	return n;
}

static void parse_algo(struct record *r, int i, char *text)
{
	const char *name = strsep(&text, " "), *key = strsep(&text, " ");

	assert_non_null(key);
	r->has_algo[i] = true;
	r->key[i].len = from_hex(key, r->key[i].b);
	r->algo[i] = (struct ux_algo_request){
	    .key = r->key[i].b,
	    .key_bits = r->key[i].len * 8,
	    .icv_bits = text ? (uint32_t)atoi(text) : 0,
	};
	snprintf(r->algo[i].name, sizeof(r->algo[i].name), "%s", name);
}

static void parse_line(struct record *r, char *line)
{
	char *value = line;
	const char *word = strsep(&value, " ");

	assert_non_null(value);
	if (strcmp(word, "name") == 0)
		snprintf(r->name, sizeof(r->name), "%s", value);
	else if (strcmp(word, "aead") == 0)
		parse_algo(r, 0, value);
	else if (strcmp(word, "crypt") == 0)
		parse_algo(r, 1, value);
	else if (strcmp(word, "auth") == 0)
		parse_algo(r, 2, value);
	else if (strcmp(word, "packet") == 0)
		r->packet.len = from_hex(value, r->packet.b);
	else if (strcmp(word, "plain") == 0)
		r->plain.len = from_hex(value, r->plain.b);
	else if (strcmp(word, "seq_hi") == 0)
		r->esn = sscanf(value, "%x", &r->seq_hi) == 1;
	else if (strcmp(word, "counter") == 0)
		r->has_counter = sscanf(value, "%lx", &r->counter) == 1;
	else
		fail_msg("%s: unknown word", word);
}

static bool read_record(FILE *f, struct record *r)
{
	static char line[MAX_LINE];
	bool any = false;

	memset(r, 0, sizeof(*r));
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			continue;
		if (line[0] == '\0' && any)
			break;
		if (line[0] == '\0')
			continue;
		parse_line(r, line);
		any = true;
	}
	return any;
}

static struct ux_crypt_op op_on(struct bytes *packet)
{
	uint32_t payload_at = 8u + transform->iv_len;

	assert_true(packet->len >= payload_at + transform->icv_len);

	uint32_t payload_len = packet->len - payload_at - transform->icv_len;

	return (struct ux_crypt_op){
	    .transform = transform,
	    .esp = packet->b,
	    .payload_len = payload_len,
	    .icv = packet->b + payload_at + payload_len,
	    .iv_counter = record.counter,
	    .seq_hi = record.seq_hi,
	};
}

typedef void (*crypt)(struct ux_crypto_worker *w, struct ux_crypt_op *ops, size_t n);

/* The packet alone and, as libraries work on many at once, in a burst of copies: each must come out
 * the same. */
static bool run(crypt work, struct bytes *packet)
{
	static struct bytes copy[COPIES];
	struct ux_crypt_op op = op_on(packet), ops[COPIES];

	for (int i = 0; i < COPIES; i++) {
		copy[i] = *packet;
		ops[i] = op_on(&copy[i]);
	}
	work(worker, &op, 1);
	work(worker, ops, COPIES);
	for (int i = 0; i < COPIES; i++)
		if (ops[i].ok != op.ok || memcmp(&copy[i], packet, sizeof(copy[i])) != 0)
			fail_msg("%s: other in a burst", record.name);
	return op.ok;
}

static void for_each_record(void (*check)(void))
{
	FILE *f = fopen(path, "r");
	unsigned int n = 0;

	assert_non_null(f);
	for (; read_record(f, &record); n++) {
		struct ux_transform_params p = {
		    .aead = record.has_algo[0] ? &record.algo[0] : NULL,
		    .cipher = record.has_algo[1] ? &record.algo[1] : NULL,
		    .auth = record.has_algo[2] ? &record.algo[2] : NULL,
		    .esn = record.esn,
		};

		if (ux_transform_new(&p, &transform, NULL) != 0)
			fail_msg("%s: no transform", record.name);
		check();
		transform = ux_transform_put(transform);
		ux_crypto_worker_sweep(worker);
	}
	fclose(f);
	assert_true(n >= 60);
}

static void check_decrypt(void)
{
	static struct bytes packet;

	packet = record.packet;

	struct ux_crypt_op op = op_on(&packet);

	assert_int_equal(op.payload_len, record.plain.len);
	if (!run(ux_crypt_decrypt, &packet))
		fail_msg("%s: refused", record.name);
	if (memcmp(op.icv - op.payload_len, record.plain.b, record.plain.len) != 0)
		fail_msg("%s: other plain text", record.name);
}

static void check_encrypt(void)
{
	static struct bytes packet;

	if (!record.has_counter)
		return;
	memset(&packet, 0xcc, sizeof(packet));
	packet.len = record.packet.len;
	memcpy(packet.b, record.packet.b, 8);

	struct ux_crypt_op op = op_on(&packet);

	memcpy(op.icv - op.payload_len, record.plain.b, record.plain.len);
	if (!run(ux_crypt_encrypt, &packet) || memcmp(packet.b, record.packet.b, packet.len) != 0)
		fail_msg("%s: other packet", record.name);
	if (packet.b[packet.len] != 0xcc)
		fail_msg("%s: wrote behind the packet", record.name);
}

static bool still_accepted(uint32_t byte, uint8_t bit, uint32_t seq_hi_xor)
{
	static struct bytes packet;

	packet = record.packet;
	packet.b[byte] ^= bit;

	struct ux_crypt_op op = op_on(&packet);

	op.seq_hi ^= seq_hi_xor;
	ux_crypt_decrypt(worker, &op, 1);
	return op.ok;
}

/* Every byte of header, IV, payload and ICV, one bit each; short packets every bit. */
static void check_tampered(void)
{
	if (transform->icv_len == 0)
		return;
	assert_true(still_accepted(0, 0, 0));
	for (uint32_t i = 0; i < record.packet.len; i++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			if (record.packet.len > 64 && bit != i % 8)
				continue;
			if (still_accepted(i, (uint8_t)(1u << bit), 0))
				fail_msg("%s: byte %u bit %u is not protected", record.name, i,
					 bit);
		}
	}
	for (unsigned int bit = 0; bit < 32; bit++)
		if (still_accepted(0, 0, 1u << bit) == record.esn)
			fail_msg("%s: seq_hi bit %u", record.name, bit);
}

static void test_decrypt(void **state)
{
	for_each_record(check_decrypt);
}

static void test_encrypt(void **state)
{
	for_each_record(check_encrypt);
}

static void test_tampered(void **state)
{
	for_each_record(check_tampered);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_decrypt),
	    cmocka_unit_test(test_encrypt),
	    cmocka_unit_test(test_tampered),
	};

	worker = ux_crypto_worker_new();
	if (argc != 2 || !worker)
		return 2;
	path = argv[1];

	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	ux_crypto_worker_free(worker);
	return failed;
}
