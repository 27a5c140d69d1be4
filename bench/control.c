/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast does the other end of a NETLINK_XFRM socket answer? A plain netlink client that knows
 * nothing of who that is: uxfrmd, when it runs under "uxfrm run", or the kernel it runs on.
 * bench/control starts it on each side and puts the answers side by side.
 *
 * Requests go out 64 in a datagram, or as many as --batch says; each is answered by a datagram of
 * its own. They are received by recvmmsg(), which is fairer to the kernels: a system call costs the
 * one that is a process ten times what it costs others. The time counts from the building of the
 * first request to the last answer.
 *
 * usage: control [--correlated] [--batch N] [--window N] [--requests N] [--seconds S] SIZE
 * It reads commands from standard input, a line each, and writes for each measured thing
 * "= NAME COUNT SECONDS", then "= done":
 *   fill sa|policy|spi  SIZE entries, or as many as the time allows
 *   run NAME            one of operations[], on entries drawn at random, --requests of them or
 *                       --seconds long; the databases are the same size before and after
 *   move                every SA to its other address, by as few datagrams as hold the requests; only the
 *                       last request of each asks for an answer
 *   flush               remove everything
 */
#include <errno.h>
#include <stdbool.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "control_requests.h"
#include "wire/abi.h"

#define BATCH 64
#define ANSWER_MAX 960 /* not a power of two: answers do not push each other out of caches */
#define RECEIVE_BUFFER (1 << 20)
#define LARGE_MAX ((size_t)1 << 20) /* the longest datagram uxfrmd takes */
#define SEND_BUFFER (4 << 20)
#define FILL_SECONDS 40.0 /* a database that takes longer stays smaller */
#define SPI_SECONDS 15.0  /* reserved SPIs live for 30 */

struct bench {
	int fd;
	enum pattern pattern;
	uint32_t size, window, requests, batch;
	double seconds;
	uint32_t *order; /* of the entries, at random */
	uint32_t next;	 /* in order[] */
	uint32_t next_spi;
	uint8_t datagram[BATCH * REQUEST_MAX];
	uint8_t large[LARGE_MAX];
	int place; /* of all SAs, for "move" */
	uint8_t answer[BATCH][ANSWER_MAX];
	uint8_t piece[1 << 16]; /* of a dump */
};

/* The first half of an operation is undone by the second, entry by entry. */
struct operation {
	const char *name;
	struct half {
		const char *label;
		request_builder build;
		int place;
	} half[2];
};

static const struct operation operations[] = {
    {"sa", {{"DELSA", build_delsa, 0}, {"NEWSA", build_newsa, 0}}},
    {"getsa", {{"GETSA", build_getsa, 0}}},
    {"policy", {{"DELPOLICY", build_delpolicy, 0}, {"NEWPOLICY", build_newpolicy, 0}}},
    {"getpolicy", {{"GETPOLICY", build_getpolicy, 0}}},
    {"migrate", {{"MIGRATE", build_migrate, 0}, {"MIGRATE", build_migrate, 1}}},
    {"migrate_state",
     {{"MIGRATE_STATE", build_migrate_state, 0}, {"MIGRATE_STATE", build_migrate_state, 1}}},
};

static void die(const char *what)
{
	fprintf(stderr, "control: %s: %s\n", what, strerror(errno));
	exit(2);
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void report(const char *name, uint64_t count, double seconds)
{
	printf("= %s %llu %.6f\n", name, (unsigned long long)count, seconds);
}

/* ---- talking ---- */

static void open_socket(struct bench *b)
{
	int size = RECEIVE_BUFFER;

	b->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);
	if (b->fd < 0)
		die("netlink socket");
	(void)setsockopt(b->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	size = SEND_BUFFER;
	(void)setsockopt(b->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static size_t receive(struct bench *b)
{
	ssize_t n = recv(b->fd, b->piece, sizeof(b->piece), 0);

	if (n < (ssize_t)NLMSG_HDRLEN)
		die("recv");
	return (size_t)n;
}

static void check_answer(const uint8_t *answer, const char *what)
{
	struct nlmsghdr h;
	int error;

	memcpy(&h, answer, sizeof(h));
	if (h.nlmsg_type != NLMSG_ERROR)
		return;
	memcpy(&error, answer + NLMSG_HDRLEN, sizeof(error));
	if (!error)
		return;
	errno = -error;
	die(what);
}

static void receive_answers(struct bench *b, const char *what, uint32_t n)
{
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];

	while (n) {
		int got;

		for (uint32_t i = 0; i < n; i++) {
			iov[i] = (struct iovec){b->answer[i], ANSWER_MAX};
			m[i] = (struct mmsghdr){{.msg_iov = &iov[i], .msg_iovlen = 1}, 0};
		}
		got = recvmmsg(b->fd, m, n, MSG_WAITFORONE, NULL);
		if (got <= 0)
			die("recvmmsg");
		for (int i = 0; i < got; i++)
			check_answer(b->answer[i], what);
		n -= (uint32_t)got;
	}
}

/* One datagram about these @n entries, and all its answers. */
static void ask(struct bench *b, const struct half *h, const uint32_t *entry, uint32_t n)
{
	size_t len = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct request r;

		h->build(&r, b->pattern, entry[i], h->place);
		memcpy(b->datagram + len, r.bytes, r.header.nlmsg_len);
		len += NLMSG_ALIGN(r.header.nlmsg_len);
	}
	if (send(b->fd, b->datagram, len, 0) != (ssize_t)len)
		die("send");
	receive_answers(b, h->label, n);
}

static double ask_all(struct bench *b, const struct half *h, const uint32_t *entry, uint32_t n)
{
	double start = now_s();

	for (uint32_t i = 0; i < n; i += b->batch)
		ask(b, h, entry + i, n - i < b->batch ? n - i : b->batch);
	return now_s() - start;
}

/* A dump; how many messages it had. */
static uint32_t dump(struct bench *b, uint16_t type, size_t header_len)
{
	uint32_t count = 0;
	struct request r;

	build_plain(&r, type, NLM_F_DUMP, header_len);
	if (send(b->fd, r.bytes, r.header.nlmsg_len, 0) < 0)
		die("send");
	for (;;) {
		size_t len = receive(b);

		for (size_t at = 0; at + NLMSG_HDRLEN <= len;) {
			struct nlmsghdr h;

			memcpy(&h, b->piece + at, sizeof(h));
			if (h.nlmsg_type == NLMSG_DONE)
				return count;
			if (h.nlmsg_len < NLMSG_HDRLEN)
				die("dump");
			count++;
			at += NLMSG_ALIGN(h.nlmsg_len);
		}
	}
}

static void flush(struct bench *b)
{
	struct request r;

	build_plain(&r, XFRM_MSG_FLUSHSA, NLM_F_ACK, sizeof(struct xfrm_usersa_flush));
	if (send(b->fd, r.bytes, r.header.nlmsg_len, 0) < 0)
		die("send");
	(void)receive(b);
	build_plain(&r, XFRM_MSG_FLUSHPOLICY, NLM_F_ACK, 0);
	if (send(b->fd, r.bytes, r.header.nlmsg_len, 0) < 0)
		die("send");
	(void)receive(b);
	b->next_spi = 0;
}

/* ---- commands ---- */

/* Only the first @size entries are there. */
static void set_size(struct bench *b, uint32_t size)
{
	b->size = size;
	if (b->window > size / 4)
		b->window = size / 4 / BATCH * BATCH;
	for (uint32_t i = 0; i < b->size; i++)
		b->order[i] = i;
	for (uint32_t i = b->size; i > 1; i--) {
		uint32_t j = (uint32_t)((uint64_t)random() * i >> 31), swap = b->order[i - 1];

		b->order[i - 1] = b->order[j];
		b->order[j] = swap;
	}
	b->next = 0;
}

static void fill(struct bench *b, const char *label, request_builder build, double limit_s)
{
	const struct half h = {label, build, 0};
	double start = now_s();
	uint32_t done = 0;

	while (done < b->size && now_s() - start < limit_s) {
		uint32_t entry[BATCH], n = b->size - done < BATCH ? b->size - done : BATCH;

		for (uint32_t i = 0; i < n; i++)
			entry[i] = done + i;
		ask(b, &h, entry, n);
		done += n;
	}
	report(label, done, now_s() - start);
	b->next_spi = done;
	if (done < b->size)
		set_size(b, done);
}

static void run(struct bench *b, const struct operation *op)
{
	double spent[2] = {0, 0}, start = now_s();
	bool one_label = !op->half[1].build || strcmp(op->half[0].label, op->half[1].label) == 0;
	uint64_t count = 0;

	while (count < b->requests && now_s() - start < b->seconds) {
		if (b->next + b->window > b->size)
			b->next = 0;
		for (int i = 0; i < 2 && op->half[i].build; i++)
			spent[one_label ? 0 : i] +=
			    ask_all(b, &op->half[i], b->order + b->next, b->window);
		count += b->window;
		b->next += b->window;
	}
	report(op->half[0].label, one_label && op->half[1].build ? 2 * count : count, spent[0]);
	if (!one_label)
		report(op->half[1].label, count, spent[1]);
}

/* Requests about the entries order[@from] on, as many as one datagram holds. Returns how many. */
static uint32_t fill_large(struct bench *b, uint32_t from, size_t *ret_len)
{
	struct nlmsghdr *last = NULL;
	size_t len = 0;
	uint32_t n = 0;

	for (; from + n < b->size; n++) {
		struct request r;

		build_migrate_state(&r, b->pattern, b->order[from + n], b->place);
		if (len + NLMSG_ALIGN(r.header.nlmsg_len) > LARGE_MAX)
			break;
		r.header.nlmsg_flags &= (uint16_t)~NLM_F_ACK;
		last = (struct nlmsghdr *)(void *)(b->large + len);
		memcpy(last, r.bytes, r.header.nlmsg_len);
		len += NLMSG_ALIGN(r.header.nlmsg_len);
	}
	if (last)
		last->nlmsg_flags |= NLM_F_ACK;
	*ret_len = len;
	return n;
}

/* The only answer of a datagram, unless a request of it failed. */
static void move(struct bench *b)
{
	uint32_t datagrams = 0, done = 0;
	double start = now_s();

	for (; done < b->size; datagrams++) {
		size_t len;

		done += fill_large(b, done, &len);
		if (send(b->fd, b->large, len, 0) != (ssize_t)len)
			die("send");
		(void)receive(b);
		check_answer(b->piece, "move");
	}
	report("datagrams", datagrams, 0);
	report("move", done, now_s() - start);
	b->place = !b->place;
}

/* More of them; a tenth of what is there. */
static void run_allocspi(struct bench *b)
{
	const struct half h = {"ALLOCSPI", build_allocspi, 0};
	uint32_t most = b->next_spi / 10 > BATCH ? b->next_spi / 10 : BATCH;
	double start = now_s();
	uint32_t done = 0;

	while (done < most && done < b->requests && now_s() - start < b->seconds) {
		uint32_t entry[BATCH];

		for (uint32_t i = 0; i < BATCH; i++)
			entry[i] = b->next_spi++;
		ask(b, &h, entry, BATCH);
		done += BATCH;
	}
	report("ALLOCSPI", done, now_s() - start);
}

static void run_dump(struct bench *b, const char *label, uint16_t type, size_t header_len)
{
	double start = now_s();
	uint64_t count = 0;

	do
		count += dump(b, type, header_len);
	while (count < b->requests && now_s() - start < b->seconds);
	report(label, count, now_s() - start);
}

static void run_named(struct bench *b, const char *name)
{
	if (strcmp(name, "allocspi") == 0)
		run_allocspi(b);
	else if (strcmp(name, "dumpsa") == 0)
		run_dump(b, "dump of SAs", XFRM_MSG_GETSA, sizeof(struct xfrm_usersa_id));
	else if (strcmp(name, "dumppolicy") == 0)
		run_dump(b, "dump of policies", XFRM_MSG_GETPOLICY,
			 sizeof(struct xfrm_userpolicy_id));
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (strcmp(name, operations[i].name) == 0)
			run(b, &operations[i]);
}

static void command(struct bench *b, const char *line)
{
	if (strcmp(line, "fill sa") == 0)
		fill(b, "fill with SAs", build_newsa, FILL_SECONDS);
	else if (strcmp(line, "fill policy") == 0)
		fill(b, "fill with policies", build_newpolicy, FILL_SECONDS);
	else if (strcmp(line, "fill spi") == 0)
		fill(b, "fill with SPIs", build_allocspi, SPI_SECONDS);
	else if (strcmp(line, "move") == 0)
		move(b);
	else if (strcmp(line, "flush") == 0)
		flush(b);
	else if (strncmp(line, "run ", 4) == 0)
		run_named(b, line + 4);
	printf("= done\n");
	fflush(stdout);
}

/* ---- the program ---- */

static void parse_args(struct bench *b, int argc, char **argv)
{
	static const struct option options[] = {
	    {"correlated", no_argument, NULL, 'c'},    {"batch", required_argument, NULL, 'b'},
	    {"window", required_argument, NULL, 'w'},  {"requests", required_argument, NULL, 'r'},
	    {"seconds", required_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'c')
			b->pattern = PATTERN_CORRELATED;
		else if (c == 'b')
			b->batch = (uint32_t)strtoul(optarg, NULL, 10);
		else if (c == 'w')
			b->window = (uint32_t)strtoul(optarg, NULL, 10);
		else if (c == 'r')
			b->requests = (uint32_t)strtoul(optarg, NULL, 10);
		else if (c == 's')
			b->seconds = strtod(optarg, NULL);
		else
			exit(2);
	}
	b->size = optind < argc ? (uint32_t)strtoul(argv[optind], NULL, 10) : 0;
	if (b->size < 4 * BATCH || !b->batch || b->batch > BATCH) {
		fprintf(stderr, "control: a size of at least %d, a batch of at most %d\n",
			4 * BATCH, BATCH);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	static struct bench b = {
	    .batch = BATCH, .window = 65536, .requests = 65536, .seconds = 2.0};
	char line[64];

	parse_args(&b, argc, argv);
	srandom(1);
	b.order = malloc(b.size * sizeof(*b.order));
	if (!b.order)
		die("memory");
	set_size(&b, b.size);
	open_socket(&b);
	printf("= done\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\r\n")] = '\0';
		command(&b, line);
	}
	free(b.order);
	return 0;
}
