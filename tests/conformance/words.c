/* SPDX-License-Identifier: BSD-2-Clause */
#include "words.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void words_bad(const char *what, const char *text)
{
	printf("Bail out! %s: \"%s\"\n", what, text);
	exit(1);
}

void words_split(struct words *ws, const char *text)
{
	size_t len = strlen(text);
	char *save = NULL;

	ws->n = 0;
	if (len >= sizeof(ws->text))
		words_bad("too long", text);
	memcpy(ws->text, text, len + 1);
	for (char *w = strtok_r(ws->text, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
		if (ws->n == WORDS_MAX)
			words_bad("too many words", text);
		ws->word[ws->n++] = w;
	}
}

const char *word_get(const struct words *ws, const char *key)
{
	const char *found = NULL;
	size_t len = strlen(key);

	for (size_t i = 0; i < ws->n; i++)
		if (strncmp(ws->word[i], key, len) == 0 && ws->word[i][len] == '=')
			found = ws->word[i] + len + 1;
	return found;
}

bool word_has(const struct words *ws, const char *word)
{
	for (size_t i = 0; i < ws->n; i++)
		if (strcmp(ws->word[i], word) == 0)
			return true;
	return false;
}

static uint64_t number(const char *text, const char **ret_end)
{
	char *end;
	unsigned long long v = strtoull(text, &end, 0);

	if (end == text || (!ret_end && *end))
		words_bad("not a number", text);
	if (ret_end)
		*ret_end = end;
	return v;
}

/* Numbers with any single character between them. */
static void numbers(const char *text, uint64_t *to, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		to[i] = number(text, &text);
		if (i + 1 < n && *text++ == '\0')
			words_bad("too few numbers", text - 1);
	}
	if (*text)
		words_bad("too many numbers", text);
}

uint32_t word_u32(const struct words *ws, const char *key, uint32_t fallback)
{
	const char *v = word_get(ws, key);

	return v ? (uint32_t)number(v, NULL) : fallback;
}

uint16_t address_family(const char *text)
{
	return strchr(text, ':') ? AF_INET6 : AF_INET;
}

static xfrm_address_t address(const char *text)
{
	xfrm_address_t a;

	memset(&a, 0, sizeof(a));
	if (inet_pton(address_family(text), text, &a) != 1)
		words_bad("not an address", text);
	return a;
}

xfrm_address_t word_addr(const struct words *ws, const char *key, const char *fallback)
{
	const char *v = word_get(ws, key);

	return address(v ? v : fallback);
}

uint16_t word_family(const struct words *ws, const char *key, uint16_t fallback)
{
	return (uint16_t)word_u32(ws, key, fallback);
}

uint8_t word_proto(const struct words *ws, const char *key, uint8_t fallback)
{
	return (uint8_t)word_u32(ws, key, fallback);
}

struct xfrm_mark word_mark(const struct words *ws, const char *key)
{
	const char *v = word_get(ws, key);
	uint64_t n[2] = {0, 0};

	if (v)
		numbers(v, n, 2);
	return (struct xfrm_mark){.v = (uint32_t)n[0], .m = (uint32_t)n[1]};
}

/* "ADDRESS/bits"; cut at the slash. */
static xfrm_address_t prefix(const char *text, size_t len, uint8_t *ret_bits, uint16_t *ret_family)
{
	char copy[64];
	char *slash;

	if (len >= sizeof(copy))
		words_bad("not a prefix", text);
	memcpy(copy, text, len);
	copy[len] = '\0';
	slash = strchr(copy, '/');
	if (!slash)
		words_bad("no prefix length", text);
	*slash = '\0';
	*ret_bits = (uint8_t)number(slash + 1, NULL);
	*ret_family = address_family(copy);
	return address(copy);
}

static const char *companion(const struct words *ws, const char *key, const char *suffix)
{
	char name[32];

	snprintf(name, sizeof(name), "%s-%s", key, suffix);
	return word_get(ws, name);
}

static bool selector_companions(const struct words *ws, const char *key, struct xfrm_selector *to)
{
	const char *family = companion(ws, key, "family"), *proto = companion(ws, key, "proto");
	const char *ports = companion(ws, key, "ports"), *ifindex = companion(ws, key, "if");
	const char *user = companion(ws, key, "user");

	if (family)
		to->family = (uint16_t)number(family, NULL);
	if (proto)
		to->proto = (uint8_t)number(proto, NULL);
	if (ports) {
		uint64_t n[2];

		numbers(ports, n, 2);
		to->sport = htons((uint16_t)n[0]);
		to->dport = htons((uint16_t)n[1]);
		to->sport_mask = to->dport_mask = UINT16_MAX;
	}
	if (ifindex)
		to->ifindex = (int32_t)number(ifindex, NULL);
	if (user)
		to->user = (uint32_t)number(user, NULL);
	return family || proto || ports || ifindex || user;
}

bool words_selector(const struct words *ws, const char *key, struct xfrm_selector *to)
{
	const char *v = word_get(ws, key);
	const char *to_part;

	memset(to, 0, sizeof(*to));
	if (v) {
		to_part = strchr(v, '>');
		if (!to_part)
			words_bad("selector without '>'", v);
		to->saddr = prefix(v, (size_t)(to_part - v), &to->prefixlen_s, &to->family);
		to_part++;
		to->daddr = prefix(to_part, strlen(to_part), &to->prefixlen_d, &to->family);
	}
	return selector_companions(ws, key, to) || v;
}

/* How the value of an attribute is written. */
enum form { F_U8, F_U32, F_U64, F_ADDR, F_MARK, F_ENCAP, F_OFFLOAD, F_CURRENT, F_REPLAY, F_ESN };

static const struct {
	const char *name;
	uint16_t type;
	enum form form;
} attr_names[] = {
    {"ENCAP", XFRMA_ENCAP, F_ENCAP},
    {"MARK", XFRMA_MARK, F_MARK},
    {"OFFLOAD_DEV", XFRMA_OFFLOAD_DEV, F_OFFLOAD},
    {"SET_MARK", XFRMA_SET_MARK, F_U32},
    {"SET_MARK_MASK", XFRMA_SET_MARK_MASK, F_U32},
    {"MTIMER_THRESH", UX_XFRMA_MTIMER_THRESH, F_U32},
    {"NAT_KEEPALIVE_INTERVAL", UX_XFRMA_NAT_KEEPALIVE_INTERVAL, F_U32},
    {"SA_DIR", UX_XFRMA_SA_DIR, F_U8},
    {"SA_PCPU", UX_XFRMA_SA_PCPU, F_U32},
    {"IF_ID", XFRMA_IF_ID, F_U32},
    {"TFCPAD", XFRMA_TFCPAD, F_U32},
    {"SA_EXTRA_FLAGS", XFRMA_SA_EXTRA_FLAGS, F_U32},
    {"LTIME_VAL", XFRMA_LTIME_VAL, F_CURRENT},
    {"LASTUSED", XFRMA_LASTUSED, F_U64},
    {"COADDR", XFRMA_COADDR, F_ADDR},
    {"SRCADDR", XFRMA_SRCADDR, F_ADDR},
    {"REPLAY_VAL", XFRMA_REPLAY_VAL, F_REPLAY},
    {"REPLAY_ESN_VAL", XFRMA_REPLAY_ESN_VAL, F_ESN},
    {"REPLAY_THRESH", XFRMA_REPLAY_THRESH, F_U32},
    {"ETIMER_THRESH", XFRMA_ETIMER_THRESH, F_U32},
};

static void set_value(struct attr_value *to, const void *data, size_t len)
{
	memcpy(to->data, data, len);
	to->len = len;
}

static void set_number(struct attr_value *to, const char *text, size_t len)
{
	uint64_t v = number(text, NULL);

	set_value(to, &v, len); /* the machines we run on are little endian; see the assert */
}
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "set_number takes the low bytes");

/* type,sport,dport,original address */
static void set_encap(struct attr_value *to, const char *text)
{
	const char *last = strrchr(text, ',');
	struct xfrm_encap_tmpl e;
	uint64_t n[3];
	char head[64];

	if (!last || (size_t)(last - text) >= sizeof(head))
		words_bad("not an encapsulation", text);
	memcpy(head, text, (size_t)(last - text));
	head[last - text] = '\0';
	numbers(head, n, 3);
	memset(&e, 0, sizeof(e));
	e.encap_type = (uint16_t)n[0];
	e.encap_sport = htons((uint16_t)n[1]);
	e.encap_dport = htons((uint16_t)n[2]);
	e.encap_oa = address(last + 1);
	set_value(to, &e, sizeof(e));
}

/* window,top,last sent: two words of bitmap, as many bits set as the window has */
static void set_esn(struct attr_value *to, const char *text)
{
	static const uint32_t bits[2] = {0xffffffff, 0x0000ffff};
	struct xfrm_replay_state_esn head;
	uint64_t n[3];

	numbers(text, n, 3);
	memset(&head, 0, sizeof(head));
	head.bmp_len = 2;
	head.replay_window = (uint32_t)n[0];
	head.seq = (uint32_t)n[1];
	head.seq_hi = (uint32_t)(n[1] >> 32);
	head.oseq = (uint32_t)n[2];
	head.oseq_hi = (uint32_t)(n[2] >> 32);
	set_value(to, &head, sizeof(head));
	memcpy(to->data + sizeof(head), bits, sizeof(bits));
	to->len += sizeof(bits);
}

static void set_struct(struct attr_value *to, enum form form, const char *text)
{
	uint64_t n[4];

	if (form == F_MARK) {
		numbers(text, n, 2);
		set_value(to, &(struct xfrm_mark){(uint32_t)n[0], (uint32_t)n[1]},
			  sizeof(struct xfrm_mark));
	} else if (form == F_OFFLOAD) {
		struct xfrm_user_offload o;

		numbers(text, n, 2);
		memset(&o, 0, sizeof(o));
		o.ifindex = (int)n[0];
		o.flags = (uint8_t)n[1];
		set_value(to, &o, sizeof(o));
	} else if (form == F_CURRENT) {
		numbers(text, n, 4);
		set_value(to, &(struct xfrm_lifetime_cur){n[0], n[1], n[2], n[3]},
			  sizeof(struct xfrm_lifetime_cur));
	} else {
		numbers(text, n, 3);
		set_value(
		    to, &(struct xfrm_replay_state){(uint32_t)n[0], (uint32_t)n[1], (uint32_t)n[2]},
		    sizeof(struct xfrm_replay_state));
	}
}

static void set_hex(struct attr_value *to, const char *hex)
{
	to->len = 0;
	for (; *hex; hex += 2) {
		unsigned int byte;

		if (to->len == sizeof(to->data) || sscanf(hex, "%2x", &byte) != 1 || !hex[1])
			words_bad("not hexadecimal", hex);
		to->data[to->len++] = (uint8_t)byte;
	}
}

static void set_zeros(struct attr_value *to, const char *len)
{
	to->len = number(len, NULL);
	if (to->len > sizeof(to->data))
		words_bad("attribute too long", len);
}

static void set_by_form(struct attr_value *to, enum form form, const char *text)
{
	switch (form) {
	case F_U8:
		set_number(to, text, 1);
		break;
	case F_U32:
		set_number(to, text, 4);
		break;
	case F_U64:
		set_number(to, text, 8);
		break;
	case F_ADDR: {
		xfrm_address_t a = address(text);

		set_value(to, &a, sizeof(a));
		break;
	}
	case F_ENCAP:
		set_encap(to, text);
		break;
	case F_ESN:
		set_esn(to, text);
		break;
	default:
		set_struct(to, form, text);
	}
}

bool words_attr(const struct words *ws, size_t i, char prefix_char, struct attr_value *to)
{
	const char *word = ws->word[i], *value = strchr(word, '=');
	size_t len = value ? (size_t)(value - word) - 1 : strlen(word) - 1;
	size_t row = 0, rows = sizeof(attr_names) / sizeof(attr_names[0]);

	if (word[0] != prefix_char)
		return false;
	memset(to, 0, sizeof(*to));
	while (row < rows &&
	       (strncmp(attr_names[row].name, word + 1, len) != 0 || attr_names[row].name[len]))
		row++;
	to->type = row < rows ? attr_names[row].type : (uint16_t)strtoul(word + 1, NULL, 10);
	if (to->type == 0 && word[1] != '0')
		words_bad("no such attribute", word);
	if (!value)
		return true;
	if (strncmp(value + 1, "hex:", 4) == 0)
		set_hex(to, value + 5);
	else if (strncmp(value + 1, "zero:", 5) == 0)
		set_zeros(to, value + 6);
	else if (row < rows)
		set_by_form(to, attr_names[row].form, value + 1);
	else
		words_bad("a number wants hex: or zero:", word);
	return true;
}

void words_put_attrs(struct ux_writer *w, const struct words *ws, char prefix_char)
{
	struct attr_value a;

	for (size_t i = 0; i < ws->n; i++)
		if (words_attr(ws, i, prefix_char, &a))
			ux_msg_attr(w, a.type, a.data, a.len);
}
