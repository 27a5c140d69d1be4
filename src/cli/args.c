/* SPDX-License-Identifier: BSD-2-Clause */

#include "cli/args.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli/names.h"

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

static int text_to_address(const char *text, int family, struct cli_address *ret)
{
	memset(&ret->a, 0, sizeof(ret->a));
	if (family != AF_INET6 && inet_pton(AF_INET, text, &ret->a) == 1) {
		ret->family = AF_INET;
		ret->bits = 32;
		return 0;
	}
	if (family != AF_INET && inet_pton(AF_INET6, text, &ret->a) == 1) {
		ret->family = AF_INET6;
		ret->bits = 128;
		return 0;
	}
	return -1;
}

static _Noreturn void not_an_address(const char *word, int family)
{
	fprintf(stderr, "Error: %s prefix is expected rather than \"%s\".\n",
		family == AF_INET    ? "inet"
		: family == AF_INET6 ? "inet6"
				     : "any valid",
		word);
	exit(1);
}

struct cli_address args_address(struct args *a, int family)
{
	const char *word = args_next(a);
	struct cli_address r = {0};
	char text[INET6_ADDRSTRLEN + 8];

	if (strcmp(word, "any") == 0 || strcmp(word, "all") == 0 || strcmp(word, "default") == 0) {
		r.family = (uint16_t)(family ? family : AF_INET);
		return r;
	}
	if (strlen(word) >= sizeof(text))
		not_an_address(word, family);
	strcpy(text, word);
	char *slash = strchr(text, '/');

	if (slash)
		*slash++ = '\0';
	if (text_to_address(text, family, &r) < 0)
		not_an_address(word, family);
	if (slash) {
		char *end;
		unsigned long bits = strtoul(slash, &end, 10);

		if (!*slash || *end || bits > r.bits)
			not_an_address(word, family);
		r.bits = (uint8_t)bits;
	}
	return r;
}

struct xfrm_mark args_mark(struct args *a)
{
	struct xfrm_mark mark = {.m = UINT32_MAX};

	mark.v = (uint32_t)args_number(a, UINT32_MAX, "MARK value is invalid\n");
	if (args_take(a, "mask"))
		mark.m = (uint32_t)args_number(a, UINT32_MAX, "MASK value is invalid\n");
	return mark;
}

uint8_t args_mode(struct args *a)
{
	const char *word = args_next(a);
	int mode = name_to_mode(word);

	if (mode < 0)
		args_wrong(word, "MODE value is invalid");
	return (uint8_t)mode;
}

static uint32_t flag_of(const char *word, const struct flag_name *names)
{
	for (; names->name; names++)
		if (strcmp(names->name, word) == 0)
			return names->bit;
	return 0;
}

uint32_t args_flags(struct args *a, const struct flag_name *names, uint32_t max)
{
	uint32_t flags = 0, bit;
	const char *word = args_peek(a);

	if (!word || strncmp(word, "0x", 2) == 0)
		return (uint32_t)args_number(a, max, "FLAG value is invalid");
	while ((word = args_peek(a)) && (bit = flag_of(word, names)) != 0) {
		flags |= bit;
		a->at++;
	}
	return flags;
}
