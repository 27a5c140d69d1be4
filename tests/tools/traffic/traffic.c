/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * traffic: one end of the traffic that runs through a tunnel while its SAs move. Commands on
 * standard input, one line each; every command is answered by one line: start            begin to
 * send                                     -> "ok" counts           how it stands -> JSON stop send
 * no more                                      -> JSON, sent is final finish N N ...   wait for N
 * packets of each UDP flow (what the other end has sent) and for the end of the stream, but no
 * longer than QUIET_NS without a packet; then end  -> JSON, all final
 */

#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pacer.h"
#include "ping_flow.h"
#include "tcp_flow.h"
#include "udp_flow.h"

#define QUIET_NS UINT64_C(1500000000)
#define STREAM_END_NS UINT64_C(20000000000)
#define THREADS_MAX (2 * FLOWS_MAX + 4)

static struct udp_flow udp[FLOWS_MAX];
static struct burst_log bursts[FLOWS_MAX];
static const char *log_path;
static struct ping_flow ping[2];
static struct tcp_flow tcp;
static unsigned int n_udp, n_ping;
static enum { TCP_NONE, TCP_SEND, TCP_RECEIVE } tcp_role;

struct threads {
	pthread_t id[THREADS_MAX];
	unsigned int n;
};
static struct threads senders, receivers;

static void run(struct threads *t, void *(*body)(void *), void *flow)
{
	if (t->n == THREADS_MAX || pthread_create(&t->id[t->n++], NULL, body, flow)) {
		fprintf(stderr, "a thread could not be started\n");
		exit(2);
	}
}

static void join(struct threads *t)
{
	while (t->n)
		pthread_join(t->id[--t->n], NULL);
}

static void start_receivers(void)
{
	for (unsigned int i = 0; i < n_udp; i++) {
		udp_flow_open(&udp[i]);
		udp[i].receiving = true;
		run(&receivers, udp_flow_receive, &udp[i]);
	}
	for (unsigned int i = 0; i < n_ping; i++) {
		ping_flow_open(&ping[i]);
		ping[i].receiving = true;
		run(&receivers, ping_flow_receive, &ping[i]);
	}
	if (tcp_role == TCP_RECEIVE) {
		tcp_flow_listen(&tcp);
		run(&receivers, tcp_flow_receive, &tcp);
	}
}

static void start_senders(void)
{
	for (unsigned int i = 0; i < n_udp; i++) {
		udp[i].sending = true;
		udp[i].log = log_path ? &bursts[i] : NULL;
		if (udp[i].rate > 0)
			run(&senders, udp_flow_send, &udp[i]);
	}
	for (unsigned int i = 0; i < n_ping; i++) {
		ping[i].sending = true;
		run(&senders, ping_flow_send, &ping[i]);
	}
	if (tcp_role == TCP_SEND) {
		tcp.sending = true;
		run(&senders, tcp_flow_send, &tcp);
	}
}

static void stop_senders(void)
{
	for (unsigned int i = 0; i < n_udp; i++)
		udp[i].sending = false;
	for (unsigned int i = 0; i < n_ping; i++)
		ping[i].sending = false;
	tcp.sending = false;
	join(&senders);
}

static bool arrived(const uint64_t *expected)
{
	for (unsigned int i = 0; i < n_udp; i++)
		if (udp[i].counts.received < expected[i])
			return false;
	for (unsigned int i = 0; i < n_ping; i++)
		if (ping[i].received < ping[i].sent)
			return false;
	return true;
}

static uint64_t total_received(void)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < n_udp; i++)
		n += udp[i].counts.received;
	for (unsigned int i = 0; i < n_ping; i++)
		n += ping[i].received;
	return n;
}

/* write_log - what was sent when, and what of the other end's packets never came. */
static void write_log(const uint64_t *expected)
{
	FILE *out = fopen(log_path, "w");

	if (!out) {
		fprintf(stderr, "%s: %m\n", log_path);
		exit(2);
	}
	for (uint32_t i = 0; i < n_udp; i++) {
		uint64_t first = 0, n;

		burst_log_print(&bursts[i], i, out);
		while ((n = udp_flow_missing(&udp[i], first, expected[i], &first))) {
			fprintf(out, "missing %" PRIu32 " %" PRIu64 " %" PRIu64 "\n", i, first, n);
			first += n;
		}
	}
	if (fclose(out)) {
		fprintf(stderr, "%s: %m\n", log_path);
		exit(2);
	}
}

/* finish - what is under way gets its time to arrive. */
static void finish(const char *arguments)
{
	uint64_t expected[FLOWS_MAX] = {0}, last = total_received(), since = pacer_now_ns();
	const struct timespec step = {0, 2000000};
	char *at = (char *)arguments;
	uint64_t begin = since;

	for (unsigned int i = 0; i < n_udp; i++)
		expected[i] = strtoull(at, &at, 10);
	while (!arrived(expected) && pacer_now_ns() - since < QUIET_NS) {
		nanosleep(&step, NULL);
		if (total_received() != last)
			since = pacer_now_ns();
		last = total_received();
	}
	while (tcp_role == TCP_RECEIVE && !tcp.finished && pacer_now_ns() - begin < STREAM_END_NS)
		nanosleep(&step, NULL);
	/* A duplicate of the last packets would come now. */
	nanosleep(&(struct timespec){0, 200000000}, NULL);
	for (unsigned int i = 0; i < n_udp; i++)
		udp[i].receiving = false;
	for (unsigned int i = 0; i < n_ping; i++)
		ping[i].receiving = false;
	if (tcp_role != TCP_RECEIVE || tcp.finished)
		join(&receivers);
	if (log_path)
		write_log(expected);
}

static void print_udp(void)
{
	printf("\"udp\": [");
	for (unsigned int i = 0; i < n_udp; i++) {
		const struct udp_flow *f = &udp[i];

		printf("%s{\"flow\": \"%s\", \"sent\": %" PRIu64 ", \"send_errors\": %" PRIu64
		       ", \"received\": %" PRIu64 ", \"duplicated\": %" PRIu64
		       ", \"reordered\": %" PRIu64 ", \"damaged\": %" PRIu64
		       ", \"delay_max_us\": %" PRIu64 "}",
		       i ? ", " : "", f->flow.name, f->sent, f->send_errors, f->counts.received,
		       f->counts.duplicated, f->counts.reordered, f->counts.damaged,
		       f->counts.delay_max_us);
	}
	printf("]");
}

static void print_counts(void)
{
	uint64_t sent = 0, received = 0, duplicated = 0;

	printf("{");
	print_udp();
	for (unsigned int i = 0; i < n_ping; i++) {
		sent += ping[i].sent;
		received += ping[i].received;
		duplicated += ping[i].duplicated;
	}
	printf(", \"ping\": {\"sent\": %" PRIu64 ", \"received\": %" PRIu64
	       ", \"duplicated\": %" PRIu64 "}, \"tcp\": {\"sent\": %" PRIu64
	       ", \"received\": %" PRIu64 ", \"damaged\": %" PRIu64
	       ", \"finished\": %s, \"error\": \"%s\"}}\n",
	       sent, received, duplicated, tcp.sent, tcp.received, tcp.damaged,
	       tcp.finished ? "true" : "false", tcp.error ? strerror(tcp.error) : "");
}

static void serve(void)
{
	char line[512];

	while (fgets(line, sizeof(line), stdin)) {
		if (!strncmp(line, "start", 5)) {
			start_senders();
			printf("ok\n");
		} else if (!strncmp(line, "counts", 6)) {
			print_counts();
		} else if (!strncmp(line, "stop", 4)) {
			stop_senders();
			print_counts();
		} else if (!strncmp(line, "finish", 6)) {
			finish(line + 6);
			print_counts();
			return;
		} else {
			printf("unknown command\n");
		}
		fflush(stdout);
	}
}

static int usage(void)
{
	fprintf(stderr,
		"usage: traffic [--port P] [--rate PPS] [--size BYTES] [--udp LOCAL,PEER]...\n"
		"               [--mbit N] [--tcp-send LOCAL,PEER | --tcp-receive LOCAL,PEER]\n"
		"               [--ping-rate N] [--ping LOCAL,PEER]... [--log FILE]\n"
		"Numbers come before the flows they are for. FILE gets, at finish, which UDP packets\n"
		"were sent when (sent FLOW FIRST COUNT NS) and which never came (missing FLOW FIRST COUNT).\n");
	return 2;
}

struct settings {
	double rate, mbit, ping_rate;
	unsigned int size;
	uint16_t port;
};

static bool add_udp(const struct settings *s, const char *text)
{
	struct udp_flow *f = &udp[n_udp];

	if (n_udp == FLOWS_MAX || !flow_parse(text, (uint16_t)(s->port + n_udp), &f->flow))
		return false;
	f->rate = s->rate;
	f->size = s->size;
	f->id = n_udp++;
	return true;
}

static bool add_ping(const struct settings *s, const char *text)
{
	if (n_ping == 2 || !flow_parse(text, 0, &ping[n_ping].flow))
		return false;
	ping[n_ping++].rate = s->ping_rate;
	return true;
}

static bool set_tcp(const struct settings *s, const char *text, bool sender)
{
	tcp_role = sender ? TCP_SEND : TCP_RECEIVE;
	tcp.bytes_per_second = s->mbit * 1e6 / 8;
	return s->mbit > 0 && flow_parse(text, s->port, &tcp.flow);
}

static bool option(struct settings *s, int c)
{
	switch (c) {
	case 'p':
		s->port = (uint16_t)atoi(optarg);
		return s->port != 0;
	case 'r':
		s->rate = atof(optarg);
		return s->rate >= 0;
	case 's':
		s->size = (unsigned int)atoi(optarg);
		return s->size >= UDP_FLOW_SIZE_MIN && s->size <= 9000;
	case 'm':
		s->mbit = atof(optarg);
		return true;
	case 'i':
		s->ping_rate = atof(optarg);
		return s->ping_rate > 0;
	case 'l':
		log_path = optarg;
		return true;
	case 'u':
		return add_udp(s, optarg);
	case 'g':
		return add_ping(s, optarg);
	case 'S':
	case 'R':
		return set_tcp(s, optarg, c == 'S');
	default:
		return false;
	}
}

static const struct option options[] = {
    {"port", required_argument, NULL, 'p'},	   {"rate", required_argument, NULL, 'r'},
    {"size", required_argument, NULL, 's'},	   {"mbit", required_argument, NULL, 'm'},
    {"ping-rate", required_argument, NULL, 'i'},   {"udp", required_argument, NULL, 'u'},
    {"ping", required_argument, NULL, 'g'},	   {"tcp-send", required_argument, NULL, 'S'},
    {"tcp-receive", required_argument, NULL, 'R'}, {"log", required_argument, NULL, 'l'},
    {0}};

int main(int argc, char **argv)
{
	struct settings s = {
	    .rate = 10000, .mbit = 100, .ping_rate = 20, .size = 200, .port = 7000};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!option(&s, c))
			return usage();
	if (optind != argc)
		return usage();
	start_receivers();
	printf("ready\n");
	fflush(stdout);
	serve();
	fflush(stdout);
	_Exit(0); /* a stream that never ended has a thread that waits for it */
}
