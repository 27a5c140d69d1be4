/* SPDX-License-Identifier: BSD-2-Clause */

/* The table of `uxfrm stats --crypto`. */

#include "cli/print_stats.h"

#include <string.h>

#define LINE_WIDTH 78

static long long number(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

static const char *string(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

static void print_cpu(FILE *out, const json_t *crypto)
{
	const json_t *feature;
	size_t i;

	fprintf(out, "choice %s, cpu", string(crypto, "choice"));
	json_array_foreach(json_object_get(crypto, "cpu"), i, feature)
	    fprintf(out, " %s", json_string_value(feature));
	fputc('\n', out);
}

/* Names one behind the other, in lines of usual width. */
static void print_algorithms(FILE *out, const json_t *algorithms, const char *library)
{
	const char *before = "  does ";
	const json_t *algorithm;
	size_t i, column = 0;

	json_array_foreach(algorithms, i, algorithm)
	{
		const char *name = string(algorithm, "name");

		if (strcmp(string(algorithm, "library"), library) != 0)
			continue;
		if (column && column + strlen(name) + 2 > LINE_WIDTH) {
			before = ";\n       ";
			column = 0;
		}
		column += strlen(name) + (column ? 2 : 7);
		fprintf(out, "%s%s", before, name);
		before = "; ";
	}
	if (column)
		fputc('\n', out);
}

static void print_library(FILE *out, const json_t *library, const json_t *algorithms)
{
	const json_t *keys = json_object_get(library, "keys");
	const char *test = string(library, "self_test"), *failed = string(library, "failed");

	if (!json_object_get(library, "version")) {
		fprintf(out, "%s: not in this build, or not for this CPU\n",
			string(library, "name"));
		return;
	}
	fprintf(out, "%s %s: ", string(library, "name"), string(library, "version"));
	fprintf(out, "self-test %s%s%s, %s\n", test, *failed ? " at " : "", failed,
		json_is_true(json_object_get(library, "used")) ? "used" : "not used");
	print_algorithms(out, algorithms, string(library, "name"));
	if (number(keys, "places"))
		fprintf(out, "  keys %lld of %lld, found %lld times, expanded %lld times\n",
			number(keys, "used"), number(keys, "places"), number(keys, "hits"),
			number(keys, "misses"));
}

void print_crypto(FILE *out, const json_t *crypto)
{
	const json_t *library;
	size_t i;

	print_cpu(out, crypto);
	json_array_foreach(json_object_get(crypto, "libraries"), i, library)
	    print_library(out, library, json_object_get(crypto, "algorithms"));
}
