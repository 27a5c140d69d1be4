/* SPDX-License-Identifier: BSD-2-Clause */

#include "cli/args.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 255

const char *args_peek(const struct args *a)
{
	return a->at < a->n ? a->v[a->at] : NULL;
}

bool args_is(const struct args *a, const char *word)
{
	const char *at = args_peek(a);

	return at && strcmp(at, word) == 0;
}

bool args_take(struct args *a, const char *word)
{
	if (!args_is(a, word))
		return false;
	a->at++;
	return true;
}

const char *args_next(struct args *a)
{
	if (a->at >= a->n) {
		fprintf(stderr, "Command line is not complete. Try option \"help\"\n");
		exit(EXIT_USAGE);
	}
	return a->v[a->at++];
}

bool args_is_command(const char *word, const char *command)
{
	return *word && strncmp(word, command, strlen(word)) == 0;
}

void args_wrong(const char *word, const char *why)
{
	fprintf(stderr, "Error: argument \"%s\" is wrong: %s\n", word, why);
	exit(EXIT_USAGE);
}

void args_required(const char *what)
{
	fprintf(stderr, "Error: argument \"%s\" is required\n", what);
	exit(EXIT_USAGE);
}

void args_duplicate(const char *what, const char *word)
{
	fprintf(stderr, "Error: duplicate \"%s\": \"%s\" is the second value.\n", what, word);
	exit(EXIT_USAGE);
}

void args_incomplete(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	exit(1);
}

uint64_t args_number(struct args *a, uint64_t max, const char *why)
{
	const char *word = args_next(a);
	char *end;

	errno = 0;
	unsigned long long v = strtoull(word, &end, 0);

	if (!*word || *end || errno || v > max || strchr(word, '-'))
		args_wrong(word, why);
	return v;
}

/* Up to four numbers with dots between them; what is missing at the end is 0. */
bool args_parse_quad(const char *text, union uxfrm_ip *ret)
{
	union uxfrm_ip ip = {0};

	for (int i = 0; i < 4; i++) {
		char *end;
		unsigned long v = strtoul(text, &end, 0);

		if (end == text || v > 255)
			return false;
		ip.bytes[i] = (uint8_t)v;
		if (!*end) {
			*ret = ip;
			return true;
		}
		if (*end != '.')
			return false;
		text = end + 1;
	}
	return false;
}

static bool parse_ip(const char *text, int family, struct cli_address *ret)
{
	if (strchr(text, ':')) {
		ret->family = AF_INET6;
		ret->bits = 128;
		return family != AF_INET && inet_pton(AF_INET6, text, &ret->a) == 1;
	}
	ret->family = AF_INET;
	ret->bits = 32;
	return family != AF_INET6 && args_parse_quad(text, &ret->a);
}

static _Noreturn void not_an_address(const char *word, int family, const char *what)
{
	fprintf(stderr, "Error: %s %s is expected rather than \"%s\".\n",
		family == AF_INET    ? "inet"
		: family == AF_INET6 ? "inet6"
				     : "any valid",
		what, word);
	exit(1);
}

/* A number of bits, or a mask as an address of which the ones come first. */
static bool parse_bits(const char *text, uint8_t max, uint8_t *ret)
{
	union uxfrm_ip mask;
	char *end;
	unsigned long bits = strtoul(text, &end, 0);

	if (*text && !*end) {
		*ret = (uint8_t)bits;
		return bits <= max;
	}
	if (!args_parse_quad(text, &mask))
		return false;
	uint32_t host = ntohl(mask.words[0]);
	uint8_t ones = 0;

	while (ones < 32 && host & 1u << (31 - ones))
		ones++;
	*ret = ones;
	return ones <= max && (ones == 32 || (uint32_t)(host << ones) == 0);
}

static bool is_any(const char *word)
{
	return strcmp(word, "any") == 0 || strcmp(word, "all") == 0 || strcmp(word, "default") == 0;
}

struct cli_address args_address(struct args *a)
{
	const char *word = args_next(a);
	struct cli_address r = {0};
	char text[INET6_ADDRSTRLEN + 32];

	if (is_any(word)) {
		r.family = (uint16_t)a->family;
		return r;
	}
	if (strlen(word) >= sizeof(text))
		not_an_address(word, a->family, "prefix");
	strcpy(text, word);
	char *slash = strchr(text, '/');

	if (slash)
		*slash++ = '\0';
	if (!parse_ip(text, a->family, &r) || (slash && !parse_bits(slash, r.bits, &r.bits)))
		not_an_address(word, a->family, "prefix");
	return r;
}

union uxfrm_ip args_host(struct args *a)
{
	const char *word = args_next(a);
	struct cli_address r = {0};

	if (!is_any(word) && !parse_ip(word, 0, &r))
		not_an_address(word, 0, "address");
	return r.a;
}

struct cli_address args_known_address(struct args *a, const char *name)
{
	struct cli_address r = args_address(a);
	char why[80];

	if (!r.family) {
		snprintf(why, sizeof(why), "value after \"%s\" has an unrecognized address family",
			 name);
		args_wrong(a->v[a->at - 1], why);
	}
	return r;
}

struct uxfrm_mark args_mark(struct args *a)
{
	struct uxfrm_mark mark = {.mask = UINT32_MAX};

	mark.value = (uint32_t)args_number(a, UINT32_MAX, "MARK value is invalid\n");
	if (args_take(a, "mask"))
		mark.mask = (uint32_t)args_number(a, UINT32_MAX, "MASK value is invalid\n");
	return mark;
}

bool args_word(struct args *a, const struct arg_word *table, void *into)
{
	for (; table->name; table++) {
		if (!args_take(a, table->name))
			continue;
		if (table->once && *(bool *)((uint8_t *)into + table->has))
			args_duplicate(table->name, table->name);
		table->read(a, (uint8_t *)into + table->offset, table->why);
		if (table->has)
			*(bool *)((uint8_t *)into + table->has) = true;
		return true;
	}
	return false;
}

void read_u8(struct args *a, void *to, const char *why)
{
	*(uint8_t *)to = (uint8_t)args_number(a, UINT8_MAX, why);
}

void read_u16(struct args *a, void *to, const char *why)
{
	*(uint16_t *)to = (uint16_t)args_number(a, UINT16_MAX, why);
}

void read_u32(struct args *a, void *to, const char *why)
{
	*(uint32_t *)to = (uint32_t)args_number(a, UINT32_MAX, why);
}

void read_u64(struct args *a, void *to, const char *why)
{
	const char *word = args_next(a);
	char *end;

	errno = 0;
	unsigned long long v = strtoull(word, &end, 0); /* -1 is a number here, for ip too */

	if (!*word || *end || errno)
		args_wrong(word, why);
	*(uint64_t *)to = v;
}

void read_be32(struct args *a, void *to, const char *why)
{
	*(uint32_t *)to = htonl((uint32_t)args_number(a, UINT32_MAX, why));
}

void read_mark(struct args *a, void *to, const char *why)
{
	*(struct uxfrm_mark *)to = args_mark(a);
}

void read_address(struct args *a, void *to, const char *why)
{
	*(struct cli_address *)to = args_known_address(a, a->v[a->at - 1]);
}

void read_present(struct args *a, void *to, const char *why)
{
	*(bool *)to = true;
}
