/* SPDX-License-Identifier: BSD-2-Clause */

/* The table of `uxfrm stats`. */

#include "cli/print_stats.h"

#include <string.h>

static long long number(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

static const char *string(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

static void print_daemon(FILE *out, const json_t *status)
{
	long long up = number(status, "uptime_s"), clients = number(status, "clients");
	const char *tun = string(status, "tun");

	fprintf(out, "uxfrmd %s, pid %lld, up %lld:%02lld:%02lld, %lld client%s, %s%s\n",
		string(status, "version"), number(status, "pid"), up / 3600, up / 60 % 60, up % 60,
		clients, clients == 1 ? "" : "s", *tun ? "packets by " : "no packets", tun);
}

static void print_databases(FILE *out, const json_t *counts)
{
	const json_t *policy = json_object_get(counts, "policy");

	fprintf(out, "SAs %lld, former tuples in grace time %lld\n", number(counts, "sa"),
		number(counts, "sa_grace"));
	fprintf(out, "policies in %lld, out %lld, fwd %lld\n", number(policy, "in"),
		number(policy, "out"), number(policy, "fwd"));
}

static void print_packets(FILE *out, const json_t *packets)
{
	fprintf(out, "out      %lld packets, %lld bytes\n", number(packets, "out_packets"),
		number(packets, "out_bytes"));
	fprintf(out, "in       %lld packets, %lld bytes\n", number(packets, "in_packets"),
		number(packets, "in_bytes"));
	fprintf(out, "bypassed %lld packets\n", number(packets, "bypassed"));
	if (number(packets, "held"))
		fprintf(out, "waited   %lld times\n", number(packets, "held"));
}

/* How packets of the host come to the daemon, where that is not by routes. */
static void print_capture(FILE *out, const json_t *capture)
{
	const char *problem = string(capture, "problem");

	if (!capture || strcmp(string(capture, "setting"), "routes") == 0)
		return;
	fprintf(out, "tc       %lld selectors on %lld devices\n", number(capture, "selectors"),
		number(capture, "devices"));
	if (json_is_true(json_object_get(capture, "everything")))
		fprintf(out, "tc       everything is captured: not all selectors could be told\n");
	if (number(capture, "left"))
		fprintf(out, "tc       what an earlier daemon's policies covered is refused\n");
	if (*problem)
		fprintf(out, "tc       not everywhere: %s\n", problem);
}

/* By what outer packets go, where that is not raw sockets alone. */
static void print_underlay(FILE *out, const json_t *underlay)
{
	const char *problem = string(underlay, "problem");
	const json_t *d;
	size_t i;

	if (!underlay || strcmp(string(underlay, "setting"), "raw") == 0)
		return;
	json_array_foreach(json_object_get(underlay, "devices"), i, d)
		fprintf(out, "AF_XDP   %s, %s, %s: received %lld, sent %lld, lost %lld, malformed %lld\n",
			string(d, "name"), string(d, "mode"),
			json_is_true(json_object_get(d, "zero_copy")) ? "zero-copy" : "copied",
			number(d, "received"), number(d, "sent"), number(d, "lost"),
			number(d, "malformed"));
	fprintf(out, "AF_XDP   %lld packets sent by raw sockets instead\n",
		number(underlay, "sent_raw"));
	if (*problem)
		fprintf(out, "AF_XDP   not everywhere: %s\n", problem);
}

/* Some reasons have no counter in Linux. */
static const char *linux_counter(const json_t *drop)
{
	const char *name = string(drop, "linux_name");

	return *name ? name : "-";
}

struct widths {
	int name, count, linux_name;
};

static void widen(int *width, size_t len)
{
	if ((int)len > *width)
		*width = (int)len;
}

static bool is_shown(const json_t *drop, bool zeros)
{
	return zeros || number(drop, "count") > 0;
}

static struct widths measure(const json_t *drops, bool zeros)
{
	struct widths w = {0};
	const json_t *drop;
	size_t i;

	json_array_foreach(drops, i, drop)
	{
		if (!is_shown(drop, zeros))
			continue;
		widen(&w.name, strlen(string(drop, "name")));
		widen(&w.linux_name, strlen(linux_counter(drop)));
		widen(&w.count, (size_t)snprintf(NULL, 0, "%lld", number(drop, "count")));
	}
	return w;
}

static void print_drops(FILE *out, const json_t *drops, bool zeros)
{
	struct widths w = measure(drops, zeros);
	const json_t *drop;
	size_t i;

	if (w.name == 0) {
		fputs("no drops\n", out);
		return;
	}
	fputs("drops\n", out);
	json_array_foreach(drops, i, drop)
	{
		if (is_shown(drop, zeros))
			fprintf(out, "  %-*s  %*lld  %-*s  %s\n", w.name, string(drop, "name"),
				w.count, number(drop, "count"), w.linux_name, linux_counter(drop),
				string(drop, "text"));
	}
}

void print_stats(FILE *out, const json_t *status, bool zeros)
{
	print_daemon(out, status);
	print_databases(out, json_object_get(status, "counts"));
	print_packets(out, json_object_get(status, "packets"));
	print_capture(out, json_object_get(status, "capture"));
	print_underlay(out, json_object_get(status, "underlay"));
	print_drops(out, json_object_get(status, "drops"), zeros);
}
