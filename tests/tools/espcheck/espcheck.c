/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * espcheck: was a sequence number or an IV used twice, did anything of the inner networks travel in
 * clear? From pcap files, or live from interfaces. Shares no code with uxfrm: it judges it. Prints
 * one JSON object. Exit status 0: clean; 1: not clean, or frames were missed; 2: could not be done.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "decode.h"
#include "pcap_file.h"
#include "ring.h"

#define RINGS_MAX 8
#define SNAP                                                                                \
	160 /* enough for Ethernet, IPv6, UDP, ESP, IV and the addresses of a quoted packet \
	     */

static volatile sig_atomic_t stopped;

static void on_signal(int signal)
{
	stopped = signal;
}

struct totals {
	uint64_t sequence_numbers, ivs, dropped;
};

static struct totals report_spis(const struct ledger *l)
{
	struct totals t = {0};

	printf("\"spis\": [");
	for (size_t i = 0; i < l->n; i++) {
		const struct ledger_spi *s = &l->spis[i];

		printf("%s{\"spi\": \"0x%08" PRIx32 "\", \"packets\": %" PRIu64
		       ", \"first\": %" PRIu64 ", \"highest\": %" PRIu64
		       ", \"repeated_sequence_numbers\": %" PRIu64 ", \"repeated_ivs\": %" PRIu64
		       ", \"paths\": %u}",
		       i ? ", " : "", s->spi, s->packets, s->first, s->highest,
		       s->repeated_sequence_numbers, s->repeated_ivs, s->n_paths);
		t.sequence_numbers += s->repeated_sequence_numbers;
		t.ivs += s->repeated_ivs;
	}
	printf("], ");
	return t;
}

static void report_turns(const struct decoder *d)
{
	printf("\"turns\": [");
	for (size_t i = 0; i < d->n_turns; i++) {
		const struct decoder_turn *t = &d->turns[i];
		char src[INET6_ADDRSTRLEN] = "", dst[INET6_ADDRSTRLEN] = "";

		inet_ntop(t->family, t->src, src, sizeof(src));
		inet_ntop(t->family, t->dst, dst, sizeof(dst));
		printf("%s{\"ns\": %" PRIu64 ", \"spi\": \"0x%08" PRIx32
		       "\", \"src\": \"%s\", \"dst\": \"%s\", \"in_udp\": %s}",
		       i ? ", " : "", t->ns, t->spi, src, dst, t->in_udp ? "true" : "false");
	}
	printf("], ");
}

/* report - the JSON object; returns the exit status. */
static int report(const struct decoder *d, uint64_t dropped)
{
	struct totals t;

	printf("{\"frames\": %" PRIu64 ", \"esp\": %" PRIu64 ", \"esp_in_udp\": %" PRIu64
	       ", \"keepalives\": %" PRIu64 ", \"ike\": %" PRIu64 ", \"later_fragments\": %" PRIu64
	       ", \"other\": %" PRIu64 ", ",
	       d->frames, d->esp, d->esp_in_udp, d->keepalives, d->ike, d->later_fragments,
	       d->other);
	t = report_spis(&d->ledger);
	if (d->show_turns)
		report_turns(d);
	printf("\"repeated_sequence_numbers\": %" PRIu64 ", \"repeated_ivs\": %" PRIu64
	       ", \"cleartext_packets\": %" PRIu64
	       ", \"first_cleartext\": \"%s\", \"undecodable\": %" PRIu64
	       ", \"first_undecodable\": \"%s\", \"capture_drops\": %" PRIu64 "}\n",
	       t.sequence_numbers, t.ivs, d->cleartext, d->first_cleartext, d->undecodable,
	       d->first_undecodable, dropped);
	return t.sequence_numbers || t.ivs || d->cleartext || d->undecodable || dropped ? 1 : 0;
}

static int check_files(struct decoder *d, char **files, int n)
{
	for (int i = 0; i < n; i++)
		if (pcap_file_decode(files[i], d))
			return 2;
	return report(d, 0);
}

/* Until a signal comes or standard input ends. */
static void capture(struct ring *rings, int n, struct decoder *d)
{
	struct pollfd p[RINGS_MAX + 1];
	char ignored[64];

	for (int i = 0; i < n; i++)
		p[i] = (struct pollfd){.fd = rings[i].fd, .events = POLLIN};
	p[n] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
	while (!stopped) {
		if (poll(p, (nfds_t)n + 1, -1) < 0 && errno != EINTR)
			break;
		for (int i = 0; i < n; i++)
			ring_drain(&rings[i], d);
		if (p[n].revents && read(STDIN_FILENO, ignored, sizeof(ignored)) <= 0)
			break;
	}
}

static int check_live(struct decoder *d, char **interfaces, int n, unsigned int megabytes)
{
	struct ring rings[RINGS_MAX];
	uint64_t dropped = 0;

	if (n > RINGS_MAX) {
		fprintf(stderr, "at most %d interfaces\n", RINGS_MAX);
		return 2;
	}
	for (int i = 0; i < n; i++)
		if (ring_open(&rings[i], interfaces[i], megabytes, SNAP))
			return 2;
	/* A judge that is late misses packets; it needs little. Without the privilege it goes as it
	 * goes. */
	(void)sched_setscheduler(0, SCHED_RR, &(struct sched_param){.sched_priority = 1});
	printf("ready\n");
	fflush(stdout);
	capture(rings, n, d);
	for (int i = 0; i < n; i++) {
		ring_flush(&rings[i], d);
		dropped += rings[i].dropped;
		ring_close(&rings[i]);
	}
	return report(d, dropped);
}

static int usage(void)
{
	fprintf(stderr,
		"usage: espcheck [--inner PREFIX]... [--iv-length 0|8|16] [--port P] [--mtu N]\n"
		"                [--ring-mb N] [--turns] { FILE... | --live INTERFACE... }\n");
	return 2;
}

static const struct option options[] = {{"inner", required_argument, NULL, 'i'},
					{"iv-length", required_argument, NULL, 'v'},
					{"port", required_argument, NULL, 'p'},
					{"mtu", required_argument, NULL, 'm'},
					{"ring-mb", required_argument, NULL, 'r'},
					{"live", no_argument, NULL, 'l'},
					{"turns", no_argument, NULL, 't'},
					{0}};

int main(int argc, char **argv)
{
	struct decoder d = {.iv_length = 8, .esp_port = 4500};
	struct sigaction action = {.sa_handler = on_signal};
	unsigned int megabytes = 64;
	bool live = false;
	int c, status;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'i' && !decoder_add_inner(&d, optarg))
			return usage();
		else if (c == 'v')
			d.iv_length = (unsigned int)atoi(optarg);
		else if (c == 'p')
			d.esp_port = (uint16_t)atoi(optarg);
		else if (c == 'm')
			d.mtu = (size_t)atoi(optarg);
		else if (c == 'r')
			megabytes = (unsigned int)atoi(optarg);
		else if (c == 'l')
			live = true;
		else if (c == 't')
			d.show_turns = true;
		else if (c == '?')
			return usage();
	}
	if (optind == argc || megabytes < 1 || megabytes > 1024 ||
	    (d.iv_length != 0 && d.iv_length != 8 && d.iv_length != 16))
		return usage();
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	status = live ? check_live(&d, argv + optind, argc - optind, megabytes)
		      : check_files(&d, argv + optind, argc - optind);
	decoder_fini(&d);
	return status;
}
