/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_bundles FILE: packets before and behind the SAs of another implementation, through an engine
 *both ways. A record is some lines, ended by an empty one; # begins a comment:
 *
 *	name	what it is
 *	sa	PROTO MODE SRC DST SPI SEQUENCE ESN ALIGN4 DIGEST KEY ICV_BITS TFCPAD	innermost
 *first. ESP encrypts nothing; IPComp is deflate and has "- - 0" for a digest. SPI, sequence number,
 *key: hexadecimal inner	the packet before outer	the packet behind
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <uxfrm/engine.h>
#include <uxfrm/packet.h>

#include "core/instance.h"
#include "packet/ip.h"

#define MAX_LINE 8192
#define MAX_PACKET 2048
#define MAX_SAS UX_TEMPLATES_MAX

struct bytes {
	uint8_t b[MAX_PACKET];
	uint32_t len;
};

struct sa_row {
	char proto[8], mode[16], src[64], dst[64], digest[32], key[160];
	uint32_t spi, icv_bits, tfcpad;
	uint64_t seq;
	int esn, align4;
};

struct record {
	char name[128];
	struct sa_row sas[MAX_SAS];
	unsigned int n;
	struct bytes inner, outer;
};

struct end {
	struct uxfrm *u;
	struct uxfrm_worker *w;
};

static const char *path;
static struct record record;

static void from_hex(const char *text, struct bytes *ret)
{
	ret->len = 0;
	for (; text[0] && text[1] && text[0] != '-'; text += 2) {
		unsigned int v;

		assert_int_equal(sscanf(text, "%2x", &v), 1);
		assert_true(ret->len < MAX_PACKET);
		ret->b[ret->len++] = (uint8_t)v;
	}
}

static void parse_line(struct record *r, const char *line)
{
	struct sa_row *sa = &r->sas[r->n];

	if (strncmp(line, "name ", 5) == 0) {
		snprintf(r->name, sizeof(r->name), "%.100s", line + 5);
	} else if (strncmp(line, "inner ", 6) == 0) {
		from_hex(line + 6, &r->inner);
	} else if (strncmp(line, "outer ", 6) == 0) {
		from_hex(line + 6, &r->outer);
	} else {
		assert_true(r->n < MAX_SAS);
		assert_int_equal(sscanf(line, "sa %7s %15s %63s %63s %x %lx %d %d %31s %159s %u %u",
					sa->proto, sa->mode, sa->src, sa->dst, &sa->spi, &sa->seq,
					&sa->esn, &sa->align4, sa->digest, sa->key, &sa->icv_bits,
					&sa->tfcpad),
				 12);
		r->n++;
	}
}

static bool read_record(FILE *f, struct record *r)
{
	static char line[MAX_LINE];
	bool any = false;

	memset(r, 0, sizeof(*r));
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || (line[0] == '\0' && !any))
			continue;
		if (line[0] == '\0')
			break;
		parse_line(r, line);
		any = true;
	}
	return any;
}

static struct ux_addr addr_of(const char *text, uint16_t *ret_family)
{
	struct ux_addr a = {0};

	*ret_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	assert_int_equal(inet_pton(*ret_family, text, &a), 1);
	return a;
}

static uint8_t proto_of(const struct sa_row *row)
{
	return strcmp(row->proto, "ah") == 0 ? 51 : strcmp(row->proto, "esp") == 0 ? 50 : 108;
}

static void add_sa(struct end *e, const struct sa_row *row, uint32_t reqid, bool out)
{
	static struct bytes key;
	struct ux_algo_request auth = {.icv_bits = row->icv_bits};
	struct ux_algo_request null = {.name = "ecb(cipher_null)"}, comp = {.name = "deflate"};
	struct ux_sa_params p = {
	    .reqid = reqid,
	    .tfcpad = row->tfcpad,
	    .mode = strcmp(row->mode, "tunnel") == 0 ? UX_MODE_TUNNEL : UX_MODE_TRANSPORT,
	    .flags = (uint8_t)(UX_SA_AF_UNSPEC | (row->esn ? UX_SA_ESN : 0) |
			       (row->align4 ? UX_SA_ALIGN4 : 0)),
	    .esn_attr = row->esn,
	    .replay_window = row->esn ? 32 : 0,
	    .oseq = out && row->seq ? row->seq - 1 : 0,
	    .iseq = out || !row->seq ? 0 : row->seq - 1,
	    .pcpu = UINT32_MAX,
	    .limits = {UX_LIMIT_INFINITE, UX_LIMIT_INFINITE, UX_LIMIT_INFINITE, UX_LIMIT_INFINITE},
	};
	struct ux_ext_ack ext = {0};
	struct ux_sa *sa;

	from_hex(row->key, &key);
	snprintf(auth.name, sizeof(auth.name), "%s", row->digest);
	auth.key = key.b;
	auth.key_bits = key.len * 8;
	p.id.proto = proto_of(row);
	p.id.spi = htonl(row->spi);
	p.id.daddr = addr_of(row->dst, &p.id.family);
	p.saddr = addr_of(row->src, &p.id.family);
	p.auth = p.id.proto == 108 ? NULL : &auth;
	p.crypt = p.id.proto == 50 ? &null : NULL;
	p.comp = p.id.proto == 108 ? &comp : NULL;
	if (ux_sa_new(e->u, &p, &sa, &ext) != 0)
		fail_msg("%s: %s", record.name, ext.msg);
	assert_int_equal(ux_sad_insert(e->u, sa), 0);
}

static void add_policy(struct end *e, uint8_t dir)
{
	struct ux_policy *policy = ux_policy_new(e->u, record.n);

	assert_non_null(policy);
	policy->dir = dir;
	policy->family = policy->sel.family = record.inner.b[0] >> 4 == 4 ? AF_INET : AF_INET6;
	for (unsigned int i = 0; i < record.n; i++) {
		struct ux_template *t = &policy->templates[i];
		const struct sa_row *row = &record.sas[i];

		t->daddr = addr_of(row->dst, &t->family);
		t->saddr = addr_of(row->src, &t->family);
		t->reqid = i + 1;
		t->proto = proto_of(row);
		t->mode = strcmp(row->mode, "tunnel") == 0 ? UX_MODE_TUNNEL : UX_MODE_TRANSPORT;
		t->optional = dir == UX_POLICY_IN && t->proto == 108;
	}
	assert_int_equal(ux_spd_insert(e->u, policy, true, NULL), 0);
}

static void end_open(struct end *e, bool out)
{
	static const char *const local[] = {"10.9.1.2", "fd09::2", "10.9.2.2", "fd0a::2"};
	struct uxfrm_params params;

	uxfrm_params_init(&params);
	params.real_s = 1700000000;
	assert_int_equal(uxfrm_new(&params, &e->u), 0);
	e->w = uxfrm_worker_new(e->u);
	assert_non_null(e->w);
	for (unsigned int i = 0; i < record.n; i++)
		add_sa(e, &record.sas[i], i + 1, out);
	add_policy(e, out ? UX_POLICY_OUT : UX_POLICY_IN);
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		uint16_t family;
		struct ux_addr a = addr_of(local[i], &family);

		assert_int_equal(uxfrm_local_address_add(e->u, family, &a), 0);
	}
}

static void end_close(struct end *e)
{
	uxfrm_worker_free(e->w);
	uxfrm_free(e->u);
}

static void expect(const struct uxfrm_packet *p, uint8_t verdict, const struct bytes *want)
{
	if (p->verdict != verdict)
		fail_msg("%s: %s", record.name, uxfrm_drop_name(p->drop));
	if (p->len != want->len || memcmp(p->data, want->b, want->len) != 0) {
		for (uint32_t i = 0; i < p->len && i < want->len; i++)
			if (p->data[i] != want->b[i])
				print_message("%u: %02x, not %02x\n", i, p->data[i], want->b[i]);
		fail_msg("%s: another packet", record.name);
	}
}

/*
 * Linux leaves in the padding of AH what was there before, and authenticates it. Then neither
 * padding nor ICV can be made again: zero them in both, and in AH of the inner SAs leave it.
 */
static bool forget_padding(struct uxfrm_packet *p, struct bytes *want)
{
	const struct sa_row *outer = &record.sas[record.n - 1];
	uint32_t icv = outer->icv_bits / 8, at, len;
	struct ux_ip_info info;
	bool any = false;

	if (proto_of(outer) != 51 || !ux_ip_parse(want->b, want->len, &info))
		return false;
	at = info.header_len + 12u;
	len = (want->b[info.header_len + 1] + 2u) * 4 - 12;
	for (uint32_t i = icv; i < len; i++)
		any |= want->b[at + i] != 0;
	if (!any || p->len < at + len)
		return false;
	memset(want->b + at, 0, len);
	memset(p->data + at, 0, len);
	return true;
}

static unsigned int n_padded;

static void check(bool out)
{
	static uint8_t buf[UXFRM_HEADROOM + MAX_PACKET + UXFRM_TAILROOM];
	const struct bytes *from = out ? &record.inner : &record.outer;
	struct uxfrm_packet p = {
	    .buf = buf, .size = sizeof(buf), .data = buf + UXFRM_HEADROOM, .len = from->len};
	struct uxfrm_packet *burst = &p;
	struct end e;

	end_open(&e, out);
	memcpy(p.data, from->b, from->len);
	if (out)
		uxfrm_outbound(e.w, &burst, 1);
	else
		uxfrm_inbound(e.w, &burst, 1);
	if (out && p.verdict == UXFRM_UNDERLAY)
		n_padded += forget_padding(&p, &record.outer);
	expect(&p, out ? UXFRM_UNDERLAY : UXFRM_DELIVER, out ? &record.outer : &record.inner);
	end_close(&e);
}

static void for_each_record(bool out)
{
	FILE *f = fopen(path, "r");
	unsigned int n = 0;

	assert_non_null(f);
	for (; read_record(f, &record); n++)
		check(out);
	fclose(f);
	assert_true(n >= 100 && n_padded < n / 4);
}

static void test_inbound(void **state)
{
	for_each_record(false);
}

static void test_outbound(void **state)
{
	for_each_record(true);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_inbound),
	    cmocka_unit_test(test_outbound),
	};

	if (argc != 2)
		return 2;
	path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
