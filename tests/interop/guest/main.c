/* SPDX-License-Identifier: BSD-2-Clause */

/* Commands from the file "script" of the working directory, answers to the file "answers". */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

static FILE *answers;
static bool refused; /* a request of this case was: what follows has no sense */

void die(const char *what)
{
	perror(what);
	exit(2);
}

void pause_ns(long ns)
{
	struct timespec t = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

bool wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	return poll(&p, 1, 1000) > 0;
}

static const char *word(void)
{
	const char *w = strtok(NULL, " \n");

	if (!w)
		die("a word is missing in the script");
	return w;
}

static size_t number(void)
{
	return strtoul(word(), NULL, 0);
}

static enum side side(void)
{
	return strcmp(word(), "ours") == 0 ? OURS : THEIRS;
}

static void address(struct address *ret_address)
{
	if (!address_parse(word(), 0, ret_address))
		die("address");
}

static size_t bytes(uint8_t *room)
{
	const char *hex = word();
	size_t n = strlen(hex) / 2;

	if (n > DATAGRAM_MAX)
		die("bytes");
	for (size_t i = 0; i < n; i++) {
		unsigned int byte;

		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			die("bytes");
		room[i] = (uint8_t)byte;
	}
	return n;
}

static void print_answer(const char *who, const struct answer *a)
{
	fprintf(answers, "%s %d %s\n", who, a->error, a->text);
	refused |= a->error != 0;
}

static void begin_case(void)
{
	side_flush(OURS);
	side_flush(THEIRS);
	pause_ns(SETTLE_NS);
	wire_report(NULL);
	refused = false;
	fprintf(answers, "case %s\n", word());
}

static void ask(bool ours, bool theirs)
{
	static uint8_t message[DATAGRAM_MAX];
	size_t len = bytes(message);
	struct answer a;

	if (ours) {
		side_ask(OURS, message, len, &a);
		print_answer("ours", &a);
	}
	if (theirs) {
		side_ask(THEIRS, message, len, &a);
		print_answer("theirs", &a);
	}
}

static void do_echo(void)
{
	enum side from_side = side();
	struct address from, to;
	const char *size;

	address(&from);
	address(&to);
	while ((size = strtok(NULL, " \n"))) {
		const char *wrong = echo(from_side, &from, &to, strtoul(size, NULL, 0));

		if (wrong)
			fprintf(answers, "wrong echo %s %s: %s\n",
				from_side == OURS ? "ours" : "theirs", size, wrong);
	}
}

static void print_stream(enum side from_side, const char *wrong)
{
	if (wrong)
		fprintf(answers, "wrong stream %s: %s\n", from_side == OURS ? "ours" : "theirs",
			wrong);
}

static void do_stream(void)
{
	enum side from_side = side();
	struct address from, to;

	address(&from);
	address(&to);
	print_stream(from_side, stream(from_side, &from, &to, number()));
}

static void do_stream_open(void)
{
	enum side from_side = side();
	struct address from, to;

	address(&from);
	address(&to);
	stream_open(from_side, &from, &to, number());
}

static void do_stream_end(void)
{
	enum side from_side = side();

	print_stream(from_side, stream_end(from_side));
}

static void do_stream_go(void)
{
	enum side from_side = side();

	stream_go_on(from_side, number());
}

static void do_datagram(void)
{
	enum side from_side = side();
	struct address from, to;
	const char *wrong;

	address(&from);
	address(&to);
	wrong = send_datagram(from_side, &from, &to, number());
	if (wrong)
		fprintf(answers, "refused datagram: %s\n", wrong);
	pause_ns(SETTLE_NS);
}

static void do_packet(void)
{
	static uint8_t packet[DATAGRAM_MAX];
	enum side from_side = side();
	size_t len = bytes(packet);
	const char *wrong = send_packet(from_side, packet, len);

	if (wrong)
		fprintf(answers, "refused packet: %s\n", wrong);
	pause_ns(SETTLE_NS);
}

static void do_flow(void)
{
	struct address ours, theirs;

	address(&ours);
	address(&theirs);
	flow_open(&ours, &theirs, number());
}

static void do_send(void)
{
	flow_send((unsigned int)number());
}

static void do_flow_end(void)
{
	flow_end(answers);
}

/* What needs SAs. */
static const struct {
	const char *word;
	void (*obey)(void);
} traffic[] = {
    {"echo", do_echo},
    {"stream", do_stream},
    {"stream-open", do_stream_open},
    {"stream-go", do_stream_go},
    {"stream-end", do_stream_end},
    {"datagram", do_datagram},
    {"packet", do_packet},
    {"flow", do_flow},
    {"send", do_send},
    {"flow-end", do_flow_end},
};

/* False: no such command. */
static bool do_traffic(const char *command)
{
	for (size_t i = 0; i < sizeof(traffic) / sizeof(traffic[0]); i++) {
		if (strcmp(command, traffic[i].word))
			continue;
		if (!refused)
			traffic[i].obey();
		return true;
	}
	return false;
}

static void obey(char *line)
{
	const char *command = strtok(line, " \n");

	if (!command)
		return;
	if (do_traffic(command))
		return;
	if (!strcmp(command, "case"))
		begin_case();
	else if (!strcmp(command, "both"))
		ask(true, true);
	else if (!strcmp(command, "ours"))
		ask(true, false);
	else if (!strcmp(command, "theirs"))
		ask(false, true);
	else if (!strcmp(command, "wire"))
		wire_report(answers);
	else if (!strcmp(command, "record"))
		wire_record(word());
	else if (!strcmp(command, "recorded"))
		wire_record(NULL);
	else if (!strcmp(command, "counters"))
		sides_print_counters(answers);
	else if (!strcmp(command, "sleep"))
		pause_ns((long)number() * 1000000);
	else
		die(command);
}

int main(void)
{
	FILE *script = fopen("script", "re");
	char *line = NULL;
	size_t room = 0;

	answers = fopen("answers", "we");
	if (getpid() != 1 || !script || !answers) {
		fprintf(stderr, "interop-guest: started by tests/interop only\n");
		return 2;
	}
	sides_open();
	wire_open();
	while (getline(&line, &room, script) > 0) {
		obey(line);
		fflush(answers);
	}
	fprintf(answers, "end\n");
	if (fclose(answers) != 0)
		die("answers");
	sync();
	reboot(RB_POWER_OFF);
	return 1;
}
