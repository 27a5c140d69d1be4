/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * oracle-ask-kernel: say the sequences of a file to the kernel this runs on, each in a network
 * namespace of its own, and write down what comes back. It is the first and only process of the
 * oracle's kernel, whose time stands still unless somebody sleeps. The host's files are there to be
 * read; the directory ORACLE_WORK of the host has the file "requests" and gets the file "kernel".
 */

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "script.h"

#define BATCH 16
#define DATAGRAM_MAX 65536
#define RECEIVE_BUFFER (4 << 20)
/* Into each second, so that no timer of whole seconds is due when a sleep ends. */
#define PHASE_NS 50000000
#define QUEUE_MAX 16

static FILE *answers;
static int sockets[CLIENTS_MAX];
static struct numbers numbers;

static uint8_t buffers[BATCH][DATAGRAM_MAX];
static struct sockaddr_nl senders[BATCH];
static struct iovec vectors[BATCH];
static struct mmsghdr headers[BATCH];

/* The first reply since the last request, of each client. */
static struct {
	uint8_t bytes[DATAGRAM_MAX];
	size_t len;
} first_reply[CLIENTS_MAX];

/* Datagrams of this step that are not sent yet. */
static struct {
	uint8_t bytes[1 << 20];
	size_t len;
	uint8_t client[QUEUE_MAX];
	struct iovec vectors[QUEUE_MAX];
	struct mmsghdr headers[QUEUE_MAX];
	unsigned int n;
} queue;
static bool in_step;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static void prepare_buffers(void)
{
	for (size_t i = 0; i < BATCH; i++) {
		vectors[i] = (struct iovec){.iov_base = buffers[i], .iov_len = DATAGRAM_MAX};
		headers[i].msg_hdr = (struct msghdr){.msg_name = &senders[i],
						     .msg_namelen = sizeof(senders[i]),
						     .msg_iov = &vectors[i],
						     .msg_iovlen = 1};
	}
}

static uint16_t group_number(uint32_t mask)
{
	uint16_t n = 0;

	for (; mask; mask >>= 1)
		n++;
	return n;
}

static void note_answer(uint8_t client, size_t i)
{
	size_t len = headers[i].msg_len;
	uint16_t group = group_number(senders[i].nl_groups);

	record_write(answers, RECORD_ANSWER, client, group, buffers[i], len);
	if (group == 0 && first_reply[client].len == 0) {
		memcpy(first_reply[client].bytes, buffers[i], len);
		first_reply[client].len = len;
	}
}

/* Everything that waits at the socket. What the kernel has to say is there when send() returns. */
static void drain(uint8_t client)
{
	for (;;) {
		int n = recvmmsg(sockets[client], headers, BATCH, MSG_DONTWAIT, NULL);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			record_write(answers, RECORD_ERROR, client, (uint16_t)errno, NULL, 0);
		for (int i = 0; i < n; i++) {
			note_answer(client, (size_t)i);
			headers[i].msg_hdr.msg_namelen = sizeof(senders[i]);
		}
		if (n >= 0 && n < BATCH && errno == 0)
			return;
	}
}

static void drain_all(void)
{
	struct pollfd waiting[CLIENTS_MAX];

	for (size_t i = 0; i < CLIENTS_MAX; i++)
		waiting[i] = (struct pollfd){.fd = sockets[i], .events = POLLIN};
	if (poll(waiting, CLIENTS_MAX, 0) <= 0)
		return;
	for (uint8_t i = 0; i < CLIENTS_MAX; i++) {
		if (waiting[i].revents) {
			errno = 0;
			drain(i);
		}
	}
}

static void close_client(uint8_t client)
{
	if (sockets[client] >= 0)
		close(sockets[client]);
	sockets[client] = -1;
}

static void open_client(uint8_t client, uint32_t groups)
{
	struct sockaddr_nl name = {
	    .nl_family = AF_NETLINK, .nl_pid = CLIENT_PORT_ID + client, .nl_groups = groups};
	int room = RECEIVE_BUFFER;

	close_client(client);
	sockets[client] = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);
	if (sockets[client] < 0 ||
	    setsockopt(sockets[client], SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0 ||
	    bind(sockets[client], (struct sockaddr *)&name, sizeof(name)) < 0)
		die("client");
}

static void sleep_ns(uint64_t ns)
{
	struct timespec t = {.tv_sec = (time_t)(ns / 1000000000u),
			     .tv_nsec = (long)(ns % 1000000000u)};

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

/* A new namespace, at the same point of a second as on the other side. */
static void begin(void)
{
	struct timespec now;
	uint64_t seconds;

	for (uint8_t i = 0; i < CLIENTS_MAX; i++)
		close_client(i);
	if (unshare(CLONE_NEWNET) < 0)
		die("unshare");
	clock_gettime(CLOCK_REALTIME, &now);
	sleep_ns(1000000000u + PHASE_NS - (uint64_t)now.tv_nsec);
	clock_gettime(CLOCK_REALTIME, &now);
	seconds = (uint64_t)now.tv_sec;
	record_write(answers, RECORD_BEGIN, 0, 0, &seconds, sizeof(seconds));
	numbers_reset(&numbers);
}

static void send_queue(void)
{
	for (unsigned int i = 0, n = 1; i < queue.n; n = 1) {
		uint8_t client = queue.client[i];
		int sent;

		while (i + n < queue.n && queue.client[i + n] == client)
			n++;
		sent = sendmmsg(sockets[client], &queue.headers[i], n, 0);
		if (sent < 0)
			record_write(answers, RECORD_ERROR, client, (uint16_t)errno, NULL, 0);
		i += sent < 0 ? 1 : (unsigned int)sent;
	}
	queue.n = 0;
	queue.len = 0;
}

static void begin_step(void)
{
	if (in_step)
		return;
	in_step = true;
	record_write(answers, RECORD_STEP, 0, 0, NULL, 0);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		first_reply[i].len = 0;
}

static void end_step(void)
{
	if (!in_step)
		return;
	in_step = false;
	send_queue();
	drain_all();
}

static void queue_datagram(uint8_t client, const uint8_t *data, size_t len)
{
	uint8_t *copy;

	begin_step();
	if (queue.n == QUEUE_MAX || len > sizeof(queue.bytes) - queue.len)
		send_queue();
	if (len > sizeof(queue.bytes))
		die("request");
	copy = queue.bytes + queue.len;
	memcpy(copy, data, len);
	numbers_patch(&numbers, copy, len);
	queue.vectors[queue.n] = (struct iovec){.iov_base = copy, .iov_len = len};
	queue.headers[queue.n].msg_hdr =
	    (struct msghdr){.msg_iov = &queue.vectors[queue.n], .msg_iovlen = 1};
	queue.client[queue.n++] = client;
	queue.len += len;
}

static void obey(const struct record *r, const uint8_t *data)
{
	int value;
	uint32_t kept;

	if (r->kind != RECORD_SEND && r->kind != RECORD_MORE && r->kind != RECORD_PATCH)
		end_step();
	switch (r->kind) {
	case RECORD_SEQUENCE:
		record_write(answers, RECORD_SEQUENCE, 0, 0, data, r->len);
		begin();
		break;
	case RECORD_CLIENT:
		open_client(r->client, u32_at(data));
		break;
	case RECORD_CLOSE:
		close_client(r->client);
		break;
	case RECORD_OPTION:
		value = (int)u32_at(data);
		if (setsockopt(sockets[r->client], SOL_NETLINK, r->arg, &value, sizeof(value)) < 0)
			die("option");
		break;
	case RECORD_PATCH:
		numbers_note_patch(&numbers, r, data);
		break;
	case RECORD_MORE:
		queue_datagram(r->client, data, r->len);
		break;
	case RECORD_SEND:
		queue_datagram(r->client, data, r->len);
		end_step();
		break;
	case RECORD_KEEP:
		kept = numbers_keep(&numbers, r, data, first_reply[r->client].bytes,
				    first_reply[r->client].len);
		record_write_u32(answers, RECORD_KEPT, 0, data[0], kept);
		break;
	case RECORD_SLEEP:
		record_write(answers, RECORD_STEP, 0, 0, NULL, 0);
		sleep_ns((uint64_t)u32_at(data) * 1000000u);
		drain_all();
		break;
	default:
		break;
	}
}

static void mount_work(const char *directory)
{
	if (mount("none", "/run", "tmpfs", 0, NULL) < 0 || mkdir("/run/work", 0700) < 0 ||
	    mount("none", "/run/work", "hostfs", 0, directory) < 0 || chdir("/run/work") < 0)
		die("mount");
}

static void ask(void)
{
	struct records requests;
	struct record r;
	const uint8_t *data;

	answers = fopen("kernel", "we");
	if (!answers)
		die("kernel");
	setvbuf(answers, NULL, _IOFBF, 1 << 20);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		sockets[i] = -1;
	prepare_buffers();
	records_load(&requests, "requests");
	while (records_next(&requests, &r, &data))
		obey(&r, data);
	end_step();
	records_free(&requests);
	if (fclose(answers) != 0)
		die("kernel");
}

int main(void)
{
	const char *directory = getenv("ORACLE_WORK");

	if (getpid() != 1 || !directory) {
		fprintf(stderr, "oracle-ask-kernel: started by tests/oracle/run only\n");
		return 2;
	}
	mount_work(directory);
	ask();
	sync();
	reboot(RB_POWER_OFF);
	return 1;
}
